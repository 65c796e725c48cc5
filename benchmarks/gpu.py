"""Everything that wants a GPU, in one call: train recipes, score them on every split, time them, leave small results.

    python benchmarks/gpu.py --out results --minutes 9                      # axiom-67m-none on a GPU
    python benchmarks/gpu.py --out results --recipes axiom-67m-none axiom-67m-rope --minutes 9
    python benchmarks/gpu.py --out results --recipes axiom-cpu --minutes 2  # the same code at small size, anywhere

Each recipe gets an equal share of the minutes: its step rate is measured first, and its number of steps set so that
training and scoring fit. Recipe fields can be overridden as in `hf-causal train`. Results are `results.json` and a
table; weights stay in `--work`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

from hf_causal.dataset_builders import build
from hf_causal.evaluation.evaluate import evaluate_model
from hf_causal.files import write_json
from hf_causal.training.loop import train
from hf_causal.training.recipes import load_recipe, parse_overrides

PROBE_STEPS = 30
SCORING_SHARE = 0.25
"""Part of a recipe's time that is left for scoring."""


def run(
    name: str, seconds: float, work: Path, data: Path, overrides: dict[str, Any], limit: int | None
) -> dict[str, Any]:
    """Trains and scores one recipe in about the given time."""
    started = time.perf_counter()
    quiet = {"eval_steps": 10**9, "save_steps": 10**9}
    # The first steps pay for warming up, so the rate is that of a second, longer probe.
    probes = []
    for steps in (PROBE_STEPS, 2 * PROBE_STEPS):
        probe = load_recipe(name, {**overrides, **quiet, "eval_rows": 50, "max_steps": steps})
        probes.append(train(probe, work / f"{name}-probe-{steps}", data).seconds)
    step_seconds = max(probes[1] - probes[0], 1e-4) / PROBE_STEPS
    left = seconds * (1 - SCORING_SHARE) - (time.perf_counter() - started)
    recipe = load_recipe(name, overrides)
    steps = max(PROBE_STEPS, int(left / step_seconds))
    cadence = {"max_steps": steps, "eval_steps": max(1, steps // 10), "save_steps": max(1, steps // 2)}
    result = train(load_recipe(name, {**overrides, **cadence}), work / name, data)
    scores = evaluate_model(work / name, data_dir=data, limit=limit)
    return {
        "recipe": name,
        "overrides": overrides,
        "steps": result.steps,
        "premises": result.steps * recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps,
        "train_seconds": round(result.seconds, 1),
        "steps_per_second": round(result.steps / result.seconds, 2),
        "in_family_accuracy": result.best_accuracy,
        "seed": recipe.seed,
        "scores": scores,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for results.json and table.md")
    parser.add_argument("--recipes", nargs="+", default=["axiom-67m-none"])
    parser.add_argument("--minutes", type=float, default=9.0, help="for everything")
    parser.add_argument("--limit", type=int, help="at most this many questions of each cell")
    parser.add_argument("--work", type=Path, help="folder for corpora and weights; a temporary one when not given")
    options, rest = parser.parse_known_args()
    overrides = parse_overrides(rest)
    deadline = time.perf_counter() + 60 * options.minutes
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        build("axiomatic", work / "data", ["transitivity_ts2", "transitivity_generalization"], num_proc=2)
        results: list[dict[str, Any]] = []
        for index, name in enumerate(options.recipes):
            share = (deadline - time.perf_counter()) / (len(options.recipes) - index)
            results.append(run(name, share, work, work / "data", overrides, options.limit))
            # Written after every recipe, so that a call that is cut off keeps what it has.
            write_json(options.out / "results.json", {"date": time.strftime("%Y-%m-%d"), "results": results})
            write_table(options.out / "table.md", results)
    print((options.out / "table.md").read_text(encoding="utf-8"))


def write_table(path: Path, results: list[dict[str, Any]]) -> None:
    splits = list(results[0]["scores"]["splits"])
    lines = [f"{results[0]['scores']['hardware']}, {time.strftime('%Y-%m-%d')}", ""]
    lines.append("| recipe | seed | steps | seconds | steps per second | in-family | " + " | ".join(splits) + " |")
    lines.append("|---|---|---|---|---|---|" + "---|" * len(splits))
    for result in results:
        scores = result["scores"]["splits"]
        accuracies = " | ".join(f"{scores[split]['accuracy']:.3f}" for split in splits)
        lines.append(
            f"| {result['recipe']} | {result['seed']} | {result['steps']:,} | {result['train_seconds']:.0f} "
            f"| {result['steps_per_second']:.1f} | {result['in_family_accuracy']:.4f} | {accuracies} |"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
