"""The middleware before the page: bodies, calls a visitor, uploads, and visitors who leave."""

import asyncio
import json

import pytest

from hf_causal.demo import buckets, guard, limits
from hf_causal.demo.guard import Guard, address_of


class Stored:
    """Files of a page, of which only the size is known."""

    bytes = 0

    def size(self):
        return self.bytes


async def nobody_leaves(visit):
    raise AssertionError(f"{visit} left")


class Calls:
    """An ASGI app behind a guard, and what reaches it."""

    def __init__(self, leave=nobody_leaves):
        self.stored, self.bodies, self.headers = Stored(), [], []
        self.guard = Guard(self._app, self.stored, leave)

    async def _app(self, scope, receive, send):
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.bodies.append(body)
        self.headers.append(scope["headers"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"done"})

    def send(self, path, pieces=(b"{}",), address="198.51.100.1", headers=(), method="POST"):
        """The status of the answer to a request, and its headers."""
        return asyncio.run(self.send_later(path, pieces, address, headers, method))

    async def send_later(self, path, pieces, address, headers, method):
        messages = [
            {"type": "http.request", "body": piece, "more_body": number < len(pieces) - 1}
            for number, piece in enumerate(pieces)
        ]
        sent = []

        async def receive():
            return messages.pop(0) if messages else await asyncio.Event().wait()

        async def send(message):
            sent.append(message)

        scope = {
            "type": "http", "method": method, "path": path, "query_string": b"", "client": (address, 1),
            "headers": list(headers),
        }  # fmt: skip
        await self.guard(scope, receive, send)
        return sent[0]["status"], dict(sent[0]["headers"])


CALL = "/gradio_api/call/answer"
UPLOAD = "/gradio_api/upload"


def test_a_body_arrives_as_it_was_sent():
    calls = Calls()
    assert calls.send(CALL, (b'{"data":', b" [1]}"))[0] == 200
    assert calls.bodies == [b'{"data": [1]}'] and calls.guard.receiving == 0


@pytest.mark.parametrize(
    "path", [CALL, "/gradio_api/queue/join", "/gradio_api/mcp/", "/anything", "/gradio_api/reset"]
)
def test_large_bodies_are_refused(path, monkeypatch):
    monkeypatch.setattr(limits, "MAX_BODY_BYTES", 100)
    calls = Calls()
    assert calls.send(path, (b"x" * 100,))[0] == 200
    assert calls.send(path, (b"x" * 60, b"x" * 60))[0] == 413  # without a length, as in chunks
    announced = [(b"content-length", b"101")]
    assert calls.send(path, (), headers=announced)[0] == 413  # before anything of it is received
    assert calls.bodies == [b"x" * 100] and calls.guard.receiving == 0


def test_all_bodies_together_are_limited(monkeypatch):
    monkeypatch.setattr(limits, "MAX_BODIES_BYTES", 100)
    calls = Calls()
    calls.guard.receiving = 60
    assert calls.send(CALL, (b"x" * 60,))[0] == 503
    assert calls.guard.receiving == 60
    assert calls.send(CALL, (b"x" * 30,))[0] == 200


def test_calls_of_an_address_and_of_a_session_are_limited(monkeypatch):
    monkeypatch.setattr(limits, "CALLS_AT_ONCE", 3)
    monkeypatch.setattr(limits, "CALLS_A_MINUTE", 1)
    calls = Calls()
    one, other = (json.dumps({"data": [], "session_hash": name}).encode() for name in ("ann", "bob"))
    assert [calls.send(CALL, (one,))[0] for _ in range(4)] == [200, 200, 200, 429]
    status, headers = calls.send(CALL, (one,))
    assert status == 429 and 0 < int(headers[b"retry-after"]) <= 60
    assert calls.send(CALL, (other,))[0] == 200
    # New sessions do not help an address.
    statuses = [calls.send(CALL, (json.dumps({"session_hash": str(n)}).encode(),))[0] for n in range(9)]
    assert statuses == [200] * 6 + [429] * 3
    assert calls.send(CALL, (one.replace(b"ann", b"eve"),), address="198.51.100.2")[0] == 200
    assert calls.send("/theme.css", (b"",), method="GET")[0] == 200


def test_addresses_before_trusted_proxies_only(monkeypatch):
    scope = {
        "client": ("10.0.0.1", 5),
        "headers": [(b"x-forwarded-for", b"6.6.6.6, 7.7.7.7"), (b"x-forwarded-for", b"8.8.8.8")],
    }
    for proxies, address in ((0, "10.0.0.1"), (1, "8.8.8.8"), (2, "7.7.7.7"), (9, "6.6.6.6")):
        monkeypatch.setattr(limits, "TRUSTED_PROXIES", proxies)
        assert address_of(scope) == address


def test_calls_that_the_page_makes_for_agents_are_counted_once(monkeypatch):
    monkeypatch.setattr(limits, "CALLS_AT_ONCE", 1)
    calls = Calls()
    assert calls.send("/gradio_api/mcp/")[0] == 200
    (secret,) = [header for header in calls.headers[0] if header[0] == guard._VISITOR]
    join = json.dumps({"session_hash": "shared"}).encode()
    assert [calls.send("/gradio_api/queue/join", (join,), "127.0.0.1", [secret])[0] for _ in range(9)] == [200] * 9
    forged = [(guard._VISITOR, b"0" * 32)]
    assert 429 in [calls.send("/gradio_api/queue/join", (join,), "127.0.0.1", forged)[0] for _ in range(9)]


def test_uploads_are_limited_by_size_address_and_room(monkeypatch):
    monkeypatch.setattr(limits, "MAX_UPLOAD_BYTES", 1000)
    monkeypatch.setattr(limits, "UPLOADED_AT_ONCE", 2500)
    monkeypatch.setattr(limits, "MAX_STORED_BYTES", 5000)
    calls = Calls()

    def upload(size, address="198.51.100.1"):
        return calls.send(UPLOAD, (b"x" * size,), address, [(b"content-length", str(size).encode())])[0]

    assert calls.send(UPLOAD, (b"x",))[0] == 411
    assert upload(1000 + guard._MULTIPART_BYTES + 1) == 413
    assert [upload(1000) for _ in range(3)] == [200, 200, 429]
    assert upload(1000, "198.51.100.2") == 200
    calls.stored.bytes = 4500
    assert upload(1000, "198.51.100.3") == 503
    # A length that is less than what arrives ends the request.
    many = (b"x" * (1000 + guard._MULTIPART_BYTES), b"x")
    assert calls.send(UPLOAD, many, "198.51.100.4", [(b"content-length", b"10")])[0] == 413


@pytest.mark.parametrize(
    ("path", "query", "visit"),
    [
        ("/gradio_api/queue/data", b"session_hash=ann", "ann"),
        ("/gradio_api/call/verify/0123abcd", b"", "0123abcd"),
        ("/gradio_api/heartbeat/ann", b"", "ann"),
    ],
)
def test_a_visitor_who_leaves_is_noticed(path, query, visit):
    left = []

    async def leave(name):
        left.append(name)

    async def visit_page(answers):
        async def app(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            if answers:
                await send({"type": "http.response.body", "body": b"done"})
            assert (await receive())["type"] == "http.disconnect"

        ended = asyncio.Event()

        async def receive():
            await ended.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            pass

        scope = {"type": "http", "method": "GET", "path": path, "query_string": query, "headers": []}
        request = asyncio.ensure_future(Guard(app, Stored(), leave)(scope, receive, send))
        await asyncio.sleep(0.01)
        assert left == []
        ended.set()
        await request
        await asyncio.sleep(0.01)

    asyncio.run(visit_page(answers=True))
    assert left == [], "a response that is complete is nobody's leaving"
    asyncio.run(visit_page(answers=False))
    assert left == [visit]


def test_visitors_are_forgotten_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr(buckets, "MAX_VISITORS", 3)
    level = buckets.Buckets(1, 1, lambda: 0.0)
    for name in "abcdab":
        level.take(name)
    assert len(level._levels) == 3


def test_a_refused_take_costs_nothing():
    now = 0.0
    level = buckets.Buckets(10, 1, lambda: now)
    assert level.take("a", 8) == 0 and level.take("a", 5) == 3 and level.take("a", 2) == 0
    now = 100.0
    assert level.take("a", 10) == 0 and level.take("a", 1) == 1
