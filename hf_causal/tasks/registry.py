"""The registry of tasks: one line a task."""

from __future__ import annotations

from importlib import import_module

from hf_causal.tasks.task import Task

FOLDERS = [
    "hf_causal.tasks.transitivity",
    "hf_causal.tasks.d_separation",
    "hf_causal.tasks.corr2cause",
    "hf_causal.tasks.co_occurrence",
]
"""Packages with a `TASK`, one line each."""

_TASKS: dict[str, Task] = {}


def tasks() -> dict[str, Task]:
    """Returns all tasks by name, in the order of the registry."""
    for folder in FOLDERS:
        name = folder.rpartition(".")[2]
        if name not in _TASKS:
            _TASKS[name] = import_module(folder).TASK
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
