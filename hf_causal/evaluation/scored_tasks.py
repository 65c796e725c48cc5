"""The configs that models are scored on."""

from __future__ import annotations

from hf_causal.tasks.registry import tasks


def scored_configs() -> list[tuple[str, str]]:
    """Returns the configs that models are scored on, as (corpus, config), in the order of the registry of tasks."""
    return [(task.dataset.name, config) for task in tasks().values() for config in task.scored_configs]
