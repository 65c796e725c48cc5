"""The tasks as datasets of reasoning-gym, registered when this module is imported.

`hf_causal_<task>` has the form of answer as an option, and `hf_causal_<task>_<form>` is the same with that form: a
composite cannot have the same dataset twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, make_dataclass
from typing import Any

from reasoning_gym.coaching import BaseCurriculum, ScalarAttributeDefinition
from reasoning_gym.factory import DATASETS, ProceduralDataset, register_dataset

from hf_causal.harnesses.items import Items
from hf_causal.scoring import score
from hf_causal.tasks.answering import form_names
from hf_causal.tasks.forms import YES_NO
from hf_causal.tasks.registry import get_task, tasks

PREFIX = "hf_causal_"


@dataclass
class CausalConfig:
    """Configuration of a dataset; each registered dataset has a subclass with its task and form."""

    task: str = "transitivity"
    form: str = YES_NO
    """Form of answer: `"yes-no"`, `"proof"`, `"trace"` or another form of the task."""
    level: int = 1
    """Level of difficulty, from 1."""
    split: str = "train"
    """`train`, `validation` or `test`; no two share a premise."""
    size: int = 500
    seed: int | None = None

    def validate(self) -> None:
        """Raises `ValueError` for a value that does not fit, with what would be right."""
        if isinstance(self.size, bool) or not isinstance(self.size, int) or self.size < 1:
            raise ValueError(f"`size` must be a positive whole number, got {self.size!r}")
        Items(self.task, self.form, self.level, self.split, 0 if self.seed is None else self.seed)


class CausalDataset(ProceduralDataset):
    """Questions of a level of a task; `dataset[index]` depends on (task, form, level, split, seed, index) alone."""

    def __init__(self, config: CausalConfig):
        super().__init__(config=config, seed=config.seed, size=config.size)
        self.name = _NAMES.get(type(config), PREFIX + config.task)
        self.items = Items(config.task, config.form, config.level, config.split, self.seed)

    @property
    def category(self) -> str:
        """The category in lists of datasets."""
        return "causality"

    def __getitem__(self, idx: int) -> dict[str, Any]:
        item = self.items[idx]
        metadata = {
            "source_dataset": self.name,
            "source_index": idx,
            "form": item.form,
            "row": item.row,
            "measures": item.measures,
            "difficulty": {"level": self.config.level},
        }
        return {"question": item.question, "answer": item.answer, "metadata": metadata}

    def score_answer(self, answer: str | None, entry: dict[str, Any]) -> float:
        """Returns the value of `hf_causal.score`, from 0 to 1: every valid proof scores 1, not only the stored one."""
        return score(answer, entry["metadata"]["row"], form=entry["metadata"]["form"]).value


class CausalCurriculum(BaseCurriculum):
    """Goes through the levels of a task; each registered dataset has a subclass."""

    config_class: type[CausalConfig] = CausalConfig

    def __init__(self) -> None:
        super().__init__(type(self).__name__, self.config_class)
        levels = get_task(self.config_class.task).levels
        self._define_attributes(
            ScalarAttributeDefinition(
                name="level",
                field_name="level",
                levels=[level.number for level in levels],
                description="; ".join(f"{level.number}: {level.description}" for level in levels),
            )
        )


_NAMES: dict[type[CausalConfig], str] = {}
"""From the config class of a dataset to its name."""


def _register(name: str, task: str, form: str) -> None:
    """Registers a dataset with classes of its task and form, which are attributes of this module for pickle."""
    title = "".join(part.capitalize() for part in name.split("_"))
    fields = [("task", str, field(default=task)), ("form", str, field(default=form))]
    config = make_dataclass(f"{title}Config", fields, bases=(CausalConfig,), namespace={"__module__": __name__})
    curriculum = type(f"{title}Curriculum", (CausalCurriculum,), {"config_class": config, "__module__": __name__})
    globals().update({config.__name__: config, curriculum.__name__: curriculum})
    _NAMES[config] = name
    register_dataset(name, CausalDataset, config, curriculum)


def register_tasks() -> list[str]:
    """Registers the tasks that are not registered yet, and returns the names of all of their datasets."""
    names: list[str] = []
    for task in tasks().values():
        variants = {PREFIX + task.name: task.answer_form}
        variants |= {f"{PREFIX}{task.name}_{form.replace('-', '_')}": form for form in form_names(task)[1:]}
        for name, form in variants.items():
            if name not in DATASETS:
                _register(name, task.name, form)
        names += variants
    return names


register_tasks()
