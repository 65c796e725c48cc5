"""Scores on variants of questions, and on the same questions as they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from hf_causal.evaluation.metrics import Accuracy


@dataclass(frozen=True)
class VariantScore:
    """A model's answers to the questions that have a variant, as they are and as the variant."""

    before: Accuracy
    """On the questions as they are."""
    after: Accuracy
    """On their variants; the right answer of `omitted` is the other one."""
    same: Accuracy
    """The share of questions with the same answer to both."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> VariantScore:
        """Reads what [`to_json`] wrote."""
        return cls(**{name: Accuracy(**values[name]) for name in ("before", "after", "same")})

    def to_json(self) -> dict[str, Any]:
        """Returns the score as a dictionary for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class VariantScores:
    """The scores of a model on variants of the questions of a config."""

    scores: Mapping[str, VariantScore]
    """By the name of the variant; those without a question are not here."""
    remarks: Mapping[str, str]
    """Why questions are left out, by the name of the variant."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> VariantScores:
        """Reads what [`to_json`] wrote."""
        scores = {name: VariantScore.from_json(score) for name, score in values["scores"].items()}
        return cls(scores, dict(values["remarks"]))

    def to_json(self) -> dict[str, Any]:
        """Returns the scores as a dictionary for JSON."""
        return {"scores": {name: one.to_json() for name, one in self.scores.items()}, "remarks": dict(self.remarks)}


def variant_table(variants: VariantScores) -> tuple[list[str], list[list[str]]]:
    """Returns the columns and rows of a table."""
    columns = ["variant", "n", "as it is", "variant of it", "same answer"]
    rows = [
        [name, f"{score.after.n:,}", str(score.before), str(score.after), str(score.same)]
        for name, score in variants.scores.items()
    ]
    return columns, rows


def variant_remarks(variants: VariantScores) -> list[str]:
    """Returns a sentence on each variant that questions are left out of."""
    return [f"{name}: {remark}." for name, remark in variants.remarks.items()]
