"""The run that a folder holds, and the checkpoint to resume from."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from hf_causal.artifacts import SUMMARY_FILE
from hf_causal.training.checkpoints import (
    MANIFEST,
    RESUME,
    find_damage,
    is_checkpoint_name,
    list_checkpoints,
    read_manifest,
)
from hf_causal.training.outputs import TrainingResult
from hf_causal.training.recipe import Recipe, read_recipe

_MAY_CHANGE = frozenset(
    ("name", "description", "per_device_train_batch_size", "gradient_accumulation_steps", "per_device_eval_batch_size",
     "gradient_checkpointing", "compile_mode", "attn_implementation", "logging_steps", "save_steps",
     "save_total_limit")
)  # fmt: skip
"""Fields that a resumed run may change: they affect how it is computed and saved, not which weights it learns."""

_logger = logging.getLogger(__name__)


def check_folder(output_dir: Path, recipe: Recipe, resume_from: str | None) -> None:
    """Checks that a folder holds no run, or the run to resume.

    Raises:
        `ValueError`: If it holds a run and none is to be resumed, or a run of another recipe.
    """
    holds_run = list_checkpoints(output_dir) or (output_dir / "model.safetensors").exists()
    if not holds_run:
        return
    if not resume_from:
        raise ValueError(f"`output_dir` {str(output_dir)!r} holds a run already: choose another folder, or {RESUME}")
    written = output_dir / "recipe.yaml"
    if written.is_file() and (changes := differences(_read_yaml(written), recipe)):
        raise ValueError(
            f"the run in {str(output_dir)!r} was started with another recipe ({changes}), see its recipe.yaml: resume "
            "with that recipe and its overrides, or choose another folder"
        )


def finished_result(output_dir: Path) -> TrainingResult | None:
    """Returns the result of a finished run, whose model stays as it is, or `None` if it has not finished."""
    summary = output_dir / SUMMARY_FILE
    if not summary.is_file() or not (output_dir / "model.safetensors").is_file():
        return None
    try:
        values = json.loads(summary.read_text(encoding="utf-8"))
        steps = values["steps"]
        measure = next(name for name in ("accuracy", "loss") if name in values)
        ends = (values[measure], values["best_step"], values["seconds"], measure)
        return TrainingResult(output_dir, steps, steps, *ends)
    except (ValueError, LookupError, TypeError, StopIteration) as error:
        raise ValueError(f"{str(summary)!r} is not the summary of a run: {error}") from error


def choose_checkpoint(output_dir: Path, resume_from: str, recipe: Recipe, global_batch_size: int) -> Path | None:
    """Returns the checkpoint to resume from, undamaged and of the same run.

    With `latest`, damaged checkpoints are skipped with a warning: resuming from the one before takes the same steps
    again. A checkpoint that is named by its path is used or refused.

    Args:
        output_dir (`Path`): The model folder.
        resume_from (`str`): `latest`, with `None` as the result if there is no checkpoint, or a path.
        recipe ([`Recipe`]): The recipe to train.
        global_batch_size (`int`): Premises of a step, over all processes and micro-batches.

    Raises:
        `FileNotFoundError`: If the path is not a checkpoint.
        `ValueError`: If it is damaged, or of another recipe or batch size; with `latest`, if all are damaged.
    """
    if resume_from != "latest":
        return _named_checkpoint(Path(resume_from), recipe, global_batch_size)
    damages = []
    for path in reversed(list_checkpoints(output_dir)):
        if damage := find_damage(path):
            damages.append(f"{path.name}: {damage}")
            continue
        _check_origin(path, recipe, global_batch_size)
        if damages:
            _logger.warning("skipped damaged checkpoints: %s. Resuming from %s", "; ".join(damages), path)
        return path
    if damages:
        raise ValueError(
            f"all checkpoints in {str(output_dir)!r} are damaged ({'; '.join(damages)}): choose another folder to "
            "start from the beginning"
        )
    return None


def differences(before: Mapping[str, Any], recipe: Recipe) -> str:
    """Describes the fields that affect the learned weights and differ between two recipes; empty if none does.

    Args:
        before (mapping): Fields of a recipe file, of this version or an earlier one.
        recipe ([`Recipe`]): The recipe to train.
    """
    earlier, now = _weight_fields(read_recipe({"name": "", **before})), _weight_fields(recipe)
    changes = [
        f"{name} {now.get(name)!r} instead of {earlier.get(name)!r}"
        for name in dict.fromkeys([*now, *earlier])
        if earlier.get(name) != now.get(name)
    ]
    return ", ".join(changes)


def _weight_fields(recipe: Recipe) -> dict[str, Any]:
    """Returns the fields that affect the learned weights; options of the objective become `objective.NAME`."""
    values = {name: value for name, value in dataclasses.asdict(recipe).items() if name not in _MAY_CHANGE}
    del values["objective"]
    return values | {f"objective.{name}": value for name, value in dataclasses.asdict(recipe.options).items()}


def _named_checkpoint(path: Path, recipe: Recipe, global_batch_size: int) -> Path:
    if not path.is_dir() or not is_checkpoint_name(path.name):
        raise FileNotFoundError(f"`resume_from_checkpoint` must be 'latest' or a folder step-N, got {str(path)!r}")
    if damage := find_damage(path):
        others = [other for other in list_checkpoints(path.parent.parent) if other.name != path.name]
        undamaged = next((other for other in reversed(others) if not find_damage(other)), None)
        advice = f"resume from {str(undamaged)!r} instead" if undamaged else "no other checkpoint is undamaged"
        raise ValueError(f"checkpoint {str(path)!r} is damaged: {damage}; {advice}")
    _check_origin(path, recipe, global_batch_size)
    return path


def _check_origin(checkpoint: Path, recipe: Recipe, global_batch_size: int) -> None:
    manifest = read_manifest(checkpoint)
    if changes := differences(manifest["recipe"], recipe):
        raise ValueError(
            f"checkpoint {str(checkpoint)!r} is of another recipe, see its {MANIFEST}; here it would be {changes}"
        )
    if (size := manifest["global_batch_size"]) != global_batch_size:
        raise ValueError(
            f"checkpoint {str(checkpoint)!r} is of a run with {size} premises a step, and here it would be "
            f"{global_batch_size}: processes x --per-device-train-batch-size x --gradient-accumulation-steps must be "
            f"{size} again"
        )


def _read_yaml(path: Path) -> Mapping[str, Any]:
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    return values if isinstance(values, dict) else {}
