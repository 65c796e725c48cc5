"""Endpoints that refuse parameters or prompts, answer in other forms, or are hostile."""

import json
import os
import signal
import socket
import threading
import time

import httpx
import pytest
from chat_server import ChatServer, completion
from huggingface_hub import constants
from raw_server import raw_server

from hf_causal.cli import main
from hf_causal.evaluation.language_models import endpoint as module
from hf_causal.evaluation.language_models import transport
from hf_causal.evaluation.language_models.endpoint import TOKEN_VARIABLE, Endpoint, Pace, find_token
from hf_causal.evaluation.language_models.evaluate import evaluate_language_model
from hf_causal.evaluation.language_models.pacing import retry_after
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.evaluation.language_models.request_options import (
    RequestOptions,
    parse_extra_body,
    parse_temperature,
)
from hf_causal.evaluation.language_models.responses import NotACompletion, read_response
from hf_causal.evaluation.language_models.transport import Response, Transport, TransportError
from hf_causal.evaluation.report import render_report
from hf_causal.tasks.proving import prove

PROMPTS = [f"A causes B. B causes {name}. Does A cause {last}?" for name in "CDEF" for last in ("B", name, "Z")]
RIGHT = [int(prove(prompt).answer == "Yes") for prompt in PROMPTS]
SECRET = "hf_secret_of_the_user"
TOO_LONG = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."


@pytest.fixture(autouse=True)
def on_the_loopback(monkeypatch):
    """Every host is the loopback, and pauses take no time."""
    addresses = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *arguments, **options: addresses("127.0.0.1", *arguments, **options)
    )
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    monkeypatch.setenv("HF_TOKEN", SECRET)
    monkeypatch.setattr(module, "get_token", lambda: SECRET)
    pauses = []
    monkeypatch.setattr(Pace, "sleep", lambda self, seconds: pauses.append(seconds))
    monkeypatch.setattr(Pace, "hold", lambda self, seconds: pauses.append(seconds))
    return pauses


def connect(server, tmp_path, **options):
    return Endpoint(server.url, "causal-7b", **{"prompt_format": PromptFormat(), "answers": tmp_path, **options})


def error(message, status=400, **fields):
    return status, {}, json.dumps({"error": {"message": message, **fields}}).encode()


# Parameters that a server does not take


def refusing(server, *refusals):
    """Sets a server to answer a request that has one of the parameters with the refusal."""

    def fault(number):
        return next((response for name, response in refusals if name in server.bodies[number]), None)

    server.fault = fault
    return server


OPENAI_LIMIT = error(
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    param="max_tokens",
    code="unsupported_parameter",
)
OPENAI_TEMPERATURE = error(
    "Unsupported value: 'temperature' does not support 0.0 with this model. Only the default (1) value is supported.",
    param="temperature",
    code="unsupported_value",
)
PYDANTIC_TEMPERATURE = (
    422,
    {},
    b'{"detail": [{"type": "extra_forbidden", "loc": ["body", "temperature"], "msg": "Extra inputs not permitted"}]}',
)
PLAIN_LIMIT = (400, {}, b"unrecognized argument: max_tokens")


@pytest.mark.parametrize(
    ("refusals", "sent"),
    [
        ([("max_tokens", OPENAI_LIMIT)], {"max_completion_tokens": 16, "temperature": 0.0}),
        ([("temperature", OPENAI_TEMPERATURE)], {"max_tokens": 16}),
        ([("max_tokens", OPENAI_LIMIT), ("temperature", OPENAI_TEMPERATURE)], {"max_completion_tokens": 16}),
        ([("temperature", PYDANTIC_TEMPERATURE), ("max_tokens", PLAIN_LIMIT)], {"max_completion_tokens": 16}),
        ([("max_tokens", PLAIN_LIMIT), ("max_completion_tokens", error("unknown max_completion_tokens"))],
         {"temperature": 0.0}),
    ],
)  # fmt: skip
def test_a_parameter_that_is_not_taken_is_learned_once(refusals, sent, tmp_path):
    with ChatServer(delay=0.01) as server:
        endpoint = connect(refusing(server, *refusals), tmp_path)
        assert endpoint.predict(PROMPTS) == RIGHT
    assert len(server.bodies) == len(PROMPTS) + len(refusals)
    assert {k: v for k, v in server.bodies[-1].items() if k not in ("model", "messages")} == sent
    assert endpoint.prompting["parameters_not_taken"] == [name for name, _ in refusals] or len(refusals) > 1


def test_a_parameter_of_the_user_is_never_dropped(tmp_path):
    for options, refused in (
        (RequestOptions(temperature=0.7), OPENAI_TEMPERATURE),
        (RequestOptions(token_limit="max_tokens"), OPENAI_LIMIT),
        (RequestOptions(reasoning_effort="low"), error("Unknown parameter", param="reasoning_effort")),
        (RequestOptions(extra_body={"top_k": 3}), error("Unrecognized request argument supplied: top_k")),
    ):
        name = next(
            word for word in ("temperature", "max_tokens", "reasoning_effort", "top_k") if word in str(refused)
        )
        with ChatServer() as server, pytest.raises(ValueError, match="refused the request with status 400"):
            connect(refusing(server, (name, refused)), tmp_path, options=options).predict(PROMPTS)
        assert len(server.bodies) == 1


def test_options_are_sent_and_change_the_replies_that_are_kept(tmp_path, corpus_dir):
    with ChatServer() as server:
        command = ["evaluate", "--lm", "m", "--endpoint", server.url, "--data-dir", str(corpus_dir), "--limit", "1"]
        command += ["--answers", str(tmp_path), "--temperature", "none", "--token-limit", "max_completion_tokens"]
        command += ["--reasoning-effort", "low", "--extra-body", '{"top_p": 1}', "--max-new-tokens", "4096"]
        assert main(command) == 0
        assert len({path.name for path in tmp_path.glob("*.jsonl")}) == 1
        connect(server, tmp_path).predict(PROMPTS[:1])
    sent = {key: value for key, value in server.bodies[0].items() if key not in ("model", "messages")}
    assert sent == {"max_completion_tokens": 4096, "reasoning_effort": "low", "top_p": 1}
    assert len({path.name for path in tmp_path.glob("*.jsonl")}) == 2


@pytest.mark.parametrize(
    "options",
    [
        ["--temperature", "hot"], ["--temperature", "nan"], ["--temperature", "-1"], ["--temperature", "inf"],
        ["--token-limit", "tokens"], ["--extra-body", "[1]"], ["--extra-body", "{"], ["--extra-body", '{"model": 1}'],
        ["--extra-body", '{"max_tokens": 1}'], ["--timeout", "0"], ["--timeout", "nan"], ["--timeout", "inf"],
    ],
)  # fmt: skip
def test_wrong_options_are_one_line(options, capsys):
    assert main(["evaluate", "--lm", "m", "--endpoint", "http://127.0.0.1:9/v1", *options]) == 2
    shown = capsys.readouterr().err.strip()
    assert shown.count("\n") == 0 and options[0].strip("-").replace("-", "_") in shown


def test_options_are_parsed():
    assert parse_temperature("None") is None and parse_temperature("0.5") == 0.5
    assert parse_extra_body(None) == {} and parse_extra_body('{"a": [1]}') == {"a": [1]}


# Prompts that a server refuses


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (error(TOO_LONG, code="context_length_exceeded", param="messages"), "context length"),
        (error("'max_tokens' is too large: 16. This model's maximum context length is 8 tokens."), "context length"),
        (error("prompt is too long: 200000 tokens"), "context length"),
        ((413, {}, b"Payload Too Large"), "context length"),
        ((422, {}, b'{"error": "Input validation error: `inputs` tokens must be fewer, reduce the length"}'),
         "context length"),
        (error("The response was filtered", code="content_filter"), "content filter"),
        (error("Your request was flagged by our moderation"), "content filter"),
        ((200, {}, b'{"error": {"message": "maximum context length exceeded", "code": 400}}'), "context length"),
        (error("I do not like this prompt"), "status 400: I do not like this prompt"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("position", [0, 5])
def test_a_refused_prompt_counts_as_wrong_and_the_run_continues(refusal, reason, position, tmp_path):
    with ChatServer(lambda number: refusal if number == position else None) as server:
        endpoint = connect(server, tmp_path, concurrency=1)
        predictions = endpoint.predict(PROMPTS)
        asked = len(server.bodies)
        again = connect(server, tmp_path)
        assert again.predict(PROMPTS) == predictions  # nothing is asked again
    assert predictions == [-1 if index == position else answer for index, answer in enumerate(RIGHT)]
    assert asked == len(PROMPTS) == len(server.bodies)
    assert dict(endpoint.refused) == dict(again.refused) == {reason: 1} == endpoint.prompting["refused"]


def test_refused_prompts_are_in_the_report(tmp_path, corpus_dir, capsys):
    with ChatServer(lambda number: error(TOO_LONG) if number % 3 == 1 else None) as server:
        options = {"endpoint": server.url, "data_dir": corpus_dir, "limit": 2, "answers": tmp_path, "concurrency": 1}
        scores = evaluate_language_model("m", **options)
        count = scores.prompting["refused"]["context length"]
        assert sum(score.unparsable for score in scores.splits.values()) == count > 0
        assert f"refused {count} prompts, which count as wrong: {count} for context length" in render_report(scores)
        command = ["evaluate", "--lm", "m", "--endpoint", server.url, "--data-dir", str(corpus_dir), "--limit", "2"]
        assert main([*command, "--answers", str(tmp_path)]) == 0
    assert f"refused {count} prompts" in capsys.readouterr().out


def test_a_server_that_refuses_everything_ends_the_run_and_nothing_is_kept(tmp_path):
    broken = error("the tokenizer is broken")
    with ChatServer(lambda number: broken) as server:
        with pytest.raises(ValueError, match="status 400: the tokenizer is broken"):
            connect(server, tmp_path).predict(PROMPTS)
        with pytest.raises(ValueError, match="the tokenizer is broken"):
            connect(server, tmp_path).predict(PROMPTS[:1])
        server.fault = lambda number: None
        assert connect(server, tmp_path).predict(PROMPTS) == RIGHT


def test_a_server_that_begins_to_refuse_everything_ends_the_run(tmp_path):
    prompts = [f"A causes B{index}. Does A cause B{index}?" for index in range(40)]
    with ChatServer(lambda number: error("out of order") if number >= 3 else None) as server:
        with pytest.raises(ValueError, match="out of order"):
            connect(server, tmp_path, concurrency=2).predict(prompts)
        server.fault = lambda number: None
        assert connect(server, tmp_path).predict(prompts) == [1] * 40


# Other forms of replies


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        ([{"type": "text", "text": "Yes"}], 1),
        ([{"type": "output_text", "text": "No"}], 0),
        ([{"type": "thinking", "thinking": [{"type": "text", "text": "No"}]}, {"type": "text", "text": "Yes"}], 1),
        ([{"type": "reasoning", "text": "Yes"}, "No"], 0),
        ([{"type": "text", "text": {"value": "Yes", "annotations": []}}], 1),
        ([{"type": "text", "text": "The answer "}, {"type": "text", "text": "is yes."}], 1),
        ([], -1),
        (None, -1),
    ],
)
def test_content_in_blocks_is_read(content, answer, tmp_path):
    with ChatServer(lambda number: (200, {}, completion(content))) as server:
        assert connect(server, tmp_path).predict(PROMPTS[:1]) == [answer]
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    "reported",
    [
        {"error": {"message": "no such model: causal-7b", "code": "model_not_found"}},
        {"error": {"message": "no such model: causal-7b", "code": 404}},
        {"error": "no such model: causal-7b"},
        {"choices": [{"error": {"message": "no such model: causal-7b", "code": 404}, "message": {"content": ""}}]},
    ],
)
def test_an_error_with_status_200_is_clear_and_not_repeated(reported, tmp_path, on_the_loopback):
    reports = ChatServer(lambda number: (200, {}, json.dumps(reported).encode()))
    with reports as server, pytest.raises(ValueError, match="no such model: causal-7b"):
        connect(server, tmp_path).predict(PROMPTS)
    assert len(server.bodies) <= 3 and not on_the_loopback


def test_a_temporary_error_with_status_200_is_repeated_and_named(tmp_path):
    busy = (200, {}, b'{"error": {"message": "all GPUs are busy", "code": 503}}')
    with ChatServer(lambda number: busy if number < 2 else None) as server:
        assert connect(server, tmp_path).predict(PROMPTS[:2]) == RIGHT[:2]
    with ChatServer(lambda number: busy) as server, pytest.raises(ConnectionError, match="all GPUs are busy"):
        connect(server, tmp_path / "other", max_retries=1).predict(PROMPTS)


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
