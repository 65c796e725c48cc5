"""Which run a folder holds, and from which checkpoint one goes on."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from hf_causal.artifacts import SUMMARY_FILE
from hf_causal.training.checkpoints import MANIFEST, find_damage, is_checkpoint_name, list_checkpoints, read_manifest
from hf_causal.training.outputs import TrainingResult
from hf_causal.training.recipe import Recipe

_FREE = frozenset(
    ("name", "description", "per_device_train_batch_size", "gradient_accumulation_steps", "per_device_eval_batch_size",
     "gradient_checkpointing", "compile", "attn_implementation", "logging_steps", "save_steps", "save_total_limit")
)  # fmt: skip
"""Fields that may change when a run is resumed: they say how it is computed and kept, not what is learned."""

_logger = logging.getLogger(__name__)


def check_folder(output_dir: Path, recipe: Recipe, resume_from: str | None) -> None:
    """Makes sure that a folder holds no run, or the one that is to go on.

    Raises:
        `ValueError`: If it holds one and none is to be resumed, or one of another recipe.
    """
    started = list_checkpoints(output_dir) or (output_dir / "model.safetensors").exists()
    if not started:
        return
    if not resume_from:
        raise ValueError(
            f"`output_dir` {str(output_dir)!r} holds a run already: choose another folder, or go on with "
            "`--resume-from-checkpoint latest`"
        )
    written = output_dir / "recipe.yaml"
    if written.is_file() and (changes := differences(_read_yaml(written), recipe)):
        raise ValueError(
            f"the run in {str(output_dir)!r} was started with another recipe ({changes}), see its recipe.yaml: resume "
            "with that recipe and its overrides, or choose another folder"
        )


def find_finished(output_dir: Path) -> TrainingResult | None:
    """The result of a run that has come to its end; its model is left as it is."""
    summary = output_dir / SUMMARY_FILE
    if not summary.is_file() or not (output_dir / "model.safetensors").is_file():
        return None
    values = json.loads(summary.read_text(encoding="utf-8"))
    steps = values["steps"]
    measure = next(name for name in ("accuracy", "loss") if name in values)
    reached = (values[measure], values["best_step"], values["seconds"], measure)
    return TrainingResult(output_dir, steps, steps, *reached)


def choose_checkpoint(output_dir: Path, resume_from: str, recipe: Recipe, global_batch_size: int) -> Path | None:
    """The checkpoint to go on from, whole and of the same run.

    With `latest`, a damaged checkpoint is passed over with a warning: going on from the one before takes the same
    steps again. A checkpoint that is named by its path is taken as it is or refused.

    Args:
        output_dir (`Path`): The model folder.
        resume_from (`str`): `latest` (None when there is none yet), or a path.
        recipe ([`Recipe`]): What is trained.
        global_batch_size (`int`): Premises of a step, over all processes and micro-batches.

    Raises:
        `FileNotFoundError`: If the path is not a checkpoint.
        `ValueError`: If it is damaged, or of another recipe or batch size; all of them, for `latest`.
    """
    if resume_from != "latest":
        path = Path(resume_from)
        if not path.is_dir() or not is_checkpoint_name(path.name):
            raise FileNotFoundError(
                f"`resume_from_checkpoint` must be 'latest' or a folder step-N, got {resume_from!r}"
            )
        if damage := find_damage(path):
            others = [other for other in list_checkpoints(path.parent.parent) if other.name != path.name]
            whole = next((other for other in reversed(others) if not find_damage(other)), None)
            instead = f"go on from {str(whole)!r} instead" if whole else "there is no other one that is whole"
            raise ValueError(f"checkpoint {str(path)!r} is damaged: {damage}; {instead}")
        _check_origin(path, recipe, global_batch_size)
        return path
    damages = []
    for path in reversed(list_checkpoints(output_dir)):
        if damage := find_damage(path):
            damages.append(f"{path.name}: {damage}")
            continue
        _check_origin(path, recipe, global_batch_size)
        if damages:
            _logger.warning("damaged, passed over: %s. Going on from %s", "; ".join(damages), path)
        return path
    if damages:
        raise ValueError(
            f"no checkpoint in {str(output_dir)!r} is whole ({'; '.join(damages)}): choose another folder to start "
            "afresh"
        )
    return None


def differences(before: Mapping[str, Any], recipe: Recipe) -> str:
    """In which fields that decide what is learned a recipe is another one than before; empty if in none."""
    found = []
    for field in dataclasses.fields(Recipe):
        now = getattr(recipe, field.name)
        was = before.get(field.name, _default(field))
        if field.name not in _FREE and was != now:
            found.append(f"{field.name} {now!r} instead of {was!r}")
    return ", ".join(found)


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


def _default(field: dataclasses.Field) -> Any:
    """The value that a recipe of before the field was there stood for."""
    return field.default_factory() if field.default_factory is not dataclasses.MISSING else field.default


def _read_yaml(path: Path) -> Mapping[str, Any]:
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    return values if isinstance(values, dict) else {}
