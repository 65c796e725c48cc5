"""How much faster is a looped reasoner that leaves out the heads whose gates are closed?

    python benchmarks/closed_heads.py [--data data/axiomatic]
    python benchmarks/closed_heads.py --train axiom-looped --max-steps 400 [--data data/axiomatic]

Questions of every axis of transitivity are answered with all heads and with the open ones, in turn. The answers must
be the same, bit for bit. With `--train` a recipe is trained in both ways from the same start, and the losses are
compared. The seconds are those of the processor, and of several rounds the fastest counts.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import torch

from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.predictors import load_predictor
from hf_causal.models.axiom_looped.block_axiom_looped import AxiomLoopedBlock
from hf_causal.models.pretrained import released_models
from hf_causal.tasks.registry import get_task
from hf_causal.training.loop import train
from hf_causal.training.recipe import Recipe, load_recipe, parse_overrides
from hf_causal.utils.hardware import describe_hardware


def prompts_of_every_axis(every: int, data: Path | None) -> list[str]:
    """Returns each `every`-th question of the axes; they are generated where no built corpus is given."""
    task = get_task("transitivity")
    splits = [(config, split) for config in task.scored_configs for split in task.configs[config]().splits]
    rows = (load_corpus(task.dataset.name, config, split, data) for config, split in splits)
    return [prompt for split_rows in rows for prompt in split_rows["prompt"].to_pylist()[::every]]


def timed(answer: Callable[[], list[float]]) -> tuple[list[float], float]:
    """Returns the answers and the seconds of the processor."""
    began = time.process_time()
    return answer(), time.process_time() - began


def train_in_both_ways(recipe: Recipe, data: Path | None) -> None:
    """Prints the seconds of the processor for a training with all heads and with the open ones, and both losses."""
    seconds, losses = {}, {}
    for way in ("all", "open"):
        with TemporaryDirectory() as folder, ExitStack() as patches:
            if way == "all":
                patches.enter_context(patch.object(AxiomLoopedBlock, "open_heads", lambda self: None))
            began = time.process_time()
            train(recipe, Path(folder) / "model", data)
            seconds[way] = time.process_time() - began
            lines = (Path(folder) / "model" / "training_log.jsonl").read_text(encoding="utf-8").splitlines()
            losses[way] = [entry["loss"] for entry in map(json.loads, lines) if entry["kind"] == "train"]
    print(
        f"{date.today()}, one core of {describe_hardware()}: {recipe.name}, {recipe.max_steps} steps, reading included"
    )
    differences = [abs(one - other) for one, other in zip(losses["all"], losses["open"], strict=True)]
    print(f"last loss {losses['all'][-1]:.5f} and {losses['open'][-1]:.5f}, largest difference {max(differences):.5f}")
    slow, fast = seconds["all"], seconds["open"]
    print(f"all heads {slow:.1f} s, open heads {fast:.1f} s: {slow / fast:.2f} times as fast")


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=released_models()["axiom-looped"])
    parser.add_argument("--data", type=Path, help="folder with the built corpus `axiomatic`")
    parser.add_argument("--every", type=int, default=25, help="ask each question of this number")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--train", metavar="RECIPE", help="train this recipe; other options are its fields")
    options, rest = parser.parse_known_args()
    torch.set_num_threads(1)
    if options.train:
        train_in_both_ways(load_recipe(options.train, parse_overrides(rest)), options.data)
        return
    prompts, predictor = prompts_of_every_axis(options.every, options.data), load_predictor(options.model)
    with torch.no_grad():
        heads = predictor.model.model.blocks[0].open_heads()
    shown = "all" if heads is None else len(heads)
    times: dict[str, list[float]] = {"all": [], "open": []}
    for _ in range(options.rounds):
        with patch.object(AxiomLoopedBlock, "open_heads", lambda self: None):
            every, seconds = timed(lambda: list(predictor.probabilities(prompts)))
        times["all"].append(seconds)
        few, seconds = timed(lambda: list(predictor.probabilities(prompts)))
        times["open"].append(seconds)
        if every != few:
            raise SystemExit("the answers differ")
    slow, fast = min(times["all"]), min(times["open"])
    print(f"{date.today()}, one core of {describe_hardware()}: {len(prompts):,} questions, tokenizer included")
    print(f"{shown} of {predictor.model.config.num_attention_heads} heads are open; the same answers, bit for bit")
    print(f"all heads {slow:.2f} s, open heads {fast:.2f} s: {slow / fast:.2f} times as fast")


if __name__ == "__main__":
    main()
