"""The evaluations before and after fine-tuning: which questions, and the records of their scores."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hf_causal.artifacts import FINETUNING_FILE
from hf_causal.corpora import datasets, get_config, task_name
from hf_causal.evaluation.evaluate import score_predictor
from hf_causal.evaluation.predictors import Predictor
from hf_causal.evaluation.scores import Scores
from hf_causal.posttraining.proofs import MEASURES
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.tasks.forms import YES_NO
from hf_causal.tasks.registry import get_task
from hf_causal.utils.files import write_json
from hf_causal.utils.progress import Progress

NONE = "none"
"""The name in a recipe's `evaluations` that turns them off."""


@dataclass(frozen=True)
class Evaluation:
    """One config of a corpus, or one file of questions."""

    corpus: str
    config: str | None
    data_dir: str | None = None
    file: Path | None = None
    measure: str | None = None
    """What counts of answers with proofs, one of `MEASURES`; `None` for Yes and No."""

    @property
    def title(self) -> str:
        """`CORPUS/CONFIG`, or the name of the file, with the measure."""
        name = self.file.name if self.file else f"{self.corpus}/{self.config}"
        return f"{name}, {self.measure}" if self.measure else name

    @property
    def slug(self) -> str:
        """The title in a form for file names."""
        name = self.file.stem if self.file else f"{self.corpus}-{self.config}"
        return f"{name}-{self.measure.replace(' ', '-')}" if self.measure else name

    def score(self, load: Callable[[], Predictor], name: str, limit: int | None, progress: Progress | None) -> Scores:
        """Scores a predictor, see [`score_predictor`]."""
        files = [self.file] if self.file else []
        return score_predictor(load, name, self.corpus, self.config, self.data_dir, files, limit, progress=progress)


@dataclass
class Record:
    """The scores of one evaluation before and after fine-tuning; it is filled in as they are computed."""

    title: str
    slug: str
    settings: dict[str, Any]
    """What the scores depend on in addition to the questions."""
    before: Scores | None = None
    after: Scores | None = None
    before_done: bool = False
    """Whether `before` is final; it stays `None` for a model that cannot answer Yes or No."""

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Record:
        """Reads what [`to_json`] wrote."""
        before, after = (values[name] and Scores.from_json(values[name]) for name in ("before", "after"))
        return cls(values["title"], values["slug"], values["way"], before, after, values["before_done"])

    def to_json(self) -> dict[str, Any]:
        """Returns the record as a dictionary for JSON."""
        before, after = (scores and scores.to_json() for scores in (self.before, self.after))
        about = {"title": self.title, "slug": self.slug, "way": self.settings}
        return {**about, "before": before, "after": after, "before_done": self.before_done}


def read_records(folder: str | Path) -> list[Record]:
    """Reads `finetuning.json` of a folder; returns an empty list if there is none."""
    path = Path(folder) / FINETUNING_FILE
    if not path.is_file():
        return []
    return [Record.from_json(values) for values in json.loads(path.read_text(encoding="utf-8"))["evaluations"]]


def write_records(folder: str | Path, records: Sequence[Record]) -> Path:
    """Writes `finetuning.json` into a folder, which is created if needed."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    return write_json(Path(folder) / FINETUNING_FILE, {"evaluations": [record.to_json() for record in records]})


def plan_evaluations(recipe: FinetuneRecipe, data_dirs: Sequence[str | Path] = ()) -> list[Evaluation]:
    """Returns the evaluations that a recipe names, or else the generalization splits of what it trains on.

    Args:
        recipe ([`FinetuneRecipe`]): Its `evaluations` are `CORPUS/CONFIG`, a file of questions, or `none`.
        data_dirs (sequence): Built corpora, in folders of their names or as data sets on the Hub `NAMESPACE/CORPUS`.
            Configs that none of them holds are generated.

    Raises:
        `FileNotFoundError`: If one of `data_dirs` is not a folder.
        `ValueError`: For a name that is neither a config with evaluation splits nor a file.
    """
    for source in map(str, data_dirs):
        if (
            not Path(source).is_dir()
            and "://" not in source
            and (source.count("/") != 1 or Path(source).is_absolute())
        ):
            raise FileNotFoundError(f"no data folder {source!r}; a data set on the Hub is named NAMESPACE/CORPUS")
    if recipe.evaluations == (NONE,):
        return []
    names = recipe.evaluations or (_default_evaluation(recipe),)
    planned = [_make_evaluation(name, data_dirs) for name in dict.fromkeys(names)]
    if recipe.form == YES_NO:
        return planned
    return [replace(evaluation, measure=measure) for evaluation in planned for measure in MEASURES]


def find_data(data_dirs: Sequence[str | Path], corpus: str, config: str) -> str | None:
    """Returns the first folder or data set that holds a config; `None` if it is to be generated."""
    for source in map(str, data_dirs):
        if (Path(source) / config).is_dir():
            return source
        is_remote = not Path(source).exists()
        if is_remote and (source.rpartition("/")[2] == corpus or "://" in source):
            return source
    return None


def _default_evaluation(recipe: FinetuneRecipe) -> str:
    """Returns the first scored config of the task that a recipe trains."""
    task = get_task(task_name(recipe.corpus, recipe.config))
    return f"{task.dataset.name}/{task.default_evaluation}"


def _make_evaluation(name: str, data_dirs: Sequence[str | Path]) -> Evaluation:
    if Path(name).is_file():
        return Evaluation("axiomatic", None, file=Path(name))
    corpus, _, config = name.partition("/")
    if corpus not in datasets() or not config:
        right = f"CORPUS/CONFIG with a corpus among {', '.join(datasets())}, a file of questions, or `{NONE}` alone"
        raise ValueError(f"`eval` must be {right}, got {name!r}")
    if set(get_config(corpus, config).splits) <= {"train"}:
        raise ValueError(f"`eval` {name!r} has no split to score")
    return Evaluation(corpus, config, find_data(data_dirs, corpus, config))
