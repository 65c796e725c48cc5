"""The studies on the card of the looped reasoner: several seeds, an ablation, and scaling to 1,000 statements.

    python benchmarks/looped_study.py seeds --out model_cards/axiom-looped     # trains and scores seeds 0, 1, 2
    python benchmarks/looped_study.py ablation --out model_cards/axiom-looped  # one change at a time
    python benchmarks/looped_study.py scaling --out model_cards/axiom-looped   # of the model in that folder
    python benchmarks/looped_study.py speed                                    # examples per second of training

Each part replaces its entry of `studies.json` in the folder; `hf-causal report FOLDER` then renews report and
card. Trainings and arms that are finished in `--work` are not done again.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from studies import save_study
from study_reports.looped import seed_result

from hf_causal.artifacts import SCORES_FILE
from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.evaluate_tasks import evaluate_tasks
from hf_causal.evaluation.metamorphic import check_consistency
from hf_causal.evaluation.predictors import load_predictor
from hf_causal.evaluation.scores import merge_scores
from hf_causal.graphs import dags as graphs
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.names import draw_names
from hf_causal.tasks.shared.statements import render_premises
from hf_causal.tasks.transitivity.text import render_questions
from hf_causal.training.loop import train
from hf_causal.training.recipe import load_recipe
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware
from hf_causal.utils.randomness import Stream

RECIPE = "axiom-looped"
ARMS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "without loops: 7 untied blocks, once": {
        "model.num_blocks": 7,
        "model.training_loops": [1, 1],
        "model.max_loops": 1,
    },
    "softmax average instead of OR": {"model.aggregation": "softmax"},
    "softmax average, repeated sentences": {"model.aggregation": "softmax", "repeat_sentences": 0.5},
    "repeated sentences": {"repeat_sentences": 0.5},
    "flags may follow from absence (not monotone)": {"model.monotone": False},
    "positions between sentences": {"model.sentence_positions": "relative"},
    "names read into vectors": {"model.name_encoder": "characters", "name_loss_weight": 1.0},
    "random name vectors": {"model.name_encoder": "random"},
    "without the loss on gates": {"gate_loss_weight": 0.0},
    "without sentence labels": {"sentence_loss_weight": 0.0},
    "the rows' own questions alone": {"all_questions": False},
    "without noise on flags": {"model.flag_noise": 0.0},
}
SIZES = (10, 20, 50, 100, 200, 500, 1000)
CONSISTENCY_PROMPTS = 1000


def seeds(options: argparse.Namespace) -> dict[str, Any]:
    """Three seeds of the recipe as it ships: every cell, the external files, and the checks without labels."""
    runs = []
    rows = load_corpus("axiomatic", "transitivity_ts2", "validation", options.work / "data" / "axiomatic")
    prompts = rows["prompt"].to_pylist()[:CONSISTENCY_PROMPTS]
    for seed in options.seeds:
        folder = options.work / f"{RECIPE}-{seed}"
        recipe = load_recipe(RECIPE, {"seed": seed})
        result = train(recipe, folder, options.work / "data" / "axiomatic", resume_from_checkpoint="latest")
        scores = evaluate_tasks(folder, options.work / "data", options.files, partial=folder)
        # Under the name that it is released by: the folder is of one machine.
        scores = merge_scores([replace(part, model=RECIPE) for part in scores.by_config])
        write_json(folder / SCORES_FILE, scores.to_json())
        consistency = check_consistency(load_predictor(folder), prompts)
        runs.append(seed_result(seed, result.best_value, consistency, scores))
        print(seed, result.best_value, consistency, scores.overall, flush=True)
    return {"runs": runs}


def ablation(options: argparse.Namespace) -> dict[str, Any]:
    """One change at a time, one seed, the same number of steps."""
    arms = []
    for index, (name, overrides) in enumerate(ARMS.items()):
        folder = options.work / f"arm-{index}-{options.steps}"
        cadence = {"max_steps": options.steps, "eval_steps": 100, "save_steps": 10**6}
        recipe = load_recipe(RECIPE, {**overrides, **cadence})
        result = train(recipe, folder, options.work / "data" / "axiomatic", resume_from_checkpoint="latest")
        kept = folder / f"arm-{options.limit}.json"
        if not kept.is_file():
            scores = evaluate_tasks(folder, options.work / "data", limit=options.limit)
            parameters = sum(value.numel() for value in load_predictor(folder).model.parameters())
            splits = {split: one.accuracy for part in scores.by_config for split, one in part.splits.items()}
            arm = {"name": name, "parameters": parameters, "in_family": result.best_value, "splits": splits}
            write_json(kept, arm)
        arms.append(json.loads(kept.read_text(encoding="utf-8")))
        print(arms[-1], flush=True)
    return {"seed": recipe.seed, "steps": options.steps, "rows_per_cell": options.limit, "arms": arms}


def scaling(options: argparse.Namespace) -> dict[str, Any]:
    """Accuracy and time against the number of statements: shuffled chains, names of 1 to 3 characters."""
    torch.set_num_threads(1)
    predictor = load_predictor(options.out)
    rows = []
    for size in SIZES:
        prompts, labels = _long_chains(size, options.questions)
        hits, seconds, loops = 0, 0.0, 0
        for prompt, label in zip(prompts, labels, strict=True):
            inputs = predictor.tokenizer(prompt, return_tensors="pt")
            began = time.perf_counter()
            with torch.no_grad():
                outputs = predictor.model(**inputs)
            seconds += time.perf_counter() - began
            hits += int(outputs.logits.argmax()) == label
            loops += int(outputs.num_loops)
        count = len(prompts)
        rows.append(
            {
                "statements": size,
                "accuracy": hits / count,
                "milliseconds": 1000 * seconds / count,
                "loops": loops / count,
            }
        )
        print(rows[-1], flush=True)
    return {"questions": options.questions, "rows": rows}


def _long_chains(statements: int, count: int) -> tuple[list[str], list[int]]:
    """Prompts about shuffled chains, Yes and No in turn: a pair of nodes in the order of the chain, or against it."""
    stream = Stream("scaling", statements)
    edges = graphs.shuffle_edges(
        np.tile(np.stack([np.arange(statements), np.arange(1, statements + 1)], 1), (count, 1, 1)), stream
    )
    names = draw_names(stream, count, statements + 1)
    pairs = np.sort(
        np.random.default_rng(statements).permuted(np.tile(np.arange(statements + 1), (count, 1)), axis=1)[:, :2]
    )
    labels = [1 - index % 2 for index in range(count)]
    cause = np.where(labels, pairs[:, 0], pairs[:, 1])
    effect = np.where(labels, pairs[:, 1], pairs[:, 0])
    premises = render_premises(edges, names).to_pylist()
    questions = render_questions(names, np.arange(count), cause, effect).to_pylist()
    return [f"{premise} {question}" for premise, question in zip(premises, questions, strict=True)], labels


def speed(options: argparse.Namespace) -> None:
    """Questions per second in training, each recipe alone: of the last log entry, after warming up."""
    print("| recipe | change | questions per second |\n|---|---|---|")
    cases = [
        (RECIPE, "as it is", {}),
        (RECIPE, "the rows' own questions alone", {"all_questions": False}),
        ("axiom-cpu", "decoder", {}),
    ]
    for recipe, name, overrides in cases:
        folder = options.work / f"speed-{recipe}-{len(overrides)}"
        cadence = {"max_steps": 60, "logging_steps": 30, "eval_steps": 60, "eval_rows": 100, "save_steps": 60}
        train(load_recipe(recipe, {**overrides, **cadence}), folder, options.work / "data" / "axiomatic")
        last = [json.loads(line) for line in (folder / "training_log.jsonl").read_text().splitlines()]
        rate = [entry["examples_per_second"] for entry in last if entry["kind"] == "train"][-1]
        print(f"| {recipe} | {name} | {rate:,.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["seeds", "ablation", "scaling", "speed"])
    parser.add_argument("--out", type=Path, default=Path("model_cards/axiom-looped"), help="model folder")
    parser.add_argument("--work", type=Path, default=Path("runs/looped"), help="folder for corpora and trainings")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--files", type=Path, nargs="*", default=[], help="JSON lines with prompt and completion")
    parser.add_argument("--steps", type=int, default=400, help="of each arm of the ablation")
    parser.add_argument("--limit", type=int, default=100, help="questions of each cell in the ablation")
    parser.add_argument("--questions", type=int, default=40, help="of each size in the scaling study")
    options = parser.parse_args()
    if options.part != "scaling" and not (data := options.work / "data" / "axiomatic").is_dir():
        build("axiomatic", data, ["transitivity_ts2", *get_task("transitivity").scored_configs], num_proc=2)
    study = {"seeds": seeds, "ablation": ablation, "scaling": scaling, "speed": speed}[options.part](options)
    if study is not None:
        cores = 1 if options.part == "scaling" else None
        hardware = describe_hardware() if cores is None else f"one core of {describe_hardware()}"
        save_study(options.out, options.part, {**study, "hardware": hardware, "date": time.strftime("%Y-%m-%d")})


if __name__ == "__main__":
    main()
