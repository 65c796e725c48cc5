"""Throughput of the tokenizer compared with a plain Python loop that splits the same prompts into the same ids.

python benchmarks/tokenizer_speed.py
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from hf_causal.corpora import generate_shard, get_config
from hf_causal.models import AxiomTokenizer
from hf_causal.utils.hardware import describe_hardware


def python_loop(vocabulary: dict[str, int]) -> Callable[[list[str]], list[list[int]]]:
    """Words by spelling, names by character: as little Python as the task allows, without rules of position."""
    words = {"causes", "cause", "Does"}

    def encode(prompts: list[str]) -> list[list[int]]:
        rows = []
        for prompt in prompts:
            ids = [vocabulary["<bos>"]]
            for word in prompt.replace(".", " .").replace("?", " ?").split():
                if word in words:
                    ids.append(vocabulary[word])
                else:
                    ids.extend(vocabulary[character] for character in word)
            rows.append(ids)
        return rows

    return encode


def best_time(function: Callable[[list[str]], object], prompts: list[str], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        function(prompts)
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5, help="the fastest counts")
    options = parser.parse_args()
    config = get_config("axiomatic", "transitivity_ts2", rows=25_000)
    prompts = generate_shard("axiomatic", config, "train", 0)["prompt"].to_pylist()
    tokenizer = AxiomTokenizer()
    loop = python_loop(tokenizer.get_vocab())
    backend = tokenizer.backend_tokenizer
    assert loop(prompts) == tokenizer(prompts)["input_ids"]
    ways = {
        "plain Python loop": loop,
        "tokenizer(prompts)": tokenizer,
        "backend_tokenizer.encode_batch_fast": backend.encode_batch_fast,
        "premises and questions apart, as in training": lambda texts: (
            backend.encode_batch_fast(sorted({text.rpartition(" Does ")[0] for text in texts}))
            + backend.encode_batch_fast(["Does " + text.rpartition(" Does ")[2] for text in texts])
        ),
    }
    print(f"{describe_hardware()}, {time.strftime('%Y-%m-%d')}: {len(prompts):,} prompts of transitivity_ts2\n")
    print("| way | prompts per second | against the loop |\n|---|---|---|")
    base = None
    for name, way in ways.items():
        seconds = best_time(way, prompts, options.repeats)
        base = base or seconds
        print(f"| {name} | {len(prompts) / seconds:,.0f} | {base / seconds:.2f} x |", flush=True)


if __name__ == "__main__":
    main()
