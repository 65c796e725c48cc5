"""Folders whose manifest lists the size and the SHA-256 of each file, so that damage and foreign files are noticed."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from hf_causal.utils.state_files import list_pickles

MANIFEST = "manifest.json"


def describe_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns the size and SHA-256 of each file of a folder, by its path in it; their content is then on the disk."""
    names = sorted(_files_of(folder))
    return {
        name: {"bytes": (folder / name).stat().st_size, "sha256": _digest(folder / name, sync=True)} for name in names
    }


def find_damage(folder: Path, read_manifest: Callable[[Path], dict[str, Any]]) -> str | None:
    """Returns the damage to a folder, or `None` if it holds exactly the files of its manifest, as they were written.

    A pickle is damage, listed or not: reading it would run code that comes with the folder.

    Args:
        folder (`Path`): The folder; every byte of it is read.
        read_manifest (callable): Returns its manifest with `files`, or raises `ValueError`.
    """
    if pickles := list_pickles(folder):
        return (
            f"{pickles[0]} is a pickle, as an earlier version of the package wrote them: reading it could run code of "
            "the folder, and it stays unread"
        )
    try:
        files = read_manifest(folder)["files"]
        total = sum(entry["bytes"] for entry in files.values())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return f"it has no readable {MANIFEST}"
    if unlisted := sorted(_files_of(folder) - files.keys()):
        return f"{unlisted[0]} is not listed in its {MANIFEST}"
    with tqdm(total=total, desc=f"checking {folder.name}", unit="B", unit_scale=True, delay=2) as bar:
        for name, entry in files.items():
            if damage := _damage_of_file(folder / name, name, entry, bar.update):
                return damage
    return None


def read_manifest(folder: Path) -> dict[str, Any]:
    """Reads the manifest of a folder.

    Raises:
        `ValueError`: If it is not a JSON object with `files`.
        `OSError`: If it cannot be read.
    """
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    if not isinstance(manifest, dict) or not isinstance(manifest.get("files"), dict):
        raise ValueError(f"{str(folder / MANIFEST)!r} must be a JSON object with `files`")
    return manifest


def _damage_of_file(path: Path, name: str, entry: dict[str, Any], progress: Callable[[int], Any]) -> str | None:
    if not path.is_file():
        return f"{name} is missing"
    if (size := path.stat().st_size) != entry["bytes"]:
        return f"{name} has {size:,} bytes instead of {entry['bytes']:,}"
    if _digest(path, progress) != entry.get("sha256"):
        return f"{name} has another checksum than when it was written"
    return None


def _files_of(folder: Path) -> set[str]:
    """Returns the paths in a folder of everything that is neither a folder nor the manifest."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {path.relative_to(folder).as_posix() for path in paths} - {MANIFEST}


def _digest(path: Path, progress: Callable[[int], Any] = lambda size: None, sync: bool = False) -> str:
    """Returns the SHA-256 of a file; with `sync` its content is on the disk before this returns."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        if sync:  # the final name must not reach the disk before the content
            os.fsync(stream.fileno())
        while block := stream.read(1 << 20):
            digest.update(block)
            progress(len(block))
    return digest.hexdigest()
