"""Uploads and commits: which files go through LFS, and how a commit is put together."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from .store import Commit, File, HubError, Repo, Store, User
from .xet import XetFolder

LFS_FROM_BYTES = 1_000_000
_LFS_NAMES = re.compile(r"\.(safetensors|bin|parquet|arrow|pt|npz|npy|png|zip|gz)$")


def upload_modes(commit: Commit, files: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How each file is to be uploaded, and the hash of what is there now."""
    modes = []
    for file in files:
        lfs = file["size"] >= LFS_FROM_BYTES or bool(_LFS_NAMES.search(file["path"]))
        current = commit.files.get(file["path"])
        oid = current.etag if current else None
        mode = {"path": file["path"], "uploadMode": "lfs" if lfs else "regular", "shouldIgnore": False, "oid": oid}
        modes.append(mode)
    return modes


def apply_commit(
    store: Store, repo: Repo, branch: str, lines: bytes, user: User, create_pr: bool, xet: XetFolder | None
) -> tuple[Commit, int | None]:
    """Makes a commit of its lines, all of it or nothing.

    Returns:
        The commit, and the number of the pull request that it opened.
    """
    header, *operations = (json.loads(line) for line in lines.splitlines() if line.strip())
    head = repo.resolve(branch)
    parent = header["value"].get("parentCommit")
    if parent and not head.oid.startswith(parent) and not create_pr:
        raise HubError(412, "PreconditionFailed", "A commit has happened since. Please refresh and try again.")
    base = repo.resolve(parent) if parent and create_pr else head
    files = dict(base.files)
    for operation in operations:
        _apply(store, files, operation["key"], operation["value"], xet)
    title, message = header["value"]["summary"], header["value"].get("description", "")
    if not create_pr and branch not in repo.branches:
        raise HubError(404, "RevisionNotFound", f"Invalid rev id: {branch}")
    commit = repo.add_commit(base, title, message, user.name, files)
    if not create_pr:
        repo.branches[branch] = commit.oid
        return commit, None
    repo.pull_requests.append(title)
    number = len(repo.pull_requests)
    repo.branches[f"refs/pr/{number}"] = commit.oid
    return commit, number


def _apply(store: Store, files: dict[str, File], key: str, value: dict[str, Any], xet: XetFolder | None) -> None:
    path = value["path"]
    if key == "file":
        files[path] = store.write_blob(base64.b64decode(value["content"]))
    elif key == "lfsFile":
        files[path] = _lfs_file(store, value, xet)
    elif key == "deletedFile":
        if files.pop(path, None) is None:
            raise HubError(404, "EntryNotFound", "A file with this name doesn't exist")
    elif key == "deletedFolder":
        for name in [name for name in files if name.startswith(f"{path.rstrip('/')}/")]:
            del files[name]
    else:
        raise HubError(400, "BadRequest", f"unknown operation {key!r}")


def _lfs_file(store: Store, value: dict[str, Any], xet: XetFolder | None) -> File:
    sha256, blob = value["oid"], store.blob(value["oid"])
    if blob.exists():
        return File.pointer(sha256, blob.stat().st_size)
    xet_hash = xet.lookup(sha256) if xet else None
    if xet_hash is None:
        raise HubError(400, "BadRequest", f"LFS object {sha256} was not uploaded")
    return File.pointer(sha256, value["size"], xet_hash)
