"""Accuracy, and precision, recall and F1 of Yes, with standard errors. Plain Python, without torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

CHANCE = 0.5
"""Expected accuracy of guessing a Yes-or-No answer."""


@dataclass(frozen=True)
class Accuracy:
    """Accuracy over a number of questions."""

    n: int
    """Number of questions."""
    accuracy: float
    stderr: float
    """Standard error of the accuracy, `sqrt(p (1 - p) / n)`."""
    chance_centred: float
    """Accuracy on a scale with chance at 0 and 1 at 1: `(accuracy - 1/2) / (1 - 1/2)`."""

    @classmethod
    def of(cls, hits: int, n: int, **fields: Any) -> Self:
        """Computes the accuracy of `hits` correct answers among `n`; `fields` are those that a subclass adds.

        Raises:
            `ValueError`: Unless `0 <= hits <= n` and `n > 0`.
        """
        if not 0 <= hits <= n or n == 0:
            raise ValueError(f"`hits` must lie in 0 ... n and n be positive, got {hits} of {n}")
        accuracy = hits / n
        stderr = math.sqrt(accuracy * (1 - accuracy) / n)
        return cls(n, accuracy, stderr, (accuracy - CHANCE) / (1 - CHANCE), **fields)

    @property
    def hits(self) -> int:
        """Number of correct answers."""
        return round(self.accuracy * self.n)

    def __str__(self) -> str:
        """Formats the accuracy with its standard error, for example `0.750 ± 0.043`."""
        return f"{self.accuracy:.3f} ± {self.stderr:.3f}"


@dataclass(frozen=True)
class BinaryMetrics:
    """Accuracy, and precision, recall and F1 of the answer Yes, all in [0, 1].

    About one in five hypotheses of Corr2Cause is true, so that always answering No has a high accuracy. The paper
    (arXiv 2306.05836) therefore ranks models by the F1 of Yes. A ratio whose denominator is 0, such as the precision
    when no Yes is predicted, is 0 and has no standard error.
    """

    n: int
    """Number of questions."""
    num_yes: int
    """Number of questions whose correct answer is Yes."""
    unanswered: int
    """Number of predictions that are neither Yes nor No; they count as wrong, and not as a Yes."""
    accuracy: float
    accuracy_stderr: float
    majority_accuracy: float
    """Accuracy of always predicting the more frequent answer."""
    precision: float
    precision_stderr: float | None
    recall: float
    recall_stderr: float | None
    f1: float
    f1_stderr: float | None

    @classmethod
    def of(cls, predictions: Sequence[int], references: Sequence[int]) -> BinaryMetrics:
        """Computes the metrics.

        Args:
            predictions (sequence of `int`): 1 for Yes, 0 for No, anything else for an answer that is neither.
            references (sequence of `int`): 1 or 0.

        Raises:
            `ValueError`: If the sequences differ in length, are empty, or a reference is not 0 or 1.

        Example:

        ```python
        >>> metrics = BinaryMetrics.of([1, 1, 0, 0, 0], [1, 0, 1, 0, 0])
        >>> metrics.accuracy, metrics.majority_accuracy, metrics.precision, metrics.recall, metrics.f1
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
        predicted_yes = sum(prediction == 1 for prediction in predictions)
        true_yes = sum(prediction == reference == 1 for prediction, reference in pairs)
        overall = Accuracy.of(sum(prediction == reference for prediction, reference in pairs), n)
        precision, precision_stderr = _ratio(true_yes, predicted_yes)
        recall, recall_stderr = _ratio(true_yes, num_yes)
        f1, f1_stderr = _f1(true_yes, predicted_yes + num_yes - 2 * true_yes)
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


def score_groups(predictions: Sequence[int], references: Sequence[int], **groups: Sequence[Any]) -> dict[str, Any]:
    """Computes [`BinaryMetrics`] over all questions and over each group of questions.

    Args:
        predictions, references (sequences of `int`): See [`BinaryMetrics.of`].
        **groups (sequence): Columns to group by, such as `relation` and `num_nodes`.

    Returns:
        `dict`: The fields of [`BinaryMetrics`] over all questions and, for each column, `by_<column>`: a list, sorted
        by the column's value, of that value and the same fields.

    Raises:
        `ValueError`: See [`BinaryMetrics.of`]; also if a column has another length.
    """
    scores: dict[str, Any] = asdict(BinaryMetrics.of(predictions, references))
    for name, values in groups.items():
        if len(values) != len(references):
            raise ValueError(f"`{name}` must have a value for each of {len(references)} questions, got {len(values)}")
        members: dict[Any, list[int]] = {}
        for index, value in enumerate(values):
            members.setdefault(value, []).append(index)
        scores[f"by_{name}"] = [
            {name: value, **asdict(BinaryMetrics.of(_take(predictions, rows), _take(references, rows)))}
            for value, rows in sorted(members.items())
        ]
    return scores


def _take(values: Sequence[int], rows: Sequence[int]) -> list[int]:
    return [values[row] for row in rows]


def _ratio(numerator: int, denominator: int) -> tuple[float, float | None]:
    """Returns a ratio of counts and its binomial standard error, `sqrt(p (1 - p) / n)`."""
    if not denominator:
        return 0.0, None
    share = Accuracy.of(numerator, denominator)
    return share.accuracy, share.stderr


def _f1(true_yes: int, errors: int) -> tuple[float, float | None]:
    """Returns F1 and its standard error by the delta method.

    With t true positives and e errors (false positives and false negatives) F1 is `2 t / (2 t + e)`. True negatives
    do not enter it, so that the multinomial variance of the counts reduces to `4 t e (t + e) / (2 t + e)^4`.
    """
    total = 2 * true_yes + errors
    if not total:
        return 0.0, None
    return 2 * true_yes / total, 2 * math.sqrt(true_yes * errors * (true_yes + errors)) / total**2
