"""The scores of a model: typed in memory, and read from and written to the JSON of `generalization.json`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

from hf_causal.evaluation.metrics import Accuracy, BinaryMetrics
from hf_causal.evaluation.variant_scores import VariantScores

Json = dict[str, Any]


class Cell(NamedTuple):
    """The questions of a split that are scored together."""

    structure: str
    """Structure of the graph; for closed systems, the relation that is in question."""
    num_nodes: int
    branching_factor: float | None


@dataclass(frozen=True)
class CellScore(Accuracy):
    """Accuracy over the questions of one cell."""

    structure: str
    num_nodes: int
    branching_factor: float | None

    @property
    def group(self) -> tuple[str, float | None]:
        """Structure and branching factor: the cells of one curve, over the number of nodes."""
        return self.structure, self.branching_factor

    def to_json(self) -> Json:
        """Returns the cell, then its accuracy, as a dictionary for JSON."""
        cell = {name: getattr(self, name) for name in Cell._fields}
        return {**cell, **_accuracy_json(self)}


@dataclass(frozen=True)
class YesScore:
    """Precision, recall and F1 of the answer Yes, with standard errors, see [`BinaryMetrics`]."""

    precision: float
    precision_stderr: float | None
    recall: float
    recall_stderr: float | None
    f1: float
    f1_stderr: float | None

    @classmethod
    def of(cls, metrics: BinaryMetrics) -> YesScore:
        """Takes the fields from [`BinaryMetrics`]."""
        return cls(**{field.name: getattr(metrics, field.name) for field in fields(cls)})


@dataclass(frozen=True)
class SplitScore(Accuracy):
    """Accuracy over the questions of a split and of each of its cells."""

    cells: tuple[CellScore, ...]
    """In order of first appearance."""
    unparsable: int | None = None
    """Answers that are neither Yes nor No; `None` in older files."""
    yes: YesScore | None = None
    """`None` in older files."""
    model_on_errors: Accuracy | None = None
    """Of a shortcut: accuracy of the model on the questions that the shortcut gets wrong; `None` without any, and in
    older files."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SplitScore:
        """Reads what [`to_json`] wrote."""
        cells = tuple(CellScore(**cell) for cell in values["cells"])
        errors = values.get("model_on_errors")
        errors = Accuracy(**errors) if errors else None
        return cls(**{**values, "cells": cells, **_answers_from_json(values), "model_on_errors": errors})

    def to_json(self) -> Json:
        """Returns the score as a dictionary for JSON."""
        score = {**_accuracy_json(self), "cells": [cell.to_json() for cell in self.cells], **_answers_json(self)}
        return {**score, "model_on_errors": asdict(self.model_on_errors)} if self.model_on_errors else score


@dataclass(frozen=True)
class FileScore(Accuracy):
    """Accuracy over the rows of an external file, as they are."""

    contradicted_rows: tuple[int, ...] = ()
    """Rows, counted from 0, whose label contradicts their own text."""
    unreadable: int = 0
    """Rows that no task can read, so that their labels were not checked."""
    correct_rows: Accuracy | None = None
    """Accuracy over the rows that are not contradicted; `None` where all are."""
    unparsable: int | None = None
    yes: YesScore | None = None
    baselines: Mapping[str, float] | None = None
    """Accuracy of each shortcut; `None` if a row is unreadable."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FileScore:
        """Reads what [`to_json`] wrote."""
        kept = {name: value for name, value in values.items() if name != "contradicted"}
        correct = Accuracy(**values["correct_rows"]) if values["correct_rows"] else None
        rows = tuple(values["contradicted_rows"])
        return cls(**{**kept, "contradicted_rows": rows, "correct_rows": correct, **_answers_from_json(values)})

    def to_json(self) -> Json:
        """Returns the score as a dictionary for JSON."""
        return {
            **_accuracy_json(self),
            **_answers_json(self),
            "contradicted": len(self.contradicted_rows),
            "contradicted_rows": list(self.contradicted_rows),
            "unreadable": self.unreadable,
            "correct_rows": asdict(self.correct_rows) if self.correct_rows else None,
            **({} if self.baselines is None else {"baselines": dict(self.baselines)}),
        }


SplitScores = Mapping[str, SplitScore]
"""From the name of a split to its score."""

ERRORS_TITLE = "Accuracy on the questions that a shortcut gets wrong, with their number"
"""Title of [`errors_table`]."""


@dataclass(frozen=True)
class OtherModel:
    """The scores of another model on the same config, for a row of the report."""

    splits: SplitScores
    date: str


@dataclass(frozen=True)
class Scores:
    """The scores of one model on one config and on external files, and those on further configs."""

    model: str
    dataset: str
    config: str | None
    hardware: str
    date: str
    splits: SplitScores
    baselines: Mapping[str, SplitScores]
    """The scores of each shortcut, by its name."""
    files: Mapping[str, FileScore]
    overall: Accuracy | None = None
    """Over all questions of all splits; `None` if only files were scored."""
    seconds: float | None = None
    prompting: Mapping[str, Any] | None = None
    """How a language model was prompted; `None` for a model that was trained on the task."""
    further: tuple[Scores, ...] = ()
    """Scores of the same model on other configs."""
    other_models: Mapping[str, OtherModel] | None = None
    weaknesses: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Known weaknesses that the prompts of a split or file touch, by its name."""
    variants: VariantScores | None = None
    """How much variants of the questions change the model; `None` where none was asked for."""

    @property
    def by_config(self) -> tuple[Scores, ...]:
        """The scores on every config, the first one without the others."""
        return (replace(self, further=()), *self.further)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Scores:
        """Reads what [`to_json`] wrote.

        Raises:
            `ValueError`: If a field is missing or has another form.
        """
        try:
            return cls._from_json(values)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"these are not scores that `hf-causal evaluate` wrote: {error}") from error

    @classmethod
    def _from_json(cls, values: Mapping[str, Any]) -> Scores:
        others = values.get("beside")
        return cls(
            **{name: values[name] for name in ("model", "dataset", "config", "hardware", "date")},
            splits=_splits_from_json(values["splits"]),
            baselines={name: _splits_from_json(splits) for name, splits in values["baselines"].items()},
            files={name: FileScore.from_json(score) for name, score in values["files"].items()},
            overall=Accuracy(**values["overall"]) if "overall" in values else None,
            seconds=values.get("seconds"),
            prompting=values.get("asked"),
            weaknesses=values.get("known_weaknesses", {}),
            variants=VariantScores.from_json(values["variants"]) if "variants" in values else None,
            further=tuple(cls._from_json(scores) for scores in values.get("further", ())),
            other_models=others
            and {name: OtherModel(_splits_from_json(one["splits"]), one["date"]) for name, one in others.items()},
        )

    def to_json(self) -> Json:
        """Returns the scores as a dictionary for JSON; its keys are those of published files."""
        values: Json = {"model": self.model, "dataset": self.dataset, "config": self.config}
        values["hardware"] = self.hardware
        if self.prompting is not None:
            values["asked"] = dict(self.prompting)
        values["date"] = self.date
        if self.overall is not None:
            values["overall"] = asdict(self.overall)
        values["splits"] = _splits_json(self.splits)
        values["baselines"] = {name: _splits_json(splits) for name, splits in self.baselines.items()}
        values["files"] = {name: score.to_json() for name, score in self.files.items()}
        if self.weaknesses:
            values["known_weaknesses"] = {name: list(remarks) for name, remarks in self.weaknesses.items()}
        if self.variants is not None:
            values["variants"] = self.variants.to_json()
        if self.seconds is not None:
            values["seconds"] = self.seconds
        if self.further:
            values["further"] = [scores.to_json() for scores in self.further]
        if self.other_models:
            others = self.other_models.items()
            values["beside"] = {name: {"splits": _splits_json(one.splits), "date": one.date} for name, one in others}
        return values


def errors_table(scores: Scores) -> tuple[list[str], list[list[str]]]:
    """Returns columns and rows of a table: the model's accuracy where each shortcut is wrong, empty without any."""
    names = [
        name for name, splits in scores.baselines.items() if any(score.model_on_errors for score in splits.values())
    ]
    rows = []
    for split in scores.splits if names else ():
        on_errors = [scores.baselines[name][split].model_on_errors for name in names]
        rows.append([split, *(f"{score} ({score.n:,})" if score else "" for score in on_errors)])
    return ["split", *names] if names else [], rows


def merge_scores(scores: Sequence[Scores]) -> Scores:
    """Returns the scores on the first config, with those on the other configs as `further`."""
    first, *further = scores
    return replace(first, further=tuple(further))


def read_scores(path: str | Path) -> Json:
    """Reads a file of scores: those of [`Scores`], or those that the evaluator of a system wrote.

    Raises:
        `FileNotFoundError`: If there is no such file.
        `ValueError`: If it is not a JSON object.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no scores file {str(path)!r}")
    values = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(values, dict):
        raise ValueError(f"{str(path)!r} must hold a JSON object of scores, got a {type(values).__name__}")
    return values


def score_split(predictions: Sequence[int], references: Sequence[int], cells: Sequence[Cell]) -> SplitScore:
    """Scores the questions of a split, over all of them and over each cell; the split's accuracy is no mean of means.

    Args:
        predictions (sequence of `int`): 0 for No, 1 for Yes; anything else is a wrong answer.
        references (sequence of `int`): 0 or 1.
        cells (sequence of [`Cell`]): The cell of each question.

    Raises:
        `ValueError`: If the sequences differ in length, are empty, or a reference is not 0 or 1.
    """
    if not len(predictions) == len(references) == len(cells):
        raise ValueError(
            "`predictions`, `references` and `cells` must have one length, got "
            f"{len(predictions)}, {len(references)} and {len(cells)}"
        )
    metrics = BinaryMetrics.of(predictions, references)
    counts: dict[Cell, list[int]] = {}
    for prediction, reference, cell in zip(predictions, references, cells, strict=True):
        count = counts.setdefault(cell, [0, 0])
        count[0] += prediction == reference
        count[1] += 1
    hits = sum(count[0] for count in counts.values())
    scored = tuple(CellScore.of(*count, **cell._asdict()) for cell, count in counts.items())
    yes = YesScore.of(metrics)
    return SplitScore.of(hits, len(references), cells=scored, unparsable=metrics.unanswered, yes=yes)


def score_splits(
    predictions: Sequence[int], references: Sequence[int], splits: Sequence[str], cells: Sequence[tuple[Any, ...]]
) -> Json:
    """Scores every split and all questions together, for the metric `generalization_accuracy`.

    Args:
        predictions, references (sequences of `int`), cells (sequence of tuples): See [`score_split`].
        splits (sequence of `str`): The split of each question.

    Returns:
        `dict`: The fields of [`Accuracy`] over all questions, and `splits`: from name to the JSON of [`SplitScore`].

    Raises:
        `ValueError`: See [`score_split`].
    """
    if not len(predictions) == len(references) == len(splits) == len(cells):
        raise ValueError(
            f"`predictions`, `references`, `splits` and `cells` must have one length, got {len(predictions)}, "
            f"{len(references)}, {len(splits)} and {len(cells)}"
        )
    if not len(predictions):
        raise ValueError("`predictions` must have at least one answer, got none")
    rows: dict[str, list[tuple[int, int, Cell]]] = {}
    for prediction, reference, split, cell in zip(predictions, references, splits, cells, strict=True):
        rows.setdefault(split, []).append((prediction, reference, Cell(*cell)))
    scores = {split: score_split(*zip(*members, strict=True)) for split, members in rows.items()}
    return {**asdict(total_accuracy(scores.values())), "splits": _splits_json(scores)}


def total_accuracy(scores: Iterable[Accuracy]) -> Accuracy:
    """Computes the accuracy over the questions of all scores together."""
    scores = list(scores)
    return Accuracy.of(sum(score.hits for score in scores), sum(score.n for score in scores))


def _accuracy_json(score: Accuracy) -> Json:
    return {field.name: getattr(score, field.name) for field in fields(Accuracy)}


def _answers_json(score: SplitScore | FileScore) -> Json:
    """Returns `unparsable` and `yes`, unless the score is from an older file without them."""
    return {} if score.yes is None else {"unparsable": score.unparsable, "yes": asdict(score.yes)}


def _answers_from_json(values: Mapping[str, Any]) -> Json:
    return {"yes": YesScore(**values["yes"])} if "yes" in values else {}


def _splits_json(splits: SplitScores) -> Json:
    return {name: score.to_json() for name, score in splits.items()}


def _splits_from_json(values: Mapping[str, Any]) -> dict[str, SplitScore]:
    return {name: SplitScore.from_json(score) for name, score in values.items()}
