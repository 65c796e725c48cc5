"""Checkpoints with a checksum for each file, which are complete or absent."""

from __future__ import annotations

import math
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from hf_causal.training.distributed import all_gather_objects, broadcast_from_main
from hf_causal.training.run_state import RunState, random_state_file
from hf_causal.utils import checksums
from hf_causal.utils.checksums import MANIFEST
from hf_causal.utils.files import write_json

BEST = "best.safetensors"
"""The best weights so far, by the validation split; each checkpoint has a link to them, or a copy."""
WRITE_ERRORS = (OSError, RuntimeError, SafetensorError)
"""Errors of writing to a full or broken disk; torch and safetensors do not raise an `OSError`."""
RESUME = "resume with --resume-from-checkpoint latest"
_STEP = re.compile(r"step-(\d+)")


@dataclass
class Progress:
    """Progress of a run, which each checkpoint saves and restores."""

    step: int = 0
    best_score: float = -math.inf
    """Validation accuracy of the best weights, or minus their loss."""
    best_step: int = 0
    seconds: float = 0.0
    """Time spent in training steps, over all parts of an interrupted run."""

    def state_dict(self) -> dict[str, Any]:
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


@dataclass(frozen=True)
class Checkpoints:
    """Saves and restores the state of a run.

    Args:
        state ([`RunState`]): Everything that is saved.
        output_dir (`Path`): The model folder; on a disk that all machines share.
        limit (`int`): Number of checkpoints to keep.
        manifest (`dict`): Further entries of the manifest.
    """

    state: RunState
    output_dir: Path
    limit: int
    manifest: dict[str, Any]

    def save(self, progress: Progress) -> None:
        """Saves a checkpoint of this step, see [`save_checkpoint`]."""
        processes = self.state.accelerator.num_processes
        entries = {"step": progress.step, "num_processes": processes, "sharded": self.state.sharded}
        save_checkpoint(self.state, self.output_dir, progress.step, self.limit, {**entries, **self.manifest})

    def restore(self, checkpoint: Path) -> None:
        """Restores a checkpoint, which [`find_damage`] has checked.

        Raises:
            `ValueError`: If it was saved with FSDP and this run is without it, or the other way round.
        """
        accelerator, manifest = self.state.accelerator, read_manifest(checkpoint)
        if (sharded := manifest["sharded"]) != self.state.sharded:
            raise ValueError(
                f"checkpoint {str(checkpoint)!r} was saved {'with' if sharded else 'without'} FSDP, and this run is "
                f"{'with' if self.state.sharded else 'without'} it: use the `accelerate_config` that it was saved with"
            )
        self.state.restore(checkpoint, manifest["step"])
        if accelerator.is_main_process and (checkpoint / BEST).is_file():
            # The best weights at that step; the run may have saved better ones later.
            folder = self.output_dir / "checkpoints"
            folder.mkdir(parents=True, exist_ok=True)
            link_or_copy(checkpoint / BEST, folder / BEST)
        accelerator.wait_for_everyone()


def list_checkpoints(output_dir: Path) -> list[Path]:
    """Returns the checkpoints of a run, oldest first; [`find_damage`] checks one of them."""
    folder = output_dir / "checkpoints"
    checkpoints = [path for path in folder.iterdir() if _STEP.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(checkpoints, key=lambda path: int(path.name.removeprefix("step-")))


def is_checkpoint_name(name: str) -> bool:
    """Returns whether a folder is named like a checkpoint."""
    return _STEP.fullmatch(name) is not None


def save_checkpoint(state: RunState, output_dir: Path, step: int, limit: int, entries: dict[str, Any]) -> None:
    """Saves the state of every process under a temporary name, renames it, and deletes the oldest beyond the limit.

    Args:
        state ([`RunState`]): The state to save.
        output_dir (`Path`): The model folder; on a disk that all machines share.
        step (`int`): The last step of the state.
        limit (`int`): Number of checkpoints to keep.
        entries (`dict`): Entries of the manifest, which lists the digest of each file in addition.

    Raises:
        `OSError`: If it cannot be written. Then nothing of it is left, and earlier checkpoints are intact.
    """
    accelerator = state.accelerator
    final = output_dir / "checkpoints" / f"step-{step:07d}"
    partial = final.with_name(f".{final.name}.partial")
    if accelerator.is_main_process:
        for leftover in final.parent.glob(".step-*"):  # of a run that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        partial.mkdir(parents=True, exist_ok=True)
    accelerator.wait_for_everyone()
    error = _write_error(lambda: state.save(partial))
    reasons = [reason for reason in all_gather_objects([_reason(error)]) if reason]
    if accelerator.is_main_process and not reasons:
        error = _write_error(lambda: _complete(partial, final, accelerator.num_processes, entries))
        reasons = [_reason(error)] if error else []
    reasons = broadcast_from_main(accelerator, lambda: reasons)
    if reasons:
        if accelerator.is_main_process:
            shutil.rmtree(partial, ignore_errors=True)
        accelerator.wait_for_everyone()
        checkpoints = list_checkpoints(output_dir)
        raise OSError(
            f"the checkpoint of step {step} could not be written to {str(final.parent)!r}: {reasons[0]}. Nothing of "
            + (f"it is left; the last one is {str(checkpoints[-1])!r}. " if checkpoints else "it is left. ")
            + f"{free_space(final.parent)}; free some space if the disk is full, and {RESUME}"
        ) from error
    if accelerator.is_main_process:
        for old in list_checkpoints(output_dir)[:-limit]:
            shutil.rmtree(old)
    accelerator.wait_for_everyone()


def find_damage(checkpoint: Path) -> str | None:
    """Returns the damage to the files of a checkpoint `step-N`, or `None` if all of them are as they were written."""
    return checksums.find_damage(checkpoint, read_manifest)


def read_manifest(checkpoint: Path) -> dict[str, Any]:
    """Reads the manifest of a checkpoint.

    Raises:
        `ValueError`: If it is not the manifest of a checkpoint.
        `OSError`: If it cannot be read.
    """
    manifest = checksums.read_manifest(checkpoint)
    types = {"step": int, "sharded": bool, "global_batch_size": int, "recipe": dict}
    if not all(isinstance(manifest.get(key), types[key]) for key in types):
        raise ValueError(f"{str(checkpoint / MANIFEST)!r} must have {', '.join(types)}")
    return manifest


def free_space(folder: Path) -> str:
    """Returns how many megabytes are free on the disk of a folder, as a part of a sentence."""
    return f"{shutil.disk_usage(folder).free / 1e6:,.0f} MB are free there"


def link_or_copy(source: Path, target: Path) -> None:
    """Gives a file a second name, or copies it where the disk has no hard links."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write_error(write: Callable[[], Any]) -> Exception | None:
    """Writes something, and returns the error if there is one."""
    try:
        write()
    except WRITE_ERRORS as error:
        return error
    return None


def _reason(error: Exception | None) -> str | None:
    return (getattr(error, "strerror", None) or str(error)).splitlines()[0].rstrip(".") if error else None


def _complete(partial: Path, final: Path, num_processes: int, entries: dict[str, Any]) -> None:
    """Adds the best weights and the manifest to a checkpoint, and gives it its final name."""
    states = [random_state_file(rank) for rank in range(num_processes)]
    if missing := [name for name in states if not (partial / name).is_file()]:
        raise OSError(f"{', '.join(missing)} of other machines are missing; all must share the disk of this folder")
    best = final.parent / BEST
    if best.is_file():
        link_or_copy(best, partial / BEST)
    write_json(partial / MANIFEST, {**entries, "files": checksums.describe_files(partial)})
    if final.exists():  # after resuming from an earlier one
        old = final.with_name(f".{final.name}.old")
        final.rename(old)
        partial.rename(final)
        shutil.rmtree(old)
    else:
        partial.rename(final)
