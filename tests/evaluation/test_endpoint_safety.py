"""Endpoints that are hostile: where the token goes, limits on time and size, and what is paid for."""

import os
import signal
import threading
import time

import httpx
import pytest
from chat_server import ChatServer, completion
from endpoint_fixtures import PROMPTS, RIGHT, SECRET, connect, error
from raw_server import raw_server

from hf_causal.evaluation.language_models import transport
from hf_causal.evaluation.language_models.endpoint import TOKEN_VARIABLE, Endpoint, find_token
from hf_causal.evaluation.language_models.pacing import retry_after
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.evaluation.language_models.responses import NotACompletion, read_response
from hf_causal.evaluation.language_models.transport import Response, Transport, TransportError

pytestmark = pytest.mark.usefixtures("on_the_loopback")


# Where the stored token goes


@pytest.mark.parametrize(
    "url",
    [
        "http://router.huggingface.co/v1", "https://router.huggingface.co.evil.ai/v1", "https://x.hf.space/v1",
        "https://x.us-east-1.aws.endpoints.huggingface.cloud/v1", "https://huggingface.cloud", "https://hf.space",
        "https://evil.huggingface.co/v1", "https://nothuggingface.co", "https://router.huggingface.co:8443/v1",
        "https://hf.co.evil.ai", "http://127.0.0.1:8000/v1", "https://api.openai.com/v1",
    ],
)  # fmt: skip
def test_the_stored_token_is_for_the_api_hosts_alone(url, monkeypatch):
    assert find_token(url) is None
    monkeypatch.setenv(TOKEN_VARIABLE, "sk-own")
    assert find_token(url) == "sk-own"


@pytest.mark.parametrize("host", ["user-space.hf.space", "x.endpoints.huggingface.cloud", "router.huggingface.co"])
def test_no_host_gets_the_stored_token_over_http(host, tmp_path):
    with ChatServer() as server:
        port = server.url.rpartition(":")[2]
        endpoint = Endpoint(f"http://{host}:{port}", "m", PromptFormat(), answers=tmp_path)
        assert endpoint.predict(PROMPTS[:2]) == RIGHT[:2]
    assert server.headers and not any(
        "authorization" in headers or SECRET in str(headers) for headers in server.headers
    )


def test_the_router_gets_the_stored_token_over_https(tmp_path, monkeypatch):
    requests = []

    def answer(request):
        requests.append(request)
        return httpx.Response(200, content=completion("Yes"))

    client = httpx.AsyncClient
    mocked = lambda **options: client(transport=httpx.MockTransport(answer), **options)  # noqa: E731
    monkeypatch.setattr(transport.httpx, "AsyncClient", mocked)
    for url in ("https://router.huggingface.co/v1", "https://x.hf.space/v1"):
        Endpoint(url, "m", PromptFormat(), answers=tmp_path).predict(PROMPTS[:1])
    assert [request.headers.get("authorization") for request in requests] == [f"Bearer {SECRET}", None]


def test_passwords_of_netrc_are_not_sent(tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with ChatServer() as server:
        connect(server, tmp_path / "answers").predict(PROMPTS[:1])
    assert "authorization" not in server.headers[0]


def test_a_token_that_the_server_repeats_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv(TOKEN_VARIABLE, "sk-repeated-secret")
    repeats = ChatServer(lambda number: error("bad key Bearer sk-repeated-secret"))
    with repeats as server, pytest.raises(ValueError, match=r"bad key Bearer \[token\]") as raised:
        connect(server, tmp_path).predict(PROMPTS)
    assert "sk-repeated" not in str(raised.value)
    with ChatServer(lambda number: (200, {}, completion("Yes, sk-repeated-secret"))) as server:
        assert connect(server, tmp_path).predict(PROMPTS[:1]) == [1]
    assert not any("sk-repeated" in path.read_text() for path in tmp_path.iterdir())


# Hostile servers


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("1e9", 300), ("Thu, 31 Dec 2099 23:59:59 GMT", 300), ("inf", None), ("-inf", None), ("nan", None),
     ("9" * 400, None), ("Thu, 31 Dec 99999 23:59:59 GMT", None), ("60", 60)],
)  # fmt: skip
def test_no_server_decides_how_long_to_wait(value, seconds):
    assert retry_after({"retry-after": value}) == seconds


def slowly(connection, head, piece):
    connection.sendall(head)
    while True:
        connection.sendall(piece)
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"", b"H"),
        (b"HTTP/1.1 200 OK\r\n", b"x: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"", b""),
    ],
)
def test_a_byte_at_a_time_does_not_keep_a_request_alive(head, piece):
    slow = raw_server(lambda connection: slowly(connection, head, piece))
    with slow as url, Transport(url, None, timeout=0.5) as client, pytest.raises(TransportError):
        client.post({})


def test_an_endless_body_is_cut(monkeypatch):
    monkeypatch.setattr(transport, "LARGEST_RESPONSE", 2**20)
    sent = []

    def serve(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
        while True:
            connection.sendall(b" " * 65_536)
            sent.append(65_536)

    too_large = pytest.raises(TransportError, match="more than 1 MiB")
    with raw_server(serve) as url, Transport(url, None, timeout=60) as client, too_large:
        client.post({})
    assert sum(sent) < 2**26


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"error":' * 100_000, '{"choices": ' + "[" * 50_000, "null", "1", ""]
)
def test_deep_and_empty_json_is_no_completion(body):
    with pytest.raises(NotACompletion):
        read_response(Response(200, {}, body))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_refused(status, tmp_path, monkeypatch):
    monkeypatch.setenv(TOKEN_VARIABLE, "sk-secret")
    with ChatServer() as other:
        moved = (status, {"location": f"{other.url}/chat/completions?k=sk-secret"}, b"")
        with ChatServer(lambda number: moved) as server, pytest.raises(ValueError, match="another host") as raised:
            connect(server, tmp_path).predict(PROMPTS[:1])
    assert not other.bodies and "secret" not in str(raised.value)


def test_a_redirect_within_a_host_is_followed_a_few_times(tmp_path):
    moved = (308, {"location": "/v1/chat/completions/"}, b"")
    with ChatServer(lambda number: moved if number == 0 else None) as server:
        assert connect(server, tmp_path).predict(PROMPTS[:1]) == RIGHT[:1]
    assert server.paths == ["/v1/chat/completions", "/v1/chat/completions/"]
    with ChatServer(lambda number: moved) as server, pytest.raises(ConnectionError, match="redirects"):
        connect(server, tmp_path / "other", max_retries=0).predict(PROMPTS[:1])


# What is paid for


def test_a_termination_keeps_the_replies_under_way(tmp_path):
    """SIGTERM, as schedulers send it, ends no request that has been sent."""
    with ChatServer(delay=0.05) as server:
        endpoint = connect(server, tmp_path, concurrency=4)
        with pytest.raises(KeyboardInterrupt):
            endpoint.predict(PROMPTS, lambda count: os.kill(os.getpid(), signal.SIGTERM))
        assert len(server.bodies) == len(connect(server, tmp_path).cache) < len(PROMPTS)
        assert connect(server, tmp_path).predict(PROMPTS) == RIGHT
        assert len(server.bodies) == len(PROMPTS)
    assert signal.getsignal(signal.SIGTERM) != signal.default_int_handler


def test_a_request_is_known_by_its_key(tmp_path):
    with ChatServer(lambda number: (500, {}, b"") if number == 0 else None) as server:
        connect(server, tmp_path, concurrency=1).predict(PROMPTS)
    keys = [headers["idempotency-key"] for headers in server.headers]
    assert keys[0] == keys[1] and len(set(keys)) == len(PROMPTS)


def test_two_evaluations_at_once_ask_once(tmp_path):
    predictions = []
    with ChatServer(delay=0.02) as server:
        endpoints = [connect(server, tmp_path) for _ in range(3)]
        threads = [threading.Thread(target=lambda e=e: predictions.append(e.predict(PROMPTS))) for e in endpoints]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert predictions == [RIGHT] * 3 and len(server.bodies) == len(PROMPTS)
