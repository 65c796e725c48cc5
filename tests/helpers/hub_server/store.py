"""What a Hub holds: users, repositories with their commits, blobs, pull requests and collections."""

from __future__ import annotations

import hashlib
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import yaml

KINDS = ("models", "datasets", "spaces")
_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n---[ \t]*(?:\n|\Z)", re.DOTALL)


class HubError(Exception):
    """An answer that is an error, as the Hub words them."""

    def __init__(self, status: int, code: str, message: str = "", **body: Any):
        super().__init__(message or code)
        self.status, self.code, self.message, self.body = status, code, message or code, body


@dataclass(frozen=True)
class User:
    """Who a token belongs to, and what it may do."""

    name: str
    role: str = "write"
    """`write` or `read`, of the token."""
    orgs: tuple[str, ...] = ()

    def owns(self, namespace: str) -> bool:
        return namespace == self.name or namespace in self.orgs

    def may_write(self, namespace: str) -> bool:
        return self.role == "write" and self.owns(namespace)


@dataclass(frozen=True)
class File:
    """One file of a commit; `oid` is the SHA-1 of its git blob, which for LFS is that of the pointer."""

    size: int
    sha256: str
    oid: str
    lfs: bool = False
    xet: str | None = None

    @staticmethod
    def regular(data: bytes) -> File:
        return File(len(data), hashlib.sha256(data).hexdigest(), _git_oid(data))

    @staticmethod
    def pointer(sha256: str, size: int, xet: str | None = None) -> File:
        return File(size, sha256, _git_oid(_pointer(sha256, size)), lfs=True, xet=xet)

    @property
    def pointer_size(self) -> int:
        return len(_pointer(self.sha256, self.size))

    @property
    def etag(self) -> str:
        return self.sha256 if self.lfs else self.oid


@dataclass(frozen=True)
class Commit:
    oid: str
    parent: str | None
    title: str
    message: str
    author: str
    files: dict[str, File]
    date: str


@dataclass
class Repo:
    """A repository of one kind."""

    kind: str
    id: str
    private: bool
    sdk: str | None
    created: str
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    commits: dict[str, Commit] = field(default_factory=dict)
    pull_requests: list[str] = field(default_factory=list)
    """Titles; number 1 is the first."""

    @property
    def namespace(self) -> str:
        return self.id.split("/")[0]

    def resolve(self, revision: str) -> Commit:
        """The commit that a branch, a tag, a pull request or a (short) hash names."""
        for names in (self.branches, self.tags):
            if revision in names:
                return self.commits[names[revision]]
        for oid, commit in self.commits.items():
            if oid == revision or (len(revision) >= 7 and oid.startswith(revision)):
                return commit
        raise HubError(404, "RevisionNotFound", f"Invalid rev id: {revision}")

    def history(self, revision: str = "main") -> list[Commit]:
        """Commits from the newest to the oldest."""
        commit: Commit | None = self.resolve(revision)
        found = []
        while commit is not None:
            found.append(commit)
            commit = self.commits[commit.parent] if commit.parent else None
        return found

    def files(self, revision: str = "main") -> dict[str, File]:
        return self.resolve(revision).files

    def add_commit(
        self, parent: Commit | None, title: str, message: str, author: str, files: dict[str, File]
    ) -> Commit:
        stamp = f"{self.kind}/{self.id} {len(self.commits)} {parent and parent.oid} {title}"
        commit = Commit(
            hashlib.sha1(stamp.encode()).hexdigest(), parent and parent.oid, title, message, author, dict(files), now()
        )
        self.commits[commit.oid] = commit
        return commit


class Store:
    """Everything that one server holds; blobs are files of a folder, the rest lives in memory."""

    def __init__(self, folder: Path, users: dict[str, User]):
        self.blobs = folder / "blobs"
        self.blobs.mkdir(parents=True)
        self.users = users
        self.repos: dict[tuple[str, str], Repo] = {}
        self.collections: dict[str, dict[str, Any]] = {}
        self.lock = threading.RLock()
        self._ids = count(1)

    def blob(self, sha256: str) -> Path:
        return self.blobs / sha256

    def pending(self, sha256: str) -> Path:
        """An object that has been sent, until the client has verified it."""
        return self.blobs / f"{sha256}.pending"

    def write_blob(self, data: bytes) -> File:
        file = File.regular(data)
        self.blob(file.sha256).write_bytes(data)
        return file

    def repo(self, kind: str, repo_id: str, user: User | None) -> Repo:
        """A repository that this user may see; a private one does not exist for others."""
        repo = self.repos.get((kind, repo_id))
        if repo is None or (repo.private and not (user and user.owns(repo.namespace))):
            raise HubError(404 if user else 401, "RepoNotFound", "Repository not found")
        return repo

    def create(self, kind: str, repo_id: str, user: User, private: bool, sdk: str | None) -> Repo:
        if (kind, repo_id) in self.repos:
            raise HubError(409, "Conflict", "You already created this repo")
        repo = Repo(kind, repo_id, private, sdk, now())
        attributes = self.write_blob(b"*.parquet filter=lfs diff=lfs merge=lfs -text\n")
        first = repo.add_commit(None, "initial commit", "", user.name, {".gitattributes": attributes})
        repo.branches["main"] = first.oid
        self.repos[kind, repo_id] = repo
        return repo

    def card(self, commit: Commit) -> dict[str, Any]:
        """The metadata of a commit's README."""
        readme = commit.files.get("README.md")
        if readme is None:
            return {}
        try:
            return front_matter(self.blob(readme.sha256).read_text(encoding="utf-8"))
        except HubError:
            return {}

    def text(self, kind: str, repo_id: str, path: str, revision: str = "main") -> str:
        """The text of a file, for tests to look at."""
        return self.blob(self.repos[kind, repo_id].files(revision)[path].sha256).read_text(encoding="utf-8")

    def next_id(self) -> str:
        return f"{next(self._ids):024x}"


def front_matter(text: str) -> dict[str, Any]:
    """The YAML at the top of a card; empty where there is none."""
    found = _FRONT_MATTER.match(text)
    try:
        data = yaml.safe_load(found[1]) if found else {}
    except yaml.YAMLError as error:
        raise HubError(400, "BadRequest", f"Invalid YAML: {error}") from error
    if not isinstance(data or {}, dict):
        raise HubError(400, "BadRequest", "The metadata must be a mapping")
    return data or {}


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _git_oid(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def _pointer(sha256: str, size: int) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()
