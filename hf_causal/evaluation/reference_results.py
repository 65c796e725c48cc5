"""Published results to show next to a model's scores, as the tasks hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.registry import task_of_config
from hf_causal.tasks.shared.published import Curves, F1AndAccuracy
from hf_causal.tasks.task import Task


def published_curves(scores: Mapping[str, Any]) -> Curves:
    """Returns published accuracies by number of nodes for the config that was scored; empty where there are none."""
    task = _task(scores)
    return task.published_curves if task is not None and scores["config"] == task.default_evaluation else {}


def published_f1(scores: Mapping[str, Any]) -> Mapping[str, F1AndAccuracy]:
    """Returns published F1 of Yes and accuracies for the data set that was scored; empty where there are none."""
    task = _task(scores)
    return task.published_f1 if task is not None else {}


def _task(scores: Mapping[str, Any]) -> Task | None:
    config = scores.get("config")
    return task_of_config(scores.get("dataset", "axiomatic"), config) if config else None
