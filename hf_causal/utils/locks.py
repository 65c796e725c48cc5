"""Locks between processes, which the system releases when their process dies, however it dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout


class InUse(ValueError):
    """Raised when another process writes what this one was to write."""


@contextmanager
def lock(path: str | Path, message: str | None = None, waiting: Callable[[], Any] = lambda: None) -> Iterator[None]:
    """Holds a lock file while the context lasts; of all processes and threads, one holds it at a time.

    The file is created with its folder, and may remain; only the lock on it counts, and that ends with its process.

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
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not a singleton: two holders in one process exclude each other, too.
    file_lock = FileLock(path, thread_local=False)
    try:
        file_lock.acquire(timeout=0)
    except Timeout:
        if message is not None:
            raise InUse(message) from None
        waiting()
        file_lock.acquire()
    try:
        yield
    finally:
        file_lock.release()
