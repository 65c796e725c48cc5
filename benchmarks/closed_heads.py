"""How much faster is a looped reasoner that leaves out the heads whose gates are closed?

    python benchmarks/closed_heads.py [--data data/axiomatic]

Questions of every axis of transitivity are answered with all heads and with the open ones, in turn. The answers must
be the same, bit for bit. The seconds are those of the processor, and of several rounds the fastest counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from unittest.mock import patch

import torch

from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.predictors import load_predictor
from hf_causal.models.axiom_looped.block_axiom_looped import AxiomLoopedBlock
from hf_causal.models.pretrained import released_models
from hf_causal.tasks.registry import get_task
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


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=released_models()["axiom-looped"])
    parser.add_argument("--data", type=Path, help="folder with the built corpus `axiomatic`")
    parser.add_argument("--every", type=int, default=25, help="ask each question of this number")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
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
