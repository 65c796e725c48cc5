"""The end of one of several processes that a launcher started: its errors and its exit status."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

LAUNCHED = "HF_CAUSAL_LAUNCHED"
"""Environment variable of workers whose launcher reports their errors, once for all of them."""
INTERRUPTED = 130
MISTAKES = (ValueError, FileNotFoundError, NotADirectoryError, PermissionError)
"""Errors that the user can correct: exit status 2."""


def is_worker() -> bool:
    """Returns whether a launcher has started this process."""
    return "RANK" in os.environ


def is_main_worker() -> bool:
    """Returns whether this is the first process of a run, or the only one."""
    return os.environ.get("RANK", "0") == "0"


@contextmanager
def worker() -> Iterator[None]:
    """Reports errors once for all processes of a run, and closes their connections at the end.

    Does nothing in a process without a launcher.

    Raises:
        `SystemExit`: After an error, with status 2 for a user's mistake and 1 otherwise.
    """
    if not is_worker():
        yield
        return
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(INTERRUPTED) from None
    except (ArithmeticError, MemoryError, OSError, ValueError) as error:
        status = 2 if isinstance(error, MISTAKES) else 1
        _report(error, status)
        raise SystemExit(status) from error
    except SystemExit:  # after a signal, with everything saved
        _disconnect()
        raise
    _disconnect()


def _report(error: Exception, status: int) -> None:
    """Reports an error: a mistake, which all processes notice, from the first one; others from where they occurred."""
    is_connection = isinstance(error, ConnectionError)
    if os.environ.get(LAUNCHED):
        from torch.distributed.elastic.multiprocessing.errors import get_error_handler

        get_error_handler().record_exception(error)
    elif os.environ.get("LOCAL_RANK", "0") == "0" or (status == 1 and not is_connection):
        sys.stderr.write(f"error: {' '.join(str(error).split())}\n")
    if is_connection:
        time.sleep(1)  # so that the launcher notices the process that ended first


def _disconnect() -> None:
    """Closes the connections that `train` leaves open for a next recipe."""
    import torch.distributed as dist

    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
