"""Endpoints that refuse parameters or prompts, or answer in other forms."""

import json

import pytest
from chat_server import ChatServer, completion
from endpoint_fixtures import PROMPTS, RIGHT, connect, error

from hf_causal.cli import main
from hf_causal.evaluation.language_models.evaluate import evaluate_language_model
from hf_causal.evaluation.language_models.request_options import (
    RequestOptions,
    parse_extra_body,
    parse_temperature,
)
from hf_causal.evaluation.report import render_report

pytestmark = pytest.mark.usefixtures("on_the_loopback")
TOO_LONG = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."


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
