"""The configs that models are scored on, and scores of several configs in one file: the first, then `further`."""

from __future__ import annotations

from typing import Any

from hf_causal.tasks.registry import tasks


def scored_configs() -> list[tuple[str, str]]:
    """Returns the configs that models are scored on, as (corpus, config), in the order of the registry of tasks."""
    return [(task.dataset.name, config) for task in tasks().values() for config in task.scored_configs]


def all_scores(scores: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the scores of every config, the first one without the others."""
    return [{name: value for name, value in scores.items() if name != "further"}, *scores.get("further", [])]
