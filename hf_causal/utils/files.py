"""Files that are whole or absent, on this machine or wherever `fsspec` reaches."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem


def write_text(path: str | Path, text: str) -> Path:
    """Writes a text file under a temporary name and renames it, so that nobody ever reads half of it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    return partial.replace(path)


def write_json(path: str | Path, value: Any) -> Path:
    """Writes a value as JSON, see [`write_text`]."""
    return write_text(path, json.dumps(value, indent=1) + "\n")


@dataclass(frozen=True)
class Folder:
    """A folder on any file system that `fsspec` knows.

    Example:

    ```python
    >>> folder = Folder.at("memory://corpora") / "demo"
    >>> folder.write("note.txt", b"A causes B.")
    >>> folder.sizes()
    {'note.txt': 11}

    ```
    """

    filesystem: AbstractFileSystem
    path: str

    @classmethod
    def at(cls, place: str | Path | Folder) -> Folder:
        """The folder at a local path or a URL such as `hf://datasets/ORG/NAME`; it need not exist.

        Raises:
            `ValueError`: If no file system is known for the URL, or what that file system needs is not installed.
        """
        if isinstance(place, Folder):
            return place
        try:
            return cls(*url_to_fs(str(place)))
        except ImportError as error:
            raise ValueError(f"`out` {str(place)!r} cannot be opened: {error}") from error

    def __truediv__(self, name: str) -> Folder:
        return Folder(self.filesystem, f"{self.path.rstrip('/')}/{name}")

    def __str__(self) -> str:
        return self.path if self.is_local else self.filesystem.unstrip_protocol(self.path)

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine."""
        return isinstance(self.filesystem, LocalFileSystem)

    def exists(self) -> bool:
        """Whether there is anything of that name."""
        return self.filesystem.exists(self.path)

    def is_file(self) -> bool:
        """Whether there is a file where the folder would be."""
        return self.filesystem.isfile(self.path)

    def sizes(self) -> dict[str, int | None]:
        """Names of what the folder holds, sorted, with the sizes of files in bytes; empty if it does not exist."""
        if not self.exists():
            return {}
        # Somebody else may have written since this process last looked.
        self.filesystem.invalidate_cache(self.path)
        entries = self.filesystem.ls(self.path, detail=True)
        found = {
            entry["name"].rstrip("/").rpartition("/")[2]: entry["size"] if entry["type"] == "file" else None
            for entry in entries
        }
        return dict(sorted(found.items()))

    def read(self, name: str) -> bytes:
        """The content of a file."""
        return self.filesystem.cat_file((self / name).path)

    def write(self, name: str, content: bytes) -> None:
        """Writes a file that nobody ever sees half of, and makes the folder if need be."""
        self.filesystem.makedirs(self.path, exist_ok=True)
        target = (self / name).path
        if not self.is_local:  # stores show a file when all of it has arrived
            self.filesystem.pipe_file(target, content)
            return
        partial = (self / f".{name}.{uuid4().hex}.partial").path
        try:
            self.filesystem.pipe_file(partial, content)
            self.filesystem.mv(partial, target)
        except BaseException:
            if self.filesystem.exists(partial):
                self.filesystem.rm_file(partial)
            raise

    def move_to(self, target: Folder) -> None:
        """Gives the folder another name, one that nothing has: at once on a disk, file by file in a store."""
        self.filesystem.makedirs(target.path.rpartition("/")[0], exist_ok=True)
        if self.is_local:
            self.filesystem.mv(self.path, target.path)
            return
        # Not `mv`, which copies the folders themselves too: a data set on the Hub has files alone.
        for path in self.filesystem.find(self.path):
            self.filesystem.cp_file(path, target.path + path.removeprefix(self.path))
        self.remove()

    def remove(self) -> None:
        """Removes the folder, or a file of that name, with all that is in it, if it exists."""
        if self.exists():
            self.filesystem.rm(self.path, recursive=True)
