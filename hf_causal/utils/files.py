"""Writes files that are complete or absent, on this machine or wherever `fsspec` reaches."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem


def partial_path(path: str | Path) -> Path:
    """Returns a name next to a file for its content until it is complete, which no other process uses.

    The name is hidden and ends in `.partial`, so that it is never published or loaded.
    """
    path = Path(path)
    return path.with_name(f".{path.name}.{uuid4().hex}.partial")


def append_lines(path: str | Path, lines: Iterable[str]) -> None:
    """Appends lines to a text file, which is created with its folder; several processes may append to a file.

    All lines reach the system in one write, so that those of several processes do not mix. A line that a killed
    process left incomplete stays a line of its own.

    Raises:
        `OSError`: If they cannot be written completely, for example to a full disk.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = "".join(f"{line}\n" for line in lines).encode()
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        if (size := os.fstat(file).st_size) and os.pread(file, 1, size - 1) != b"\n":
            content = b"\n" + content
        while content:  # a disk that becomes full takes a part first, and fails at the next write
            content = content[os.write(file, content) :]
    finally:
        os.close(file)


def write_text(path: str | Path, text: str) -> Path:
    """Writes a text file so that it is complete or absent, even after a power failure, and returns its path."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = partial_path(path)
    try:
        with partial.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())  # the new name must not reach the disk before the content
        return partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_json(path: str | Path, value: Any) -> Path:
    """Writes a value as JSON, see [`write_text`]."""
    return write_text(path, json.dumps(value, indent=1) + "\n")


@dataclass(frozen=True)
class Folder:
    """A folder on any file system of `fsspec`.

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
    def at(cls, location: str | Path | Folder) -> Folder:
        """Returns the folder at a local path or a URL such as `hf://datasets/ORG/NAME`; it need not exist.

        Raises:
            `ValueError`: If `fsspec` has no file system for the URL, or a package that it needs is not installed.
        """
        if isinstance(location, Folder):
            return location
        try:
            return cls(*url_to_fs(str(location)))
        except ImportError as error:
            raise ValueError(f"`out` {str(location)!r} cannot be opened: {error}") from error

    def __truediv__(self, name: str) -> Folder:
        return Folder(self.filesystem, f"{self.path.rstrip('/')}/{name}")

    def __str__(self) -> str:
        return self.path if self.is_local else self.filesystem.unstrip_protocol(self.path)

    @property
    def is_local(self) -> bool:
        """Whether the folder is on this machine."""
        return isinstance(self.filesystem, LocalFileSystem)

    def exists(self) -> bool:
        """Returns whether a folder or file of that name exists."""
        return self.filesystem.exists(self.path)

    def is_file(self) -> bool:
        """Returns whether the path is that of a file."""
        return self.filesystem.isfile(self.path)

    def sizes(self) -> dict[str, int | None]:
        """Returns the sorted names in the folder, with the sizes of files in bytes; empty if it does not exist."""
        if not self.exists():
            return {}
        # Another process may have written since this one last listed it.
        self.filesystem.invalidate_cache(self.path)
        entries = self.filesystem.ls(self.path, detail=True)
        sizes = {
            entry["name"].rstrip("/").rpartition("/")[2]: entry["size"] if entry["type"] == "file" else None
            for entry in entries
        }
        return dict(sorted(sizes.items()))

    def read(self, name: str) -> bytes:
        """Reads a file."""
        return self.filesystem.cat_file((self / name).path)

    def write(self, name: str, content: bytes) -> None:
        """Writes a file so that it is complete or absent, and makes the folder where it does not exist."""
        self.filesystem.makedirs(self.path, exist_ok=True)
        target = (self / name).path
        if not self.is_local:  # object stores show a file once it is complete
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
        """Renames the folder to a name that does not exist: at once on a disk, file by file in an object store."""
        self.filesystem.makedirs(target.path.rpartition("/")[0], exist_ok=True)
        if self.is_local:
            self.filesystem.mv(self.path, target.path)
            return
        # Not `mv`, which copies the folders too: a data set on the Hub has files only.
        for path in self.filesystem.find(self.path):
            self.filesystem.cp_file(path, target.path + path.removeprefix(self.path))
        self.remove()

    def remove(self) -> None:
        """Removes the folder with its content, or a file of that name, if it exists."""
        if self.exists():
            self.filesystem.rm(self.path, recursive=True)
