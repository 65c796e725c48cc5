"""Middleware before the page: limits on the bodies of requests, on calls a visitor, and on uploads.

It also notices when a visitor leaves, so that work for them is ended.
"""

from __future__ import annotations

import asyncio
import json
import math
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from hf_causal.demo import limits
from hf_causal.demo.buckets import Buckets
from hf_causal.demo.kept import Kept

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

API = "/gradio_api"
CALLS = tuple(f"{API}/{name}" for name in ("queue/join", "call", "run", "api", "predict", "component_server", "mcp"))
"""Paths of requests that make the page work."""
STREAMS = tuple(f"{API}/{name}" for name in ("queue/data", "call", "heartbeat"))
"""Paths of responses that last until an answer is there; who ends them has left."""
_VISITOR = b"x-hf-causal-visitor"
"""Header of the calls that the page makes to itself for agents, which were counted when the agent called."""
_ADDRESS_SHARE = 4
"""Sessions that an address may have at once without a wait."""
_MULTIPART_BYTES = 64 * 2**10
"""Added to the size of an upload for its boundaries and headers."""


class Refused(Exception):
    """A request that is not passed on, with the status of HTTP and the reason."""

    def __init__(self, status: int, reason: str, wait: float = 0.0):
        self.status, self.reason, self.wait = status, reason, wait
        super().__init__(reason)


class Guard:
    """Passes requests within the limits on to an app, and refuses others.

    Args:
        app (callable): The ASGI app.
        kept ([`Kept`]): The files of the page.
        leave (callable): Is called with the session, or the id of the call, of a visitor who has left.
    """

    def __init__(self, app: App, kept: Kept, leave: Callable[[str], Awaitable[None]]):
        self.app, self.kept, self.leave = app, kept, leave
        rate = limits.CALLS_A_MINUTE / 60
        self.sessions = Buckets(limits.CALLS_AT_ONCE, rate)
        self.addresses = Buckets(_ADDRESS_SHARE * limits.CALLS_AT_ONCE, _ADDRESS_SHARE * rate)
        self.uploads = Buckets(limits.UPLOADED_AT_ONCE, limits.UPLOADED_A_MINUTE / 60)
        self.receiving = 0
        """Bytes of bodies that are being received."""
        self._secret = secrets.token_hex(16).encode()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            await self._pass(scope, receive, send)
        except Refused as refused:
            await _answer(send, refused)

    async def _pass(self, scope: Message, receive: Receive, send: Send) -> None:
        path = _path(scope)
        if scope["method"] == "GET" and path.startswith(STREAMS):
            await self._watch(scope, receive, send)
        elif scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
        elif path.startswith(f"{API}/upload"):
            self._check_upload(scope)
            await self.app(scope, _counted(receive, limits.MAX_UPLOAD_BYTES + _MULTIPART_BYTES), send)
        else:
            await self._call(scope, path, receive, send)

    async def _call(self, scope: Message, path: str, receive: Receive, send: Send) -> None:
        """Receives the body before anything is done with it, and counts the call."""
        counts = path.startswith(CALLS) and not self._is_own(scope)
        if counts:
            _spend(self.addresses, address_of(scope))
        size = _content_length(scope)
        if size is not None and size > limits.MAX_BODY_BYTES:
            raise _too_large(limits.MAX_BODY_BYTES)
        body = await self._body(receive)
        if counts and (session := _session_of(body)):
            _spend(self.sessions, session)
        if path.startswith(f"{API}/mcp"):
            scope = {**scope, "headers": [*scope["headers"], (_VISITOR, self._secret)]}
        await self.app(scope, _replayed(body, receive), send)

    async def _body(self, receive: Receive) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refused(400, "the request ended before its body")
                piece = message.get("body", b"")
                size += len(piece)
                self.receiving += len(piece)
                if size > limits.MAX_BODY_BYTES:
                    raise _too_large(limits.MAX_BODY_BYTES)
                if self.receiving > limits.MAX_BODIES_BYTES:
                    raise Refused(503, "the page is busy; try again in a minute", 60)
                pieces.append(piece)
                if not message.get("more_body"):
                    return b"".join(pieces)
        finally:
            self.receiving -= size

    def _check_upload(self, scope: Message) -> None:
        size = _content_length(scope)
        most = limits.MAX_UPLOAD_BYTES + _MULTIPART_BYTES
        if size is None:
            raise Refused(411, "an upload must say its size in `Content-Length`")
        if size > most:
            raise _too_large(limits.MAX_UPLOAD_BYTES)
        if self.kept.size() + size > limits.MAX_STORED_BYTES:
            raise Refused(503, "the page keeps too many files at the moment; try again in some minutes", 600)
        _spend(self.addresses, address_of(scope))
        _spend(self.uploads, address_of(scope), min(size, limits.UPLOADED_AT_ONCE))

    async def _watch(self, scope: Message, receive: Receive, send: Send) -> None:
        """Runs the app and waits for the visitor to leave at the same time."""
        left, ended = asyncio.Event(), False

        async def wait() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            left.set()
            if not ended:  # the server reports the end of a complete response in the same way
                await self.leave(_visit_of(scope))

        async def received() -> Message:
            await left.wait()
            return {"type": "http.disconnect"}

        async def sent(message: Message) -> None:
            nonlocal ended
            ended = ended or (message["type"] == "http.response.body" and not message.get("more_body"))
            await send(message)

        waiting = asyncio.create_task(wait())
        try:
            await self.app(scope, received, sent)
        finally:
            if not left.is_set():
                waiting.cancel()

    def _is_own(self, scope: Message) -> bool:
        return any(
            name == _VISITOR and secrets.compare_digest(value, self._secret) for name, value in scope["headers"]
        )


def address_of(scope: Message) -> str:
    """Returns the address of a visitor: of the connection, or what the outermost trusted proxy has seen."""
    client = (scope.get("client") or ("unknown",))[0]
    forwarded = [value for name, value in scope["headers"] if name == b"x-forwarded-for"]
    if not limits.TRUSTED_PROXIES or not forwarded:
        return client
    addresses = b",".join(forwarded).decode("latin-1").split(",")
    return addresses[-min(limits.TRUSTED_PROXIES, len(addresses))].strip()[:64]


def _path(scope: Message) -> str:
    path = scope["path"].removeprefix(scope.get("root_path") or "")
    return f"/{path.lstrip('/')}"


def _spend(buckets: Buckets, key: str, tokens: float = 1.0) -> None:
    if wait := buckets.take(key, tokens):
        raise Refused(429, f"too many requests; try again in {math.ceil(wait)} seconds", wait)


def _too_large(most: int) -> Refused:
    return Refused(413, f"the request is too large; this page takes up to {most / 2**20:g} MiB")


def _content_length(scope: Message) -> int | None:
    value = dict(scope["headers"]).get(b"content-length", b"").decode("latin-1")
    return int(value[:18]) if value.isdecimal() else None


def _session_of(body: bytes) -> str | None:
    if b'"session_hash"' not in body:
        return None
    try:
        session = json.loads(body).get("session_hash")
    except (ValueError, AttributeError, RecursionError):
        return None  # the app says what is wrong with it
    return session[:64] if isinstance(session, str) else None


def _visit_of(scope: Message) -> str:
    """Returns the session, or the id of the call, that a stream belongs to."""
    query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
    return query.get("session_hash", [scope["path"].rstrip("/").rsplit("/", 1)[-1]])[0]


def _replayed(body: bytes, receive: Receive) -> Receive:
    """Returns a `receive` that gives a body that was received already, and then what comes after it."""
    is_given = False

    async def replay() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _counted(receive: Receive, most: int) -> Receive:
    """Returns a `receive` that ends a body when it is larger than allowed."""
    size = 0

    async def count() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise _too_large(most)
        return message

    return count


async def _answer(send: Send, refused: Refused) -> None:
    body = json.dumps({"detail": refused.reason, "error": refused.reason}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    headers += [(b"connection", b"close")]  # what is left of the body is not read
    if refused.wait:
        headers.append((b"retry-after", str(math.ceil(refused.wait)).encode()))
    await send({"type": "http.response.start", "status": refused.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
