"""The registry of tasks: one line for each task."""

from __future__ import annotations

import os
from importlib import import_module

from hf_causal.tasks.task import Task

PACKAGES = [
    "hf_causal.tasks.transitivity",
    "hf_causal.tasks.d_separation",
    "hf_causal.tasks.corr2cause",
    "hf_causal.tasks.co_occurrence",
    "hf_causal.tasks.relevance",
    "hf_causal.tasks.relevance_axioms",
    "hf_causal.tasks.adjustment",
    "hf_causal.tasks.identification",
    "hf_causal.tasks.relevance_semantics",
    "hf_causal.tasks.comparisons",
    "hf_causal.tasks.quantities",
    "hf_causal.tasks.front_door",
    "hf_causal.tasks.instrument",
]
"""Packages with a `TASK` that is named like the last part of the package."""

VARIABLE = "HF_CAUSAL_TASKS"
"""Environment variable with the names of further packages, separated by commas."""

_TASKS: dict[str, Task] = {}
_IMPORTED: set[str] = set()
"""Values of the variable whose packages are in `_TASKS`."""


def register(package: str) -> Task:
    """Adds the task of an importable package, for this process and those that it starts.

    Raises:
        `ValueError`: If another task has its name, or offers a config of the same name in the same data set.
    """
    task: Task = import_module(package).TASK
    for other in tasks().values():
        if task is not other and (task.name == other.name or _shared_configs(task, other)):
            raise ValueError(f"the task of {package!r} has the name or a config of the task {other.name!r}")
    os.environ[VARIABLE] = ",".join(dict.fromkeys([*_further_packages(), package]))
    return tasks()[task.name]


def tasks() -> dict[str, Task]:
    """Returns all tasks by name, in the order of the registry."""
    further = os.environ.get(VARIABLE, "")
    if further not in _IMPORTED:
        for package in (*PACKAGES, *_further_packages()):
            name = package.rpartition(".")[2]
            if name not in _TASKS:
                _TASKS[name] = import_module(package).TASK
        _IMPORTED.add(further)
    return _TASKS


def get_task(name: str) -> Task:
    """Returns the task of that name.

    Raises:
        `ValueError`: For an unknown name, with the names of all tasks.
    """
    if name not in tasks():
        raise ValueError(f"`task` must be one of {', '.join(tasks())}, got {name!r}")
    return tasks()[name]


def task_of_prompt(text: str) -> Task:
    """Returns the task that a prompt seems to belong to: the first that recognizes it, or else the fallback."""
    fallback = next(task for task in tasks().values() if task.fallback)
    return next((task for task in tasks().values() if not task.fallback and task.recognizes(text)), fallback)


def task_of_config(dataset: str, config: str) -> Task | None:
    """Returns the task that offers a config of a data set, or `None` where no task does."""
    return next((task for task in tasks().values() if task.dataset.name == dataset and config in task.configs), None)


def scored_configs() -> list[tuple[str, str]]:
    """Returns the configs that models are scored on, as (data set, config), in the order of the registry."""
    return [(task.dataset.name, config) for task in tasks().values() for config in task.scored_configs]


def _further_packages() -> list[str]:
    return [package.strip() for package in os.environ.get(VARIABLE, "").split(",") if package.strip()]


def _shared_configs(task: Task, other: Task) -> set[str]:
    return set(task.configs) & set(other.configs) if task.dataset.name == other.dataset.name else set()
