"""Reading Yes or No from what a model wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hf_causal.evaluation.detection import Detection

INSTRUCTION = "Answer the following question with ONLY 'Yes' or 'No'."
"""The instruction of arXiv 2407.07612, before the question."""
UNREADABLE = -1

_ANSWER = re.compile(r"\b(yes|no)\b", re.IGNORECASE)


def read_answer(text: str) -> int:
    """1 where the first word that is an answer is Yes, 0 where it is No, -1 where there is none.

    Example:

    ```python
    >>> [read_answer(text) for text in (" Yes", "Answer: no.", "Nothing is known.")]
    [1, 0, -1]

    ```
    """
    found = _ANSWER.search(text)
    return UNREADABLE if found is None else int(found[0].lower() == "yes")


def score_generation(doc: dict[str, Any], results: list[str]) -> dict[str, Any]:
    """Scores a generation for lm-evaluation-harness.

    Args:
        doc (`dict`): The row.
        results (`list[str]`): What the model wrote.

    Returns:
        `dict`: `acc`, to which an unreadable answer counts as wrong; `f1`, the pair of right and given answer, in
        which an unreadable one is no Yes; and `unanswered`, whether it was unreadable.
    """
    answer = read_answer(results[0])
    return {
        "acc": float(answer == doc["label"]),
        "f1": (doc["label"], int(answer == 1)),
        "unanswered": float(answer == UNREADABLE),
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
    return Detection.of(predictions, references).f1
