"""The published data sets, and the task that a config belongs to: from the registries of tasks and systems."""

from __future__ import annotations

from importlib import import_module

from hf_causal.systems import systems
from hf_causal.tasks.registry import task_of_config, tasks
from hf_causal.tasks.shared.dataset import Dataset


def datasets() -> dict[str, Dataset]:
    """Returns the published data sets by name: those of the tasks, then those of the systems."""
    of_tasks = {task.dataset.name: task.dataset for task in tasks().values()}
    of_systems = {dataset.name: dataset for system in systems().values() for dataset in system.datasets}
    return of_tasks | of_systems


def task_name(corpus: str, config: str) -> str:
    """Returns the task of a config's prompts, or the name of the corpus where no task has such prompts."""
    task = task_of_config(corpus, config)
    if task is not None:
        return task.name
    modules = map(import_module, datasets()[corpus].modules)
    return next((getattr(module, "TASK", corpus) for module in modules if config in module.CONFIGS), corpus)
