"""One commit to a repository on the Hub: what changed, and no commit when nothing did."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi
from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError

from hf_causal.cards.card_check import check_card
from hf_causal.hub.content import CARD, RepoContent
from hf_causal.hub.errors import PublishError, explain, is_passing
from hf_causal.hub.validation import check_token
from hf_causal.utils.repo_ids import check_repo_id

MAIN = "main"
ATTEMPTS = 4
FIRST_WAIT = 1.0
"""Seconds before the second attempt of a call that failed in passing; twice as long before each further one."""

T = TypeVar("T")


@dataclass(frozen=True)
class Publication:
    """What became of a publish."""

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
        """Whether a commit was made; False when the Hub held just this content already."""
        return bool(self.changed or self.removed)

    def __str__(self) -> str:
        what = f"{self.repo_type} {self.repo_id}"
        if not self.is_new:
            return f"{what} is up to date, no new commit: {self.url}"
        removed = f", {len(self.removed)} removed" if self.removed else ""
        where = self.pull_request or self.url
        return f"{what}: {len(self.changed)} files changed{removed} in commit {self.commit[:7]}: {where}"


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
    """Brings a repository to hold some content, by one commit or none.

    The commit names the one that it was compared with as its parent, so that of two publishers at once one wins and
    the other is told. A call that was cut off can be repeated: what has been uploaded is not uploaded again.

    Args:
        content ([`RepoContent`]): Files and the paths that publishing owns.
        repo_id (`str`): `NAMESPACE/NAME`; created when it does not exist.
        private (`bool`): Whether a new repository is private; an existing one keeps its visibility.
        revision (`str`, *optional*): Branch; created from `main` when it does not exist.
        create_pr (`bool`): Open a pull request instead of committing to the branch.
        message (`str`, *optional*): Of the commit.
        token (`str` or `bool`, *optional*): As `huggingface_hub` has it: `HF_TOKEN` or the stored one by default.

    Returns:
        [`Publication`]: What changed.

    Raises:
        [`PublishError`]: With one line that says what went wrong and what would be right.
    """
    check_repo_id(repo_id)
    target = _Target(HfApi(token=check_token(token)), content, repo_id, revision or MAIN, create_pr)
    try:
        return target.publish(private, message or f"Publish {content.repo_type}")
    except PublishError:
        raise
    except Exception as error:
        raise explain(error, repo_id, target.api.endpoint) from error


@dataclass
class _Target:
    """A branch of a repository, and what it is to hold."""

    api: HfApi
    content: RepoContent
    repo_id: str
    revision: str
    create_pr: bool

    @property
    def names(self) -> dict[str, str]:
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
            return Publication(self.repo_id, self.content.repo_type, self.url, head)
        return self._commit(head, changed, removed, message)

    def _check_token_may_write(self) -> None:
        token = _patiently(self.api.whoami).get("auth", {}).get("accessToken", {})
        if token.get("role") == "read":
            raise PublishError("the token may only read: make one with write access and run `hf auth login`")

    def _ensure_repo(self, private: bool) -> None:
        try:
            found = _patiently(lambda: self.api.repo_info(**self.names))
        except RepositoryNotFoundError:
            if self.create_pr:
                raise PublishError(f"there is no {self.content.repo_type} {self.repo_id!r} to change") from None
            check_card(self.content.read(CARD).decode(), self.content.repo_type)
            # `exist_ok`: another publisher may have been faster, or an answer may have been lost.
            options: dict[str, Any] = {
                "private": private or None,
                "exist_ok": True,
                "space_sdk": self.content.space_sdk,
            }
            _patiently(lambda: self.api.create_repo(**self.names, **options))
            return
        if private and not found.private:
            raise PublishError(f"`private` cannot be had: {self.repo_id!r} exists and is public, see its settings")

    def _ensure_branch(self) -> str:
        """The commit at the head of the branch."""
        try:
            return self._head()
        except RevisionNotFoundError:
            if self.create_pr or self.revision.startswith("refs/"):
                raise PublishError(f"{self.repo_id!r} has no revision {self.revision!r}") from None
        _patiently(lambda: self.api.create_branch(**self.names, branch=self.revision, exist_ok=True))
        return self._head()

    def _head(self) -> str:
        return _patiently(lambda: self.api.repo_info(**self.names, revision=self.revision)).sha

    def _compare(self, commit: str) -> tuple[list[str], list[str]]:
        """Paths whose content is not that of a commit, and owned paths of the commit that are to go."""
        there = _patiently(lambda: list(self.api.list_repo_tree(**self.names, recursive=True, revision=commit)))
        hashes = {entry.path: entry for entry in there if hasattr(entry, "blob_id")}
        changed = [path for path in sorted(self.content.files) if not self.content.is_at(path, hashes.get(path))]
        removed = [path for path in sorted(hashes) if path not in self.content.files and self.content.owns(path)]
        return changed, removed

    def _commit(self, head: str, changed: list[str], removed: list[str], message: str) -> Publication:
        description = f"{len(changed)} files changed, {len(removed)} removed."
        for attempt in range(ATTEMPTS):
            # Operations remember what was sent, and cannot be used twice.
            operations = [
                *(CommitOperationDelete(path, is_folder=False) for path in removed),
                *(CommitOperationAdd(path, self.content.source(path)) for path in changed),
            ]
            try:
                made = self.api.create_commit(
                    **self.names,
                    operations=operations,
                    commit_message=message,
                    commit_description=description,
                    revision=self.revision,
                    parent_commit=head,
                    create_pr=self.create_pr,
                )
            except Exception as error:
                if not _lost_a_race(error) and not is_passing(error):
                    raise
                if self.create_pr and _is_of_commit(error):
                    # It may have been opened, and asking again could open a second one.
                    raise PublishError(
                        f"no answer to the pull request came: look at {self.url}/discussions before publishing again"
                    ) from error
                if landed := self._landed(head, changed, removed):
                    return landed
                if attempt + 1 == ATTEMPTS:
                    raise
                time.sleep(FIRST_WAIT * 2**attempt)
            else:
                done = (self.repo_id, self.content.repo_type, self.url, made.oid, tuple(changed), tuple(removed))
                return Publication(*done, pull_request=made.pr_url)
        raise AssertionError("unreachable")

    def _landed(self, parent: str, changed: list[str], removed: list[str]) -> Publication | None:
        """What became of a commit whose answer was not a clear yes; None when it was not made.

        Raises:
            [`PublishError`]: If somebody else has committed since.
        """
        try:
            head = self._head()
            if head == parent:
                return None
            left = self._compare(head)
        except Exception as error:
            if not is_passing(error):
                raise
            raise PublishError(
                f"{self.api.endpoint} broke off while {self.repo_id!r} was committed: publish again; if the commit "
                "was made, there will be no second one"
            ) from error
        if left != ([], []):
            raise PublishError(
                f"{self.repo_id!r} changed while it was published (commit {head[:7]}): look at it, and publish again"
            )
        return Publication(self.repo_id, self.content.repo_type, self.url, head, tuple(changed), tuple(removed))


def _lost_a_race(error: Exception) -> bool:
    return isinstance(error, HfHubHTTPError) and error.response.status_code in (409, 412)


def _is_of_commit(error: BaseException) -> bool:
    """Whether it was the commit itself that failed, and not an upload before it."""
    try:
        return "/commit/" in str(error.request.url)  # type: ignore[attr-defined]
    except (AttributeError, RuntimeError):
        return False


def _patiently(call: Callable[[], T]) -> T:
    """Calls again after errors that pass, such as a 500 or a broken connection; only for what may be done twice."""
    for attempt in range(ATTEMPTS - 1):
        try:
            return call()
        except Exception as error:
            if not is_passing(error):
                raise
        time.sleep(FIRST_WAIT * 2**attempt)
    return call()
