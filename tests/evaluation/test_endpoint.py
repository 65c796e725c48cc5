"""An endpoint on the loopback, in good and in bad days."""

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from chat_server import ChatServer, completion
from endpoint_fixtures import PROMPTS, RIGHT, SECRET, connect
from huggingface_hub import constants

from hf_causal.cli import main
from hf_causal.evaluation.language_models import pacing
from hf_causal.evaluation.language_models.endpoint import TOKEN_VARIABLE, Endpoint, Pace, find_token
from hf_causal.evaluation.language_models.evaluate import evaluate_language_model
from hf_causal.evaluation.language_models.pacing import retry_after
from hf_causal.evaluation.language_models.prompts import INSTRUCTION, PromptFormat

pytestmark = pytest.mark.usefixtures("on_the_loopback")


def fails(responses):
    """The first requests get these responses."""
    return lambda number: responses[number] if number < len(responses) else None


def test_questions_are_chats_and_answers_are_read(tmp_path):
    with ChatServer() as server:
        assert connect(server, tmp_path).predict(PROMPTS) == RIGHT
    assert set(server.paths) == {"/v1/chat/completions"} and len(server.bodies) == len(PROMPTS)
    body = server.bodies[0]
    assert (body["model"], body["max_tokens"], body["temperature"]) == ("causal-7b", 16, 0.0)
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert body["messages"][0]["content"].startswith(f"{INSTRUCTION}\n\nA causes B.")


def test_examples_come_before_the_question(tmp_path):
    with ChatServer() as server:
        connect(server, tmp_path, prompt_format=PromptFormat(shots=2)).predict(PROMPTS[:1])
    assert [message["role"] for message in server.bodies[0]["messages"]] == ["user", "assistant"] * 2 + ["user"]


def test_requests_run_at_once_but_no_more_than_allowed(tmp_path):
    with ChatServer(delay=0.05) as server:
        assert connect(server, tmp_path, concurrency=3).predict(PROMPTS) == RIGHT
    assert 1 < server.most_at_once <= 3


@pytest.mark.parametrize(
    "response",
    [
        (429, {"retry-after": "7"}, b"slow down"),
        (429, {}, b"slow down"),
        (500, {}, b"oops"),
        (503, {"retry-after": "7"}, b"loading"),
        (200, {}, b"this is not JSON"),
        (200, {}, b"[]"),
        (200, {}, b'"text"'),
        (200, {}, b'{"choices": []}'),
        (200, {}, b'{"error": "overloaded"}'),
        (200, {}, completion([{"type": "text"}])),
        (200, {"content-length": "5"}, b""),
    ],
)
def test_requests_are_repeated_after_passing_errors(response, tmp_path, on_the_loopback):
    with ChatServer(fails([response] * 3)) as server:
        asked = connect(server, tmp_path, concurrency=1, timeout=2)
        assert asked.predict(PROMPTS[:2]) == RIGHT[:2]
    assert len(server.bodies) == 5
    if "retry-after" in response[1]:
        assert on_the_loopback == [7.0] * 3
    else:  # each pause is about twice the one before
        assert [0.25 * 2**k <= pause <= 0.5 * 2**k for k, pause in enumerate(on_the_loopback)] == [True] * 3


def test_a_server_that_never_recovers_ends_it_and_keeps_what_was_paid_for(tmp_path):
    down = (500, {}, b"oops")
    with ChatServer(lambda number: down if number >= 4 else None) as server:
        with pytest.raises(ConnectionError, match="failed 3 times, at last with status 500"):
            connect(server, tmp_path, concurrency=1, max_retries=2).predict(PROMPTS)
        server.fault = lambda number: None
        before = len(server.bodies)
        assert connect(server, tmp_path).predict(PROMPTS) == RIGHT
        assert len(server.bodies) - before == len(PROMPTS) - 4


def test_nobody_there(tmp_path):
    with ChatServer() as server:
        gone = connect(server, tmp_path, max_retries=1)
    with pytest.raises(ConnectionError, match="failed 2 times, at last with ConnectError"):
        gone.predict(PROMPTS[:1])


def test_a_reply_that_takes_too_long_is_requested_again(tmp_path):
    def slow_once(number):
        if number == 0:
            time.sleep(1.0)

    with ChatServer(slow_once) as server:
        assert connect(server, tmp_path, timeout=0.3).predict(PROMPTS[:1]) == RIGHT[:1]
    assert len(server.bodies) == 2


def test_an_answer_is_paid_for_once(tmp_path):
    told = []
    with ChatServer() as server:
        connect(server, tmp_path).predict([*PROMPTS, *PROMPTS])
        assert len(server.bodies) == len(PROMPTS)
        assert connect(server, tmp_path).predict(PROMPTS, told.append) == RIGHT
        assert len(server.bodies) == len(PROMPTS) and sum(told) == len(PROMPTS)
        connect(server, tmp_path, max_new_tokens=99).predict(PROMPTS[:1])  # something else was asked for
        assert len(server.bodies) == len(PROMPTS) + 1


def test_an_interrupt_keeps_what_was_answered(tmp_path):
    def stop(number):
        raise KeyboardInterrupt

    with ChatServer() as server:
        with pytest.raises(KeyboardInterrupt):
            connect(server, tmp_path, concurrency=1).predict(PROMPTS, stop)
        kept = len(connect(server, tmp_path).cache)
        before = len(server.bodies)
        assert 0 < kept < len(PROMPTS)
        assert connect(server, tmp_path).predict(PROMPTS) == RIGHT
        assert len(server.bodies) - before == len(PROMPTS) - kept


def test_an_answer_that_is_neither_is_kept_as_such(tmp_path):
    texts = [completion("Perhaps."), completion(None), completion("")]
    with ChatServer(lambda number: (200, {}, texts[number])) as server:
        assert connect(server, tmp_path).predict(PROMPTS[:3]) == [-1, -1, -1]


@pytest.mark.parametrize(
    ("status", "error", "message"),
    [
        (400, ValueError, "refused the request with status 400: no such thing"),
        (404, ValueError, "refused the request with status 404: no such thing"),
        (422, ValueError, "refused the request with status 422"),
        (401, PermissionError, f"status 401.*{TOKEN_VARIABLE}"),
        (403, PermissionError, "status 403"),
    ],
)
def test_a_refusal_is_final(status, error, message, tmp_path, monkeypatch):
    monkeypatch.setenv(TOKEN_VARIABLE, "sk-secret")
    refuse = ChatServer(lambda number: (status, {}, b"no such thing"))
    with refuse as server, pytest.raises(error, match=message) as raised:
        connect(server, tmp_path, concurrency=1).predict(PROMPTS)
    assert len(server.bodies) <= 3 and "secret" not in str(raised.value)


def test_the_stored_token_stays_at_home(tmp_path):
    with ChatServer() as server:
        connect(server, tmp_path).predict(PROMPTS[:1])
    assert "authorization" not in server.headers[0] and SECRET not in str(server.headers)
    assert find_token("https://router.huggingface.co/v1") == SECRET


def test_a_token_of_the_environment_is_sent_and_written_nowhere(tmp_path, monkeypatch, capsys, caplog, corpus_dir):
    monkeypatch.setenv(TOKEN_VARIABLE, "sk-secret")
    with ChatServer(fails([(500, {}, b"oops")])) as server:
        command = ["evaluate", "--lm", "causal-7b", "--endpoint", server.url, "--data-dir", str(corpus_dir)]
        command += ["--limit", "1", "--answers", str(tmp_path / "answers"), "--json", str(tmp_path / "scores.json")]
        assert main(command) == 0
    assert {headers["authorization"] for headers in server.headers} == {"Bearer sk-secret"}
    shown = capsys.readouterr()
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert len(written) == 2
    assert not any("secret" in text for text in (shown.out, shown.err, caplog.text, *written))
    scores = json.loads((tmp_path / "scores.json").read_text())
    assert scores["overall"]["accuracy"] == 1 and scores["hardware"] == "the endpoint 127.0.0.1"


def test_scores_of_an_endpoint_are_those_of_any_model(tmp_path, corpus_dir):
    with ChatServer(lambda number: (200, {}, completion("Hm.")) if number % 2 else None) as server:
        scores = evaluate_language_model(
            "causal-7b", endpoint=server.url, data_dir=corpus_dir, limit=2, shots=1, answers=tmp_path, concurrency=2
        )
    unparsable = sum(score.unparsable for score in scores.splits.values())
    assert unparsable == scores.overall.n // 2
    assert scores.overall.accuracy == pytest.approx(0.5)
    assert scores.prompting["shots"] == 1 and "left-to-right sweep" in scores.baselines


def test_offline_is_said_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with ChatServer() as server, pytest.raises(ConnectionError, match="HF_HUB_OFFLINE is set"):
        connect(server, tmp_path).predict(PROMPTS[:1])


def test_a_failure_of_the_server_is_no_traceback(tmp_path, corpus_dir, capsys):
    with ChatServer(lambda number: (418, {}, b"teapot")) as server:
        command = ["evaluate", "--lm", "m", "--endpoint", server.url, "--data-dir", str(corpus_dir)]
        assert main([*command, "--limit", "1", "--answers", str(tmp_path)]) == 2
    assert "error: the endpoint refused the request with status 418: teapot" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["", "localhost:8000", "ftp://x/v1", "http://", "http://u:p@x/v1", "http://x/v1?k=v"])
def test_urls_that_are_none(url, tmp_path):
    with pytest.raises(ValueError, match="`endpoint` must be a URL such as"):
        Endpoint(url, "m", PromptFormat(), answers=tmp_path)
    with pytest.raises(ValueError, match="`lm` must be the name"):
        Endpoint("http://x/v1", "", PromptFormat(), answers=tmp_path)


def test_retry_after_is_a_number_or_a_date():
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 50 < retry_after({"retry-after": in_a_minute}) <= 60
    assert retry_after({"retry-after": "1.5"}) == 1.5
    assert retry_after({"retry-after": "-3"}) == 0
    assert retry_after({"retry-after": "soon"}) is None and retry_after({"retry-after": "inf"}) is None
    assert retry_after({}) is None


class Clock:
    """Time that passes only where somebody waits for it."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.undo()
        monkeypatch.setattr(pacing.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(Pace, "sleep", lambda pace, seconds: setattr(self, "now", self.now + seconds))


def test_requests_keep_their_distance(monkeypatch):
    clock, pace, started = Clock(monkeypatch), Pace(requests_per_minute=30), []
    for _ in range(4):
        pace.wait()
        started.append(clock.now)
    assert started == [100, 102, 104, 106]


def test_a_limit_holds_for_everybody(monkeypatch):
    clock, pace = Clock(monkeypatch), Pace()
    pace.wait()
    assert clock.now == 100
    pace.hold(30)
    pace.hold(10)
    pace.wait()
    assert clock.now == 130


def test_nobody_starts_after_the_end():
    pace = Pace()
    pace.stop()
    with pytest.raises(InterruptedError):
        pace.wait()
