"""The content of a repository: its files, and the paths that publishing may remove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import hf_causal
from hf_causal.cards.finetuned_card import is_adapter
from hf_causal.corpora.parquet import MANIFEST
from hf_causal.hub.errors import PublishError

_NEVER_PUBLISHED = ("__pycache__", "node_modules")
_PACKAGE = Path(hf_causal.__file__).resolve().parent


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


def list_files(folder: Path, patterns: Sequence[str] | None = None) -> list[str]:
    """Returns the files of a folder as paths in a repository, without hidden files, caches and partial files.

    Links inside the folder are the files and folders that they lead to.

    Args:
        folder (`Path`): The folder.
        patterns (sequence of `str`, *optional*): Only paths that match one of them, see [`matches`].

    Raises:
        [`PublishError`]: If a link to be published leads out of the folder, nowhere, or around in a circle.
    """
    paths = _walk(folder, "", (folder.resolve(),), patterns)
    return sorted(path for path in paths if patterns is None or matches(path, patterns))


def check_inside(folder: Path, path: Path) -> None:
    """Checks that publishing a file of a folder sends nothing from elsewhere on this machine.

    Released models may link to the code of this package, and a snapshot of a repository to its own files in the cache
    of `huggingface_hub`.

    Raises:
        [`PublishError`]: If the file, or a folder above it, is a link that leads out of the folder or nowhere.
    """
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
        raise PublishError(f"{str(path)!r} is a link that leads nowhere: remove it, or copy the file") from None
    folder_target = folder.resolve()
    roots = [folder_target]
    if target.suffix == ".py":  # of the installed package, and of the checkout that holds the model's folder
        roots += [_PACKAGE, folder_target.parent.parent / "hf_causal"]
    if folder_target.parent.name == "snapshots":
        roots.append(folder_target.parent.parent / "blobs")
    if not any(target.is_relative_to(root) for root in roots):
        raise PublishError(
            f"{str(path)!r} leads out of {str(folder)!r}, to {str(target)!r}: replace the link by a copy if that is "
            "to be published"
        )


def _walk(folder: Path, prefix: str, above: tuple[Path, ...], patterns: Sequence[str] | None) -> Iterator[str]:
    """Yields the files below a subfolder; `above` holds the resolved folders that lead to it."""
    for path in sorted((folder / prefix).iterdir()):
        name = f"{prefix}{path.name}"
        if path.name.startswith(".") or path.name in _NEVER_PUBLISHED or path.suffix in (".pyc", ".partial"):
            continue
        if path.is_symlink():
            if not _may_match(name, patterns):
                continue
            check_inside(folder, path)
        if path.is_file():
            yield name
        elif path.is_dir():
            if (target := path.resolve()) in above:
                raise PublishError(f"{str(path)!r} is a link to a folder above it: remove it")
            yield from _walk(folder, f"{name}/", (*above, target), patterns)


def _may_match(path: str, patterns: Sequence[str] | None) -> bool:
    """Returns whether a path, or one below it, may match one of the patterns."""
    steps = path.split("/")
    beginnings = ["/".join(pattern.split("/")[: len(steps)]) for pattern in patterns or ()]
    return patterns is None or matches(path, beginnings)


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
