"""What a repository is to hold, and which of its paths publishing may remove."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

CARD = "README.md"


@dataclass(frozen=True)
class RepoContent:
    """What a repository is to hold.

    Publishing owns the paths that match `owned`: such a file on the Hub that is not among `files` is removed by the
    same commit. Everything else on the Hub stays as it is.
    """

    repo_type: str
    """`dataset`, `model` or `space`."""
    files: dict[str, Path | bytes]
    owned: tuple[str, ...]
    """Patterns; a `*` never crosses a slash, and `**` alone is every path but `.gitattributes`."""
    space_sdk: str | None = None

    def owns(self, path: str) -> bool:
        """Whether publishing removes this path when it is gone locally."""
        if self.owned == ("**",):
            return path != ".gitattributes"
        return matches(path, self.owned)

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        content = self.files[path]
        return content if isinstance(content, bytes) else content.read_bytes()

    def source(self, path: str) -> str | bytes:
        """A file as the client takes it."""
        content = self.files[path]
        return content if isinstance(content, bytes) else str(content)

    def is_at(self, path: str, entry: Any) -> bool:
        """Whether a file is the one that an entry of a repository's tree describes.

        Args:
            path (`str`): Of the file.
            entry (`RepoFile`, *optional*): With the SHA-256 of what is in LFS, the hash of git's blob for the rest.
        """
        content = self.files[path]
        size = len(content) if isinstance(content, bytes) else content.stat().st_size
        if entry is None or size != entry.size:
            return False
        if entry.lfs:
            return _sha256(content) == entry.lfs.sha256
        data = self.read(path)
        return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() == entry.blob_id


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether a path matches one of some patterns, part by part.

    Example:

    ```python
    >>> matches("plots/overview.png", ["*.png"]), matches("plots/overview.png", ["plots/*.png"])
    (False, True)

    ```
    """
    parts = path.split("/")
    return any(
        len(parts) == len(pattern.split("/")) and all(map(fnmatchcase, parts, pattern.split("/")))
        for pattern in patterns
    )


def _sha256(content: Path | bytes) -> str:
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
