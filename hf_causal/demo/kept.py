"""Files that the page keeps for a while: uploads and corrected files."""

from __future__ import annotations

import atexit
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hf_causal.demo.limits import KEPT_SECONDS
from hf_causal.utils.locks import InUse, lock

_PREFIX = "hf-causal-page-"
_IN_USE = "in-use.lock"


class Kept:
    """A folder of the page whose files are removed after a time, and all of them when the page ends.

    Args:
        seconds (`float`): Age at which a file is removed.
        every (`float`): Seconds between two rounds of removal.
    """

    def __init__(self, seconds: float = KEPT_SECONDS, every: float = 15.0):
        self.seconds, self.every = seconds, every
        remove_left_behind()
        self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = lock(self.folder / _IN_USE)
        self._lock.__enter__()
        self._is_ending = threading.Event()
        threading.Thread(target=self._sweep, daemon=True).start()
        atexit.register(self.end)

    def new_folder(self) -> Path:
        """Returns an empty folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def size(self) -> int:
        """Returns the bytes of all files."""
        return sum(_size(path) for path in self._files())

    def remove_old(self) -> None:
        """Removes the files that are older than the page promises, and empty folders."""
        now = time.time()
        for path in self._files():
            with suppress(OSError):  # it may have been removed in the meantime
                if now - path.stat().st_ctime > self.seconds:
                    path.unlink()
        for path in sorted(self.folder.rglob("*"), reverse=True):
            with suppress(OSError):  # of folders that are not empty, and of files
                if now - path.stat().st_ctime > self.seconds:
                    path.rmdir()

    def end(self) -> None:
        """Removes everything."""
        if self._is_ending.is_set():
            return
        self._is_ending.set()
        with suppress(OSError):
            self._lock.__exit__(None, None, None)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self) -> Iterator[Path]:
        return (path for path in self.folder.rglob("*") if path.is_file() and path.name != _IN_USE)

    def _sweep(self) -> None:
        while not self._is_ending.wait(self.every):
            self.remove_old()


def remove_left_behind() -> None:
    """Removes the folders of pages that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not (folder / _IN_USE).exists():
            continue  # it is being made
        try:
            with lock(folder / _IN_USE, "in use"):
                pass
        except (InUse, OSError):
            continue
        shutil.rmtree(folder, ignore_errors=True)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
