"""Training speed, step by step: the released method, `transformers.Trainer`, and what each step adds to it here.

    python benchmarks/training.py --out benchmarks/results/training-cpu          # axiom-67m-none, about five minutes
    python benchmarks/training.py --ways released like-lengths tree --steps 2    # some of the ways
    python benchmarks/training.py --profile tree                                 # where the time of a step goes
    python benchmarks/training.py --looped --out benchmarks/results/looped-cpu   # the looped reasoner

Every way trains the same rows, on a GPU where there is one, each in a separate process. Shown are

- examples (questions answered) and tokens (padding left out) per second, over batches spread evenly over the lengths;
- model FLOPs utilisation: the matrix products that the answers need, three times a forward pass (`flops.py` says which
  count), over the rate of a large matrix product, measured in the same run for fp32 and bf16;
- peak memory: of the process on a CPU, libraries included, and of torch's allocations on a GPU;
- the loss of the same questions at the same weights, which has to be the same whatever the way.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import torch
from flops import matrix_rate
from training_settings import LOOPED, WAYS, Settings
from training_ways import measure, profile

from hf_causal.utils.files import write_json, write_text
from hf_causal.utils.hardware import describe_hardware, has_bf16


def rates(device: str) -> dict[str, float]:
    return {"fp32": matrix_rate(device, torch.float32), "bf16": matrix_rate(device, torch.bfloat16)}


def run_apart(function: Any, *arguments: Any) -> Any:
    """Calls a function in a fresh process, so that the memory of others does not count."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    unit = 1e12 if results["device"] == "cuda" else 1e9
    name = "TFLOP/s" if results["device"] == "cuda" else "GFLOP/s"
    measured = ", ".join(f"{dtype} {rate / unit:,.0f} {name}" for dtype, rate in results["matrix_rate"].items())
    lines = [
        f"{results['hardware']}, {results['threads']} threads, {results['date']}, seed {results['settings']['seed']}; "
        f"matrix products: {measured}",
        "",
        "| way | examples per second | times the first | times the one before | tokens per second | MFU | peak MB | "
        "loss of the same questions |",
        "|---|---|---|---|---|---|---|---|",
    ]
    rows = results["ways"]
    for index, row in enumerate(rows):
        if "error" in row:
            lines.append(f"| {row['title']} | failed: {row['error']} | | | | | | |")
            continue
        first, before = (
            next((other["examples_per_second"] for other in others if "error" not in other), None)
            for others in (rows, rows[:index][::-1])
        )
        speed = row["examples_per_second"]
        gains = [f"{speed / other:.2f} x" if other else "" for other in (first, before)]
        mfu = f"{row['mfu']:.0%}" if row.get("mfu") is not None else ""
        loss = f"{row['loss']:.5f}" if row.get("loss") is not None else ""
        lines.append(
            f"| {row['title']} | {speed:,.1f} | {' | '.join(gains)} | {row['tokens_per_second']:,.0f} | {mfu} | "
            f"{row['peak_mb']:,.0f} | {loss} |"
        )
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="folder for training.json and training.md; printed only otherwise")
    parser.add_argument("--ways", nargs="+", choices=sorted({way.name for way in (*WAYS, *LOOPED)}), help="only these")
    parser.add_argument("--looped", action="store_true", help="the looped reasoner instead of the decoder")
    parser.add_argument("--steps", type=int, help="timed steps of each way; 3 on a CPU and 50 on a GPU by default")
    parser.add_argument("--questions", type=int, default=128, help="of a batch; with shared premises an eighth of it")
    parser.add_argument("--rows", type=int, default=20_000, help="training questions that are read")
    parser.add_argument("--data", type=Path, help="built corpus; built when not given")
    parser.add_argument("--model", nargs=3, type=int, default=[512, 12, 8], metavar=("WIDTH", "LAYERS", "HEADS"))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="on a CPU")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--profile", metavar="WAY", help="print a profile of one step of this way and stop")
    options = parser.parse_args(arguments)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(options.threads)
    steps = options.steps or (50 if device == "cuda" else 3)
    settings = Settings(
        device, steps, options.questions, options.rows, options.data, *options.model, options.threads, options.seed,
        has_bf16(device),
    )  # fmt: skip
    ways = [way for way in (LOOPED if options.looped else WAYS) if way.fits(settings)]
    if options.profile:
        print(profile(next(way for way in ways if way.name == options.profile), settings))
        return {}
    results: dict[str, Any] = {
        "hardware": describe_hardware(device),
        "device": device,
        "threads": options.threads,
        "date": time.strftime("%Y-%m-%d"),
        "torch": torch.__version__,
        "settings": settings.describe(),
        "matrix_rate": run_apart(rates, device),
        "ways": [],
    }
    for way in ways:
        if options.ways and way.name not in options.ways:
            continue
        print(f"{way.title} …", flush=True)
        try:
            row = run_apart(measure, way, settings)
        except (RuntimeError, ValueError) as error:  # one way that does not work here costs no other its row
            row = {"error": str(error).strip().splitlines()[0]}
        if "flops_per_second" in row:
            row["mfu"] = row["flops_per_second"] / results["matrix_rate"][row["precision"]]
        results["ways"].append({"name": way.name, "title": way.title, **row})
        if options.out:
            write_json(options.out / "training.json", results)
            write_text(options.out / "training.md", table(results))
    print("\n" + table(results))
    return results


if __name__ == "__main__":
    main()
