"""How long a model takes to answer in PyTorch, and as an exported graph in ONNX Runtime and in PyTorch.

    python benchmarks/export_latency.py
    python benchmarks/export_latency.py --model runs/cpu --threads 2

From token ids to logits; tokenizing, which is the same for all, is left out. Each figure is the fastest of many calls,
the ways taking turns. With one thread it is processor time, which busy neighbours disturb the least.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from hf_causal.evaluation.predictors import ModelPredictor, load_predictor
from hf_causal.export import ExportedModel, export_model
from hf_causal.models.pretrained import released_models
from hf_causal.utils.hardware import describe_hardware


def chain(draw: random.Random, length: int) -> str:
    """A chain with names of one or two characters, sentences in random order, and a question from end to end."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = draw.sample([first + second for first in letters for second in ("", *letters)], length + 1)
    sentences = [f"{cause} causes {effect}." for cause, effect in zip(names, names[1:], strict=False)]
    draw.shuffle(sentences)
    return " ".join([*sentences, f"Does {names[0]} cause {names[-1]}?"])


def requests(seed: int) -> dict[str, list[str]]:
    draw = random.Random(seed)
    return {
        "one prompt of 5 sentences": [chain(draw, 5)],
        "one prompt of 50 sentences": [chain(draw, 50)],
        "64 prompts of 3 to 15 sentences": [chain(draw, draw.randint(3, 15)) for _ in range(64)],
    }


def fastest(ways: dict[str, Callable[[], object]], seconds: float, clock: Callable[[], float]) -> dict[str, float]:
    """Seconds of the fastest call of each way, the ways taking turns for `seconds` in all."""
    for way in ways.values():
        way()
    best = dict.fromkeys(ways, float("inf"))
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for name, way in ways.items():
            started = clock()
            way()
            best[name] = min(best[name], clock() - started)
    return best


def ways_of(predictor: ModelPredictor, exported: dict[str, ExportedModel], prompts: list[str]) -> dict[str, Callable]:
    inputs = predictor.tokenizer(prompts, padding=True, return_tensors="pt")
    tokens = {"input_ids": inputs.input_ids, "attention_mask": inputs.attention_mask}
    ids, mask = (tensor.numpy() for tensor in tokens.values())

    @torch.no_grad()
    def eager() -> torch.Tensor:
        return predictor.model(**tokens, **predictor.forward_options).logits

    ways: dict[str, Callable] = {"PyTorch": eager}
    for name, model in exported.items():
        ways[name] = lambda graph=model.graph: graph(ids, mask)[0]
    expected = eager().numpy().reshape(len(prompts), -1)
    for way in list(ways.values())[1:]:
        assert np.allclose(way(), expected, atol=1e-3)
    return ways


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", help="folder, may be repeated; the released ones when not given")
    parser.add_argument("--threads", type=int, default=1, help="of PyTorch and of ONNX Runtime")
    parser.add_argument("--seconds", type=float, default=10, help="for each model and request")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    print(f"{describe_hardware()}, {options.threads} in use, {time.strftime('%Y-%m-%d')}, seed {options.seed}\n")
    print("| model | request | way | ms | PyTorch takes |\n|---|---|---|---|---|")
    for folder in options.model or released_models().values():
        with tempfile.TemporaryDirectory() as temporary:
            labels = {"ONNX Runtime": "onnx", "`torch.export`": "torch"}
            exported = {}
            try:
                for label, format in labels.items():
                    done = export_model(folder, Path(temporary) / format, format)
                    exported[label] = ExportedModel(done.folder, threads=options.threads)
            except ValueError as error:
                if options.model:
                    raise
                print(f"{folder}: passed over, since {error}", file=sys.stderr)
                continue
            predictor = load_predictor(folder, device="cpu")
            for request, prompts in requests(options.seed).items():
                best = fastest(ways_of(predictor, exported, prompts), options.seconds, clock)
                for way, seconds in best.items():
                    ratio = best["PyTorch"] / seconds
                    name = Path(folder).resolve().name
                    print(f"| {name} | {request} | {way} | {1e3 * seconds:.2f} | {ratio:.1f} x as long |", flush=True)


if __name__ == "__main__":
    main()
