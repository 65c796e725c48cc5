"""The content of a repository: its files, and the paths that publishing may remove."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from hf_causal.cards.finetuned_card import is_adapter
from hf_causal.corpora.parquet import MANIFEST
from hf_causal.hub.errors import PublishError

_NEVER_PUBLISHED = ("__pycache__", "node_modules")


@dataclass(frozen=True)
class RepoContent:
    """The files that a repository will hold.

    A file on the Hub that matches `managed` and is not among `files` is removed by the same commit. All other files on
    the Hub stay as they are.
    """

    repo_type: str
    """`dataset`, `model` or `space`."""
    files: dict[str, Path | bytes]
    """From path in the repository to a file on disk, or its bytes."""
    managed: tuple[str, ...]
    """Patterns, see [`matches`]; `**` alone is every path except `.gitattributes`."""
    space_sdk: str | None = None

    def manages(self, path: str) -> bool:
        """Returns whether publishing removes this path from the Hub when it is gone locally."""
        if self.managed == ("**",):
            return path != ".gitattributes"
        return matches(path, self.managed)

    def read(self, path: str) -> bytes:
        """Returns the bytes of a file."""
        source = self.files[path]
        return source if isinstance(source, bytes) else source.read_bytes()


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Returns whether a path matches a pattern folder by folder; a `*` never crosses a slash.

    `huggingface_hub` has patterns whose `*` does cross slashes. With those, `*.parquet` would remove files that
    somebody keeps in a folder of their own.

    Example:

    ```python
    >>> matches("plots/overview.png", ["*.png"]), matches("plots/overview.png", ["plots/*.png"])
    (False, True)

    ```
    """
    steps = path.split("/")
    return any(
        len(steps) == len(pattern.split("/")) and all(map(fnmatchcase, steps, pattern.split("/")))
        for pattern in patterns
    )


def check_folder(folder: str | Path) -> Path:
    """Returns the folder as a path.

    Raises:
        [`PublishError`]: If it does not exist.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise PublishError(f"there is no folder {str(folder)!r}")
    return folder


def list_files(folder: Path) -> list[str]:
    """Returns the files of a folder as paths in a repository, without hidden files, caches and partial files."""
    paths = []
    for path in sorted(folder.rglob("*")):
        steps = path.relative_to(folder).parts
        hidden = any(step.startswith(".") or step in _NEVER_PUBLISHED for step in steps)
        if path.is_file() and not hidden and path.suffix not in (".pyc", ".partial"):
            paths.append("/".join(steps))
    return paths


def suggest_artifact(folder: Path) -> str:
    """Returns the end of an error message: the command that fits the folder better, or nothing."""
    guesses = {
        "model": (folder / "config.json").is_file() or is_adapter(folder),
        "dataset": bool(list(folder.glob(f"*/{MANIFEST}"))),
        "metric": (folder / f"{folder.resolve().name}.py").is_file(),
        "space": (folder / "app.py").is_file(),
    }
    guess = next((artifact for artifact, fits in guesses.items() if fits), None)
    return f" (it looks like a {guess}: `hf-causal publish {guess}`)" if guess else ""
