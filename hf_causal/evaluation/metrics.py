"""Accuracy per cell and per split, never a mean of means."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

CHANCE = 0.5
"""Accuracy of a coin on a Yes-or-No question."""


@dataclass(frozen=True)
class Score:
    """Accuracy over some questions."""

    n: int
    """Questions."""
    accuracy: float
    stderr: float
    """Standard error of the accuracy, `sqrt(p (1 - p) / n)`."""
    chance_centred: float
    """0 at chance and 1 when every answer is right: `(accuracy - 1/2) / (1 - 1/2)`."""

    @classmethod
    def of(cls, hits: int, n: int) -> Score:
        """The score of `hits` right answers among `n`."""
        if not 0 <= hits <= n or n == 0:
            raise ValueError(f"`hits` must lie in 0 ... n and n be positive, got {hits} of {n}")
        accuracy = hits / n
        return cls(n, accuracy, math.sqrt(accuracy * (1 - accuracy) / n), (accuracy - CHANCE) / (1 - CHANCE))


Cell = tuple[str, int, float | None]
"""(structure, number of nodes, branching factor or None); for closed systems, the relation in place of a structure."""


def score_cells(
    predictions: Sequence[int], references: Sequence[int], splits: Sequence[str], cells: Sequence[Cell]
) -> dict[str, Any]:
    """Scores every cell, every split and everything, each over its own questions.

    Args:
        predictions (sequence of `int`): 0 for No, 1 for Yes; anything else is a wrong answer.
        references (sequence of `int`): 0 or 1.
        splits (sequence of `str`): The split of each question.
        cells (sequence): The cell of each question, see [`Cell`].

    Returns:
        `dict`: `overall` and, for each name in `splits`, the fields of a [`Score`]; a split also lists its `cells` in
        order of first appearance, each with `structure`, `num_nodes` and `branching_factor`.

    Raises:
        `ValueError`: If the sequences differ in length, are empty, or a reference is not 0 or 1.
    """
    if not len(predictions) == len(references) == len(splits) == len(cells):
        raise ValueError(
            f"`predictions`, `references`, `splits` and `cells` must have one length, got {len(predictions)}, "
            f"{len(references)}, {len(splits)} and {len(cells)}"
        )
    if wrong := set(references) - {0, 1}:
        raise ValueError(f"`references` must be 0 or 1, got {sorted(wrong)}")
    tallies: dict[str, dict[Cell, list[int]]] = {}
    for prediction, reference, split, cell in zip(predictions, references, splits, cells, strict=True):
        tally = tallies.setdefault(split, {}).setdefault(cell, [0, 0])
        tally[0] += prediction == reference
        tally[1] += 1
    return {
        "overall": _total(tally for cells in tallies.values() for tally in cells.values()),
        "splits": {
            split: {
                **_total(cells.values()),
                "cells": [
                    {"structure": structure, "num_nodes": nodes, "branching_factor": factor, **_total([tally])}
                    for (structure, nodes, factor), tally in cells.items()
                ],
            }
            for split, cells in tallies.items()
        },
    }


def _total(tallies: Iterable[Sequence[int]]) -> dict[str, Any]:
    hits, counts = zip(*tallies, strict=True)
    return dict(vars(Score.of(sum(hits), sum(counts))))
