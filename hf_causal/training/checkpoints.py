"""Checkpoints that are whole or absent, and the log that goes with them."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_STEP = re.compile(r"step-(\d+)")


@dataclass
class Progress:
    """Where a run stands; saved and loaded with each checkpoint."""

    step: int = 0
    best_accuracy: float = -1.0
    best_step: int = 0
    seconds: float = 0.0
    """Spent in training steps, over all parts of an interrupted run."""

    def state_dict(self) -> dict[str, Any]:
        return asdict(self)

    def load_state_dict(self, state: dict[str, Any]) -> None:
        vars(self).update(state)


def list_checkpoints(output_dir: Path) -> list[Path]:
    """The complete checkpoints of a run, oldest first."""
    folder = output_dir / "checkpoints"
    found = [path for path in folder.iterdir() if _STEP.fullmatch(path.name)] if folder.is_dir() else []
    return sorted(found, key=lambda path: int(path.name.removeprefix("step-")))


def find_checkpoint(output_dir: Path, resume_from: str) -> Path | None:
    """The checkpoint to resume from: `latest` (None when there is none yet), or a path.

    Raises:
        `FileNotFoundError`: If the path is not a checkpoint.
    """
    if resume_from == "latest":
        return next(reversed(list_checkpoints(output_dir)), None)
    path = Path(resume_from)
    if not path.is_dir() or not _STEP.fullmatch(path.name):
        raise FileNotFoundError(f"`resume_from_checkpoint` must be 'latest' or a folder step-N, got {resume_from!r}")
    return path


def save_checkpoint(accelerator: Any, output_dir: Path, step: int, limit: int) -> None:
    """Saves the state of every process under a temporary name, renames it, and drops the oldest beyond the limit."""
    final = output_dir / "checkpoints" / f"step-{step:07d}"
    partial = final.with_name(f".{final.name}.partial")
    if accelerator.is_main_process:
        shutil.rmtree(partial, ignore_errors=True)
        partial.parent.mkdir(parents=True, exist_ok=True)
    accelerator.wait_for_everyone()
    accelerator.save_state(str(partial))
    accelerator.wait_for_everyone()
    if accelerator.is_main_process:
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        for old in list_checkpoints(output_dir)[:-limit]:
            shutil.rmtree(old)
    accelerator.wait_for_everyone()


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
        path.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")

    def write(self, **entry: Any) -> None:
        """Appends one entry."""
        with self.path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(entry) + "\n")
