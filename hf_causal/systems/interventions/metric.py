"""How well effects of interventions are predicted: error, and whether the change from what is seen has its sign."""

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
    """Scores predicted P(Y | do X) against the true ones, beside the naive prediction P(Y | X).

    Args:
        predictions (sequence of `float`): P(Y | do X) as predicted, one for each pair.
        references (sequence of `float`): P(Y | do X) as it is.
        observed (sequence of `float`): P(Y | X), what conditioning gives.
        tolerance (`float`): A true change of at most so much has no sign; a predicted one of at most so much is "no
            change", which agrees with neither sign.

    Returns:
        `dict`: `n`; `mean_absolute_error` with `mean_absolute_error_stderr`; `naive_mean_absolute_error`, that of
        predicting P(Y | X); `error_removed`, the share of the naive error that is gone; `sign_agreement`, the share of
        the `n_changed` pairs with a true change in which the predicted change has its sign, with
        `sign_agreement_stderr`. The naive prediction changes nothing, so its sign agreement is 0. What cannot be
        computed is `None`.

    Raises:
        `ValueError`: If lengths differ, there is no pair, or a reference or observed value is no probability.

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
