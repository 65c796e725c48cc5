"""Does a recipe come out right with every seed? Ten seeds of one, trained and scored on every cell of its tasks.

    python benchmarks/seed_study.py --recipe axiom-looped
    python benchmarks/seed_study.py --recipe axiom-reasoner --seeds 0 1 2 --limit 200
    python benchmarks/seed_study.py --page docs/results/ten_seeds.md                    # the page from what is there

Every seed leaves one JSON in `--out`; what is finished is not done again, trainings resume from their checkpoints and
scoring after its last split. After each seed the table is printed, the seed with the worst cell first. Weights are
chosen by in-family validation alone; no seed is left out, and none is repeated because of its scores. Other options
are fields of the recipe, as in `hf-causal train`.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from study_reports.seeds import describe, write_page

from hf_causal.corpora import task_name
from hf_causal.corpora.build import build
from hf_causal.evaluation.evaluate import evaluate_model
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.evaluation.scores import Scores
from hf_causal.tasks.registry import scored_configs
from hf_causal.training.loop import train
from hf_causal.training.recipe import Recipe, load_recipe, parse_overrides
from hf_causal.utils.files import write_json

OUT = Path("benchmarks/results/ten_seeds")
OPEN = 0.1
"""A gate is counted as open above this."""


def study_seed(recipe: Recipe, options: argparse.Namespace) -> dict[str, Any]:
    """Trains and scores one seed; returns what its JSON holds."""
    folder = options.work / f"{recipe.name}-{recipe.seed}"
    several = len({corpus for corpus, _ in recipe.sources}) > 1
    data = options.work / "data"
    train(recipe, folder, data if several else data / next(iter(recipe.sources))[0], resume_from_checkpoint="latest")
    summary = json.loads((folder / "training_summary.json").read_text(encoding="utf-8"))
    kept = ("steps", "questions", "seconds", "accuracy", "best_step", "hardware")
    return {
        "recipe": recipe.name,
        "seed": recipe.seed,
        "date": time.strftime("%Y-%m-%d"),
        **{key: summary[key] for key in kept},
        **describe_weights(folder),
        "limit": options.limit,
        "configs": {config: score(folder, corpus, config, options) for corpus, config in configs_of(recipe)},
    }


def configs_of(recipe: Recipe) -> list[tuple[str, str]]:
    """Returns the scored configs of the tasks that a recipe is trained on."""
    trained = {task_name(*source) for source in recipe.sources}
    return [config for config in scored_configs() if task_name(*config) in trained]


def score(folder: Path, corpus: str, config: str, options: argparse.Namespace) -> dict[str, Any]:
    """Returns accuracy and worst cell of each split of a config."""
    data = options.work / "data" / corpus
    partial = folder / f"{config}.partial.json"
    scores = evaluate_model(folder, corpus, config, data, limit=options.limit, partial=partial)
    return {split: split_json(scores, split) for split in scores.splits}


def split_json(scores: Scores, split: str) -> dict[str, Any]:
    """Returns the questions, the accuracy and the worst cell of a split."""
    accuracy = scores.splits[split]
    worst = min(accuracy.cells, key=lambda cell: cell.accuracy)
    cell = [worst.structure, worst.num_nodes, worst.branching_factor]
    below = sum(one.accuracy < 0.999 for one in accuracy.cells)
    return {
        "n": accuracy.n,
        "accuracy": accuracy.accuracy,
        "cells": len(accuracy.cells),
        "cells_below_999": below,
        "worst": worst.accuracy,
        "worst_cell": cell,
        "worst_n": worst.n,
    }


def describe_weights(folder: Path) -> dict[str, int]:
    """Returns the number of parameters, and of gates and how many of them are open."""
    model, _ = load_pretrained(folder)
    gates = [value for name, value in model.named_parameters() if name.endswith("gates")]
    gain = getattr(model.config, "gate_gain", 1.0)  # decoders have no gates
    return {
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "gates": sum(value.numel() for value in gates),
        "open_gates": sum(int(((gain * value).sigmoid() > OPEN).sum()) for value in gates),
    }


def build_missing(recipe: Recipe, data: Path) -> None:
    """Builds the configs that the folder lacks."""
    for corpus, config in dict.fromkeys([*recipe.sources, *configs_of(recipe)]):
        if not (data / corpus / config / "manifest.json").is_file():
            build(corpus, data / corpus, [config])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="axiom-looped", help="name or file of a recipe")
    parser.add_argument("--seeds", type=int, nargs="*", default=list(range(10)))
    parser.add_argument("--work", type=Path, default=Path("runs/seeds"), help="folder for corpora and trainings")
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the JSON files")
    parser.add_argument("--limit", type=int, help="at most this many questions of each cell")
    parser.add_argument("--page", type=Path, help="write this page from the JSON files, and train nothing")
    options, rest = parser.parse_known_args()
    if options.page is not None:
        write_page(options.out, options.page)
        return
    overrides = parse_overrides(rest)
    build_missing(load_recipe(options.recipe, overrides), options.work / "data")
    for seed in options.seeds:
        recipe = load_recipe(options.recipe, {**overrides, "seed": seed})
        file = options.out / f"{recipe.name}-{seed}.json"
        if not file.is_file():
            file.parent.mkdir(parents=True, exist_ok=True)
            write_json(file, study_seed(recipe, options))
        print("\n".join(describe(options.out, recipe.name)), flush=True)


if __name__ == "__main__":
    main()
