"""Locks between processes, which the system releases when their process dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_PATIENCE = 0.2
"""Seconds between two attempts to lock a file that somebody else holds."""


class InUse(ValueError):
    """Raised when another process writes what this one was to write."""


@contextmanager
def lock(path: str | Path, message: str | None = None, waiting: Callable[[], Any] = lambda: None) -> Iterator[None]:
    """Holds a lock file while the context lasts; of all processes and threads, one holds it at a time.

    The file is created with its folder and removed at the end. A killed process leaves it behind, without a lock.

    Args:
        path (`str` or `Path`): The lock file. Its name should start with a dot, so that it is never published.
        message (`str`, *optional*): Raise [`InUse`] with this message when somebody else holds the lock; without a
            message, wait until the lock is free.
        waiting (callable, *optional*): Called once before a wait begins.

    Raises:
        [`InUse`]: If somebody else holds the lock and there is a message.

    Example:

    ```python
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, lock(f"{folder}/.lock"):
    ...     with lock(f"{folder}/.lock", "another process writes there"):
    ...         pass
    Traceback (most recent call last):
    hf_causal.utils.locks.InUse: another process writes there

    ```
    """
    path = Path(path)
    file = _try_lock(path)
    if file is None:
        if message is not None:
            raise InUse(message)
        waiting()
        while file is None:
            time.sleep(_PATIENCE)
            file = _try_lock(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # while it is locked: a process that opened it before notices, see `_try_lock`
        os.close(file)


def _try_lock(path: Path) -> int | None:
    """Locks a file and returns its descriptor, or `None` if somebody else holds the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_file(path, file):
                return file
        except BlockingIOError:
            os.close(file)
            return None
        except BaseException:
            os.close(file)
            raise
        os.close(file)  # its holder has removed it since: another process may lock a new file of that name


def _is_file(path: Path, file: int) -> bool:
    try:
        return os.path.samestat(os.stat(path), os.fstat(file))
    except FileNotFoundError:
        return False
