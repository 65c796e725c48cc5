"""Which positions generalize? The comparison of arXiv 2407.07612, repeated at the scale of the recipe `axiom-cpu`.

    python benchmarks/study_positions.py --list                       # the runs, and which are finished
    python benchmarks/study_positions.py                              # all of them, seed 0 of every cell first
    python benchmarks/study_positions.py --only none/ts2 rope         # only these encodings, data or seeds
    python benchmarks/study_positions.py --render benchmarks/results/positions --page docs/results/positions.md

{none, learned, sinusoidal, rope} x {TS2, TS1, OCC} x 3 seeds: the same decoder, the same steps and the same number of
questions; then the decoder without positions on the balanced questions of Corr2Cause. Weights are chosen by in-family
validation. Every run is scored on every axis and size of `transitivity_generalization` and leaves one small JSON in
`results/`, and tables and figures of what exists are drawn again after it.

SIGTERM saves a checkpoint and stops. The same command resumes: finished runs are skipped, training continues from its
last checkpoint and scoring after its last split. Several processes may work on one folder, and each takes runs that no
other one has; on two cores, two processes of one thread are faster than one of two. Other options are fields of the
recipe, as in `hf-causal train`.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from hf_causal.utils.hardware import share_the_cpu

share_the_cpu()  # before torch is imported

import accelerate  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from study_reports.positions import write_page  # noqa: E402

from hf_causal import __version__  # noqa: E402
from hf_causal.corpora import get_config  # noqa: E402
from hf_causal.corpora.build import build  # noqa: E402
from hf_causal.corpora.load import load_corpus  # noqa: E402
from hf_causal.corpora.parquet import is_built  # noqa: E402
from hf_causal.evaluation.evaluate import score_predictor  # noqa: E402
from hf_causal.evaluation.predictors import ModelPredictor, load_predictor  # noqa: E402
from hf_causal.evaluation.scores import Scores  # noqa: E402
from hf_causal.models.axiom.configuration_axiom import POSITION_ENCODINGS  # noqa: E402
from hf_causal.training.loop import train  # noqa: E402
from hf_causal.training.recipe import Recipe, load_recipe, parse_overrides  # noqa: E402
from hf_causal.utils.files import write_text  # noqa: E402
from hf_causal.utils.locks import InUse, lock  # noqa: E402
from hf_causal.utils.progress import Advance  # noqa: E402

DATA = ("ts2", "ts1", "occ")
CORR2CAUSE = "corr2cause"
SEEDS = (0, 1, 2)
STEPS = 2000
"""Steps of every run: those of `axiom-cpu`, whose in-family validation with seeds 0, 1 and 2 is .9975 to .9985."""
LARGEST_TRAINED = 6
"""Nodes of the longest training chains."""


@dataclass(frozen=True)
class Run:
    """One training of the study."""

    encoding: str
    data: str
    seed: int

    @property
    def key(self) -> str:
        """Name by which the run is selected, such as `none/ts2/0`."""
        return f"{self.encoding}/{self.data}/{self.seed}"

    @property
    def name(self) -> str:
        """Name of its files."""
        return self.key.replace("/", "-")

    @property
    def corpus(self) -> str:
        """Data set that it trains on."""
        return CORR2CAUSE if self.data == CORR2CAUSE else "axiomatic"

    @property
    def config(self) -> str:
        """Config that it trains on."""
        return "balanced" if self.data == CORR2CAUSE else f"transitivity_{self.data}"

    @property
    def evaluation(self) -> str:
        """Config that it is scored on."""
        return "balanced" if self.data == CORR2CAUSE else "transitivity_generalization"

    @property
    def fields(self) -> dict[str, Any]:
        """What its result says of the run."""
        return {"encoding": self.encoding, "data": self.data, "seed": self.seed}

    def recipe(self, overrides: dict[str, Any]) -> Recipe:
        """Returns the recipe `axiom-cpu`, or `axiom-cpu-corr2cause`, with the encoding, data and seed of the run."""
        base = "axiom-cpu-corr2cause" if self.data == CORR2CAUSE else "axiom-cpu"
        description = f"The decoder of the recipe {base}, positions: {self.encoding}, data: {self.config}."
        fields: dict[str, Any] = {
            "name": self.name,
            "description": description,
            "corpus": self.corpus,
            "config": self.config,
        }
        fields |= {"model.position_encoding": self.encoding, "seed": self.seed, "max_steps": STEPS}
        return load_recipe(base, {**fields, **overrides})


def all_runs() -> list[Run]:
    """Returns the runs in their order: seed 0 of every cell, then the other seeds, then Corr2Cause."""
    transitivity = [Run(encoding, data, seed) for seed, data, encoding in product(SEEDS, DATA, POSITION_ENCODINGS)]
    return [*transitivity, *(Run("none", CORR2CAUSE, seed) for seed in SEEDS)]


def select(runs: Sequence[Run], only: Sequence[str]) -> list[Run]:
    """Returns the runs that a filter names; each filter is a part of a key, such as `rope`, `ts2/0` or `none/ts2/0`.

    Raises:
        `ValueError`: For a filter that names no run.
    """
    for text in only:
        if not any(_matches(run, text) for run in runs):
            raise ValueError(f"`only` {text!r} names no run; keys are like {runs[0].key} (see --list)")
    return [run for run in runs if not only or any(_matches(run, text) for text in only)]


def _matches(run: Run, text: str) -> bool:
    return f"/{text.strip('/')}/" in f"/{run.key}/"


class TakenError(Exception):
    """Another process works on the run."""


class Study:
    """The folder of a study: models, results and the page that shows them.

    Args:
        out (`Path`): The folder.
        data (`Path`, *optional*): Folder with the corpora `axiomatic/` and `corr2cause/`; built in `out` if not given.
        overrides (`dict`): Recipe fields that every run changes.
        limit (`int`, *optional*): At most this many questions of each cell.
    """

    folder = Path("runs/studies/positions")
    """Where a study is by default."""
    write_page: Callable[[Path, Path], Path] = staticmethod(write_page)
    """Writes the page of a folder of results."""
    in_family_limit: int | None = None
    """At most this many questions of each cell in-family; all of them when `None`."""

    def __init__(self, out: Path, data: Path | None, overrides: dict[str, Any], limit: int | None):
        self.out, self.given, self.overrides, self.limit = out, data, overrides, limit
        self.results = out / "results"

    def is_finished(self, run: Run) -> bool:
        """Returns whether the run has its result."""
        return self._result(run).is_file()

    @contextmanager
    def claim(self, run: Run) -> Iterator[None]:
        """Keeps other processes from working on the run.

        Raises:
            `TakenError`: If another process works on it.
        """
        path = self.out / "locks" / run.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with ExitStack() as held:
            try:
                held.enter_context(lock(path, "another process works on it"))
            except InUse as error:
                raise TakenError(str(error)) from error
            yield

    def complete(self, run: Run) -> None:
        """Trains and scores a run, or what is left of it, and writes its result and the page."""
        data, recipe = self._data(run), run.recipe(self.overrides)
        folder = self.out / "models" / run.name
        train(recipe, folder, data, resume_from_checkpoint="latest")
        began = time.perf_counter()
        scores = self._score(run, folder, data)
        summary = json.loads((folder / "training_summary.json").read_text(encoding="utf-8"))
        result = {
            "run": run.key,
            **run.fields,
            "recipe": json.loads(json.dumps(_fields(recipe))),
            **{name: summary[name] for name in ("steps", "questions", "best_step", "hardware", "date")},
            "threads": torch.get_num_threads(),
            "train_seconds": round(summary["seconds"], 1),
            "score_seconds": round(time.perf_counter() - began, 1),
            "versions": _versions(),
            **scores,
        }
        write_text(self._result(run), json.dumps(result) + "\n")
        shutil.rmtree(folder / "checkpoints", ignore_errors=True)  # nothing resumes from them any more
        self.write_page(self.results, self.out / "page.md")

    def _score(self, run: Run, folder: Path, data: Path) -> dict[str, Any]:
        """Returns accuracies: in-family, on every axis, cell and length of names, and those of the shortcuts."""
        predictor = RememberingPredictor(load_predictor(folder))
        partial = folder / f"{run.evaluation}.partial.json"
        scores = score_predictor(
            lambda: predictor, run.key, run.corpus, run.evaluation, data, limit=self.limit, partial=partial
        )
        in_family = scores if run.evaluation == run.config else None
        if in_family is None:
            limit = self.in_family_limit
            in_family = score_predictor(lambda: predictor, run.key, run.corpus, run.config, data, limit=limit)
        validation = in_family.splits["validation"]
        names = [] if run.data == CORR2CAUSE else _by_name_length(predictor, data, self.limit)
        return {
            "parameters": sum(parameter.numel() for parameter in predictor.model.parameters()),
            "in_family": {"n": validation.n, "accuracy": validation.accuracy},
            "axes": {name: [score.n, score.accuracy] for name, score in scores.splits.items() if name != "validation"},
            "cells": _cells(scores),
            "name_lengths": names,
            "shortcuts": {
                name: {split: score.accuracy for split, score in splits.items() if split != "validation"}
                for name, splits in scores.baselines.items()
            },
        }

    def _data(self, run: Run) -> Path:
        """Returns the folder of the run's corpus, and builds the configs that are missing in it."""
        if self.given:
            return self.given / run.corpus
        folder = self.out / "data" / run.corpus
        configs = dict.fromkeys((run.config, run.evaluation))
        if missing := [name for name in configs if not is_built(run.corpus, get_config(run.corpus, name), folder)]:
            build(run.corpus, folder, missing)
        return folder

    def _result(self, run: Run) -> Path:
        return self.results / f"{run.name}.json"


class RememberingPredictor:
    """A predictor that answers each prompt once, so that other groupings of the same questions cost nothing.

    Args:
        predictor ([`ModelPredictor`]): Answers the prompts.
    """

    def __init__(self, predictor: ModelPredictor):
        self.predictor, self._answers = predictor, dict[str, int]()
        self.model, self.hardware, self.prompting = predictor.model, predictor.hardware, predictor.prompting
        self.fingerprint, self.require_readable = predictor.fingerprint, predictor.require_readable

    def predict(self, prompts: Sequence[str], progress: Advance | None = None) -> list[int]:
        """Returns 1 for Yes and 0 for No."""
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in self._answers]
        if new:
            self._answers |= zip(new, self.predictor.predict(new, progress), strict=True)
        return [self._answers[prompt] for prompt in prompts]


def _cells(scores: Scores) -> list[list[Any]]:
    """Returns `[axis, structure, branching factor, nodes, n, accuracy]` of every cell outside of the family."""
    return [
        [axis, cell.structure, cell.branching_factor, cell.num_nodes, cell.n, cell.accuracy]
        for axis, score in scores.splits.items()
        if axis != "validation"
        for cell in score.cells
    ]


def _by_name_length(predictor: RememberingPredictor, data: Path, limit: int | None) -> list[list[Any]]:
    """Returns `[length of names, whether the chain is of a trained size, n, accuracy]` on `long_names`."""
    rows = load_corpus("axiomatic", "transitivity_generalization", "long_names", data)
    prompts, labels, lengths, nodes = (
        rows[name].to_pylist() for name in ("prompt", "label", "name_length", "num_nodes")
    )
    seen: dict[int, int] = {}
    counts: dict[tuple[int, bool], list[int]] = {}
    kept = []
    for row, size in enumerate(nodes):  # the questions that were scored already
        seen[size] = seen.get(size, 0) + 1
        if limit is None or seen[size] <= limit:
            kept.append(row)
    answers = predictor.predict([prompts[row] for row in kept])
    for row, answer in zip(kept, answers, strict=True):
        count = counts.setdefault((lengths[row], nodes[row] <= LARGEST_TRAINED), [0, 0])
        count[0] += 1
        count[1] += answer == labels[row]
    return [[length, trained, n, hits / n] for (length, trained), (n, hits) in sorted(counts.items())]


def _fields(recipe: Recipe) -> dict[str, Any]:
    """Returns the fields of the recipe's file."""
    import yaml

    return yaml.safe_load(recipe.to_yaml())


def _versions() -> dict[str, str]:
    packages = {"torch": torch, "transformers": transformers, "accelerate": accelerate}
    versions = {name: package.__version__ for name, package in packages.items()}
    return {"hf_causal": __version__, "python": platform.python_version(), **versions}


def run_study(
    study_class: type[Study], runs: Sequence[Run], description: str | None, example: str, arguments: list[str] | None
) -> None:
    """Reads the command line of a study, and lists, completes or draws its runs."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=study_class.folder, help="folder of the study")
    parser.add_argument("--only", nargs="+", default=[], metavar="RUN", help=f"parts of keys, such as {example}")
    parser.add_argument("--list", action="store_true", help="list the runs and end")
    parser.add_argument("--data", type=Path, help="folder with the corpora, such as axiomatic/, built by hf-causal")
    parser.add_argument("--limit", type=int, help="at most this many questions of each cell")
    parser.add_argument("--render", type=Path, metavar="RESULTS", help="only draw the page of this folder of results")
    parser.add_argument("--page", type=Path, help="where --render writes the page; its figures go into RESULTS")
    options, rest = parser.parse_known_args(arguments)
    try:
        if options.render:
            print(study_class.write_page(options.render, options.page or options.render / "page.md"))
            return
        runs, overrides = select(runs, options.only), parse_overrides(rest)
        if options.limit is not None and options.limit < 1:
            raise ValueError(f"--limit must be at least 1, got {options.limit}")
        if options.data and not options.data.is_dir():
            raise FileNotFoundError(f"--data {str(options.data)!r} is not a folder")
        for run in runs:
            run.recipe(overrides)
    except (ValueError, FileNotFoundError) as error:
        parser.error(str(error))
    study = study_class(options.out, options.data, overrides, options.limit)
    if options.list:
        for run in runs:
            print(f"{run.key:20} {'finished' if study.is_finished(run) else 'to do'}")
        return
    complete_all(study, runs)


def main(arguments: list[str] | None = None) -> None:
    run_study(Study, all_runs(), __doc__, "none/ts2/0 or rope", arguments)


def complete_all(study: Study, runs: Sequence[Run]) -> None:
    """Completes the runs that are not finished and that no other process works on."""
    for run in runs:
        try:
            with study.claim(run):
                if not study.is_finished(run):
                    print(f"{time.strftime('%Y-%m-%d %H:%M')} {run.key}", flush=True)
                    study.complete(run)
        except (TakenError, FloatingPointError) as error:  # the other runs do not depend on it
            print(f"{run.key} skipped: {error}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
