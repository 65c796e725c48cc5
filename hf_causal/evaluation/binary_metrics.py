"""How well a rare Yes is found: precision, recall and F1 beside accuracy, with standard errors.

Of the hypotheses of Corr2Cause about one in five follows, so that whoever always says No has a high accuracy. The
paper (arXiv 2306.05836) therefore ranks models by the F1 of the rare class.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from hf_causal.evaluation.metrics import Score


@dataclass(frozen=True)
class Detection:
    """Accuracy over some questions, and precision, recall and F1 of Yes, all in [0, 1].

    A share of nothing, such as the precision of who never says Yes, is 0 and has no standard error.
    """

    n: int
    """Questions."""
    num_yes: int
    """Questions to which Yes is right."""
    unanswered: int
    """Questions whose answer was neither Yes nor No; such an answer is wrong, and no Yes."""
    accuracy: float
    accuracy_stderr: float
    majority_accuracy: float
    """Of always giving the answer that is right more often; with No, precision, recall and F1 are then 0."""
    precision: float
    precision_stderr: float | None
    recall: float
    recall_stderr: float | None
    f1: float
    f1_stderr: float | None

    @classmethod
    def of(cls, predictions: Sequence[int], references: Sequence[int]) -> Detection:
        """Scores answers.

        Args:
            predictions (sequence of `int`): 1 for Yes, 0 for No, anything else for an answer that is neither.
            references (sequence of `int`): 1 or 0.

        Raises:
            `ValueError`: If the sequences differ in length, are empty, or a reference is not 0 or 1.

        Example:

        ```python
        >>> scores = Detection.of([1, 1, 0, 0, 0], [1, 0, 1, 0, 0])
        >>> scores.accuracy, scores.majority_accuracy, scores.precision, scores.recall, scores.f1
        (0.6, 0.6, 0.5, 0.5, 0.5)

        ```
        """
        if len(predictions) != len(references) or not references:
            raise ValueError(
                "`predictions` and `references` must have one length of at least 1, "
                f"got {len(predictions)} and {len(references)}"
            )
        if wrong := set(references) - {0, 1}:
            raise ValueError(f"`references` must be 0 or 1, got {sorted(wrong)}")
        pairs = list(zip(predictions, references, strict=True))
        n, num_yes = len(pairs), sum(references)
        said_yes = sum(prediction == 1 for prediction in predictions)
        true_yes = sum(prediction == reference == 1 for prediction, reference in pairs)
        overall = Score.of(sum(prediction == reference for prediction, reference in pairs), n)
        precision, precision_stderr = _share(true_yes, said_yes)
        recall, recall_stderr = _share(true_yes, num_yes)
        f1, f1_stderr = _f1(true_yes, said_yes + num_yes - 2 * true_yes)
        return cls(
            n=n,
            num_yes=num_yes,
            unanswered=sum(prediction not in (0, 1) for prediction in predictions),
            accuracy=overall.accuracy,
            accuracy_stderr=overall.stderr,
            majority_accuracy=max(num_yes, n - num_yes) / n,
            precision=precision,
            precision_stderr=precision_stderr,
            recall=recall,
            recall_stderr=recall_stderr,
            f1=f1,
            f1_stderr=f1_stderr,
        )


def score_detection(predictions: Sequence[int], references: Sequence[int], **groups: Sequence[Any]) -> dict[str, Any]:
    """Scores everything, and each group of questions over its own questions.

    Args:
        predictions, references (sequences of `int`): See [`Detection.of`].
        **groups (sequence): Columns by which to group, such as `relation` and `num_nodes`.

    Returns:
        `dict`: The fields of a [`Detection`] over everything and, for each column, `by_<column>`: a list with the
        value and the same fields, by value.

    Raises:
        `ValueError`: See [`Detection.of`]; also if a column has another length.
    """
    scores: dict[str, Any] = asdict(Detection.of(predictions, references))
    for name, values in groups.items():
        if len(values) != len(references):
            raise ValueError(f"`{name}` must have a value for each of {len(references)} questions, got {len(values)}")
        members: dict[Any, list[int]] = {}
        for index, value in enumerate(values):
            members.setdefault(value, []).append(index)
        scores[f"by_{name}"] = [
            {name: value, **asdict(Detection.of(_take(predictions, chosen), _take(references, chosen)))}
            for value, chosen in sorted(members.items())
        ]
    return scores


def _take(values: Sequence[int], chosen: Sequence[int]) -> list[int]:
    return [values[index] for index in chosen]


def _share(part: int, whole: int) -> tuple[float, float | None]:
    """A share and its binomial standard error, `sqrt(p (1 - p) / n)`."""
    if not whole:
        return 0.0, None
    score = Score.of(part, whole)
    return score.accuracy, score.stderr


def _f1(hits: int, misses: int) -> tuple[float, float | None]:
    """F1, and its standard error by the delta method.

    With t true positives and e errors (false positives and false negatives) F1 is `2 t / (2 t + e)`. True negatives
    have no part in it, so of the multinomial variance of the counts `4 t e (t + e) / (2 t + e)^4` is left.
    """
    total = 2 * hits + misses
    if not total:
        return 0.0, None
    return 2 * hits / total, 2 * math.sqrt(hits * misses * (hits + misses)) / total**2
