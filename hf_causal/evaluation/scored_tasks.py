"""The tasks that models are scored on, and scores of several in one file: the first in front, then `further`."""

from __future__ import annotations

from typing import Any

TASKS = (
    ("axiomatic", "transitivity_generalization"),
    ("axiomatic", "d_separation_generalization"),
    ("corr2cause", "default"),
    ("corr2cause", "paraphrased"),
    ("corr2cause", "refactored"),
)
"""The configs that models are scored on, as (corpus, config)."""


def all_scores(scores: dict[str, Any]) -> list[dict[str, Any]]:
    """The scores of every task, the first one without the others."""
    return [{name: value for name, value in scores.items() if name != "further"}, *scores.get("further", [])]
