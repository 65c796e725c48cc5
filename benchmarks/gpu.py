"""Everything that wants a GPU, in one call: recipes trained, scored on every split and on files, and timed.

    python benchmarks/gpu.py --out benchmarks/results/gpu --files FOLDER           # on one GPU, under ten minutes
    python benchmarks/gpu.py --out out --recipes axiom-67m-none --first-share 1    # all the time for one
    python benchmarks/gpu.py --out out --recipes axiom-cpu axiom-looped --minutes 5    # anywhere, at small size
    python benchmarks/gpu.py --out out --recipes axiom-67m-corr2cause --config balanced    # other data

The decoder of arXiv 2407.07612 without positions comes first and gets half of the time, as many of the paper's 100
epochs as fit; then come the other position encodings and the looped reasoner, each with an equal share of what is
left. Before that, the ways to call the model (as it is, with compiled blocks, with CUDA graphs too) are tried for some
steps, each in a separate process, and the fastest is taken of those that learn the same. Recipe fields can be
overridden as in `hf-causal train`. Left behind are `results.json`, `table.md` and `scores/RECIPE.json`, written after
every recipe, so that a call that is cut off keeps what it has; weights stay in `--work`.

Does the paper's run fit into ten minutes? The 175,000 questions are about 24,580 premises. Where questions share their
premise and their beginnings that is 1.36 million tokens, 7.75 a question. A token takes 2 x 37.8 million FLOPs forward
and three times that in training; with the last block at answers alone, and attention, 1.67 GFLOPs a question
(`flops_per_question` counts them). 100 epochs are 17.5 million questions, 2.9e16 FLOPs: at 40 % of the dense bf16 rate
on an H200's data sheet (989 TFLOP/s) 74 seconds, at 40 % of a measured rate of R TFLOP/s 73,000 / R seconds, and
anything above 49 TFLOP/s is under ten minutes. So arithmetic is not what it depends on. At the paper's batch of 128
questions an epoch has 1,536 steps, each of 880 tokens and 0.19 TFLOPs, half a millisecond at 40 %; ten minutes for
153,600 of them leave 3.9 milliseconds for each, in which some hundreds of kernels have to be launched, forward and
backward. CUDA graphs are there for this. 40 % cannot be expected of so small a batch (AdamW alone moves 1.1 GB a step,
0.2 ms at the 4.8 TB/s of the data sheet); `training.py` measures batches 8 times larger too.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow.compute as pc
import torch
from flops import TRAINING, decoder_flops, matrix_rate, work_of

from hf_causal.corpora import get_config, task_name
from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.evaluate import evaluate_model
from hf_causal.evaluation.questions import file_questions
from hf_causal.models import make_model, make_tokenizer
from hf_causal.tasks.registry import get_task
from hf_causal.training.loop import train
from hf_causal.training.next_token import NextTokenOptions
from hf_causal.training.packing import PackedPrompts
from hf_causal.training.recipe import Recipe, load_recipe, parse_overrides
from hf_causal.utils.files import write_json, write_text
from hf_causal.utils.hardware import describe_hardware

RECIPES = ("axiom-67m-none", "axiom-67m-learned", "axiom-67m-sinusoidal", "axiom-67m-rope", "axiom-looped")
WAYS: dict[str, dict[str, dict[str, Any]]] = {
    "cuda": {
        "as it is": {},
        "compiled blocks": {"compile_mode": "default"},
        "compiled blocks, CUDA graphs": {"compile_mode": "reduce-overhead"},
    },
    "cpu": {"as it is": {}, "attention as plain products": {"attn_implementation": "eager"}},
}
"""Ways to call a decoder on each type of device, as recipe fields."""
SCORING_SECONDS = 40.0
"""Kept free for scoring the first recipe; later ones take what it took."""
SAME_LOSS = 0.02
"""Ways whose loss over the first steps differs by more than this share do not learn the same."""


class Corpus:
    """The training questions of a config, and what of them the plan needs to know; built where they are missing.

    Args:
        corpus, config (`str`): What is trained on. It is scored on its own test split, or on the generalization config
            of its task.
        work (`Path`): Gets `data/`, and a folder of its own for every other corpus than `axiomatic`.
    """

    def __init__(self, corpus: str, config: str, work: Path):
        self.name, self.task = corpus, task_name(corpus, config)
        self.folder = work / ("data" if corpus == "axiomatic" else f"data-{corpus}")
        has_test = "test" in get_config(corpus, config).splits
        self.evaluation = config if has_test else get_task(self.task).default_evaluation
        if missing := [name for name in {config, self.evaluation} if not (self.folder / name).is_dir()]:
            build(corpus, self.folder, sorted(missing), num_proc=2)
        self.rows = load_corpus(corpus, config, "train", self.folder)
        self.premises = pc.count_distinct(self.rows["graph_id"]).as_py()

    def steps_per_epoch(self, recipe: Recipe) -> int:
        packs = self.premises if getattr(recipe.options, "packing", True) else self.rows.num_rows
        return packs // (recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps)

    def flops_per_question(self, recipe: Recipe) -> float | None:
        """Of training, by the first premises; None where it was not counted for an architecture."""
        if recipe.model_type != "axiom":
            return None
        tokenizer = make_tokenizer("axiom", [self.task])
        options = cast(NextTokenOptions, recipe.options)
        packs = PackedPrompts(self.rows[:10_000], tokenizer, options.packing, options.prompt_loss_weight > 0)
        work = work_of(packs.collate(np.arange(len(packs)), tokenizer.pad_token_id), tokenizer.pad_token_id)
        with torch.device("meta"):
            config = make_model("axiom", recipe.model, tokenizer).config
        return TRAINING * decoder_flops(config, **work) / packs.questions.sum()


def probe(name: str, fields: dict[str, Any], steps: int, folder: Path, data: Path, timeout: float) -> dict[str, Any]:
    """Trains for some steps in a separate process, since a GPU that has failed once is of no use to its process."""
    lap = max(1, steps // 3)
    fields = {**fields, "train_rows": 20_000, "max_steps": 3 * lap, "logging_steps": lap, "eval_rows": 50,
              "eval_steps": 10**9, "save_steps": 10**9}  # fmt: skip
    command = [sys.executable, "-m", "hf_causal.cli", "train", name, "--output-dir", str(folder)]
    command += ["--data-dir", str(data)]
    for field, value in fields.items():
        command += [f"--{field}", json.dumps(value)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    except subprocess.TimeoutExpired:
        return {"error": f"took more than {timeout:.0f} seconds"}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    laps = [json.loads(line) for line in (folder / "training_log.jsonl").read_text(encoding="utf-8").splitlines()]
    laps = [entry for entry in laps if entry["kind"] == "train"]
    # The first lap warms up, compiles and records.
    return {"loss": laps[0]["loss"], "examples_per_second": laps[-1]["examples_per_second"]}


def choose_way(ways: dict[str, dict[str, Any]], probes: dict[str, dict[str, Any]]) -> str:
    """The fastest of the ways that start with the same losses as the first one."""
    first, *_ = ways
    if "error" in probes[first]:
        raise RuntimeError(f"training does not work here: {probes[first]['error']}")
    loss = probes[first]["loss"]
    same = [way for way in ways if abs(probes[way].get("loss", math.inf) - loss) <= SAME_LOSS * loss]
    return max(same, key=lambda way: probes[way]["examples_per_second"])


def run(
    name: str, overrides: dict[str, Any], seconds: float, probe_steps: int, work: Path, corpus: Corpus
) -> dict[str, Any]:
    """Trains one recipe for about the given time, or to its end."""
    began = time.perf_counter()
    recipe = load_recipe(name, overrides)
    per_epoch = corpus.steps_per_epoch(recipe)
    all_steps = recipe.max_steps or math.ceil(recipe.num_train_epochs * per_epoch)
    lap = max(1, probe_steps // 3)
    quiet = {"eval_steps": 10**9, "save_steps": 10**9, "eval_rows": 50, "train_rows": 20_000}
    trial = train(
        load_recipe(name, {**overrides, **quiet, "max_steps": 3 * lap, "logging_steps": lap}),
        work / f"{name}-trial",
        corpus.folder,
    )
    log = (trial.output_dir / "training_log.jsonl").read_text(encoding="utf-8").splitlines()
    laps = [json.loads(line) for line in log if '"train"' in line]
    summary = json.loads((trial.output_dir / "training_summary.json").read_text(encoding="utf-8"))
    questions = summary["questions"] / summary["steps"]
    taken = time.perf_counter() - began
    # The training needs this time of the trial next to its steps too, and more for validation and larger data.
    left = 0.9 * (seconds - taken - (taken - trial.seconds))
    steps = max(1, min(all_steps, int(left * laps[-1]["examples_per_second"] / questions)))
    cadence = {"max_steps": steps, "eval_steps": max(1, steps // 10), "save_steps": steps, "eval_rows": 4000,
               "logging_steps": max(1, steps // 100)}  # fmt: skip
    result = train(load_recipe(name, {**overrides, **cadence}), work / name, corpus.folder)
    summary = json.loads((work / name / "training_summary.json").read_text(encoding="utf-8"))
    return {
        "recipe": name,
        "fields": overrides,
        "seed": recipe.seed,
        "steps": steps,
        "steps_of_the_recipe": all_steps,
        "epochs": steps / per_epoch,
        "questions": summary["questions"],
        "train_seconds": round(result.seconds, 1),
        "examples_per_second": summary["questions"] / result.seconds,
        "in_family_accuracy": result.best_value,
        "flops_per_question": corpus.flops_per_question(recipe),
        "date": summary["date"],
    }


def readable_files(paths: Sequence[Path], grammar: str) -> list[Path]:
    """Those of some files, and of all JSON lines in some folders, that are written in a grammar."""
    files = [file for path in paths for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])]
    return [file for file in files if set(file_questions(file).task_examples()) == {grammar}]


def table(results: dict[str, Any]) -> str:
    """Training, then accuracy on the splits of each config and on the files, as Markdown."""
    rows = results["results"]
    rate = results["bf16_matrix_rate"]
    measured = f"bf16 matrix products: {rate / 1e12:,.2f} TFLOP/s"
    lines = [
        f"{results['hardware']}, {results['date']}; {measured}; decoders are called this way: {results['way']}",
        "",
        "| recipe | seed | steps | epochs | of the recipe | seconds | examples per second | MFU | in-family |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        flops = row["flops_per_question"]
        mfu = f"{flops * row['examples_per_second'] / rate:.0%}" if flops else ""
        lines.append(
            f"| {row['recipe']} | {row['seed']} | {row['steps']:,} | {row['epochs']:.1f} | "
            f"{row['steps'] / row['steps_of_the_recipe']:.0%} | {row['train_seconds']:,.0f} | "
            f"{row['examples_per_second']:,.0f} | {mfu} | {row['in_family_accuracy']:.4f} |"
        )
    scored = [row for row in rows if "splits" in row]
    for config in dict.fromkeys(row["scored_on"] for row in scored):
        alike = [row for row in scored if row["scored_on"] == config]
        for kind, title in (("splits", f"split of {config}"), ("files", "file of the paper")):
            lines += accuracy_table(alike, kind, title)
    lines += [f"\n{name} failed: {message}" for name, message in results["failures"].items()]
    return "\n".join(lines) + "\n"


def accuracy_table(rows: list[dict[str, Any]], kind: str, title: str) -> list[str]:
    """Lines of a table of recipes that were scored on the same splits or files; none where there are none."""
    if not rows[0][kind]:
        return []
    lines = [
        "",
        f"| {title} | n | " + " | ".join(row["recipe"] for row in rows) + " |",
        "|---|---|" + "---|" * len(rows),
    ]
    for name, one in rows[0][kind].items():
        accuracies = " | ".join(f"{row[kind][name]['accuracy']:.3f}" for row in rows)
        lines.append(f"| {name} | {one['n']:,} | {accuracies} |")
    return lines


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--recipes", nargs="+", default=list(RECIPES), help="names, the one that gets most time first")
    parser.add_argument("--minutes", type=float, default=9.0, help="for everything")
    parser.add_argument(
        "--first-share", type=float, default=0.5, help="part of the time that the first recipe may take"
    )
    parser.add_argument("--files", type=Path, nargs="*", default=[], help="JSON lines to score, or folders of them")
    parser.add_argument("--limit", type=int, help="at most this many questions of each cell")
    parser.add_argument("--probe-steps", type=int, default=600, help="steps that a trial takes")
    parser.add_argument("--work", type=Path, help="folder for corpora and weights; a temporary one when not given")
    options, rest = parser.parse_known_args(arguments)
    overrides = parse_overrides(rest)
    # Sizes are those of decoders. A mistake shows here, before anything is built.
    others = {name: value for name, value in overrides.items() if not name.startswith("model.")}
    recipes = [
        load_recipe(name, overrides if load_recipe(name).model_type == "axiom" else others) for name in options.recipes
    ]
    deadline = time.perf_counter() + 60 * options.minutes
    device = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as temporary:
        work = options.work or Path(temporary)
        sources = [next(iter(recipe.sources)) for recipe in recipes]
        corpora = {source: Corpus(*source, work) for source in dict.fromkeys(sources)}
        results: dict[str, Any] = {
            "hardware": describe_hardware(device),
            "date": time.strftime("%Y-%m-%d"),
            "torch": torch.__version__,
            "bf16_matrix_rate": matrix_rate(device, torch.bfloat16),
            "results": [],
            "failures": {},
        }
        decoders = [
            name for name, recipe in zip(options.recipes, recipes, strict=True) if recipe.model_type == "axiom"
        ]
        results["way"], fields = "as it is", {}
        if decoders:
            first = corpora[sources[options.recipes.index(decoders[0])]]
            patience = max(30.0, (deadline - time.perf_counter()) / 6)
            results["probes"] = {
                way: probe(decoders[0], {**overrides, **WAYS[device][way]}, options.probe_steps,
                           work / f"probe-{index}", first.folder, patience)
                for index, way in enumerate(WAYS[device])
            }  # fmt: skip
            results["way"] = choose_way(WAYS[device], results["probes"])
            fields = WAYS[device][results["way"]]
        reserve = SCORING_SECONDS
        for index, (name, recipe) in enumerate(zip(options.recipes, recipes, strict=True)):
            corpus = corpora[sources[index]]
            following = len(recipes) - index
            left = deadline - time.perf_counter() - following * reserve
            share = options.first_share if index == 0 and following > 1 else 1 / following
            recipe_fields = {**overrides, **fields} if recipe.model_type == "axiom" else others
            try:
                results["results"].append(run(name, recipe_fields, share * left, options.probe_steps, work, corpus))
                save(options.out, results)  # the scores come later; what was trained is known now
                began = time.perf_counter()
                files = readable_files(options.files, corpus.task)
                scores = evaluate_model(
                    work / name, corpus.name, corpus.evaluation, corpus.folder, files, options.limit
                ).to_json()
                reserve = time.perf_counter() - began
            except RuntimeError as error:  # of CUDA, mostly; the other recipes may still work as they are
                results["failures"][name] = str(error).strip().splitlines()[0]
                fields = {}
                save(options.out, results)
                continue
            finally:
                free_memory()
            write_json(options.out / "scores" / f"{name}.json", {**scores, "model": name})
            scored = {"scoring_seconds": round(reserve, 1), "scored_on": corpus.evaluation}
            results["results"][-1] |= {**scored, **short(scores)}
            save(options.out, results)
    print(table(results))
    return results


def short(scores: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Accuracy on each split and file, of all that [`evaluate_model`] says."""
    fields = ("n", "accuracy", "stderr")
    return {
        kind: {name: {key: score[key] for key in fields} for name, score in scores[kind].items()}
        for kind in ("splits", "files")
    }


def free_memory() -> None:
    """Gives back what the last recipe held; its graphs refer to themselves and would stay for a while."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def save(out: Path, results: dict[str, Any]) -> None:
    write_json(out / "results.json", results)
    write_text(out / "table.md", table(results))


if __name__ == "__main__":
    main()
