"""Scores predicted effects of interventions: error, and the sign of the change from P(Y | X) to P(Y | do X)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def score_interventions(
    predictions: Sequence[float],
    references: Sequence[float],
    observed: Sequence[float],
    tolerance: float = 0.01,
) -> dict[str, Any]:
    """Scores predictions of P(Y | do X), and the naive prediction P(Y | X) for comparison.

    Args:
        predictions (sequence of `float`): Predicted P(Y | do X), one for each pair.
        references (sequence of `float`): True P(Y | do X).
        observed (sequence of `float`): P(Y | X).
        tolerance (`float`): A true change up to this size has no sign. A predicted change up to this size counts as
            "no change", which agrees with neither sign.

    Returns:
        `dict`: `n`; `mean_absolute_error` with `mean_absolute_error_stderr`; `naive_mean_absolute_error`, that of
        predicting P(Y | X); `error_removed`, one minus the ratio of the two; `sign_agreement`, the share of
        the `n_changed` pairs with a true change in which the predicted change has its sign, with
        `sign_agreement_stderr`. The naive prediction changes nothing, so its sign agreement is 0. Values that
        are undefined are `None`.

    Raises:
        `ValueError`: If lengths differ, there are no pairs, or a reference or observed value is not a probability.

    Example:

    ```python
    >>> scores = score_interventions([0.3, 0.2], [0.3, 0.4], [0.1, 0.6])
    >>> scores["mean_absolute_error"], scores["naive_mean_absolute_error"], scores["sign_agreement"]
    (0.1, 0.2, 1.0)

    ```
    """
    predicted, true, seen = (np.asarray(values, dtype=float) for values in (predictions, references, observed))
    if not len(predicted) == len(true) == len(seen):
        lengths = f"{len(predicted)}, {len(true)} and {len(seen)}"
        raise ValueError(f"`predictions`, `references` and `observed` must have one value a pair, got {lengths}")
    if not len(true):
        raise ValueError("`references` must have at least one pair, got none")
    if tolerance < 0:
        raise ValueError(f"`tolerance` must not be negative, got {tolerance}")
    for name, values in (("references", true), ("observed", seen)):
        if not ((values >= 0) & (values <= 1)).all():
            wrong = values[~((values >= 0) & (values <= 1))][0]
            raise ValueError(f"`{name}` must be probabilities from 0 to 1, got {wrong}")
    if not np.isfinite(predicted).all():
        raise ValueError(f"`predictions` must be finite numbers, got {predicted[~np.isfinite(predicted)][0]}")
    error, naive = np.abs(predicted - true), float(np.abs(seen - true).mean())
    mean = float(error.mean())
    changed = np.abs(true - seen) > tolerance
    change = (predicted - seen)[changed]
    agrees = (np.sign(change) == np.sign((true - seen)[changed])) & (np.abs(change) > tolerance)
    n, n_changed = len(true), int(changed.sum())
    share = float(agrees.mean()) if n_changed else None
    return {
        "n": n,
        "mean_absolute_error": round(mean, 12),
        "mean_absolute_error_stderr": float(error.std(ddof=1) / n**0.5) if n > 1 else None,
        "naive_mean_absolute_error": round(naive, 12),
        "error_removed": 1 - mean / naive if naive > 0 else None,
        "n_changed": n_changed,
        "sign_agreement": share,
        "sign_agreement_stderr": None if share is None else float((share * (1 - share) / n_changed) ** 0.5),
    }
