"""What a run consists of, ready to take steps: data, model, optimizers, and where it stands."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import DistributedType, set_seed
from safetensors.torch import load_model

from hf_causal.models import make_model, make_tokenizer
from hf_causal.training.checkpoints import BEST, Progress, link_or_copy, read_manifest, save_checkpoint
from hf_causal.training.compiled import make_forward
from hf_causal.training.data_sources import TrainingData, recipe_tasks
from hf_causal.training.dataloader import StatefulLoader
from hf_causal.training.distributed import restore_rank_seed, seed_ranks
from hf_causal.training.objectives import make_objective
from hf_causal.training.optimizers import make_optimizers, make_schedulers
from hf_causal.training.recipe import Recipe


class RunSetup:
    """Everything that one process of a run needs, as a recipe says it.

    Args:
        recipe ([`Recipe`]): What to train.
        output_dir (`Path`): The model folder.
        data_dir (`str` or `Path`, *optional*): See [`load_corpus`].
        report_to (`str`): `none` or a tracker that Accelerate knows.
    """

    def __init__(self, recipe: Recipe, output_dir: Path, data_dir: str | Path | None, report_to: str):
        self.recipe, self.output_dir = recipe, output_dir
        # A process may train several recipes in turn; Accelerate would hold on to the precision of the first one.
        AcceleratorState._reset_state()
        GradientState._reset_state()
        self.accelerator = Accelerator(
            mixed_precision=recipe.mixed_precision,
            gradient_accumulation_steps=recipe.gradient_accumulation_steps,
            log_with=None if report_to == "none" else report_to,
        )
        self.sharded = self.accelerator.distributed_type == DistributedType.FSDP
        if self.sharded and recipe.optimizer == "muon":
            raise ValueError("recipe field 'optimizer' must not be 'muon' with FSDP: it needs whole matrices")
        set_seed(recipe.seed)
        self.tokenizer = make_tokenizer(recipe.model_type, recipe_tasks(recipe))
        self.objective = make_objective(recipe, self.tokenizer)
        model = make_model(recipe.model_type, recipe.model, self.tokenizer, recipe.attn_implementation)
        if recipe.initial_model:
            _load_initial(model, Path(recipe.initial_model))
        if recipe.gradient_checkpointing:
            model.gradient_checkpointing_enable()
        # Rows without text need no padding.
        self.pad_token_id = 0 if self.tokenizer is None else self.tokenizer.pad_token_id
        self._load_data(data_dir)
        optimizers = make_optimizers(model, recipe)
        self.total_steps = recipe.max_steps or math.ceil(recipe.num_train_epochs * self.feed.per_epoch)
        self.schedulers = make_schedulers(optimizers, recipe, self.total_steps)
        self.model, *self.optimizers = self.accelerator.prepare(model, *optimizers)
        self.forward = make_forward(self.model, recipe, self.accelerator)
        self.progress = Progress()
        self.accelerator.register_for_checkpointing(self.progress, self.feed, *self.schedulers)
        seed_ranks(self.accelerator, recipe.seed)
        if report_to != "none":
            names = {report_to: {"name": recipe.name}}
            self.accelerator.init_trackers("hf_causal", config=_flat(recipe), init_kwargs=names)

    @property
    def measure(self) -> str:
        """What is told of the validation split."""
        return "accuracy" if self.objective.selection_metric == "accuracy" else "loss"

    def _load_data(self, data_dir: str | Path | None) -> None:
        recipe, accelerator = self.recipe, self.accelerator
        # The main process builds or downloads; the others then find everything in the cache.
        with accelerator.main_process_first():
            self.data = TrainingData(recipe, self.objective, data_dir)
        self.feed = StatefulLoader(
            self.data.packs_of,
            self.pad_token_id,
            recipe.per_device_train_batch_size,
            recipe.seed,
            accelerator.process_index,
            accelerator.num_processes,
            recipe.gradient_accumulation_steps,
        )

    def restore(self, checkpoint: Path) -> None:
        """Goes on from a checkpoint.

        Raises:
            `ValueError`: If it was saved with FSDP and this run is without it, or the other way round.
        """
        accelerator = self.accelerator
        if (sharded := read_manifest(checkpoint)["sharded"]) != self.sharded:
            raise ValueError(
                f"checkpoint {str(checkpoint)!r} was saved {'with' if sharded else 'without'} FSDP, and this run is "
                f"{'with' if self.sharded else 'without'} it: choose the `accelerate_config` that it was saved with"
            )
        accelerator.load_state(str(checkpoint))
        restore_rank_seed(accelerator, checkpoint, self.recipe.seed, self.progress.step)
        if accelerator.is_main_process and (checkpoint / BEST).is_file():
            # Those of the checkpoint: others may have been kept after it.
            folder = self.output_dir / "checkpoints"
            folder.mkdir(parents=True, exist_ok=True)
            link_or_copy(checkpoint / BEST, folder / BEST)
        accelerator.wait_for_everyone()

    def save(self) -> None:
        """Saves a checkpoint of where it stands."""
        about = {
            "step": self.progress.step,
            "num_processes": self.accelerator.num_processes,
            "sharded": self.sharded,
            "global_batch_size": self.feed.global_batch_size,
            "recipe": dataclasses.asdict(self.recipe),
        }
        save_checkpoint(self.accelerator, self.output_dir, self.progress.step, self.recipe.save_total_limit, about)


def _load_initial(model: torch.nn.Module, folder: Path) -> None:
    weights = folder / "model.safetensors"
    if not weights.is_file():
        raise FileNotFoundError(f"`initial_model` {str(folder)!r} has no model.safetensors")
    try:
        load_model(model, str(weights))
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"`initial_model` {str(folder)!r} does not fit the recipe's model: {reason}") from error


def _flat(recipe: Recipe) -> dict[str, Any]:
    values = dict(vars(recipe))
    return values | {f"model.{name}": value for name, value in values.pop("model").items()}
