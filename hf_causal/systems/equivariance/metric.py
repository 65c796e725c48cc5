"""Scores similarities on pairs of images and captions that differ by a minimal change: text, image and group score.

A pair has two images i0 and i1 and two captions c0 and c1; each caption is true of one image only. A similarity s is
compared in both directions, as in EqBen (arXiv 2303.14465) and Winoground (arXiv 2204.03162):

- text: each image prefers its caption, s(c0, i0) > s(c1, i0) and s(c1, i1) > s(c0, i1);
- image: each caption prefers its image, s(c0, i0) > s(c0, i1) and s(c1, i1) > s(c1, i0);
- group: both.

All inequalities are strict, so ties are wrong: a constant similarity scores 0, not chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from hf_causal.evaluation.metrics import Accuracy

ASPECTS = ("text", "image", "group")

CHANCE = {"text": Fraction(1, 4), "image": Fraction(1, 4), "group": Fraction(1, 6)}
"""Chance level for four exchangeable similarities without ties.

Text and image score make two disjoint comparisons, each right half of the time: 1/4. The group score needs both
matches above both mismatches, 2! 2! of the 4! orders: 1/6.
"""


@dataclass(frozen=True)
class Equivariance:
    """Holds shares of pairs in [0, 1], each with its standard error `sqrt(p (1 - p) / n)`."""

    n: int
    """Number of pairs."""
    text: float
    text_stderr: float
    image: float
    image_stderr: float
    group: float
    group_stderr: float
    ties: int
    """Number of pairs that fail an inequality because its two sides are equal."""

    @classmethod
    def of(cls, similarities: Any) -> Equivariance:
        """Scores similarity matrices.

        Args:
            similarities (array-like of shape `(pairs, 2, 2)`): `similarities[k, c, i]` is how similar caption c and
                image i of pair k are, on any scale.

        Raises:
            `ValueError`: If the shape is wrong, there are no pairs, or a similarity is NaN.

        Example:

        ```python
        >>> scores = Equivariance.of([[[0.9, 0.1], [0.2, 0.8]], [[0.9, 0.7], [0.95, 0.96]]])
        >>> scores.text, scores.image, scores.group
        (0.5, 1.0, 0.5)

        ```
        """
        matrices = np.asarray(similarities, dtype=np.float64)
        if matrices.ndim != 3 or matrices.shape[1:] != (2, 2) or not len(matrices):
            raise ValueError(
                "`similarities` must be of shape (pairs, 2, 2), captions by images, with at least one pair, got "
                f"{matrices.shape}"
            )
        if np.isnan(matrices).any():
            raise ValueError(f"`similarities` must be numbers, pair {np.isnan(matrices).any((1, 2)).argmax()} has NaN")
        right = _right(matrices, np.greater)
        shares = {name: Accuracy.of(int(right[name].sum()), len(matrices)) for name in ASPECTS}
        values = {name: share.accuracy for name, share in shares.items()}
        errors = {f"{name}_stderr": share.stderr for name, share in shares.items()}
        tied = _right(matrices, np.greater_equal)["group"] & ~right["group"]
        return cls(n=len(matrices), ties=int(tied.sum()), **values, **errors)


def pair_hits(similarities: np.ndarray) -> dict[str, np.ndarray]:
    """Returns which pairs are right, as booleans of shape `(pairs,)` for `text`, `image` and `group`.

    Args:
        similarities (`np.ndarray` of shape `(pairs, 2, 2)`): See [`Equivariance.of`].
    """
    return _right(np.asarray(similarities), np.greater)


def score_equivariance(similarities: Any, **groups: Sequence[Any]) -> dict[str, Any]:
    """Scores all pairs together, and each group of pairs.

    Args:
        similarities (array-like of shape `(pairs, 2, 2)`): See [`Equivariance.of`].
        **groups (sequence): Columns to group by, such as `kind`.

    Returns:
        `dict`: The fields of an [`Equivariance`] over all pairs and, for each column, `by_<column>`: a list with the
        value and the same fields.

    Raises:
        `ValueError`: See [`Equivariance.of`]; also if a column has another length.
    """
    scores: dict[str, Any] = asdict(Equivariance.of(similarities))
    matrices = np.asarray(similarities, dtype=np.float64)
    for name, values in groups.items():
        if len(values) != len(matrices):
            raise ValueError(f"`{name}` must have a value for each of {len(matrices)} pairs, got {len(values)}")
        column = list(values)
        scores[f"by_{name}"] = [
            {name: value, **asdict(Equivariance.of(matrices[[entry == value for entry in column]]))}
            for value in sorted(set(column))
        ]
    return scores


def _right(matrices: np.ndarray, better: Any) -> dict[str, np.ndarray]:
    """Returns text, image and group hits, where `better` compares a match with a mismatch."""
    (c0_i0, c0_i1), (c1_i0, c1_i1) = matrices.transpose(1, 2, 0)
    text = better(c0_i0, c1_i0) & better(c1_i1, c0_i1)
    image = better(c0_i0, c0_i1) & better(c1_i1, c1_i0)
    return {"text": text, "image": image, "group": text & image}
