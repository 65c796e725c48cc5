"""Keeps two trainings from writing to one folder at a time."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from hf_causal.utils.locks import InUse, lock

LOCK_FILE = ".training.lock"


class RunLock:
    """A lock on the folder of a run, which the main process holds, and which ends with that process.

    A folder that does not exist is created by [`RunLock.acquire`] and not before, so that a run with wrong arguments
    leaves nothing behind. Checkpoints that another run saved between the two calls are noticed.

    Args:
        output_dir (`Path`): The model folder; on a disk that all machines share.
    """

    def __init__(self, output_dir: Path):
        self._folder = output_dir
        self._message = (
            f"another training writes to {str(output_dir)!r}: wait until it has ended, or choose another folder"
        )
        self._checkpoints: list[str] = []
        self._held = ExitStack()
        self._is_new = not output_dir.exists()

    def check(self) -> None:
        """Raises [`InUse`] if another training writes to the folder, and notes the checkpoints that it holds."""
        if (self._folder / LOCK_FILE).exists():
            with lock(self._folder / LOCK_FILE, self._message):
                pass
        self._checkpoints = self._names()

    def acquire(self) -> None:
        """Locks the folder.

        Raises:
            [`InUse`]: If another training writes to it, or has done so since [`RunLock.check`].
        """
        self._held.enter_context(lock(self._folder / LOCK_FILE, self._message))
        if self._names() != self._checkpoints:
            raise InUse(f"another training has changed {str(self._folder)!r}: look at it, and start again")

    def release(self) -> None:
        """Unlocks the folder, if it was locked, and removes a new folder into which nothing was written."""
        self._held.close()
        if self._is_new and self._folder.is_dir() and not any(self._folder.iterdir()):
            self._folder.rmdir()

    def _names(self) -> list[str]:
        folder = self._folder / "checkpoints"
        return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []
