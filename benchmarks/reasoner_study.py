"""Studies of reasoners that compare names as vectors: one model against three specialists, one change at a time.

    python benchmarks/reasoner_study.py seeds  # seeds 0, 1, 2, one model and three
    python benchmarks/reasoner_study.py arms  # fewer variables, wordings, gates, trees
    python benchmarks/reasoner_study.py transfer  # does one task shorten another?
    python benchmarks/reasoner_study.py ceiling  # of rules that chains suggest

Each part replaces its entry of `studies.json` in the folder. What is finished in `--work` is not repeated, so an
interrupted call is resumed.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from studies import load_studies, save_study

from hf_causal.corpora import get_config, task_name
from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.evaluate import evaluate_model
from hf_causal.evaluation.questions import file_questions
from hf_causal.tasks.d_separation.text import parse_prompt
from hf_causal.tasks.registry import scored_configs
from hf_causal.training.loop import train
from hf_causal.training.recipe import Recipe, load_recipe
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware

MODELS = {
    "one model": "axiom-reasoner-vectors",
    "one model, small trees too": "axiom-reasoner-trees",
    "transitivity": "axiom-looped",
    "d_separation": "axiom-looped-d-separation-vectors",
    "corr2cause": "axiom-looped-corr2cause",
    "decoder": "axiom-cpu-corr2cause",
}
ARMS: dict[str, tuple[str, dict[str, Any]]] = {
    "d-separation of chains": ("axiom-looped-d-separation-vectors", {}),
    "gates left open": ("axiom-looped-d-separation-vectors", {"gate_loss_weight": 0.0}),
    "gates left open, small trees instead of chains": (
        "axiom-looped-d-separation-vectors",
        {"gate_loss_weight": 0.0, "config": "d_separation_trees"},
    ),
    "small trees instead of chains": ("axiom-looped-d-separation-vectors", {"config": "d_separation_trees"}),
    "both wordings": ("axiom-looped-corr2cause", {}),
    "the published wording alone": ("axiom-looped-corr2cause", {"mixture": {"corr2cause/default": 1}}),
    "systems of up to 5 variables": (
        "axiom-looped-corr2cause",
        {"per_device_train_batch_size": 8, "weight_decay": 0.3},
    ),
}
SMALLER = "systems of up to 5 variables"
REACHED = 0.95
RECIPES = Path(__file__).resolve().parent / "recipes"
"""Recipes of the models of this study that compare names as vectors; the ones that ship compare spellings."""


def recipe_path(name: str) -> str:
    """Returns the file of a recipe of this study, or the name of one that ships."""
    path = RECIPES / f"{name}.yaml"
    return str(path) if path.is_file() else name


def run(recipe: Recipe, folder: Path, data: Path) -> Path:
    """Trains a recipe, or resumes its training, and returns its folder."""
    several = len({corpus for corpus, _ in recipe.sources}) > 1
    train(recipe, folder, data if several else data / next(iter(recipe.sources))[0], resume_from_checkpoint="latest")
    return folder


def scores_of(folder: Path, recipe: Recipe, options: argparse.Namespace, limit: int | None = None) -> dict[str, Any]:
    """Accuracy, F1 of Yes and the worst cell for every split of every task that a recipe trains for."""
    kept = folder / f"tasks-{limit}.json"
    if kept.is_file():
        return json.loads(kept.read_text(encoding="utf-8"))
    grammars = {task_name(*source) for source in recipe.sources}
    accuracies: dict[str, Any] = {}
    for corpus, config in scored_configs():
        if task_name(corpus, config) not in grammars:
            continue
        prefix = config.removesuffix("generalization")
        files = [path for path in options.files if path.name.startswith(prefix)]
        scores = evaluate_model(folder, corpus, config, options.work / "data" / corpus, files, limit).to_json()
        for split, score in scores["splits"].items():
            worst = min(score["cells"], key=lambda cell: cell["accuracy"])
            accuracies[f"{config}/{split}"] = {
                "n": score["n"],
                "accuracy": score["accuracy"],
                "f1": score["yes"]["f1"],
                "worst": worst["accuracy"],
                "worst_cell": [worst["structure"], worst["branching_factor"], worst["num_nodes"]],
            }
        for name, score in scores["files"].items():
            accuracies[f"file/{name}"] = {
                "n": score["correct_rows"]["n"],
                "accuracy": score["correct_rows"]["accuracy"],
            }
    write_json(kept, accuracies)
    return accuracies


def seeds(options: argparse.Namespace) -> dict[str, Any]:
    """The one model and the three specialists, several seeds each, on everything.

    Runs of other models, and of other seeds, that the folder has already stay as they are.
    """
    kept_study = load_studies(options.out).get("tasks", {})
    runs = [
        {"date": kept_study["date"], **run}
        for run in kept_study.get("runs", [])
        if not (run["model"] in options.models and run["seed"] in options.seeds)
    ]
    if runs and kept_study["limit"] != options.limit:
        raise ValueError(f"`--limit` must be {kept_study['limit']}, as for the runs that stay, got {options.limit}")
    for seed in options.seeds:
        for model in options.models:
            name = MODELS[model]
            recipe = load_recipe(recipe_path(name), {"seed": seed})
            folder = run(recipe, options.work / f"{name}-{seed}", options.work / "data")
            summary = json.loads((folder / "training_summary.json").read_text(encoding="utf-8"))
            scores = scores_of(folder, recipe, options, options.limit)
            kept = {key: summary[key] for key in ("steps", "questions", "seconds", "accuracy", "hardware")}
            date = {"date": time.strftime("%Y-%m-%d")}
            runs.append({"model": model, "recipe": name, "seed": seed, **kept, **date, "scores": scores})
            lowest = min(score.get("worst", score["accuracy"]) for score in scores.values())
            print(
                model,
                seed,
                f"{summary['seconds']:.0f} s, in-family {summary['accuracy']:.4f}, lowest {lowest:.4f}",
                flush=True,
            )
    order = list(MODELS)
    runs.sort(key=lambda run: (run["seed"], order.index(run["model"])))
    return {"runs": runs, "limit": options.limit}


def arms(options: argparse.Namespace) -> dict[str, Any]:
    """One change at a time to the specialists, seed 0."""
    smaller = options.work / "smaller"
    if not (smaller / "corr2cause").is_dir():
        build("corr2cause", smaller / "corr2cause", ["default", "paraphrased"], nodes=(3, 4, 5))
    all_arms = []
    for index, (name, (base, overrides)) in enumerate(ARMS.items()):
        recipe = load_recipe(recipe_path(base), overrides)
        folder = options.work / f"arm-{index}"
        data = smaller if name == SMALLER else options.work / "data"
        plain = name in ("d-separation of chains", "both wordings")
        folder = run(recipe, options.work / f"{base}-0" if plain else folder, data)
        summary = json.loads((folder / "training_summary.json").read_text(encoding="utf-8"))
        all_arms.append(
            {
                "name": name,
                "recipe": base,
                "in_family": summary["accuracy"],
                "scores": scores_of(folder, recipe, options, options.limit),
            }
        )
        print(
            name,
            summary["accuracy"],
            {key: score["accuracy"] for key, score in all_arms[-1]["scores"].items()},
            flush=True,
        )
    return {"seed": 0, "limit": options.limit, "arms": all_arms}


def transfer(options: argparse.Namespace) -> dict[str, Any]:
    """Steps until the validation accuracy of a task stays at .95, from scratch and after another task."""
    mixture = {"transitivity": "axiomatic/transitivity_ts2", "d_separation": "axiomatic/d_separation"}
    runs = []
    for seed in options.seeds:
        cadence = {"seed": seed, "max_steps": 600, "eval_steps": 20, "eval_rows": 2000, "save_steps": 600}
        # One vocabulary and one set of weights for all, so that what one task has learnt fits the other.
        both_tasks = {"model.grammars": ["transitivity", "d_separation"]}
        for first, second in ((None, "transitivity"), (None, "d_separation"), ("transitivity", "d_separation"),
                              ("d_separation", "transitivity")):  # fmt: skip
            recipe = load_recipe(
                recipe_path("axiom-reasoner-vectors"), {**both_tasks, **cadence, "mixture": {mixture[second]: 4}}
            )
            folder = options.work / f"transfer-{first}-{second}-{seed}"
            start = options.work / f"transfer-None-{first}-{seed}" if first else None
            if start is not None:
                recipe = load_recipe(
                    recipe_path("axiom-reasoner-vectors"),
                    {**both_tasks, **cadence, "mixture": {mixture[second]: 4}, "initial_model": str(start)},
                )
            run(recipe, folder, options.work / "data")
            steps = _steps_to(folder, REACHED)
            runs.append({"seed": seed, "first": first, "task": second, "steps": steps})
            print(runs[-1], flush=True)
    return {"reached": REACHED, "runs": runs}


def _steps_to(folder: Path, accuracy: float) -> int | None:
    """The first step from which on the validation accuracy stays at or above a value."""
    log = [json.loads(line) for line in (folder / "training_log.jsonl").read_text(encoding="utf-8").splitlines()]
    below = [
        -1,
        *(index for index, entry in enumerate(log) if entry["kind"] == "validation" and entry["accuracy"] < accuracy),
    ]
    after = [entry["step"] for entry in log[below[-1] + 1 :] if entry["kind"] == "validation"]
    return after[0] if after else None


def ceiling(options: argparse.Namespace) -> dict[str, Any]:
    """How often the rule without descendants is right: a collider is open only where it is given itself."""
    config = get_config("axiomatic", "d_separation_generalization")
    shares = {}
    for split in config.splits:
        rows = load_corpus("axiomatic", config.name, split, options.work / "data" / "axiomatic")
        shares[f"{config.name}/{split}"] = _without_descendants(rows["prompt"].to_pylist(), rows["label"].to_pylist())
    for path in options.files:
        if path.name.startswith("d_separation"):
            parsed = file_questions(path)
            shares[f"file/{path.stem}"] = _without_descendants(parsed.prompts, parsed.references)
    print(shares)
    return {"shares": shares}


def _without_descendants(prompts: Sequence[str], labels: Sequence[int]) -> float:
    right = 0
    for prompt, label in zip(prompts, labels, strict=True):
        parsed = parse_prompt(prompt)
        right += int(parsed.question[1] not in _reached(parsed.edges, parsed.question[0], set(parsed.given))) == label
    return right / len(prompts)


def _reached(edges: Sequence[tuple[str, str]], x: str, given: set[str]) -> set[str]:
    """Nodes on paths from x that are open, no node twice and no collider open through its descendants."""
    neighbours: dict[str, list[tuple[str, bool]]] = {}
    for cause, effect in edges:
        neighbours.setdefault(cause, []).append((effect, True))
        neighbours.setdefault(effect, []).append((cause, False))
    nodes: set[str] = set()
    # States of a walk that never turns round on the edge by which it came: a node, whether entered from a parent.
    seen: set[tuple[str, bool, str]] = set()
    waiting = [(node, down, x) for node, down in neighbours.get(x, [])]
    while waiting:
        node, down, before = waiting.pop()
        if (node, down, before) in seen:
            continue
        seen.add((node, down, before))
        nodes.add(node)
        for after, on_down in neighbours[node]:
            collider = down and not on_down
            if after != before and (node in given) == collider:
                waiting.append((after, on_down, node))
    return nodes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["seeds", "arms", "transfer", "ceiling"])
    parser.add_argument(
        "--out", type=Path, default=Path("benchmarks/results/reasoner_vectors"), help="folder of studies.json"
    )
    parser.add_argument("--work", type=Path, default=Path("runs/reasoner"), help="folder for corpora and trainings")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=list(MODELS), help="for `seeds`")
    parser.add_argument("--files", type=Path, nargs="*", default=[], help="JSON lines with prompt and completion")
    parser.add_argument("--limit", type=int, help="at most this many questions of each cell")
    options = parser.parse_args()
    for corpus in ("axiomatic", "corr2cause"):
        if not (options.work / "data" / corpus).is_dir():
            configs = [config for task, config in scored_configs() if task == corpus]
            configs += ["transitivity_ts2", "d_separation", "d_separation_trees"] if corpus == "axiomatic" else []
            build(corpus, options.work / "data" / corpus, configs, num_proc=2)
    study = {"seeds": seeds, "arms": arms, "transfer": transfer, "ceiling": ceiling}[options.part](options)
    name = {"seeds": "tasks", "arms": "task_arms"}.get(options.part, options.part)
    save_study(options.out, name, {**study, "hardware": describe_hardware(), "date": time.strftime("%Y-%m-%d")})


if __name__ == "__main__":
    main()
