"""What the Hub says of a repository: its description, its tree, its files."""

from __future__ import annotations

import hashlib
from typing import Any

from .store import Commit, File, Repo, Store


def describe_repo(store: Store, repo: Repo, commit: Commit, blobs: bool = False) -> dict[str, Any]:
    """The JSON of a repository at a commit."""
    card = store.card(commit)
    siblings = []
    for path, file in sorted(commit.files.items()):
        sibling: dict[str, Any] = {"rfilename": path}
        if blobs:
            sibling |= {"size": file.size, "blobId": file.oid, **_lfs(file)}
        siblings.append(sibling)
    description = {
        "_id": hashlib.md5(repo.id.encode()).hexdigest()[:24],
        "id": repo.id,
        "author": repo.namespace,
        "sha": commit.oid,
        "lastModified": commit.date,
        "createdAt": repo.created,
        "private": repo.private,
        "gated": False,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": list(card.get("tags") or []),
        "cardData": card,
        "siblings": siblings,
    }
    if repo.kind == "models":
        names = ("pipeline_tag", "library_name")
        description |= {"modelId": repo.id, **{name: card.get(name) for name in names}}
    if repo.kind == "spaces":
        hardware = {"current": "cpu-basic", "requested": "cpu-basic"}
        description |= {"sdk": repo.sdk, "runtime": {"stage": "RUNNING", "hardware": hardware, "storage": None}}
    return description


def list_tree(commit: Commit, folder: str, recursive: bool, expand: bool) -> list[dict[str, Any]] | None:
    """Files and folders under a folder; None when there is no such folder."""
    prefix = f"{folder.rstrip('/')}/" if folder else ""
    inside = sorted(path for path in commit.files if path.startswith(prefix))
    if folder and not inside:
        return None
    entries, folders = [], set()
    for path in inside:
        parts = path[len(prefix) :].split("/")
        for depth in range(1, len(parts)):
            parent = prefix + "/".join(parts[:depth])
            if parent not in folders and (recursive or depth == 1):
                folders.add(parent)
                entries.append(_folder(parent))
        if recursive or len(parts) == 1:
            entries.append(_file(path, commit, expand))
    return entries


def list_paths(commit: Commit, paths: list[str], expand: bool) -> list[dict[str, Any]]:
    """Those of some paths that exist."""
    found = []
    for path in paths:
        if path in commit.files:
            found.append(_file(path, commit, expand))
        elif any(name.startswith(f"{path.rstrip('/')}/") for name in commit.files):
            found.append(_folder(path))
    return found


def _folder(path: str) -> dict[str, Any]:
    return {"type": "directory", "oid": hashlib.sha1(path.encode()).hexdigest(), "size": 0, "path": path}


def _file(path: str, commit: Commit, expand: bool) -> dict[str, Any]:
    file = commit.files[path]
    entry = {"type": "file", "oid": file.oid, "size": file.size, "path": path, **_lfs(file)}
    if file.xet:
        entry["xetHash"] = file.xet
    if expand:
        entry["lastCommit"] = {"id": commit.oid, "title": commit.title, "date": commit.date}
    return entry


def _lfs(file: File) -> dict[str, Any]:
    if not file.lfs:
        return {}
    return {
        "lfs": {"oid": file.sha256, "sha256": file.sha256, "size": file.size, "pointerSize": file.pointer_size},
    }
