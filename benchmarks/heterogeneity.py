"""The studies on the card of `matrix-sensing`: when large steps on one environment at a time learn what is invariant.

    python benchmarks/heterogeneity.py phase --out model_cards/matrix-sensing   # heterogeneity x step size x width
    python benchmarks/heterogeneity.py sizes --out model_cards/matrix-sensing   # batch sizes at one point of it
    python benchmarks/heterogeneity.py cues --out model_cards/matrix-sensing    # the same question about text

Each part replaces its entry of `studies.json` in the folder; `hf-causal report FOLDER` then renews pictures,
report and card. Seeds of `phase` and trainings of `cues` that are finished in `--work` are not done again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from studies import load_studies, save_study

from hf_causal.corpora.build import build
from hf_causal.evaluation.evaluate import evaluate_model
from hf_causal.systems.heterogeneity.sensing_runs import Cell, grid, run_grid
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware

HETEROGENEITIES = (0.5, *range(1, 9))
LEARNING_RATES = (0.02, 0.04, 0.06, 0.08, 0.1, 0.12)
FACTORS = (20, 2)
PLACE = (6.0, 0.1)
"""Heterogeneity and learning rate of the curves and of the batch sizes."""
BATCH_SIZES = (80, 200, 500, 1000, 2000, 5000, None)
SCORES = ("to_invariant", "to_pooled", "spurious_energy", "other_energy", "rank")


def phase(options: argparse.Namespace) -> dict[str, Any]:
    """The phase diagram, with measured batches and with the expected gradient; each seed has another problem."""
    cells = grid(HETEROGENEITIES, LEARNING_RATES, FACTORS)
    done = []
    for seed in options.seeds:
        path = options.work / f"phase-{options.steps}-{options.batch_size}-{seed}.json"
        if not path.is_file():
            options.work.mkdir(parents=True, exist_ok=True)
            write_json(path, _phase_of_seed(cells, seed, options))
            print(f"phase: seed {seed} done", flush=True)
        done.append(json.loads(path.read_text(encoding="utf-8")))
    scores = {kind: [{name: np.array(values, dtype=float) for name, values in one[kind].items()} for one in done]
             for kind in ("measured", "expected")}  # fmt: skip
    curves = {name: [one["curves"][name] for one in done] for name in done[0]["curves"] if name != "steps"}
    steps = done[0]["curves"]["steps"]
    return {
        "steps": options.steps,
        "batch_size": options.batch_size,
        "heterogeneities": HETEROGENEITIES,
        "learning_rates": LEARNING_RATES,
        "factors": FACTORS,
        "cells": [vars(cell) for cell in cells],
        # A median over seeds of which one diverged is no number, and is null.
        **{kind: {name: _median_and_range(every, name) for name in SCORES} for kind, every in scores.items()},
        "curves": {"steps": steps, **curves},
    }


def _phase_of_seed(cells: list[Cell], seed: int, options: argparse.Namespace) -> dict[str, Any]:
    tails: dict[str, Any] = {}
    for kind, size in (("measured", options.batch_size), ("expected", None)):
        runs = run_grid(cells, seed, options.steps, size)
        tails[kind] = {name: _rounded(runs.tail(name)) for name in SCORES}
        if kind == "measured":
            tails["curves"] = {"steps": runs.steps.tolist()}
            for index, cell in enumerate(cells):
                if (cell.learning_rate, cell.factors) == (PLACE[1], FACTORS[0]) and cell.heterogeneity in (1, 6):
                    name = f"{cell.batches}, M = {cell.heterogeneity:g}"
                    tails["curves"][name] = _rounded(runs.scores["to_invariant"][:, index])
    return tails


def sizes(options: argparse.Namespace) -> dict[str, Any]:
    """How much of what is learned is noise of the batch: one point of the diagram, batches of many sizes."""
    cells = [Cell(batches, *PLACE, FACTORS[0]) for batches in ("environment", "pooled")]
    rows = []
    for size in BATCH_SIZES:
        every = []
        for seed in options.seeds:
            runs = run_grid(cells, seed, options.steps, size)
            every.append({name: runs.tail(name) for name in SCORES})
        scores = {name: _median_and_range(every, name) for name in SCORES}
        for index, cell in enumerate(cells):
            at_size = {name: [values[index] for values in three] for name, three in scores.items()}
            rows.append({"batch_size": size, "batches": cell.batches, **at_size})
            print(rows[-1], flush=True)
    return {"heterogeneity": PLACE[0], "learning_rate": PLACE[1], "steps": options.steps, "rows": rows}


TINY = {"model.hidden_size": 64, "model.num_hidden_layers": 3, "model.num_attention_heads": 4}
MILD, OPPOSED = (0.95, 0.75), (0.95, 0.25)
"""How often the cue is right in each of two environments: always more often than not, or in one of them less often."""
LARGE = {"muon_learning_rate": 0.06, "learning_rate": 0.006}
ARMS: list[tuple[str, tuple[float, ...], str, str, dict[str, Any]]] = [
    ("cue_order", MILD, "axiom-cpu", "", {}),
    ("cue_order", OPPOSED, "axiom-cpu", "", {}),
    ("cue_order", OPPOSED, "axiom-cpu", "steps three times as large", LARGE),
    ("cue_names", MILD, "axiom-cpu", "", {}),
    ("cue_names", OPPOSED, "axiom-cpu", "", {}),
    ("cue_names", OPPOSED, "axiom-cpu", "steps three times as large", LARGE),
    ("cue_order", MILD, "axiom-looped", "", {}),
    ("cue_names", MILD, "axiom-looped", "", {}),
]
"""Cue, strengths, recipe, what is changed in it, and the change."""
SHORT = {
    "max_steps": 400,
    "per_device_train_batch_size": 64,
    "warmup_steps": 60,
    "eval_steps": 200,
    "save_steps": 400,
    "eval_rows": 2000,
}
"""Of every text run, so that it takes a minute or two of one core."""
LOOPED = {"all_questions": False, "drawn_questions": 0, "sentence_loss_weight": 0.0, "max_steps": 200}
"""Only the questions of the rows: with the others, or with labels of statements, there would be no cue to follow."""


def cues(options: argparse.Namespace) -> dict[str, Any]:
    """Questions with a cue: batches of one environment at a time against pooled ones."""
    before = load_studies(options.out).get("cues", {})
    # Arms that are not selected this time stay unchanged.
    rows = [row for row in before.get("rows", []) if row["arm"] not in options.arms]
    for number in options.arms:
        cue, strengths, name, change, overrides = ARMS[number]
        data = options.work / f"{cue}-{'-'.join(map(str, strengths))}"
        build("environments", data, [cue], strengths=strengths)
        arm_fields = {**SHORT, **(LOOPED if name == "axiom-looped" else TINY), **overrides}
        for batches in ("environment", "pooled"):
            accuracies: dict[str, list[float]] = {}
            for seed in options.seeds:
                folder = options.work / f"arm-{number}-{batches}-{seed}"
                fields = {**arm_fields, "corpus": "environments", "config": cue, "batches": batches, "seed": seed}
                train(load_recipe(name, fields), folder, data, resume_from_checkpoint="latest")
                scores = _scores(folder, cue, data)
                for split, score in scores["splits"].items():
                    accuracies.setdefault(split, []).append(score["accuracy"])
            values = {
                split: [float(np.mean(every)), float(np.std(every, ddof=1))] for split, every in accuracies.items()
            }
            about = {"arm": number, "cue": cue, "strengths": strengths, "model": name, "change": change}
            rounded = {split: [round(value, 4) for value in pair] for split, pair in values.items()}
            rows.append({**about, "batches": batches, **rounded, "each": accuracies})
            print(rows[-1], flush=True)
    return {"about": ABOUT, "rows": sorted(rows, key=lambda row: row["arm"])}


ABOUT = (
    f"{SHORT['max_steps']} steps of {SHORT['per_device_train_batch_size']} premises with one question each; the "
    f"decoder is `axiom-cpu` with {TINY['model.num_hidden_layers']} layers of width {TINY['model.hidden_size']}, "
    f"`axiom-looped` takes {LOOPED['max_steps']} steps on the rows' own questions alone. The weights with the best "
    "accuracy on `validation`, where the cue is as in training, are kept."
)


def _scores(folder: Path, cue: str, data: Path) -> dict[str, Any]:
    path = folder / "generalization.json"
    if not path.is_file():
        write_json(path, evaluate_model(folder, "environments", cue, data).to_json())
    return json.loads(path.read_text(encoding="utf-8"))


def _median_and_range(every: list[dict[str, np.ndarray]], name: str) -> list[list[float | None]]:
    values = np.stack([scores[name] for scores in every])
    return [_rounded(np.median(values, axis=0)), _rounded(values.min(axis=0)), _rounded(values.max(axis=0))]


def _rounded(values: np.ndarray) -> list[float | None]:
    return [round(float(value), 4) if np.isfinite(value) else None for value in values]


PARTS = {"phase": phase, "sizes": sizes, "cues": cues}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--out", type=Path, required=True, help="Model folder with the studies.")
    parser.add_argument("--work", type=Path, default=Path("runs/heterogeneity"), help="Keeps data and trainings.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--batch-size", type=int, default=2000)
    parser.add_argument("--arms", type=int, nargs="+", default=list(range(len(ARMS))), help="Of `cues`.")
    options = parser.parse_args()
    result = PARTS[options.part](options)
    about = {
        "seeds": options.seeds,
        "hardware": describe_hardware("cpu"),
        "date": time.strftime("%Y-%m-%d"),
    }
    save_study(options.out, options.part, {**about, **result})


if __name__ == "__main__":
    main()
