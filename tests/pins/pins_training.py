"""The first training steps of recipes: losses, gradient norms, and a digest of the weights.

A gradient that is added up in another order shows in the digest at once, though no loss shows it for dozens of steps.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pins_builds import run_cli

TRAINED = ("axiom-looped", "axiom-cpu")
FEW_STEPS = "--stop-at-step 6 --logging-steps 1 --per-device-train-batch-size 8 --mixed-precision no"


def first_steps(data: Path, scratch: Path) -> dict[str, Any]:
    """Trains each recipe on the small builds in `data` for a few steps with one thread."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return {recipe: _first_steps_of(recipe, data, scratch / recipe) for recipe in TRAINED}
    finally:
        torch.set_num_threads(threads)


def _first_steps_of(recipe: str, data: Path, out: Path) -> dict[str, Any]:
    import torch

    from hf_causal.utils.hardware import describe_hardware

    run_cli("train", recipe, "--data-dir", str(data), "--output-dir", str(out), "--seed", "0", *FEW_STEPS.split())
    records = [json.loads(line) for line in (out / "training_log.jsonl").read_text(encoding="utf-8").splitlines()]
    (weights,) = out.glob("checkpoints/step-*/model.safetensors")
    return {
        "made_on": f"{describe_hardware()}, torch {torch.__version__}",
        **{name: [record[name] for record in records] for name in ("loss", "grad_norm")},
        "exact_sha256": hashlib.sha256(weights.read_bytes()).hexdigest(),
    }
