"""The evaluation splits of all tasks, each with its name in the harnesses."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from hf_causal.tasks.registry import tasks
from hf_causal.tasks.task import Task

VALIDATION = "validation"
_NOT_SCORED = ("train", VALIDATION)


@dataclass(frozen=True)
class HarnessSplit:
    """One evaluation split of a scored config."""

    task: str
    """Name of the task."""
    dataset: str
    config: str
    split: str
    member: str
    """Name within the task: of the config, the split, or both, whichever distinguishes it."""
    splits: tuple[str, ...]
    """All splits of the config."""

    @property
    def has_validation(self) -> bool:
        """Whether few-shot examples can be drawn from a validation split."""
        return VALIDATION in self.splits


def harness_splits(other_answers: bool = False) -> list[HarnessSplit]:
    """Returns the evaluation splits of every task, in the order of the registry.

    Args:
        other_answers (`bool`): Whether to include tasks with other answers than Yes and No.

    Example:

    ```python
    >>> [(one.task, one.member) for one in harness_splits()][7:11]
    [('transitivity', 'similar_names'), ('d_separation', 'sequential'), ('d_separation', 'flipped'),
     ('d_separation', 'reversed')]

    ```
    """
    some = [task for task in tasks().values() if other_answers or task.is_yes_no]
    return [one for task in some for one in _splits_of(task)]


def _splits_of(task: Task) -> list[HarnessSplit]:
    harness_splits = []
    counts = Counter(split for config in task.scored_configs for split in task.configs[config]().splits)
    for config in task.scored_configs:
        splits = tuple(task.configs[config]().splits)
        scored = [split for split in splits if split not in _NOT_SCORED]
        for split in scored:
            # A split that other configs have too is named by its config.
            shared = counts[split] > 1
            parts = [config] * shared + [split] * (not shared or len(scored) > 1)
            harness_splits.append(HarnessSplit(task.name, task.dataset.name, config, split, "_".join(parts), splits))
    return harness_splits
