"""Checkpoints that are whole or absent, and the log that goes with them."""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from tqdm.auto import tqdm

from hf_causal.training.distributed import all_gather_objects, broadcast_from_main
from hf_causal.utils.files import write_json, write_text

MANIFEST = "manifest.json"
BEST = "best.safetensors"
"""The best weights so far, by the validation split; each checkpoint has its own name for them."""
DAMAGES = (OSError, RuntimeError, SafetensorError)
"""What writing to a full or broken disk raises: torch and safetensors do not raise an `OSError`."""
_STEP = re.compile(r"step-(\d+)")


@dataclass
class Progress:
    """Where a run stands; saved and loaded with each checkpoint."""

    step: int = 0
    best_score: float = -math.inf
    """The validation accuracy of the weights that are kept, or minus their loss."""
    best_step: int = 0
    seconds: float = 0.0
    """Spent in training steps, over all parts of an interrupted run."""

    def state_dict(self) -> dict[str, Any]:
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


def list_checkpoints(output_dir: Path) -> list[Path]:
    """The checkpoints of a run, oldest first; [`find_damage`] says whether one is still as it was written."""
    folder = output_dir / "checkpoints"
    found = [path for path in folder.iterdir() if _STEP.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=lambda path: int(path.name.removeprefix("step-")))


def is_checkpoint_name(name: str) -> bool:
    """Whether a folder is named as checkpoints are."""
    return _STEP.fullmatch(name) is not None


def save_checkpoint(accelerator: Any, output_dir: Path, step: int, limit: int, about: dict[str, Any]) -> None:
    """Saves the state of every process under a temporary name, renames it, and drops the oldest beyond the limit.

    Args:
        accelerator (`Accelerator`): Its state is saved.
        output_dir (`Path`): The model folder; on a disk that all machines share.
        step (`int`): The step that has been taken last.
        limit (`int`): How many checkpoints are kept.
        about (`dict`): What the manifest says beside the digest of each file.

    Raises:
        `OSError`: If it cannot be written. Nothing of it is left then, and earlier checkpoints are as they were.
    """
    final = output_dir / "checkpoints" / f"step-{step:07d}"
    partial = final.with_name(f".{final.name}.partial")
    if accelerator.is_main_process:
        for leftover in final.parent.glob(".step-*"):  # of a run that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        partial.mkdir(parents=True, exist_ok=True)
    accelerator.wait_for_everyone()
    error = _attempt(lambda: accelerator.save_state(str(partial)))
    errors = [problem for problem in all_gather_objects([_words(error)]) if problem]
    if accelerator.is_main_process and not errors:
        error = _attempt(lambda: _finish(partial, final, accelerator.num_processes, about))
        errors = [_words(error)] if error else []
    errors = broadcast_from_main(accelerator, lambda: errors)
    if errors:
        if accelerator.is_main_process:
            shutil.rmtree(partial, ignore_errors=True)
        accelerator.wait_for_everyone()
        kept = list_checkpoints(output_dir)
        raise OSError(
            f"the checkpoint of step {step} could not be written to {str(final.parent)!r}: {errors[0]}. Nothing of it "
            + (f"is left; the last one is {str(kept[-1])!r}. " if kept else "is left. ")
            + f"{free_space(final.parent)}; make room if it is full, and go on with --resume-from-checkpoint latest"
        ) from error
    if accelerator.is_main_process:
        for old in list_checkpoints(output_dir)[:-limit]:
            shutil.rmtree(old)
    accelerator.wait_for_everyone()


def find_damage(checkpoint: Path) -> str | None:
    """What is wrong with the files of a checkpoint, or None when all are as they were written.

    Args:
        checkpoint (`Path`): A folder `step-N`. Every byte of it is read.
    """
    try:
        files = read_manifest(checkpoint)["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"it has no readable {MANIFEST}"
    total = sum(entry["bytes"] for entry in files.values())
    with tqdm(total=total, desc=f"checking {checkpoint.name}", unit="B", unit_scale=True, delay=2) as bar:
        for name, entry in files.items():
            path = checkpoint / name
            if not path.is_file():
                return f"{name} is missing"
            if (size := path.stat().st_size) != entry["bytes"]:
                return f"{name} has {size:,} bytes instead of {entry['bytes']:,}"
            if _digest(path, bar.update) != entry["sha256"]:
                return f"{name} has another checksum than when it was written"
    return None


def read_manifest(checkpoint: Path) -> dict[str, Any]:
    """What a checkpoint says of itself."""
    return json.loads((checkpoint / MANIFEST).read_text(encoding="utf-8"))


def free_space(folder: Path) -> str:
    """How much room is left where a folder is, in words."""
    return f"{shutil.disk_usage(folder).free / 1e6:,.0f} MB are free there"


def link_or_copy(source: Path, target: Path) -> None:
    """Gives a file a second name, or a copy where the disk has no such links."""
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _attempt(action: Callable[[], Any]) -> Exception | None:
    """What went wrong with writing, or None."""
    try:
        action()
    except DAMAGES as error:
        return error
    return None


def _words(error: Exception | None) -> str | None:
    return (getattr(error, "strerror", None) or str(error)).splitlines()[0].rstrip(".") if error else None


def _finish(partial: Path, final: Path, num_processes: int, about: dict[str, Any]) -> None:
    states = [f"random_states_{rank}.pkl" for rank in range(num_processes)]
    if absent := [name for name in states if not (partial / name).is_file()]:
        raise OSError(f"{', '.join(absent)} of other machines did not arrive; they must share the disk of this folder")
    best = final.parent / BEST
    if best.is_file():
        link_or_copy(best, partial / BEST)
    files = {}
    for path in sorted(path for path in partial.rglob("*") if path.is_file()):
        name = path.relative_to(partial).as_posix()
        files[name] = {"bytes": path.stat().st_size, "sha256": _digest(path, sync=True)}
    write_json(partial / MANIFEST, {**about, "files": files})
    if final.exists():  # after resuming from an earlier one
        old = final.with_name(f".{final.name}.old")
        final.rename(old)
        partial.rename(final)
        shutil.rmtree(old)
    else:
        partial.rename(final)


def _digest(path: Path, progress: Callable[[int], Any] = lambda size: None, sync: bool = False) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        if sync:  # a name must not reach the disk before what it stands for
            os.fsync(stream.fileno())
        while block := stream.read(1 << 20):
            digest.update(block)
            progress(len(block))
    return digest.hexdigest()


class TrainingLog:
    """The run's log, one JSON object a line. Resuming drops the lines that will be written again."""

    def __init__(self, path: Path, resume_at: int):
        self.path = path
        kept = []
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                except json.JSONDecodeError:  # the last line of a run that was killed while writing it
                    continue
                if entry["step"] <= resume_at:
                    kept.append(line)
        write_text(path, "".join(f"{line}\n" for line in kept))

    def write(self, **entry: Any) -> None:
        """Appends one entry."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
