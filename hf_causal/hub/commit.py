"""One commit that brings a repository on the Hub up to date, and none when it already is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi, get_token
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
from huggingface_hub.utils.sha import git_hash

from hf_causal.artifacts import CARD_FILE
from hf_causal.cards.validation import validate_on_hub
from hf_causal.hub.content import RepoContent
from hf_causal.hub.errors import PublishError, explain, is_transient
from hf_causal.utils.repo_ids import check_repo_id

ATTEMPTS = 4
FIRST_WAIT = 1.0
"""Seconds before the second attempt of a failed call; doubled before each further attempt."""

T = TypeVar("T")


@dataclass(frozen=True)
class Publication:
    """The result of publishing."""

    repo_id: str
    repo_type: str
    url: str
    commit: str
    """Hash of the commit that holds the content."""
    changed: tuple[str, ...] = field(default=())
    removed: tuple[str, ...] = field(default=())
    pull_request: str | None = None

    @property
    def is_new(self) -> bool:
        """Whether a commit was made; False when the Hub already held this content."""
        return bool(self.changed or self.removed)

    def __str__(self) -> str:
        name = f"{self.repo_type} {self.repo_id}"
        if not self.is_new:
            return f"{name} is up to date, no new commit: {self.url}"
        removed = f", {len(self.removed)} removed" if self.removed else ""
        address = self.pull_request or self.url
        return f"{name}: {len(self.changed)} files changed{removed} in commit {self.commit[:7]}: {address}"


def check_token(token: str | bool | None = None) -> str:
    """Returns the token to publish with: the argument, `HF_TOKEN`, or the token that `hf auth login` stored.

    Raises:
        [`PublishError`]: If there is none.
    """
    token = token if isinstance(token, str) else get_token()
    if not token:
        raise PublishError("there is no token: run `hf auth login`, or set `HF_TOKEN`")
    return token


def publish_content(
    content: RepoContent,
    repo_id: str,
    *,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
    message: str | None = None,
    token: str | bool | None = None,
) -> Publication:
    """Makes a repository hold some content, by one commit or none.

    The commit names the commit that it was compared with as its parent, so of two concurrent publishers one succeeds
    and the other gets an error. An interrupted call can be repeated; uploaded files are not uploaded again.

    Args:
        content ([`RepoContent`]): Files, and the paths that may be removed.
        repo_id (`str`): `NAMESPACE/NAME`; created when it does not exist.
        private (`bool`): Whether a new repository is private; an existing one keeps its visibility.
        revision (`str`, *optional*): Branch; created from `main` when it does not exist.
        create_pr (`bool`): Open a pull request instead of committing to the branch.
        message (`str`, *optional*): Commit message.
        token (`str` or `bool`, *optional*): As in `huggingface_hub`: `HF_TOKEN` or the stored token by default.

    Raises:
        [`PublishError`]: With one line that names the remedy.
        `ValueError`: For an invalid `repo_id`.
    """
    check_repo_id(repo_id)
    branch = _Branch(HfApi(token=check_token(token)), content, repo_id, revision or "main", create_pr)
    try:
        return branch.publish(private, message or f"Publish {content.repo_type}")
    except Exception as error:
        raise explain(error, repo_id, branch.api.endpoint) from error


@dataclass
class _Branch:
    """A branch of a repository, and the content that it will hold."""

    api: HfApi
    content: RepoContent
    repo_id: str
    revision: str
    create_pr: bool

    @property
    def repo(self) -> dict[str, str]:
        return {"repo_id": self.repo_id, "repo_type": self.content.repo_type}

    @property
    def url(self) -> str:
        prefix = "" if self.content.repo_type == "model" else f"{self.content.repo_type}s/"
        return f"{self.api.endpoint}/{prefix}{self.repo_id}"

    def publish(self, private: bool, message: str) -> Publication:
        self._check_token_may_write()
        self._ensure_repo(private)
        head = self._ensure_branch()
        changed, removed = self._compare(head)
        if not changed and not removed:
            return self._publication(head)
        return self._commit(head, changed, removed, message)

    def _check_token_may_write(self) -> None:
        token = _retry(self.api.whoami).get("auth", {}).get("accessToken", {})
        if token.get("role") == "read":
            raise PublishError("the token may only read: make one with write access and run `hf auth login`")

    def _ensure_repo(self, private: bool) -> None:
        try:
            existing = _retry(lambda: self.api.repo_info(**self.repo))
        except RepositoryNotFoundError:
            self._create_repo(private)
            return
        if private and not existing.private:
            raise PublishError(f"`private` has no effect: {self.repo_id!r} exists and is public, see its settings")

    def _create_repo(self, private: bool) -> None:
        if self.create_pr:
            raise PublishError(f"there is no {self.content.repo_type} {self.repo_id!r} to change") from None
        validate_on_hub(self.content.read(CARD_FILE).decode(), self.content.repo_type)
        # `exist_ok`: another publisher may have been faster, or the response to an earlier attempt was lost.
        options: dict[str, Any] = {"private": private or None, "exist_ok": True, "space_sdk": self.content.space_sdk}
        _retry(lambda: self.api.create_repo(**self.repo, **options))

    def _ensure_branch(self) -> str:
        """Returns the commit at the head of the branch, which is created when it does not exist."""
        try:
            return self._head()
        except RevisionNotFoundError:
            if self.create_pr or self.revision.startswith("refs/"):
                raise PublishError(f"{self.repo_id!r} has no revision {self.revision!r}") from None
        _retry(lambda: self.api.create_branch(**self.repo, branch=self.revision, exist_ok=True))
        return self._head()

    def _head(self) -> str:
        return _retry(lambda: self.api.repo_info(**self.repo, revision=self.revision)).sha

    def _compare(self, commit: str) -> tuple[list[str], list[str]]:
        """Returns the paths whose content differs from a commit's, and the paths to remove from it."""
        tree = _retry(lambda: list(self.api.list_repo_tree(**self.repo, recursive=True, revision=commit)))
        files = {entry.path: entry for entry in tree if hasattr(entry, "blob_id")}
        changed = [path for path in sorted(self.content.files) if not _is_same(self._addition(path), files.get(path))]
        removed = [path for path in sorted(files) if path not in self.content.files and self.content.manages(path)]
        return changed, removed

    def _addition(self, path: str) -> CommitOperationAdd:
        source = self.content.files[path]
        return CommitOperationAdd(path, source if isinstance(source, bytes) else str(source))

    def _commit(self, head: str, changed: list[str], removed: list[str], message: str) -> Publication:
        for attempt in range(ATTEMPTS):
            # An operation remembers that it was sent, so each attempt needs new ones.
            deletions = [CommitOperationDelete(path, is_folder=False) for path in removed]
            try:
                commit = self.api.create_commit(
                    **self.repo,
                    operations=[*deletions, *map(self._addition, changed)],
                    commit_message=message,
                    commit_description=f"{len(changed)} files changed, {len(removed)} removed.",
                    revision=self.revision,
                    parent_commit=head,
                    create_pr=self.create_pr,
                )
                return self._publication(commit.oid, changed, removed, commit.pr_url)
            except Exception as error:
                if not _parent_changed(error) and not is_transient(error):
                    raise
                if self.create_pr and _failed_in_commit(error):
                    # It may have been opened, and a second attempt could open a second one.
                    raise PublishError(
                        f"a pull request may have been opened: look at {self.url}/discussions before publishing again"
                    ) from error
                if made := self._find_commit(head):
                    return self._publication(made, changed, removed)
                if attempt + 1 == ATTEMPTS:
                    raise
                time.sleep(FIRST_WAIT * 2**attempt)
        raise AssertionError("unreachable")

    def _find_commit(self, parent: str) -> str | None:
        """Returns the commit of an attempt whose response was an error or lost; None when it was not made.

        Raises:
            [`PublishError`]: If somebody else has committed since.
        """
        try:
            head = self._head()
            if head == parent:
                return None
            difference = self._compare(head)
        except Exception as error:
            if not is_transient(error):
                raise
            raise PublishError(
                f"{self.api.endpoint} failed while {self.repo_id!r} was committed: publish again; if the commit was "
                "made, there will not be a second one"
            ) from error
        if difference != ([], []):
            raise PublishError(
                f"{self.repo_id!r} changed while it was published (commit {head[:7]}): look at it, and publish again"
            )
        return head

    def _publication(
        self, commit: str, changed: Sequence[str] = (), removed: Sequence[str] = (), pull_request: str | None = None
    ) -> Publication:
        name = self.repo_id, self.content.repo_type, self.url
        return Publication(*name, commit, tuple(changed), tuple(removed), pull_request)


def _is_same(addition: CommitOperationAdd, entry: Any) -> bool:
    """Returns whether a file on the Hub (`RepoFile` or None) has the content of an addition."""
    if entry is None or entry.size != addition.upload_info.size:
        return False
    if entry.lfs:
        return entry.lfs.sha256 == addition.upload_info.sha256.hex()
    with addition.as_file() as stream:
        return git_hash(stream.read()) == entry.blob_id


def _parent_changed(error: Exception) -> bool:
    return isinstance(error, HfHubHTTPError) and error.response.status_code in (409, 412)


def _failed_in_commit(error: BaseException) -> bool:
    """Returns whether the commit itself failed, and not an upload before it."""
    try:
        return "/commit/" in str(error.request.url)  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        return False


def _retry(call: Callable[[], T]) -> T:
    """Repeats a call after transient errors; only for calls that may run twice."""
    for attempt in range(ATTEMPTS - 1):
        try:
            return call()
        except Exception as error:
            if not is_transient(error):
                raise
        time.sleep(FIRST_WAIT * 2**attempt)
    return call()
