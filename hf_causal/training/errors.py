"""What goes wrong in long runs, said in one line: what happened, what is left, and what to type."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hf_causal.training.checkpoints import Progress, free_space, list_checkpoints
from hf_causal.training.distributed import has_lost_another
from hf_causal.training.metrics import NotFinite, is_out_of_memory, memory_advice
from hf_causal.training.recipe import Recipe

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def with_clear_errors(accelerator: Any, recipe: Recipe, output_dir: Path, progress: Progress) -> Iterator[None]:
    """Gives errors of a run a message that says how to go on.

    Raises:
        `FloatingPointError`, `MemoryError`, `ConnectionError` or `OSError`: See [`train`].
    """
    try:
        yield
    except NotFinite as error:
        raise FloatingPointError(
            f"{error}. No checkpoint holds such weights{_last(output_dir)}. Resuming takes the same steps again: "
            "lower the learning rate, or --max-grad-norm, in another folder"
        ) from error
    except Exception as error:
        if is_out_of_memory(error):
            raise MemoryError(memory_advice(recipe, progress.step, str(accelerator.device))) from error
        if accelerator.num_processes > 1 and has_lost_another(error):
            words = str(error).splitlines()[0]
            raise ConnectionError(
                f"another process of this run has ended or cannot be reached ({words}). Checkpoints are as they were"
                f"{_last(output_dir)}; go on with --resume-from-checkpoint latest"
            ) from error
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise OSError(
                f"{error.strerror} while writing to {str(output_dir)!r}{_last(output_dir)}. {free_space(output_dir)}; "
                "make room, and go on with --resume-from-checkpoint latest"
            ) from error
        raise


def _last(output_dir: Path) -> str:
    kept = list_checkpoints(output_dir)
    return f"; the last one is {str(kept[-1])!r}" if kept else "; there is none yet"
