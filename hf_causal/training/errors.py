"""Errors of long runs in one line: what happened, which checkpoint is left, and which options help."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from hf_causal.training.checkpoints import RESUME, Progress, free_space, list_checkpoints
from hf_causal.training.distributed import is_lost_process
from hf_causal.training.metrics import NotFinite
from hf_causal.training.recipe import Recipe

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def with_clear_errors(accelerator: Any, recipe: Recipe, output_dir: Path, progress: Progress) -> Iterator[None]:
    """Replaces errors of a run by errors that name the last checkpoint and the options that help.

    Raises:
        `FloatingPointError`, `MemoryError`, `ConnectionError` or `OSError`: See [`train`].
    """
    try:
        yield
    except NotFinite as error:
        raise FloatingPointError(
            f"{error}. No checkpoint holds such weights{_last_checkpoint(output_dir)}. Resuming takes the same steps "
            "again: start in another folder with a lower learning rate, or a lower --max-grad-norm"
        ) from error
    except Exception as error:
        if _is_out_of_memory(error):
            raise MemoryError(memory_advice(recipe, progress.step, str(accelerator.device))) from error
        if accelerator.num_processes > 1 and is_lost_process(error):
            raise ConnectionError(
                f"another process of this run has ended or cannot be reached ({str(error).splitlines()[0]}). All "
                f"checkpoints are intact{_last_checkpoint(output_dir)}; {RESUME}"
            ) from error
        if isinstance(error, OSError) and error.errno in _DISK_FULL:
            raise OSError(
                f"{error.strerror} while writing to {str(output_dir)!r}{_last_checkpoint(output_dir)}. "
                f"{free_space(output_dir)}; free some space and {RESUME}"
            ) from error
        raise


def memory_advice(recipe: Recipe, step: int, device: str) -> str:
    """Returns the message for too little memory: options for the same training with less memory."""
    size, accumulation = recipe.per_device_train_batch_size, recipe.gradient_accumulation_steps
    options = []
    if size % 2 == 0:
        # Every step still reads the same premises; see `StatefulLoader`.
        options.append(f"--per-device-train-batch-size {size // 2} --gradient-accumulation-steps {2 * accumulation}")
    if not recipe.gradient_checkpointing:
        options.append("--gradient-checkpointing true")
    if recipe.per_device_eval_batch_size > 1:
        options.append(f"--per-device-eval-batch-size {max(1, recipe.per_device_eval_batch_size // 4)} for validation")
    return (
        f"step {step + 1} needs more memory than {device} has. The same training in less memory: "
        f"{', or '.join(options) or 'a smaller model'}. {RESUME.capitalize()} and these options"
    )


def _is_out_of_memory(error: BaseException) -> bool:
    """Returns whether an error means too little memory, on an accelerator or on the CPU."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


def _last_checkpoint(output_dir: Path) -> str:
    checkpoints = list_checkpoints(output_dir)
    return f"; the last one is {str(checkpoints[-1])!r}" if checkpoints else "; there is none yet"
