"""Scores of written answers, in the form that lm-evaluation-harness asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hf_causal.evaluation.language_models.prompts import UNPARSABLE, parse_answer
from hf_causal.evaluation.metrics import BinaryMetrics


def score_generation(doc: dict[str, Any], results: list[str]) -> dict[str, Any]:
    """Scores a generation for lm-evaluation-harness.

    Args:
        doc (`dict`): The row.
        results (`list[str]`): What the model wrote.

    Returns:
        `dict`: `acc`, to which an unreadable answer counts as wrong; `f1`, the pair of right and given answer, in
        which an unreadable one is no Yes; and `unanswered`, whether it was unreadable.
    """
    answer = parse_answer(results[0])
    return {
        "acc": float(answer == doc["label"]),
        "f1": (doc["label"], int(answer == 1)),
        "unanswered": float(answer == UNPARSABLE),
    }


def f1_of_yes(pairs: Sequence[tuple[int, int]]) -> float:
    """F1 of Yes over pairs of right and given answer, as lm-evaluation-harness aggregates it.

    The harness' own `f1` would be the same, but its standard error takes minutes of resampling for each task.

    Example:

    ```python
    >>> f1_of_yes([(1, 1), (1, 0), (0, 1), (0, 0)])
    0.5

    ```
    """
    references, predictions = zip(*pairs, strict=True)
    return BinaryMetrics.of(predictions, references).f1
