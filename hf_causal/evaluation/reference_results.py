"""Published results to show next to a model's scores, as the tasks hold them."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.tasks.registry import task_of_config
from hf_causal.tasks.shared.published import Curves, F1AndAccuracy


def published_curves(dataset: str, config: str | None) -> Curves:
    """Returns published accuracies by number of nodes for a config; empty if there are none."""
    task = task_of_config(dataset, config or "")
    return task.published_curves if task is not None and config == task.default_evaluation else {}


def published_f1(dataset: str, config: str | None) -> Mapping[str, F1AndAccuracy]:
    """Returns published F1 of Yes and accuracies for a config; empty if there are none."""
    task = task_of_config(dataset, config or "")
    return task.published_f1 if task is not None else {}
