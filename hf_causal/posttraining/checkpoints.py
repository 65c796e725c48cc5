"""Checkpoints of the trainers: data only, with a checksum for each file."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from transformers import Trainer
from transformers.trainer import TRAINING_ARGS_NAME

from hf_causal.training.run_state import random_state_file, read_random_state, set_random_state
from hf_causal.utils import checksums
from hf_causal.utils.checksums import MANIFEST
from hf_causal.utils.files import write_json
from hf_causal.utils.state_files import list_pickles, read_state, write_state

CHECKPOINTS = "checkpoints"
STATE_FILE = "trainer_state.json"
OPTIMIZER_FILE = "optimizer.safetensors"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_logger = logging.getLogger(__name__)


class SafeCheckpoints(Trainer):
    """A `Trainer` whose checkpoints hold no pickle, and end with a manifest: a base class before TRL's trainers, too.

    Transformers would pickle the optimizer, the schedule, the random state and the arguments.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        if self.is_fsdp_enabled or self.is_deepspeed_enabled:
            raise ValueError(
                "fine-tuning runs on one GPU or on copies of the model, not with FSDP or DeepSpeed, whose checkpoints "
                "are pickles: use `accelerate launch --multi_gpu`"
            )

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        super()._save(output_dir, state_dict)
        Path(output_dir or self.args.output_dir, TRAINING_ARGS_NAME).unlink(missing_ok=True)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        super()._save_checkpoint(model, trial)
        self.accelerator.wait_for_everyone()  # each process writes its random state
        folder = Path(self.args.output_dir, f"checkpoint-{self.state.global_step}")
        if self.args.should_save and folder.is_dir():
            write_json(folder / MANIFEST, {"files": checksums.describe_files(folder)})

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        if self.args.should_save:
            scaler = self.accelerator.scaler
            state = {
                "optimizer": self.optimizer.state_dict(),
                "schedule": self.lr_scheduler.state_dict(),
                "scaler": scaler.state_dict() if scaler is not None else None,
            }
            write_state(Path(output_dir, OPTIMIZER_FILE), state)

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is None:
            return
        try:
            state = read_state(Path(checkpoint, OPTIMIZER_FILE))
            self.optimizer.load_state_dict(state["optimizer"])
            self.lr_scheduler.load_state_dict(state["schedule"])
            if self.accelerator.scaler is not None and state["scaler"]:
                self.accelerator.scaler.load_state_dict(state["scaler"])
        except (LookupError, TypeError, AttributeError) as error:
            raise ValueError(f"{checkpoint!r} does not hold the state of this run: {error}") from error

    def _save_scaler(self, output_dir: str) -> None:
        """Does nothing: the scale of half-precision gradients is saved with the optimizer."""

    def _load_scaler(self, checkpoint: str | None) -> None:
        """Does nothing, see [`SafeCheckpoints._save_scaler`]."""

    def _save_rng_state(self, output_dir: str) -> None:
        folder = Path(output_dir)
        folder.mkdir(parents=True, exist_ok=True)  # another process may be here before the main one
        write_state(folder / random_state_file(self.args.process_index), read_random_state())

    def _load_rng_state(self, checkpoint: str | None) -> None:
        path = Path(checkpoint or "", random_state_file(self.args.process_index))
        if checkpoint is not None and path.is_file():  # absent if fewer processes saved it
            set_random_state(read_state(path))

    def _load_best_model(self) -> None:
        # By its name: the path in the state is that of the folder where training began.
        best = Path(self.args.output_dir, Path(str(self.state.best_model_checkpoint)).name)
        if damage := find_damage(best):
            raise ValueError(f"the checkpoint with the best weights, {str(best)!r}, is damaged: {damage}")
        self.state.best_model_checkpoint = str(best)
        super()._load_best_model()


def find_damage(checkpoint: Path) -> str | None:
    """Returns the damage to the files of a checkpoint, or `None` if all of them are as they were written."""
    return checksums.find_damage(checkpoint, checksums.read_manifest)


def list_checkpoints(output_dir: Path) -> list[Path]:
    """Returns the checkpoints of a run, oldest first; the unfinished one of a killed process is not among them."""
    folders = [path.parent for path in (output_dir / CHECKPOINTS).glob(f"checkpoint-*/{STATE_FILE}")]
    checkpoints = [folder for folder in folders if _CHECKPOINT.fullmatch(folder.name) and _is_complete(folder)]
    return sorted(checkpoints, key=lambda path: int(path.name.rpartition("-")[2]))


def choose_checkpoint(output_dir: Path, resume_from: str) -> Path | None:
    """Returns the undamaged checkpoint to resume from; `None` for `latest` if there is none yet.

    Raises:
        `FileNotFoundError`: If `resume_from` is neither `latest` nor a checkpoint.
        `ValueError`: If the checkpoint is damaged; with `latest`, if all of them are.
    """
    if resume_from != "latest":
        path = Path(resume_from)
        if not _CHECKPOINT.fullmatch(path.name) or not (path / STATE_FILE).is_file():
            raise FileNotFoundError(
                f"`resume_from_checkpoint` must be 'latest' or a folder checkpoint-N, got {resume_from!r}"
            )
        if damage := find_damage(path):
            raise ValueError(f"checkpoint {resume_from!r} is damaged: {damage}")
        return path
    damages: list[str] = []
    for path in reversed(list_checkpoints(output_dir)):
        if not (damage := find_damage(path)):
            if damages:
                _logger.warning("skipped damaged checkpoints: %s. Resuming from %s", "; ".join(damages), path)
            return path
        damages.append(f"{path.name}: {damage}")
    if damages:
        raise ValueError(
            f"all checkpoints in {str(output_dir)!r} are damaged ({'; '.join(damages)}): choose another folder to "
            "start from the beginning"
        )
    return None


def _is_complete(checkpoint: Path) -> bool:
    """Returns whether a checkpoint was written to its end, or by an earlier version, without a manifest."""
    return (checkpoint / MANIFEST).is_file() or bool(list_pickles(checkpoint))
