"""What the package does today, as plain JSON: bytes of corpora, logits of released models, cards, commands.

Everything is reached by the command line, by files of the repository and by transformers' Auto classes, never by the
path of a module, so that the values can be compared after code has moved.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pins_builds import build_full, build_small, corpus_digests, run_cli
from pins_cards import dataset_cards, model_cards
from pins_outputs import model_outputs
from pins_training import first_steps

__all__ = [
    "ROOT", "build_full", "build_small", "commands", "corpus_digests", "dataset_cards", "first_steps",
    "model_cards", "model_outputs", "reproduced", "run_cli",
]  # fmt: skip

ROOT = Path(__file__).resolve().parents[2]


def commands() -> dict[str, Any]:
    """Returns every command of the command line with its arguments and options, without the help."""
    import typer

    from hf_causal.cli import app

    return dict(_walk(typer.main.get_command(app), "hf-causal"))


def _walk(command: Any, path: str) -> Iterable[tuple[str, dict[str, str]]]:
    # typer ships its own click, so groups are known by what they have.
    if children := getattr(command, "commands", None):
        for name, child in sorted(children.items()):
            yield from _walk(child, f"{path} {name}")
        return
    described: dict[str, str] = {}
    arguments = 0
    for parameter in command.params:
        if parameter.param_type_name == "argument":
            arguments += 1
            described[f"argument {arguments}"] = f"{parameter.name}: {_described(parameter)}"
        else:
            described["/".join([*parameter.opts, *parameter.secondary_opts])] = _described(parameter)
    if command.context_settings.get("ignore_unknown_options"):
        described["any other option"] = "accepted"
    yield path, described


def _described(parameter: Any) -> str:
    descriptor = getattr(parameter, "type_descriptor", None)  # of typer's own click; other versions have `type`
    kind = descriptor.annotation if descriptor else parameter.type.name
    words = [kind.__name__ if isinstance(kind, type) else str(kind)]
    if getattr(parameter, "is_flag", False):
        words = ["flag"]
    if getattr(parameter, "multiple", False) or parameter.nargs == -1:
        words.append("several")
    if parameter.required:
        words.append("required")
    elif isinstance(parameter.default, (str, int, float)):
        words.append(f"= {parameter.default}")
    return " ".join(words)


def reproduced(folder: Path) -> dict[str, Any]:
    """Returns what `hf-causal reproduce --out` wrote: digests of data and weights, the training log, every score.

    Weights and log are equal where the arithmetic is: the same type of CPU and number of threads.
    """
    model = folder / "model"
    scores = json.loads((model / "generalization.json").read_text(encoding="utf-8"))
    lines = (model / "training_log.jsonl").read_text(encoding="utf-8").splitlines()
    return {
        "made_on": scores["hardware"],
        "weights_sha256": hashlib.sha256((model / "model.safetensors").read_bytes()).hexdigest(),
        "data": corpus_digests(folder)["data"],
        "training": [_without_times(json.loads(line)) for line in lines],
        "scores": {
            "model": _accuracies(scores["splits"]),
            **{name: _accuracies(splits) for name, splits in scores["baselines"].items()},
        },
    }


_LOGGED = ("step", "kind", "loss", "accuracy", "learning_rate", "grad_norm")


def _without_times(record: dict[str, Any]) -> str:
    kept = {name: value for name, value in record.items() if name in _LOGGED}
    return json.dumps(kept)


def _accuracies(splits: dict[str, Any]) -> dict[str, Any]:
    return {
        f"{split}, {cell['num_nodes']} nodes, {cell['structure']}, factor {cell['branching_factor']}": (
            f"{cell['accuracy']:.4f} of {cell['n']}"
        )
        for split, scored in splits.items()
        for cell in scored["cells"]
    }
