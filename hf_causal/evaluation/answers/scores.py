"""The scores of replies in a form of answer: typed in memory, and written to JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from hf_causal.evaluation.scores import Cell, Json, SplitScore
from hf_causal.tasks.forms import Score

MEASURES = {
    "answer_right": "answer right",
    "proof_valid": "proof valid",
    "both": "both",
    "unreadable": "unreadable",
}
"""What is counted, with its title in tables."""


@dataclass(frozen=True)
class Share:
    """How many of some replies have a property."""

    count: int
    n: int

    @property
    def value(self) -> float:
        """The share, from 0 to 1."""
        return self.count / self.n

    @property
    def stderr(self) -> float:
        """Standard error of the share, `sqrt(p (1 - p) / n)`."""
        return math.sqrt(self.value * (1 - self.value) / self.n)

    def __str__(self) -> str:
        """Formats the share with its standard error, for example `0.750 ± 0.043`."""
        return f"{self.value:.3f} ± {self.stderr:.3f}"


@dataclass(frozen=True)
class AnswerScore:
    """The scores of a number of replies. A form without one right answer has no share of right answers."""

    n: int
    answer_right: Share | None
    proof_valid: Share | None
    both: Share
    """Right answers with a valid proof; for a form that has no right answer or no proof, what it has."""
    unreadable: Share
    value: float
    """Mean of the values of [`hf_causal.score`], which has partial credit for some forms."""

    @classmethod
    def of(cls, scores: Sequence[Score]) -> AnswerScore:
        """Counts the properties of scores.

        Raises:
            `ValueError`: If there are none.
        """
        if not scores:
            raise ValueError("`scores` must have at least one score, got none")
        right = _share([score.answer_right for score in scores])
        valid = _share([score.proof_valid for score in scores])
        both = [score.answer_right is not False and score.proof_valid is not False for score in scores]
        unreadable = [not score.readable for score in scores]
        n = len(scores)
        mean = sum(score.value for score in scores) / n
        return cls(n, right, valid, Share(sum(both), n), Share(sum(unreadable), n), mean)

    def shares(self) -> dict[str, Share]:
        """Returns the shares that the form has, by the names of `MEASURES`."""
        return {name: share for name in MEASURES if (share := getattr(self, name)) is not None}

    def to_json(self) -> Json:
        """Returns the score as a dictionary for JSON."""
        shares = {
            name: {"count": share.count, "share": share.value, "stderr": share.stderr}
            for name, share in self.shares().items()
        }
        return {"n": self.n, **shares, "value": self.value}


@dataclass(frozen=True)
class AnswerSplit:
    """The scores of a split or a file, of all of it and of each cell."""

    total: AnswerScore
    cells: Mapping[Cell, AnswerScore]
    """In order of first appearance."""
    left_out: int = 0
    """Questions that cannot be put in the form, or that no task reads; they were not put."""
    shortcuts: Mapping[str, SplitScore] = field(default_factory=dict)
    """The scores of shortcuts, for the Yes/No part of a form that has one."""

    def to_json(self) -> Json:
        """Returns the scores as a dictionary for JSON."""
        cells = [{**cell._asdict(), **score.to_json()} for cell, score in self.cells.items()]
        shortcuts = {name: score.to_json() for name, score in self.shortcuts.items()}
        return {**self.total.to_json(), "left_out": self.left_out, "cells": cells, "shortcuts": shortcuts}


@dataclass(frozen=True)
class Failure:
    """A reply that does not score 1."""

    split: str
    cell: Cell
    prompt: str
    """Premise and question, as they are put in the form, without its instruction."""
    reply: str | None
    solver: str
    """The answer of the exact solver."""
    value: float
    reason: str
    right_lines: tuple[int, ...]
    """Lines of the reply that hold, 1 for the first."""
    first_wrong_line: int | None
    readable: bool

    @property
    def depth(self) -> int:
        """Number of lines that hold before the first one that does not."""
        return len([line for line in self.right_lines if line < (self.first_wrong_line or math.inf)])

    def to_json(self) -> Json:
        """Returns the failure as a dictionary for JSON."""
        return {**asdict(self), "cell": self.cell._asdict()}


@dataclass(frozen=True)
class AnswerScores:
    """The scores of one language model in one form of answer."""

    model: str
    dataset: str
    config: str | None
    form: str
    title: str
    """What the form is called."""
    hardware: str
    date: str
    seconds: float
    prompting: Mapping[str, Any]
    splits: Mapping[str, AnswerSplit]
    """Splits of the config and files, by name."""
    failures: tuple[Failure, ...]
    """The most instructive ones, see [`choose_failures`]."""

    @property
    def source(self) -> str:
        """The config, or "files" where files alone were scored."""
        return self.config or "files"

    def to_json(self) -> Json:
        """Returns the scores as a dictionary for JSON."""
        about = {
            name: getattr(self, name) for name in ("model", "dataset", "config", "form", "hardware", "date", "seconds")
        }
        return {
            **about,
            "asked": dict(self.prompting),
            "splits": {name: split.to_json() for name, split in self.splits.items()},
            "failures": [failure.to_json() for failure in self.failures],
        }


def score_cells(scores: Sequence[Score], cells: Sequence[Cell]) -> dict[Cell, AnswerScore]:
    """Scores the replies of each cell, in order of first appearance."""
    members: dict[Cell, list[Score]] = {}
    for score, cell in zip(scores, cells, strict=True):
        members.setdefault(cell, []).append(score)
    return {cell: AnswerScore.of(of_cell) for cell, of_cell in members.items()}


def _share(properties: Iterable[bool | None]) -> Share | None:
    """Returns the share of true ones; `None` where no reply has the property.

    An unreadable reply may have `False` where a readable one has `None`.
    """
    values = list(properties)
    return Share(sum(value is True for value in values), len(values)) if any(values) or None not in values else None
