"""Language models behind an OpenAI-compatible server, with several requests at a time and each reply kept."""

from __future__ import annotations

import itertools
import math
import os
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huggingface_hub import constants, get_token

from hf_causal.evaluation.language_models.pacing import Pace, backoff, retry_after
from hf_causal.evaluation.language_models.prompts import Message, PromptFormat
from hf_causal.evaluation.language_models.reply_cache import Reply, ReplyCache
from hf_causal.evaluation.language_models.request_options import RequestBody, RequestOptions
from hf_causal.evaluation.language_models.responses import PROMPT_STATUSES, Failure, NotACompletion, read_response
from hf_causal.evaluation.language_models.transport import Response, Transport, TransportError
from hf_causal.tasks.shared.replies import parse_answer
from hf_causal.utils.progress import Advance

TOKEN_VARIABLE = "HF_CAUSAL_ENDPOINT_TOKEN"
"""Environment variable with the token of an endpoint."""
HUGGING_FACE_API_HOSTS = ("router.huggingface.co", "api-inference.huggingface.co")
"""The hosts that get the stored token, over https: no others, since anybody may have a Space or an endpoint."""
_TOO_MANY_REQUESTS = 429
_MOST_REFUSALS = {False: 3, True: 20}
"""Refusals in a row, of prompts with no known fault, that end an evaluation, before and after the first reply."""


class _TemporaryFailure(Exception):
    """A request failed in a way that may not recur."""

    def __init__(self, reason: str, limits_all: bool = False, pause: float | None = None):
        super().__init__(reason)
        self.limits_all, self.pause = limits_all, pause


class Endpoint:
    """A chat model behind an HTTP endpoint.

    The token is that of the environment variable `HF_CAUSAL_ENDPOINT_TOKEN`; the one that `hf auth login` stored is
    only sent to `HUGGING_FACE_API_HOSTS`, over https. It is sent in a header and written nowhere.

    A prompt that the server refuses counts as wrong and the evaluation continues. The server holds it against the
    prompt in its message, or answers others: refusals in a row that name no fault of the prompt end the evaluation.

    Args:
        url (`str`): Base URL as OpenAI clients take it, for example `http://localhost:8000/v1`.
        name (`str`): The server's name of the model.
        prompt_format ([`PromptFormat`]): The form of the questions.
        max_new_tokens (`int`): Most tokens of an answer; models that think before they answer need more.
        concurrency (`int`): Most requests at the same time.
        requests_per_minute (`float`, *optional*): Most requests per minute; unlimited when not given.
        max_retries (`int`): Most repetitions of a request after temporary failures.
        timeout (`float`): Seconds after which a request without a complete response counts as failed.
        answers (`str` or `Path`, *optional*): Folder that keeps the replies, see [`ReplyCache`].
        options ([`RequestOptions`], *optional*): Parameters of the requests.

    Raises:
        `ValueError`: If an argument is out of range or `url` is not a plain HTTP URL.
    """

    def __init__(
        self,
        url: str,
        name: str,
        prompt_format: PromptFormat,
        max_new_tokens: int = 16,
        concurrency: int = 8,
        requests_per_minute: float | None = None,
        max_retries: int = 8,
        timeout: float = 120.0,
        answers: str | Path | None = None,
        options: RequestOptions | None = None,
    ):
        for option, value in (("concurrency", concurrency), ("max_new_tokens", max_new_tokens)):
            if value < 1:
                raise ValueError(f"`{option}` must be at least 1, got {value}")
        if not 0 < timeout < float("inf"):
            raise ValueError(f"`timeout` must be a positive number of seconds, got {timeout}")
        if not name:
            raise ValueError("`lm` must be the name of the model, as the endpoint calls it, got ''")
        self.host = _check_url(url)
        self.url, self.name, self.prompt_format = url.rstrip("/"), name, prompt_format
        self.max_new_tokens, self.concurrency, self.max_retries = max_new_tokens, concurrency, max_retries
        self.options = options or RequestOptions()
        self.body = RequestBody(name, max_new_tokens, self.options)
        self.pace, self._has_answered = Pace(requests_per_minute), False
        self._clock = itertools.count()
        self.transport = Transport(_chat_url(self.url), find_token(url), timeout)
        self.refused: Counter[str] = Counter()
        """Number of refused prompts by the reason of the refusal, among the prompts of [`predict`]."""
        self.cache = ReplyCache(answers, {"endpoint": self.url, "model": name, **self._prompting})

    @property
    def hardware(self) -> str:
        """The host of the endpoint."""
        return f"the endpoint {self.host}"

    @property
    def prompting(self) -> dict[str, Any]:
        """How the model is prompted, which parameters the server did not take, and which prompts it refused."""
        not_taken = {"parameters_not_taken": self.body.dropped} if self.body.dropped else {}
        return {**self._prompting, **not_taken, **({"refused": dict(self.refused)} if self.refused else {})}

    @property
    def _prompting(self) -> dict[str, Any]:
        """What replies depend on."""
        prompting = {"way": "generation", "chat_template": True, **self.prompt_format.to_dict()}
        return {**prompting, "max_new_tokens": self.max_new_tokens, **self.options.to_dict()}

    def predict(self, prompts: Sequence[str], progress: Advance | None = None) -> list[int]:
        """Returns 1 for Yes, 0 for No, and `UNPARSABLE` for another reply and for a prompt that the server refuses.

        Raises:
            `ConnectionError`, `ValueError`, `PermissionError`: As [`reply`] does.
        """
        return [parse_answer(reply["text"]) for reply in self.reply(prompts, progress)]

    def reply(self, prompts: Sequence[str], progress: Advance | None = None) -> list[Reply]:
        """Returns the reply to each prompt: its text, `None` where the server refuses the prompt.

        Raises:
            `ConnectionError`: If a request still fails after `max_retries` repetitions; earlier replies are kept.
            `ValueError`: If the server refuses requests for another reason than their prompt, with its reason.
            `PermissionError`: If it requires a token, or another one.
        """
        questions = [self.prompt_format.messages(prompt) for prompt in prompts]
        replies = self.cache.complete(questions, self._ask, progress)
        self.refused.update(reply["refused"] for reply in replies if "refused" in reply)
        return replies

    def fingerprint(self) -> str:
        """Returns the server and the name of the model."""
        return f"{self.url} {self.name}"

    def require_readable(self, task: str, prompt: str) -> None:
        """Accepts every prompt: a language model reads any text."""

    def _ask(self, missing: Mapping[str, list[Message]]) -> Iterator[dict[str, Reply]]:
        if constants.HF_HUB_OFFLINE:
            raise ConnectionError("HF_HUB_OFFLINE is set, so that no endpoint can be asked")
        refusals = _Refusals(answered=self.cache.has_text)
        with _terminated_like_interrupted(), self.transport, ThreadPoolExecutor(self.concurrency) as pool:
            try:
                for key, reply, tick in self._replies(pool, missing):
                    if isinstance(reply, Failure):
                        replies = refusals.add(key, reply, tick)
                    else:
                        replies = {**refusals.confirm(before=tick), key: reply}
                    self.cache.add(replies)
                    yield replies
                self.cache.add(confirmed := refusals.finish())
                yield confirmed
            except BaseException:
                # Running requests end and their replies are kept; the others never start.
                pool.shutdown(wait=False, cancel_futures=True)
                self.pace.stop()
                raise

    def _replies(
        self, pool: ThreadPoolExecutor, missing: Mapping[str, list[Message]]
    ) -> Iterator[tuple[str, Reply | Failure, int]]:
        """Yields replies and refusals; one request at a time until the server has answered one."""
        waiting = list(missing.items())
        while waiting and not self._has_answered:
            yield pool.submit(self._ask_and_keep, *waiting.pop(0)).result()
        requests = [pool.submit(self._ask_and_keep, key, messages) for key, messages in waiting]
        for request in as_completed(requests):
            yield request.result()

    def _ask_and_keep(self, key: str, messages: list[Message]) -> tuple[str, Reply | Failure, int]:
        """Returns the key, the reply and the tick at which its request began, or the refusal and the tick after it."""
        tick = next(self._clock)
        result = self._ask_with_retries(key, messages)
        if isinstance(result, Failure):
            return key, result, next(self._clock)
        self._has_answered = True
        self.cache.add({key: {"text": result}})
        return key, {"text": result}, tick

    def _ask_with_retries(self, key: str, messages: list[Message]) -> str | None | Failure:
        reason = ""
        for attempt in range(self.max_retries + 1):
            self.pace.wait()
            try:
                return self._ask_with_known_parameters(key, messages)
            except _TemporaryFailure as failure:
                reason = str(failure)
                pause = backoff(attempt) if failure.pause is None else failure.pause
                (self.pace.hold if failure.limits_all else self.pace.sleep)(pause)
        raise ConnectionError(f"the endpoint {self.url!r} failed {self.max_retries + 1} times, at last with {reason}")

    def _ask_with_known_parameters(self, key: str, messages: list[Message]) -> str | None | Failure:
        """Repeats a request without the parameters that the server does not take; each is dropped once."""
        while True:
            body = self.body(messages)
            result = self._ask_once(key, body)
            if not isinstance(result, Failure):
                return result
            parameter = result.rejected_parameter(body)
            if parameter is None or not self.body.drop(parameter):
                if parameter or result.status not in PROMPT_STATUSES:
                    raise _final_error(result)
                return result

    def _ask_once(self, key: str, body: dict[str, Any]) -> str | None | Failure:
        try:
            # Servers that know the header answer, and count, a repeated request once.
            response = self.transport.post(body, {"idempotency-key": key})
            result = read_response(response)
        except TransportError as error:
            raise _TemporaryFailure(str(error)) from error
        except NotACompletion as error:
            raise _TemporaryFailure(str(error)) from error
        if isinstance(result, Failure) and result.is_temporary:
            raise _temporary(result, response)
        return result


class _Refusals:
    """Decides which refused requests are those of a refused prompt: where the server names one, or answers others.

    Args:
        answered (`bool`): Whether the server has ever answered.
    """

    def __init__(self, answered: bool):
        self._answered = answered
        self._unexplained: dict[str, tuple[Failure, int]] = {}

    def add(self, key: str, failure: Failure, tick: int) -> dict[str, Reply]:
        """Adds a refusal, and returns the reply to keep if the prompt is at fault.

        Raises:
            `ValueError`: After too many refusals in a row for an unknown reason.
        """
        if failure.prompt_fault:
            return {key: {"text": None, "refused": failure.prompt_fault}}
        self._unexplained[key] = failure, tick
        if len(self._unexplained) >= _MOST_REFUSALS[self._answered]:
            raise _final_error(failure)
        return {}

    def confirm(self, before: float = math.inf) -> dict[str, Reply]:
        """Returns the replies to keep for refusals before the tick of a request that the server has answered."""
        self._answered = True
        confirmed = {key: failure for key, (failure, tick) in self._unexplained.items() if tick < before}
        for key in confirmed:
            del self._unexplained[key]
        return {
            key: {"text": None, "refused": f"status {failure.status}: {failure.reason[:80]}"}
            for key, failure in confirmed.items()
        }

    def finish(self) -> dict[str, Reply]:
        """Returns the replies to keep at the end; raises `ValueError` if the server has answered nothing."""
        if self._unexplained and not self._answered:
            raise _final_error(next(iter(self._unexplained.values()))[0])
        return self.confirm()


def find_token(url: str) -> str | None:
    """Returns the token for a URL: the environment variable, or the stored one for Hugging Face's own API hosts."""
    if token := os.environ.get(TOKEN_VARIABLE):
        return token
    parts = urlsplit(url)
    trusted = parts.scheme == "https" and parts.hostname in HUGGING_FACE_API_HOSTS and parts.port in (None, 443)
    return get_token() if trusted else None


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """Turns SIGTERM into `KeyboardInterrupt`, so that running requests, which are paid for, end and are kept."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    earlier = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)


def _chat_url(url: str) -> str:
    """Returns the URL of chat completions under a base URL, as `huggingface_hub.InferenceClient` forms it."""
    if url.endswith("/chat/completions"):
        return url
    return f"{url}/chat/completions" if url.endswith("/v1") else f"{url}/v1/chat/completions"


def _check_url(url: str) -> str:
    """Returns the host of a URL; raises `ValueError` unless it is a plain HTTP URL, without showing a password."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
        shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
        raise ValueError(
            "`endpoint` must be a URL such as 'http://localhost:8000/v1', without user, password and query; "
            f"got {shown!r}"
        )
    return parts.hostname


def _temporary(failure: Failure, response: Response) -> _TemporaryFailure:
    pause = retry_after(response.headers)
    limits_all = pause is not None or failure.status == _TOO_MANY_REQUESTS
    return _TemporaryFailure(f"status {failure.status}: {failure.reason}", limits_all, pause)


def _final_error(failure: Failure) -> Exception:
    if failure.status in (401, 403):
        return PermissionError(
            f"the endpoint refused the request (status {failure.status}): set {TOKEN_VARIABLE} to its token, or "
            f"log in with `hf auth login` for {HUGGING_FACE_API_HOSTS[0]}"
        )
    return ValueError(f"the endpoint refused the request with status {failure.status}: {failure.reason}")
