"""Scores a language model on the Yes/No tasks of the data set `causal_ladder`.

    python benchmarks/ladder_language_model.py --lm HuggingFaceTB/SmolLM2-135M-Instruct

A few questions of each cell are answered by the higher likelihood of Yes or No, without examples. The counts go to
`benchmarks/results/ladder_language_model.json`, and the table of docs/results/ladder_language_model.md is printed.
Replies are kept by `hf-causal evaluate`, so that a run that is started again continues where it stopped.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from hf_causal.evaluation.language_models.evaluate import evaluate_language_model
from hf_causal.evaluation.scores import Scores, total_accuracy
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware

OUT = Path(__file__).resolve().parent / "results" / "ladder_language_model.json"
QUESTIONS = {
    "relevance_generalization": 1,
    "relevance_axioms": 4,
    "relevance_semantics": 4,
    "adjustment_generalization": 1,
    "identifiable": 2,
    "front_door_generalization": 1,
    "instrument_generalization": 1,
    "comparisons": 2,
}
"""Questions of each cell, by config."""


def summary(config: str, limit: int, scores: Scores) -> dict[str, Any]:
    """Returns the accuracy of the model, of the more frequent answer and of the shortcuts over all splits."""
    model = total_accuracy(scores.splits.values())
    shortcuts = {name: total_accuracy(splits.values()).accuracy for name, splits in scores.baselines.items()}
    majority = shortcuts.pop("majority")
    best = max(shortcuts, key=lambda name: shortcuts[name])
    on_errors = [score.model_on_errors for score in scores.baselines[best].values() if score.model_on_errors]
    on_errors = total_accuracy(on_errors)
    return {
        "config": config,
        "questions_a_cell": limit,
        "n": model.n,
        "accuracy": model.accuracy,
        "stderr": model.stderr,
        "majority": majority,
        "shortcuts": shortcuts,
        "on_errors_of_best": {"n": on_errors.n, "accuracy": on_errors.accuracy, "stderr": on_errors.stderr},
    }


def table(results: list[dict[str, Any]], name: str) -> str:
    """Returns the results as a table of a page."""
    lines = [
        f"| config | questions a cell | n | {name} | the more frequent answer | best shortcut "
        f"| {name} where it is wrong (n) |",
        "|---" * 7 + "|",
    ]
    for one in results:
        best = max(one["shortcuts"], key=one["shortcuts"].get)
        accuracy = f"{one['accuracy']:.2f} ± {one['stderr']:.2f}"
        others = f"{one['majority']:.2f} | {one['shortcuts'][best]:.2f} ({best})"
        errors = one["on_errors_of_best"]
        where = f"{errors['accuracy']:.2f} ± {errors['stderr']:.2f} ({errors['n']})"
        lines.append(
            f"| `{one['config']}` | {one['questions_a_cell']} | {one['n']} | {accuracy} | {others} | {where} |"
        )
    right, n = sum(one["accuracy"] * one["n"] for one in results), sum(one["n"] for one in results)
    return "\n".join([*lines, "", f"{n} questions, {right / n:.2f} right"])


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--lm", default="HuggingFaceTB/SmolLM2-135M-Instruct", help="model folder, or model on the Hub"
    )
    parser.add_argument("--configs", nargs="+", default=list(QUESTIONS), choices=list(QUESTIONS))
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    results = []
    for config in options.configs:
        scores = evaluate_language_model(options.lm, "causal_ladder", config, limit=QUESTIONS[config])
        results.append(summary(config, QUESTIONS[config], scores))
        about = {"prompting": scores.prompting, "hardware": describe_hardware(), "date": time.strftime("%Y-%m-%d")}
        write_json(options.out, {"model": Path(options.lm).name, **about, "results": results})
        print(results[-1], flush=True)
    print(table(results, Path(options.lm).name))


if __name__ == "__main__":
    main()
