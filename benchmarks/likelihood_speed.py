"""How many questions a second the likelihood of Yes against No is computed for, with and without shared beginnings.

    python benchmarks/likelihood_speed.py MODEL                  # zero-shot and with four examples
    python benchmarks/likelihood_speed.py MODEL --shots 0 --limit 2

MODEL is a folder, a GGUF file or a model on the Hub. The questions of a split are scored in both ways, one after the
other, in an order that alternates, so that a busy neighbour disturbs both. They are the first ones of each cell, as
`hf-causal evaluate --lm MODEL --limit N` takes them. A separate row for each text, in batches of 16,384 tokens, is how
likelihoods were computed before beginnings were shared.

Scores are compared in the type of the weights and in fp32. In bf16 another batch changes log-odds too: the change from
batches of 16,384 to batches of 1,024 tokens, without sharing, is what rounding alone does.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Sequence
from typing import Any

import torch

from hf_causal.evaluation.language_models.local import LocalModel
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.evaluation.questions import corpus_questions
from hf_causal.utils.hardware import describe_hardware, has_bf16

_COMPARED = 8
"""Questions of each block that are scored again in fp32."""

Loaded = tuple[Any, Any]


def log_odds(loaded: Loaded, prompts: Sequence[str], shots: int, **options: Any) -> tuple[list[float], float]:
    """Returns the log-odds of Yes, and the CPU seconds that they took."""
    with tempfile.TemporaryDirectory() as folder:
        model = LocalModel(*loaded, PromptFormat(False, shots), answers=folder, **options)
        texts = dict(enumerate(map(model.render, prompts)))
        began = time.process_time()
        replies = {key: reply for batch in model._compare(texts) for key, reply in batch.items()}
        seconds = time.process_time() - began
    return [replies[key]["yes"] - replies[key]["no"] for key in texts], seconds


def largest_difference(first: Sequence[float], second: Sequence[float]) -> float:
    """Returns the largest absolute difference of two sequences."""
    return max(abs(one - other) for one, other in zip(first, second, strict=True))


def measure(loaded: Loaded, exact: Loaded, shots: int, options: argparse.Namespace) -> None:
    """Prints a row of the table for each split, and one for all."""
    together = [0.0, 0.0]
    questions = 0
    sets = corpus_questions(options.corpus, options.config, limit=options.limit)
    for number, split in enumerate(one for one in sets if not options.splits or one.name in options.splits):
        ways = [{"share": True}, {"share": False, "tokens_per_batch": 16_384}]
        order = (0, 1) if number % 2 else (1, 0)
        measured = {way: log_odds(loaded, split.prompts, shots, **ways[way]) for way in order}
        some = split.prompts[:_COMPARED]
        rounding = largest_difference(
            measured[1][0][: len(some)],
            log_odds(loaded, some, shots, share=False, tokens_per_batch=1_024)[0],
        )
        in_fp32 = largest_difference(*(log_odds(exact, some, shots, **way)[0] for way in ways))
        seconds = [measured[way][1] for way in (0, 1)]
        differences = largest_difference(measured[0][0], measured[1][0]), rounding, in_fp32
        show(f"{split.name}, {shots}-shot", len(split.prompts), seconds, differences)
        together = [total + one for total, one in zip(together, seconds, strict=True)]
        questions += len(split.prompts)
    show(f"**all**, {shots}-shot", questions, together, None)


def show(name: str, n: int, seconds: Sequence[float], differences: tuple[float, float, float] | None) -> None:
    """Prints a row of the table."""
    shared, separate = (n / one for one in seconds)
    texts = ["" if differences is None else f"{value:.1g}" for value in differences or (0, 0, 0)]
    print(
        f"| {name} | {n} | {separate:.1f} | {shared:.1f} | {shared / separate:.2f} | {' | '.join(texts)} |", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder, GGUF file, or model on the Hub")
    parser.add_argument("--shots", type=int, nargs="+", default=[0, 4], help="examples before each question")
    parser.add_argument("--corpus", default="axiomatic")
    parser.add_argument("--config", default="transitivity_generalization")
    parser.add_argument("--splits", nargs="+", help="splits to measure [all]")
    parser.add_argument("--limit", type=int, default=4, help="questions of each cell")
    parser.add_argument("--threads", type=int, default=1, help="one, since waiting threads count as busy")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    dtype = torch.bfloat16 if has_bf16() else torch.float32
    types = (dtype, torch.float32)
    loaded, exact = (load_pretrained(options.model, "cpu", dtype=one, classifiers=False) for one in types)
    about = f"{options.model} in {dtype} on {describe_hardware()}, {options.threads} threads"
    print(f"{about}, {time.strftime('%Y-%m-%d')}\n")
    differences = "difference of log-odds | by rounding alone | in fp32"
    print(f"| questions | n | separate rows: per CPU second | shared | ratio | {differences} |")
    print("|---|---|---|---|---|---|---|---|")
    for shots in options.shots:
        measure(loaded, exact, shots, options)


if __name__ == "__main__":
    main()
