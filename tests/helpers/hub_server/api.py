"""The endpoints that the client calls, each a function of a call."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

from .call import Answer, Call
from .collections import answer_collection
from .commits import apply_commit, upload_modes
from .listing import describe_repo, list_paths, list_tree
from .store import KINDS, Commit, HubError, Repo, Store, User, front_matter
from .xet import XetFolder


class Api:
    """The endpoints over a store."""

    def __init__(self, store: Store, xet: XetFolder | None = None, page_size: int = 1000, collections: bool = True):
        self.store, self.xet, self.page_size, self.collections = store, xet, page_size, collections

    def answer(self, call: Call) -> Answer:
        """Raises `HubError` for whatever the Hub refuses."""
        match call.parts:
            case ["api", "whoami-v2"]:
                return Answer(self._whoami(call))
            case ["api", "validate-yaml"]:
                return self._validate(call)
            case ["api", "repos", "create" | "delete" as action]:
                return self._create(call) if action == "create" else self._delete(call)
            case ["api", "collections", *rest] if self.collections:
                return Answer(answer_collection(self.store, call, rest))
            case ["api", kind, namespace, name, *rest] if kind in KINDS:
                return self._of_repo(call, self.store.repo(kind, f"{namespace}/{name}", call.user), rest)
        return self._file(call)

    # --- accounts and repositories

    def _whoami(self, call: Call) -> dict[str, Any]:
        user = call.signed_in()
        token = {"displayName": "token", "role": user.role}
        orgs = [{"type": "org", "name": name, "roleInOrg": "admin"} for name in user.orgs]
        auth = {"type": "access_token", "accessToken": token}
        return {"type": "user", "id": user.name, "name": user.name, "isPro": False, "orgs": orgs, "auth": auth}

    def _validate(self, call: Call) -> Answer:
        asked = call.json()
        try:
            data = front_matter(asked["content"])
        except HubError as error:
            return Answer({"errors": [{"message": error.message}], "warnings": []}, 400)
        errors = []
        if asked["repoType"] == "space" and data.get("sdk") not in ("gradio", "docker", "static"):
            errors.append({"message": '"sdk" must be one of [gradio, docker, static]'})
        if not isinstance(data.get("license", ""), (str, list)):
            errors.append({"message": '"license" must be a string'})
        return Answer({"errors": errors, "warnings": []}, 400 if errors else 200)

    def _create(self, call: Call) -> Answer:
        asked, user = call.json(), call.signed_in()
        kind, repo_id = _named(asked, user)
        url = f"{call.base}/{'' if kind == 'models' else f'{kind}/'}{repo_id}"
        if not user.may_write(repo_id.split("/")[0]):
            raise HubError(403, "Forbidden", f"You don't have the rights to create a {kind[:-1]} under this namespace")
        try:
            self.store.create(kind, repo_id, user, asked.get("visibility") == "private", asked.get("sdk"))
        except HubError as error:
            raise HubError(error.status, error.code, error.message, url=url) from error
        return Answer({"url": url, "name": repo_id, "id": repo_id})

    def _delete(self, call: Call) -> Answer:
        kind, repo_id = _named(call.json(), call.signed_in())
        repo = self.store.repo(kind, repo_id, call.user)
        _check_write(call, repo)
        del self.store.repos[kind, repo_id]
        return Answer({})

    # --- one repository

    def _of_repo(self, call: Call, repo: Repo, rest: list[str]) -> Answer:
        store = self.store
        match call.method, rest:
            case "GET", []:
                return Answer(describe_repo(store, repo, repo.resolve("main"), call.flag("blobs")))
            case "GET", ["revision", revision]:
                return Answer(describe_repo(store, repo, repo.resolve(revision), call.flag("blobs")))
            case "GET", ["auth-check", *kind]:
                if kind == ["write"]:
                    _check_write(call, repo)
                return Answer({})
            case "GET", ["refs"]:
                return Answer(_refs(repo))
            case "GET", ["commits", revision]:
                commits = [_describe_commit(commit) for commit in repo.history(revision)]
                return self._page(call, commits)
            case "GET", ["tree", revision, *folder]:
                tree = list_tree(repo.resolve(revision), "/".join(folder), call.flag("recursive"), call.flag("expand"))
                if tree is None:
                    raise HubError(404, "EntryNotFound")
                return self._page(call, tree)
            case "POST", ["paths-info", revision]:
                asked = _json_or_form(call)
                expand = str(asked.get("expand")).lower() == "true"
                return Answer(list_paths(repo.resolve(revision), asked["paths"], expand))
            case "GET", [("xet-read-token" | "xet-write-token") as scope, *_] if self.xet:
                if scope == "xet-write-token":
                    _check_proposal(call, repo)
                body, headers = self.xet.access()
                return Answer(body, headers=headers)
            case "POST", ["preupload", revision]:
                (_check_proposal if call.flag("create_pr") else _check_write)(call, repo)
                commit = repo.resolve(revision)
                return Answer({"files": upload_modes(commit, call.json()["files"]), "commitOid": commit.oid})
            case "POST", ["commit", revision]:
                return self._commit(call, repo, revision)
            case "POST" | "DELETE", [("branch" | "tag") as kind, name]:
                _check_write(call, repo)
                return self._ref(call, repo, kind, name)
            case "PUT", ["settings"]:
                _check_write(call, repo)
                asked = call.json()
                repo.private = asked.get("private", asked.get("visibility") == "private")
                return Answer(asked)
        raise HubError(404, "NotFound", "/".join(call.parts))

    def _commit(self, call: Call, repo: Repo, revision: str) -> Answer:
        create_pr, lines = call.flag("create_pr"), call.body()
        (_check_proposal if create_pr else _check_write)(call, repo)
        with self.store.lock:
            commit, number = apply_commit(self.store, repo, revision, lines, call.user, create_pr, self.xet)
        page = f"{call.base}/{'' if repo.kind == 'models' else f'{repo.kind}/'}{repo.id}"
        answer = {"success": True, "commitOid": commit.oid, "commitUrl": f"{page}/commit/{commit.oid}"}
        if number:
            answer["pullRequestUrl"] = f"{page}/discussions/{number}"
        return Answer(answer)

    def _ref(self, call: Call, repo: Repo, kind: str, name: str) -> Answer:
        names = repo.branches if kind == "branch" else repo.tags
        if call.method == "DELETE":
            names.pop(name, None)
            return Answer({})
        asked = call.json()
        target = repo.resolve(name if kind == "tag" else asked.get("startingPoint") or "main").oid
        name = asked["tag"] if kind == "tag" else name
        if name in names:
            raise HubError(409, "Conflict", f"Reference already exists: {name}")
        names[name] = target
        return Answer({})

    def _page(self, call: Call, entries: list[Any]) -> Answer:
        start = int(call.query.get("cursor", 0))
        page, headers = entries[start : start + self.page_size], {}
        if start + self.page_size < len(entries):
            query = urlencode({**call.query, "cursor": start + self.page_size})
            headers["Link"] = f'<{call.base}{_quoted(call.parts)}?{query}>; rel="next"'
        return Answer(page, headers=headers)

    # --- files

    def _file(self, call: Call) -> Answer:
        parts = list(call.parts)
        kind = parts.pop(0) if parts and parts[0] in KINDS else "models"
        if len(parts) < 5 or parts[2] not in ("resolve", "raw"):
            raise HubError(404, "NotFound", "/".join(call.parts))
        repo = self.store.repo(kind, "/".join(parts[:2]), call.user)
        commit, path = repo.resolve(parts[3]), "/".join(parts[4:])
        file = commit.files.get(path)
        if file is None:
            raise HubError(404, "EntryNotFound", path)
        headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{file.etag}"', "Accept-Ranges": "bytes"}
        if file.lfs:
            headers |= {"X-Linked-Size": str(file.size), "X-Linked-Etag": f'"{file.sha256}"'}
        if file.xet:
            route = f"{call.base}/api/{kind}/{repo.id}/xet-read-token/{commit.oid}"
            headers |= {"X-Xet-Hash": file.xet, "X-Xet-Refresh-Route": route, "Link": f'<{route}>; rel="xet-auth"'}
            headers["Content-Length"] = str(file.size)
        return Answer(headers=headers, file=self.store.blob(file.sha256))


def _describe_commit(commit: Commit) -> dict[str, Any]:
    author = {"user": commit.author}
    return {
        "id": commit.oid,
        "title": commit.title,
        "message": commit.message,
        "date": commit.date,
        "authors": [author],
    }


def _check_write(call: Call, repo: Repo) -> None:
    if not call.signed_in().may_write(repo.namespace):
        raise HubError(403, "Forbidden", "You don't have write access to this repository")


def _check_proposal(call: Call, repo: Repo) -> None:
    """Whoever sees a repository may propose a change to it, with a token that may write at all."""
    if call.signed_in().role != "write":
        raise HubError(403, "Forbidden", "This token may only read")


def _named(asked: dict[str, Any], user: User) -> tuple[str, str]:
    return f"{asked.get('type') or 'model'}s", f"{asked.get('organization') or user.name}/{asked['name']}"


def _refs(repo: Repo) -> dict[str, Any]:
    def listed(names: dict[str, str], prefix: str) -> list[dict[str, str]]:
        return [{"name": name, "ref": f"{prefix}{name}", "targetCommit": oid} for name, oid in names.items()]

    branches = {name: oid for name, oid in repo.branches.items() if not name.startswith("refs/")}
    proposals = {name: oid for name, oid in repo.branches.items() if name.startswith("refs/")}
    return {
        "branches": listed(branches, "refs/heads/"),
        "tags": listed(repo.tags, "refs/tags/"),
        "converts": [],
        "pullRequests": listed(proposals, ""),
    }


def _json_or_form(call: Call) -> dict[str, Any]:
    body = call.body().decode()
    if body.startswith("{"):
        return json.loads(body)
    form = parse_qs(body)
    return {"paths": form.get("paths", []), "expand": form.get("expand", [""])[0]}


def _quoted(parts: list[str]) -> str:
    return "".join(f"/{quote(part, safe='')}" for part in parts)
