"""The end of one of several processes that a launcher started: its errors and its exit status."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LAUNCHED = "HF_CAUSAL_LAUNCHED"
"""Environment variable of workers whose launcher reports their errors, once for all of them: its process id."""
INTERRUPTED = 130
MISTAKES = (ValueError, FileNotFoundError, NotADirectoryError, PermissionError)
"""Errors that the user can correct: exit status 2."""


_PATIENCE = 0.5
"""Seconds between two looks for the launcher."""


class LauncherWatch:
    """Notices that the launcher of this process has ended: workers survive it, and nobody would see them run on.

    Until training begins, and after it has ended, the process then ends at once; in between `StopRequests` asks
    [`LauncherWatch.is_gone`], so that a step is finished and saved.
    """

    def __init__(self) -> None:
        launcher = os.environ.get(LAUNCHED, "")
        # The id from the launcher itself: it may have ended before this process looks for its parent.
        self._launcher = int(launcher) if launcher.isdecimal() else os.getppid()
        self.pauses = 0
        """Number of trainings that look themselves."""

    def is_gone(self) -> bool:
        """Returns whether the launcher has ended."""
        return os.getppid() != self._launcher

    def start(self) -> None:
        """Ends this process, from a thread, when the launcher ends."""
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while self.pauses or not self.is_gone():
            time.sleep(_PATIENCE)
        os._exit(1)  # from a thread, `sys.exit` would end the thread alone


_watch: LauncherWatch | None = None


def launcher_watch() -> LauncherWatch:
    """Returns the watch of this process, which starts at the first call."""
    global _watch
    if _watch is None:
        _watch = LauncherWatch()
        _watch.start()
    return _watch


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
    launcher_watch()
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
