"""The studies on the card of `matrix-sensing`: when large steps on one environment at a time learn what is invariant.

    python benchmarks/heterogeneity.py phase --out model_cards/matrix-sensing   # heterogeneity x step size x width
    python benchmarks/heterogeneity.py sizes --out model_cards/matrix-sensing   # batch sizes at one place of it
    python benchmarks/heterogeneity.py cues --out model_cards/matrix-sensing    # the same question asked of text

Each part replaces its own entry of `studies.json` in the folder; `hf-causal report FOLDER` then renews pictures,
report and card. Trainings of `cues` that are finished in `--work` are not done again.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np

from hf_causal.evaluation.studies import STUDIES_FILE
from hf_causal.files import write_json
from hf_causal.hardware import describe_hardware
from hf_causal.sensing_runs import Cell, grid, run_grid

HETEROGENEITIES = tuple(0.5 * step for step in range(1, 17))
LEARNING_RATES = (0.02, 0.04, 0.06, 0.08, 0.1, 0.12)
FACTORS = (20, 2)
PLACE = (6.0, 0.1)
"""Heterogeneity and learning rate of the curves and of the batch sizes."""
BATCH_SIZES = (80, 200, 500, 1000, 2000, 5000, None)
SCORES = ("to_invariant", "to_pooled", "spurious_energy", "other_energy", "rank")


def phase(options: argparse.Namespace) -> dict[str, Any]:
    """The phase diagram, with measured batches and with the expected gradient; each seed has a problem of its own."""
    cells = grid(HETEROGENEITIES, LEARNING_RATES, FACTORS)
    found: dict[str, Any] = {"measured": [], "expected": []}
    curves: dict[str, list[list[float]]] = {}
    for seed in options.seeds:
        for kind, size in (("measured", options.batch_size), ("expected", None)):
            runs = run_grid(cells, seed, options.steps, size)
            found[kind].append({name: runs.tail(name) for name in SCORES})
            if kind == "measured":
                steps = runs.steps.tolist()
                for index, cell in enumerate(cells):
                    if (cell.learning_rate, cell.factors) == (PLACE[1], FACTORS[0]) and cell.heterogeneity in (1, 6):
                        name = f"{cell.batches}, M = {cell.heterogeneity:g}"
                        curves.setdefault(name, []).append(_rounded(runs.scores["to_invariant"][:, index]))
        print(f"phase: seed {seed} done", flush=True)
    return {
        "steps": options.steps,
        "batch_size": options.batch_size,
        "heterogeneities": HETEROGENEITIES,
        "learning_rates": LEARNING_RATES,
        "factors": FACTORS,
        "cells": [vars(cell) for cell in cells],
        # A mean over seeds of which one diverged is no number, and stands as null.
        **{kind: {name: _mean_and_deviation(every, name) for name in SCORES} for kind, every in found.items()},
        "curves": {"steps": steps, **curves},
    }


def sizes(options: argparse.Namespace) -> dict[str, Any]:
    """How much of what is learned is noise of the batch: one place of the diagram, batches of many sizes."""
    cells = [Cell(batches, *PLACE, FACTORS[0]) for batches in ("environment", "pooled")]
    rows = []
    for size in BATCH_SIZES:
        every = []
        for seed in options.seeds:
            runs = run_grid(cells, seed, options.steps, size)
            every.append({name: runs.tail(name) for name in SCORES})
        scores = {name: _mean_and_deviation(every, name) for name in SCORES}
        for index, cell in enumerate(cells):
            own = {name: [values[index] for values in pair] for name, pair in scores.items()}
            rows.append({"batch_size": size, "batches": cell.batches, **own})
            print(rows[-1], flush=True)
    return {"heterogeneity": PLACE[0], "learning_rate": PLACE[1], "steps": options.steps, "rows": rows}


def _mean_and_deviation(every: list[dict[str, np.ndarray]], name: str) -> list[list[float | None]]:
    values = np.stack([scores[name] for scores in every])
    return [_rounded(values.mean(axis=0)), _rounded(values.std(axis=0, ddof=1))]


def _rounded(values: np.ndarray) -> list[float | None]:
    return [round(float(value), 4) if np.isfinite(value) else None for value in values]


PARTS = {"phase": phase, "sizes": sizes}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--out", type=Path, required=True, help="Model folder with the studies.")
    parser.add_argument("--work", type=Path, default=Path("runs/heterogeneity"), help="Keeps data and trainings.")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch-size", type=int, default=2000)
    options = parser.parse_args()
    started = time.perf_counter()
    result = PARTS[options.part](options)
    about = {
        "seeds": options.seeds,
        "hardware": describe_hardware("cpu"),
        "date": time.strftime("%Y-%m-%d"),
        "seconds": round(time.perf_counter() - started),
    }
    path = options.out / STUDIES_FILE
    studies = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    options.out.mkdir(parents=True, exist_ok=True)
    write_json(path, {**studies, options.part: {**about, **result}})


if __name__ == "__main__":
    main()
