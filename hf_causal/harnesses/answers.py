"""Scores of generated answers, in the form that lm-evaluation-harness needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hf_causal.evaluation.metrics import BinaryMetrics
from hf_causal.scoring import score
from hf_causal.tasks.shared.replies import UNPARSABLE, parse_answer


def score_generation(doc: dict[str, Any], results: list[str]) -> dict[str, Any]:
    """Scores generated text for lm-evaluation-harness.

    Args:
        doc (`dict`): The row.
        results (`list[str]`): The generated text.

    Returns:
        `dict`: `acc`, with an unreadable answer as wrong; `f1`, the pair of correct and predicted answer, with an
        unreadable one as No; and `unanswered`, whether the answer is unreadable.
    """
    answer = parse_answer(results[0])
    return {
        "acc": float(answer == doc["label"]),
        "f1": (doc["label"], int(answer == 1)),
        "unanswered": float(answer == UNPARSABLE),
    }


def score_answer(doc: dict[str, Any], results: list[str]) -> dict[str, float]:
    """Scores an answer in the form of its task for lm-evaluation-harness.

    Args:
        doc (`dict`): The row, with its `form`.
        results (`list[str]`): The generated text.

    Returns:
        `dict`: `score`, the value of [`hf_causal.score`]; `answer_right` and `proof_valid`, where the form has them;
        and `unreadable`.
    """
    result = score(results[0], doc, doc["form"])
    values = {
        "score": result.value,
        "answer_right": result.answer_right,
        "proof_valid": result.proof_valid,
        "unreadable": not result.readable,
    }
    return {name: float(value) for name, value in values.items() if value is not None}


def f1_of_yes(pairs: Sequence[tuple[int, int]]) -> float:
    """Computes F1 of Yes from pairs of correct and predicted answer, as an aggregation of lm-evaluation-harness.

    The harness' own `f1` gives the same value, but resamples its standard error, which takes minutes for each task.

    Example:

    ```python
    >>> f1_of_yes([(1, 1), (1, 0), (0, 1), (0, 0)])
    0.5

    ```
    """
    references, predictions = zip(*pairs, strict=True)
    return BinaryMetrics.of(predictions, references).f1
