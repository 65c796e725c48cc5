"""What is scored before and after fine-tuning, and how."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_causal.corpora import datasets, get_config, task_name
from hf_causal.evaluation.evaluate import Answers, score_answers
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.tasks.registry import get_task
from hf_causal.utils.progress import Progress

NOTHING = "none"


@dataclass(frozen=True)
class Evaluation:
    """One config of a corpus, or one file of questions."""

    corpus: str
    config: str | None
    data_dir: str | None = None
    file: Path | None = None

    @property
    def title(self) -> str:
        """As `--eval` names it; of a file, its name."""
        return self.file.name if self.file else f"{self.corpus}/{self.config}"

    @property
    def slug(self) -> str:
        """For the names of files."""
        return self.file.stem if self.file else f"{self.corpus}-{self.config}"

    def score(
        self, load: Callable[[], Answers], name: str, limit: int | None, progress: Progress | None
    ) -> dict[str, Any]:
        """The scores of whatever answers, as [`score_answers`] makes them."""
        files = [self.file] if self.file else []
        return score_answers(load, name, self.corpus, self.config, self.data_dir, files, limit, progress=progress)


def plan_evaluations(recipe: FinetuneRecipe, data_dirs: Sequence[str | Path] = ()) -> list[Evaluation]:
    """What a recipe scores: what it names, or the generalization splits of what it trains on.

    Args:
        recipe ([`FinetuneRecipe`]): Its `evaluations` are `CORPUS/CONFIG`, a file of questions, or `none`.
        data_dirs (sequence): Built corpora, by the name of their folder or as data sets on the Hub `NAMESPACE/CORPUS`;
            what is in none of them is generated.

    Raises:
        `FileNotFoundError`: If one of `data_dirs` is no folder.
        `ValueError`: For a name that is neither a config with evaluation splits nor a file.
    """
    for place in map(str, data_dirs):
        if not Path(place).is_dir() and "://" not in place and (place.count("/") != 1 or Path(place).is_absolute()):
            raise FileNotFoundError(f"no data folder {place!r}; a data set on the Hub is named NAMESPACE/CORPUS")
    if recipe.evaluations == (NOTHING,):
        return []
    names = recipe.evaluations or (_default_evaluation(recipe),)
    return [_evaluation(name, data_dirs) for name in dict.fromkeys(names)]


def _default_evaluation(recipe: FinetuneRecipe) -> str:
    """Returns the config that a recipe scores when it names none: the first scored config of the task it trains."""
    task = get_task(task_name(recipe.corpus, recipe.config))
    return f"{task.dataset.name}/{task.default_evaluation}"


def _evaluation(name: str, data_dirs: Sequence[str | Path]) -> Evaluation:
    if Path(name).is_file():
        return Evaluation("axiomatic", None, file=Path(name))
    corpus, _, config = name.partition("/")
    if corpus not in datasets() or not config:
        right = f"CORPUS/CONFIG with a corpus among {', '.join(datasets())}, a file of questions, or `{NOTHING}` alone"
        raise ValueError(f"`eval` must be {right}, got {name!r}")
    if set(get_config(corpus, config).splits) <= {"train"}:
        raise ValueError(f"`eval` {name!r} has no split to score")
    return Evaluation(corpus, config, find_data(data_dirs, corpus, config))


def find_data(data_dirs: Sequence[str | Path], corpus: str, config: str) -> str | None:
    """The folder or data set, among those given, that holds a config; `None` where it is to be generated."""
    for place in map(str, data_dirs):
        if (Path(place) / config).is_dir():
            return place
        on_hub = not Path(place).exists() and (place.rpartition("/")[2] == corpus or "://" in place)
        if on_hub:
            return place
    return None
