"""The HTTP side of the test Hub: threads on a free port, a log of what was asked, faults on demand."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from .api import Api
from .call import Answer, Call
from .faults import Fault, Faults
from .store import HubError, Store, User
from .xet import XetFolder

USERS = {
    "hf_writer": User("writer", orgs=("causal-lab",)),
    "hf_colleague": User("colleague", orgs=("causal-lab",)),
    "hf_reader": User("writer", role="read", orgs=("causal-lab",)),
    "hf_stranger": User("stranger"),
}
_CHUNK = 65536


@dataclass(frozen=True)
class Request:
    """One line of the log."""

    method: str
    path: str
    status: int
    """0 when the connection was cut before an answer."""
    user: str | None
    range: str | None


class _Cut(Exception):
    """The connection is to be closed without a further word."""


class HubServer:
    """A Hub that lives as long as a `with` block.

    Args:
        folder (`Path`): Empty folder for blobs.
        xet (`bool`): Whether to offer Xet storage; uploads of large files then go through it.
        page_size (`int`): Entries of a page of a listing.
        collections (`bool`): Whether this Hub has collections.
    """

    def __init__(self, folder: Path, xet: bool = False, page_size: int = 1000, collections: bool = True):
        self.store = Store(folder, USERS)
        self.api = Api(self.store, XetFolder(folder / "xet") if xet else None, page_size, collections)
        self.faults, self.requests = Faults(), list[Request]()
        hub = self

        class Handler(_Handler):
            server_hub = hub

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> HubServer:
        threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._http.shutdown()
        self._http.server_close()

    def repo(self, kind: str, repo_id: str):
        """A repository, whoever may see it; raises `KeyError` where there is none."""
        return self.store.repos[kind, repo_id]

    def asked(self, method: str, path: str = "") -> list[Request]:
        """The requests so far whose path matches a regular expression."""
        return [request for request in self.requests if request.method == method and re.search(path, request.path)]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # headers and body in one packet, which spares the wait for an acknowledgement
    disable_nagle_algorithm = True
    server_hub: HubServer

    def do_GET(self) -> None:
        self._handle()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def log_message(self, *_: Any) -> None:
        """The log is `HubServer.requests`."""

    def _handle(self) -> None:
        hub, url = self.server_hub, urlsplit(self.path)
        self._fault = hub.faults.of(self.command, url.path) or Fault(self.command, "")
        self._left = int(self.headers.get("Content-Length") or 0)
        self._chunked = self.headers.get("Transfer-Encoding", "").lower() == "chunked"
        self._body: bytes | None = None
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self._user = hub.store.users.get(token)
        status = 0
        try:
            if self._fault.wait_for:
                self._fault.wait_for.wait(30)
            answer = self._answer(url)
            self._read_body()  # what nobody read would be taken for the next request
            if self._fault.cut_answer:
                raise _Cut
            status = answer.status
            self._log(status)
            self._send(answer)
        except _Cut:
            if not status:
                self._log(0)
            self._hang_up()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _answer(self, url: Any) -> Answer:
        fault = self._fault
        if fault.cut_upload_after is not None:
            self.rfile.read(min(fault.cut_upload_after, self._left))
            raise _Cut
        try:
            if fault.status:
                raise HubError(fault.status, "Fault", "asked for by a test")
            if self.headers.get("Authorization") and self._user is None:
                raise HubError(401, "Unauthorized", "Invalid credentials in Authorization header")
            if url.path.startswith("/_lfs/") or "/info/lfs/" in url.path:
                return self._lfs(url.path)
            parts = [unquote(part) for part in url.path.strip("/").split("/")]
            base = self.server_hub.url
            call = Call(self.command, parts, dict(parse_qsl(url.query)), self._read_body, self._user, base)
            return self.server_hub.api.answer(call)
        except HubError as error:
            headers = {"X-Error-Code": error.code, "X-Error-Message": error.message.replace("\n", " ")}
            return Answer({"error": error.message, **error.body}, error.status, headers)

    # --- Git LFS

    def _lfs(self, path: str) -> Answer:
        store, parts = self.server_hub.store, path.strip("/").split("/")
        if parts[-1] == "batch":
            return self._lfs_batch()
        blob = store.blob(parts[1])
        if self.command == "PUT":
            self._store_object(blob, store.pending(parts[1]))
            return Answer({})
        if parts[-1] == "verify":
            pending, size = store.pending(parts[1]), json.loads(self._read_body())["size"]
            found = pending if pending.exists() else blob
            if not found.exists() or found.stat().st_size != size:
                raise HubError(404, "NotFound", "the object is not there, or has another size")
            found.replace(blob)  # only now does it count as uploaded
            return Answer({})
        raise HubError(404, "NotFound", path)

    def _lfs_batch(self) -> Answer:
        if self._user is None or self._user.role != "write":
            raise HubError(403, "Forbidden", "This token may only read")
        objects = []
        for asked in json.loads(self._read_body())["objects"]:
            entry = {**asked, "authenticated": True}
            if not self.server_hub.store.blob(asked["oid"]).exists():
                href = f"{self.server_hub.url}/_lfs/{asked['oid']}"
                entry["actions"] = {"upload": {"href": href, "header": {}}, "verify": {"href": f"{href}/verify"}}
            objects.append(entry)
        return Answer({"transfer": "basic", "objects": objects})

    def _store_object(self, blob: Path, pending: Path) -> None:
        digest = hashlib.sha256()
        partial = blob.with_name(f"{blob.name}.{threading.get_ident()}")
        with partial.open("wb") as stream:
            for chunk in self._chunks():
                digest.update(chunk)
                stream.write(chunk)
        if digest.hexdigest() != blob.name:
            partial.unlink()
            raise HubError(400, "BadDigest", "the content has another SHA-256")
        partial.replace(pending)

    # --- reading and writing

    def _chunks(self) -> Iterator[bytes]:
        if self._chunked:
            self._chunked = False
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return
        while self._left:
            chunk = self.rfile.read(min(_CHUNK, self._left))
            if not chunk:
                raise _Cut  # the client has gone
            self._left -= len(chunk)
            yield chunk

    def _read_body(self) -> bytes:
        if self._body is None:
            self._body = b"".join(self._chunks())
        return self._body

    def _send(self, answer: Answer) -> None:
        if answer.file is not None and answer.status == 200:
            self._send_file(answer)
            return
        content = b"" if answer.content is None else json.dumps(answer.content).encode()
        self.send_response(answer.status)
        self._send_headers({"Content-Type": "application/json", "Content-Length": str(len(content)), **answer.headers})
        if self.command != "HEAD":
            self.wfile.write(content)

    def _send_file(self, answer: Answer) -> None:
        path, headers = answer.file, {"Content-Type": "application/octet-stream", **answer.headers}
        size = int(headers.pop("Content-Length", 0)) or path.stat().st_size
        start, stop = 0, size
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if asked and (asked[1] or asked[2]):
            start = int(asked[1]) if asked[1] else max(0, size - int(asked[2]))
            stop = min(size, int(asked[2]) + 1) if asked[1] and asked[2] else size
            headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
        self.send_response(206 if asked else 200)
        self._send_headers({**headers, "Content-Length": str(stop - start)})
        if self.command == "HEAD":
            return
        limit = self._fault.cut_download_after
        with path.open("rb") as stream:
            stream.seek(start)
            content = stream.read(stop - start)
        self.wfile.write(content if limit is None else content[:limit])
        if limit is not None:
            raise _Cut

    def _send_headers(self, headers: dict[str, str]) -> None:
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _log(self, status: int) -> None:
        user = self._user.name if self._user else None
        path = self.path
        self.server_hub.requests.append(Request(self.command, path, status, user, self.headers.get("Range")))

    def _hang_up(self) -> None:
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
