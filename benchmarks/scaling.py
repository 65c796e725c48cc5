"""Training in 1 and in 2 processes on this machine, what gradients cost on the way, and a projection to more GPUs.

    python benchmarks/scaling.py --out runs/scaling
    python benchmarks/scaling.py --out runs/scaling --step-seconds 0.021     # of one GPU, as gpu.py measures it
    python benchmarks/scaling.py --out runs/scaling --steps 10 --rows 5000   # a quick look

Leaves `scaling.json` and `scaling.md`. Measured here: questions per second of one core and of two, with the premises
of each process kept (weak scaling) or those of a step (strong scaling); a step with and without the exchange of
gradients; the exchange alone.

The projection is for data parallel training (DDP) of `--target` in machines of `--per-machine` GPUs. With N GPUs, g of
them in a machine and M machines, gradients of S bytes are summed by a ring in each machine and by rings between
machines, one for each GPU of a machine, for its share of S:

    t_comm = 2 (g-1)/g S/B_in + 2 (M-1)/M (S/g)/B_out + base + 2 (g-1) L_in + 2 (M-1) L_out
    t_step = imbalance x t_compute + (what of t_comm the backward pass does not hide)

2 (N-1)/N S bytes per process is what a sum over N needs at least (Patarasuk and Yuan, 2009, "Bandwidth optimal
all-reduce algorithms for clusters of workstations"). Two bounds are given: nothing is hidden, and the backward pass,
two thirds of the compute, hides all it can. Imbalance is computed from the batches themselves: a step takes as long as
its largest share of tokens.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hf_causal.corpora.build import build
from hf_causal.corpora.load import load_corpus
from hf_causal.models import make_model, make_tokenizer
from hf_causal.training.dataloader import StatefulLoader
from hf_causal.training.loop import TrainingRun
from hf_causal.training.objectives import make_objective
from hf_causal.training.recipe import Recipe, load_recipe
from hf_causal.training.run_setup import set_up
from hf_causal.utils.files import write_json, write_text
from hf_causal.utils.hardware import describe_hardware

WARM_UP = 3
BLOCK = 5
"""Steps with and without exchange take turns in blocks of this length, so that other work slows down both."""


def exchange_seconds(
    size: float, processes: int, per_machine: int, inside: float, outside: float, latencies: tuple[float, float, float]
) -> float:
    """Seconds that summing `size` bytes over all processes takes, by rings inside machines and between them.

    Args:
        size (`float`): Bytes of the gradients.
        processes, per_machine (`int`): GPUs, all of them and those of one machine.
        inside, outside (`float`): Bytes per second and direction, between GPUs of a machine and of a GPU's network
            card.
        latencies (`tuple`): Seconds: of the call, of a hop inside a machine, of a hop between machines.
    """
    local = min(processes, per_machine)
    machines = -(-processes // local)
    if processes == 1:
        return 0.0
    base, hop_in, hop_out = latencies
    seconds = base + 2 * (local - 1) / local * size / inside + 2 * (local - 1) * hop_in
    return seconds + 2 * (machines - 1) / machines * (size / local) / outside + 2 * (machines - 1) * hop_out


def imbalance(recipe: Recipe, data: Path, rows: int, processes: int, steps: int = 200) -> float:
    """How much longer a step of several processes takes than their mean, by the tokens of their padded batches."""
    tokenizer = make_tokenizer(recipe.model_type)
    packs = make_objective(recipe, tokenizer).make_data(
        load_corpus(recipe.corpus, recipe.config, "train", data)[:rows], training=True
    )
    sizes = (recipe.per_device_train_batch_size, recipe.gradient_accumulation_steps)
    feed = StatefulLoader(lambda epoch: packs, tokenizer.pad_token_id, sizes[0], recipe.seed, 0, processes, sizes[1])
    longest = [packs.lengths[batch.packs].max(-1) for batch in islice(feed, steps)]
    return float(np.mean([shares.max(-1).sum() / shares.mean(-1).sum() for shares in longest]))


def measure(options: argparse.Namespace) -> None:
    """Runs in each process of one measurement and leaves what the first one saw in `--result`."""
    recipe = load_recipe(options.recipe, {"per_device_train_batch_size": options.batch, "train_rows": options.rows})
    setup = set_up(recipe, options.result.with_suffix(""), options.data, "none")
    run = TrainingRun(setup)
    run.model.train()
    batches = iter(setup.loader)
    times: dict[bool, list[float]] = {True: [], False: []}
    taken = 0
    while taken < WARM_UP + 2 * options.steps:
        with_exchange = taken < WARM_UP or (taken - WARM_UP) // BLOCK % 2 == 0
        batch = next(batches)
        run.accelerator.wait_for_everyone()
        context = run.model.no_sync() if not with_exchange and hasattr(run.model, "no_sync") else nullcontext()
        began = time.perf_counter()
        with context:
            loss, _, _ = run._step(batch.micro_batches)
        float(loss)  # waits for the device
        took = time.perf_counter() - began
        taken += 1
        if taken > WARM_UP:
            times[with_exchange].append(took)
    size = sum(4 * parameter.numel() for parameter in run.model.parameters())
    flat = torch.zeros(size // 4, device=run.accelerator.device)
    alone = []
    for _ in range(10):
        run.accelerator.wait_for_everyone()
        began = time.perf_counter()
        run.accelerator.reduce(flat, "sum").sum().item()
        alone.append(time.perf_counter() - began)
    agreed = []
    for _ in range(50):
        began = time.perf_counter()
        run.reducer.sum(1.0, 1.0, 0.0, 0.0)
        agreed.append(time.perf_counter() - began)
    if run.accelerator.is_main_process:
        write_json(
            options.result,
            {
                "step_seconds": statistics.median(times[True]),
                "without_exchange_seconds": statistics.median(times[False]),
                "exchange_alone_seconds": statistics.median(alone),
                "agreement_seconds": statistics.median(agreed),
                "questions_per_step": setup.loader.questions / taken,
                "gradient_bytes": size,
            },
        )


def run_measurement(
    options: argparse.Namespace, data: Path, processes: int, batch: int, threads: int
) -> dict[str, Any]:
    """One row of the table, measured in separate processes."""
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
        command += [__file__, "--result", str(result), "--data", str(data), "--recipe", options.recipe]
        command += ["--rows", str(options.rows), "--steps", str(options.steps), "--batch", str(batch)]
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "ACCELERATE_USE_CPU": "true"}
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
        values = json.loads(result.read_text(encoding="utf-8"))
    return {"processes": processes, "threads": threads, "batch": batch, **values}


def project(options: argparse.Namespace, data: Path) -> dict[str, Any]:
    """Steps of the target recipe with more GPUs: compute from a measurement or an assumption, exchange from bytes."""
    overrides = {"per_device_train_batch_size": options.target_batch} if options.target_batch else {}
    recipe = load_recipe(options.target, overrides)
    model = make_model(recipe.model_type, recipe.model, make_tokenizer(recipe.model_type), recipe.attn_implementation)
    size = 4 * sum(parameter.numel() for parameter in model.parameters())
    packs = make_objective(recipe, make_tokenizer(recipe.model_type)).make_data(
        load_corpus(recipe.corpus, recipe.config, "train", data)[: options.rows], training=True
    )
    tokens = float(packs.lengths.mean()) * recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps
    # 6 operations for each weight and token: 2 forward, 4 backward (Kaplan et al., arXiv 2001.08361).
    operations = 6 * (size / 4) * tokens
    compute = options.step_seconds or operations / (options.flops * options.utilisation)
    latencies = (options.base_latency, options.latency_inside, options.latency_outside)
    rows = []
    for processes in options.gpus:
        comm = exchange_seconds(size, processes, options.per_machine, options.inside, options.outside, latencies)
        slower = imbalance(recipe, data, options.rows, processes)
        bounds = [slower * compute + comm, slower * compute + max(0.0, comm - 2 / 3 * compute)]
        rows.append(
            {
                "gpus": processes,
                "exchange_seconds": comm,
                "imbalance": slower,
                "step_seconds": bounds,
                "efficiency": [compute / bound for bound in bounds],
                "speed_up": [processes * compute / bound for bound in bounds],
            }
        )
    return {
        "recipe": options.target,
        "gradient_bytes": size,
        "tokens_per_step_and_gpu": tokens,
        "compute_seconds": compute,
        "compute_is": "measured" if options.step_seconds else "assumed from --flops and --utilisation",
        "parameters": {
            name: getattr(options, name)
            for name in ("per_machine", "inside", "outside", "base_latency", "latency_inside", "latency_outside",
                         "flops", "utilisation")
        },
        "rows": rows,
    }  # fmt: skip


def table(measured: list[dict[str, Any]], projection: dict[str, Any], recipe: str) -> str:
    """Both results in Markdown."""
    first = measured[0]
    rate = first["questions_per_step"] / first["step_seconds"]
    lines = [f"{describe_hardware()}, {time.strftime('%Y-%m-%d')}: `{recipe}`, gradients of "
             f"{first['gradient_bytes'] / 1e6:.1f} MB", "",
             "| processes | threads each | premises each | questions per second | against one thread | ms a step "
             "| of it gradients | gradients alone, ms | agreement, ms |", "|" + "---|" * 9]  # fmt: skip
    for row in measured:
        speed = row["questions_per_step"] / row["step_seconds"]
        share = max(0.0, 1 - row["without_exchange_seconds"] / row["step_seconds"]) if row["processes"] > 1 else 0.0
        alone = f"{1e3 * row['exchange_alone_seconds']:.1f}" if row["processes"] > 1 else "–"
        agreed = f"{1e3 * row['agreement_seconds']:.2f}" if row["processes"] > 1 else "–"
        lines.append(
            f"| {row['processes']} | {row['threads']} | {row['batch']} | {speed:,.0f} | {speed / rate:.2f} x "
            f"| {1e3 * row['step_seconds']:.1f} | {100 * share:.0f} % | {alone} | {agreed} |"
        )
    about = f"`{projection['recipe']}`, gradients of {projection['gradient_bytes'] / 1e6:.0f} MB"
    compute = f"{1e3 * projection['compute_seconds']:.1f} ms of compute a step ({projection['compute_is']})"
    tokens = f"{projection['tokens_per_step_and_gpu']:,.0f} tokens a step and GPU"
    lines += ["", f"Projected, not measured: {about}, {compute}, {tokens}. Ranges: nothing of the exchange is hidden, "
              "or all that the backward pass can hide", "",
              "| GPUs | exchange, ms | imbalance | ms a step | efficiency | speed-up |", "|" + "---|" * 6]  # fmt: skip
    for row in projection["rows"]:
        step, share, speed = row["step_seconds"], row["efficiency"], row["speed_up"]
        lines.append(
            f"| {row['gpus']} | {1e3 * row['exchange_seconds']:.2f} | {row['imbalance']:.3f} "
            f"| {1e3 * step[0]:.1f} to {1e3 * step[1]:.1f} | {share[0]:.2f} to {share[1]:.2f} "
            f"| {speed[0]:.1f} to {speed[1]:.1f} |"
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/scaling"))
    parser.add_argument("--recipe", default="axiom-cpu", help="measured here")
    parser.add_argument("--batch", type=int, default=32, help="premises of one process")
    parser.add_argument("--steps", type=int, default=60, help="with and without exchange; their median counts")
    parser.add_argument("--rows", type=int, default=175_000, help="training rows")
    parser.add_argument("--target", default="axiom-67m-none", help="projected to GPUs")
    parser.add_argument("--gpus", type=int, nargs="+", default=[1, 2, 8, 16, 64])
    parser.add_argument("--target-batch", type=int, help="premises of one GPU; the recipe's when not given")
    parser.add_argument("--step-seconds", type=float, help="a step of the target on one GPU, if it was measured")
    parser.add_argument(
        "--flops", type=float, default=989e12, help="of a GPU, dense bf16 (NVIDIA's data sheet of H100 SXM)"
    )
    parser.add_argument("--utilisation", type=float, default=0.4, help="part of it that is reached; an assumption")
    parser.add_argument("--per-machine", type=int, default=8, help="GPUs of a machine")
    parser.add_argument(
        "--inside",
        type=float,
        default=450e9,
        help="bytes a second and direction between GPUs of a machine: half of NVLink 4's 900 GB/s (same data sheet)",
    )
    parser.add_argument(
        "--outside",
        type=float,
        default=50e9,
        help="of the network card of a GPU: 400 Gb/s, ConnectX-7 (DGX H100 user guide)",
    )
    # Figures of NCCL for rings, in its src/graph/tuning.cc.
    parser.add_argument("--base-latency", type=float, default=8.4e-6, help="seconds of a call")
    parser.add_argument("--latency-inside", type=float, default=3.4e-6, help="seconds of a hop inside a machine")
    parser.add_argument("--latency-outside", type=float, default=14e-6, help="seconds of a hop between machines")
    parser.add_argument("--data", type=Path, help="built corpus; made when not given")
    parser.add_argument("--result", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.result:
        measure(options)
        return
    with tempfile.TemporaryDirectory() as folder:
        data = options.data or Path(folder)
        if not options.data:
            build("axiomatic", data, ["transitivity_ts2"], rows=options.rows)
        projection = project(options, data)
        size = options.batch
        cases = [(1, size, 1), (1, size, 2), (2, size, 1), (2, size // 2, 1)]
        measured = [run_measurement(options, data, *case) for case in cases]
    write_json(options.out / "scaling.json", {"measured": measured, "projection": projection})
    text = table(measured, projection, options.recipe)
    write_text(options.out / "scaling.md", text)
    print(text)


if __name__ == "__main__":
    main()
