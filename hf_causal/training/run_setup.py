"""The parts of a run in one process: data, model, optimizers and schedules, made from a recipe."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedType, set_seed
from safetensors import SafetensorError
from safetensors.torch import load_model
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from hf_causal.corpora import task_name
from hf_causal.models import make_model, make_tokenizer
from hf_causal.training.apart import freeze_other_tasks
from hf_causal.training.checkpoints import Checkpoints, Progress
from hf_causal.training.compiled import compile_blocks
from hf_causal.training.data_sources import TrainingData, recipe_tasks
from hf_causal.training.dataloader import StatefulLoader
from hf_causal.training.distributed import seed_ranks
from hf_causal.training.objectives import Objective, make_objective
from hf_causal.training.optimizers import make_optimizers, make_schedulers
from hf_causal.training.recipe import Recipe
from hf_causal.training.run_state import RunState
from hf_causal.training.validation import Validation


@dataclass(frozen=True)
class RunSetup:
    """The parts of a run in one process."""

    recipe: Recipe
    output_dir: Path
    accelerator: Accelerator
    tokenizer: Any
    objective: Objective
    loader: StatefulLoader
    model: nn.Module
    optimizers: list[Optimizer]
    schedulers: list[LRScheduler]
    total_steps: int
    progress: Progress
    checkpoints: Checkpoints
    validation: Validation
    family: dict[str, Any]
    """Description of the training rows on the card."""


def set_up(recipe: Recipe, output_dir: Path, data_dir: str | Path | None, report_to: str) -> RunSetup:
    """Makes the parts of a run.

    Args:
        recipe ([`Recipe`]): The recipe to train.
        output_dir (`Path`): The model folder.
        data_dir (`str` or `Path`, *optional*): See [`load_corpus`].
        report_to (`str`): `none` or a tracker that Accelerate knows.

    Raises:
        `ValueError`: If the recipe does not fit the data, the model or the processes.
    """
    accelerator = _make_accelerator(recipe, report_to)
    sharded = accelerator.distributed_type == DistributedType.FSDP
    if sharded and recipe.optimizer == "muon":
        raise ValueError("recipe field 'optimizer' must not be 'muon' with FSDP: it needs complete matrices")
    set_seed(recipe.seed)
    tokenizer = make_tokenizer(recipe.model_type, recipe_tasks(recipe))
    objective = make_objective(recipe, tokenizer)
    model = _make_model(recipe, tokenizer)
    pad_token_id = 0 if tokenizer is None else tokenizer.pad_token_id  # rows without text need no padding
    # The main process builds or downloads the data; the others then find it in the cache.
    with accelerator.main_process_first():
        data = TrainingData(recipe, objective, data_dir)
    loader = StatefulLoader(
        data.training,
        pad_token_id,
        recipe.per_device_train_batch_size,
        recipe.seed,
        accelerator.process_index,
        accelerator.num_processes,
        recipe.gradient_accumulation_steps,
    )
    optimizers = make_optimizers(model, recipe)
    total_steps = recipe.max_steps or math.ceil(recipe.num_train_epochs * loader.per_epoch)
    schedulers = make_schedulers(optimizers, recipe, total_steps)
    model, *optimizers = accelerator.prepare(model, *optimizers)
    if recipe.compile_mode is not None:
        compile_blocks(accelerator.unwrap_model(model), mode=recipe.compile_mode)
    progress = Progress()
    state = RunState(accelerator, model, optimizers, [progress, loader, *schedulers], recipe.seed, sharded)
    seed_ranks(accelerator, recipe.seed)
    if report_to != "none":
        arguments = {report_to: {"name": recipe.name}}
        accelerator.init_trackers("hf_causal", config=_flat_fields(recipe), init_kwargs=arguments)
    manifest = {"global_batch_size": loader.global_batch_size, "recipe": dataclasses.asdict(recipe)}
    return RunSetup(
        recipe,
        output_dir,
        accelerator,
        tokenizer,
        objective,
        loader,
        model,
        optimizers,
        schedulers,
        total_steps,
        progress,
        Checkpoints(state, output_dir, recipe.save_total_limit, manifest),
        Validation(accelerator, objective, data.validation, pad_token_id, recipe.per_device_eval_batch_size),
        data.family,
    )


def _make_accelerator(recipe: Recipe, report_to: str) -> Accelerator:
    # A process may train several recipes in turn, and Accelerate refuses another precision than that of the first one.
    # There is no public way to reset it; `test_recipes_of_two_precisions_in_one_process` notices when this one goes.
    AcceleratorState._reset_state()
    return Accelerator(
        mixed_precision=recipe.mixed_precision,
        gradient_accumulation_steps=recipe.gradient_accumulation_steps,
        log_with=None if report_to == "none" else report_to,
    )


def _make_model(recipe: Recipe, tokenizer: Any) -> nn.Module:
    model = make_model(recipe.model_type, recipe.model, tokenizer, recipe.attn_implementation)
    if recipe.initial_model:
        _load_initial_weights(model, Path(recipe.initial_model))
    freeze_other_tasks(model, [task_name(*source) for source in recipe.sources])
    if recipe.gradient_checkpointing:
        model.gradient_checkpointing_enable()
    return model


def _load_initial_weights(model: torch.nn.Module, folder: Path) -> None:
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise FileNotFoundError(f"`initial_model` {str(folder)!r} has no model.safetensors")
    try:
        load_model(model, str(weights))
    except (RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"`initial_model` {str(folder)!r} does not fit the recipe's model: {reason}") from error


def _flat_fields(recipe: Recipe) -> dict[str, Any]:
    """Returns the fields of a recipe for trackers; keys of mappings become `model.hidden_size`."""
    fields = dataclasses.asdict(recipe)
    for name in ("model", "objective"):
        fields |= {f"{name}.{key}": value for key, value in fields.pop(name).items()}
    return fields
