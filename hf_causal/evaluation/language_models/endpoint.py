"""Language models behind an OpenAI-compatible server: many questions at once, none of them asked twice."""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huggingface_hub import InferenceClient, get_token
from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled

from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.evaluation.language_models.reply_cache import AnswerStore, Reply
from hf_causal.tasks.shared.replies import parse_answer
from hf_causal.utils.progress import Advance

TOKEN_VARIABLE = "HF_CAUSAL_ENDPOINT_TOKEN"
"""Environment variable with the token of an endpoint."""

_HUGGING_FACE = ("huggingface.co", "hf.co", "hf.space", "huggingface.cloud")
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
"""Statuses that may be another one when the same is asked again."""


class Endpoint:
    """A chat model that is asked over HTTP, by `huggingface_hub.InferenceClient`.

    The token is that of the environment variable `HF_CAUSAL_ENDPOINT_TOKEN`; the one that `hf auth login` stored is
    sent to Hugging Face's own hosts alone. It is kept in the request's header and nowhere else.

    Args:
        url (`str`): As OpenAI clients take it, for example `http://localhost:8000/v1`.
        name (`str`): Of the model, as the server calls it.
        prompt_format ([`PromptFormat`]): How questions are put.
        max_new_tokens (`int`): Of an answer; more for models that think before they answer.
        concurrency (`int`): Questions that are under way at the same time.
        requests_per_minute (`float`, *optional*): No more than so many; as many as the server takes when not given.
        max_retries (`int`): How often a question is asked again after a failure that may pass.
        timeout (`float`): Seconds after which a question counts as failed.
        answers (`str` or `Path`, *optional*): Folder that keeps the replies, see [`AnswerStore`].
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
    ):
        for option, value, least in (("concurrency", concurrency, 1), ("max_new_tokens", max_new_tokens, 1)):
            if value < least:
                raise ValueError(f"`{option}` must be at least {least}, got {value}")
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.query:
            shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
            raise ValueError(
                f"`endpoint` must be a URL such as 'http://localhost:8000/v1', without user, password and query; "
                f"got {shown!r}"
            )
        if not name:
            raise ValueError("`lm` must be the name of the model, as the endpoint calls it, got ''")
        self.url, self.name, self.prompt_format = url.rstrip("/"), name, prompt_format
        self.max_new_tokens, self.concurrency, self.max_retries = max_new_tokens, concurrency, max_retries
        self.pace = Pace(requests_per_minute)
        token = find_token(parts.hostname)
        # Without a header of its own the client would send the stored token to whatever host it is.
        headers: dict[str, Any] = {} if token else {"authorization": None}
        self.client = InferenceClient(base_url=self.url, api_key=token, headers=headers, timeout=timeout)
        self.store = AnswerStore(answers, {"endpoint": self.url, "model": name, **self._asked()})

    def answers(self, prompts: Sequence[str], progress: Advance | None = None) -> list[int]:
        """1 for Yes, 0 for No, `UNPARSABLE` where the reply is neither.

        Raises:
            `ConnectionError`: If a question has failed `max_retries` times; what was answered before is kept.
            `ValueError`: If the server refuses the request, with its reason.
            `PermissionError`: If it wants a token, or another one.
        """
        questions = [self.prompt_format.messages(prompt) for prompt in prompts]
        return [parse_answer(reply["text"]) for reply in self.store.complete(questions, self._ask, progress)]

    def fingerprint(self) -> str:
        """The server and the name of the model."""
        return f"{self.url} {self.name}"

    def require_readable(self, grammar: str, prompt: str) -> None:
        """Nothing is refused: a language model reads any text."""

    def about(self) -> dict[str, Any]:
        """What the scores have to say of it."""
        return {"hardware": f"the endpoint {urlsplit(self.url).hostname}", "asked": self._asked()}

    def _asked(self) -> dict[str, Any]:
        asked = {"way": "generation", "chat_template": True, **self.prompt_format.to_dict()}
        return {**asked, "max_new_tokens": self.max_new_tokens}

    def _ask(self, missing: Mapping[str, list[dict[str, str]]]) -> Iterator[dict[str, Reply]]:
        with ThreadPoolExecutor(self.concurrency) as pool:
            asked = [pool.submit(self._ask_and_keep, key, messages) for key, messages in missing.items()]
            try:
                for done in as_completed(asked):
                    yield done.result()
            except BaseException:
                # Questions that are under way end, and their replies are kept; the others never begin.
                pool.shutdown(wait=False, cancel_futures=True)
                self.pace.stop()
                raise

    def _ask_and_keep(self, key: str, messages: list[dict[str, str]]) -> dict[str, Reply]:
        reply = {key: {"text": self._ask_once(messages)}}
        self.store.add(reply)
        return reply

    def _ask_once(self, messages: list[dict[str, str]]) -> str | None:
        reason = ""
        for attempt in range(self.max_retries + 1):
            self.pace.wait()
            headers: Mapping[str, str] = {}
            try:
                return self._read(
                    self.client.chat_completion(
                        messages, model=self.name, max_tokens=self.max_new_tokens, temperature=0.0
                    )
                )
            except OfflineModeIsEnabled as error:
                raise ConnectionError("HF_HUB_OFFLINE is set, so that no endpoint can be asked") from error
            except HfHubHTTPError as error:
                if error.response.status_code not in _PASSING:
                    raise _refusal(error.response) from None
                reason, headers = f"status {error.response.status_code}", error.response.headers
            except (HTTPError, ConnectionError) as error:
                reason = type(error).__name__
            except (ValueError, TypeError, AttributeError, LookupError):
                # What the client cannot read of a reply that should be a completion.
                reason = "a reply that is no completion"
            self._pause(attempt, reason, _retry_after(headers))
        raise ConnectionError(f"the endpoint {self.url!r} failed {self.max_retries + 1} times, at last with {reason}")

    def _pause(self, attempt: int, reason: str, asked: float | None) -> None:
        """Waits as long as the server asks for, or about twice as long as after the last failure."""
        pause = asked if asked is not None else min(60.0, 0.5 * 2**attempt) * random.uniform(0.5, 1.0)
        # A limit holds for all questions, another failure for this one.
        (self.pace.hold if asked is not None or reason == "status 429" else self.pace.sleep)(pause)

    @staticmethod
    def _read(completion: Any) -> str | None:
        content = completion.choices[0].message.content
        if content is not None and not isinstance(content, str):
            raise TypeError(f"the content of a message must be a text, got {type(content).__name__}")
        return content


class Pace:
    """When the next request may start, for all threads together."""

    def __init__(self, requests_per_minute: float | None = None):
        if requests_per_minute is not None and requests_per_minute <= 0:
            raise ValueError(f"`requests_per_minute` must be positive, got {requests_per_minute}")
        self._interval = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def wait(self) -> None:
        """Waits for this thread's turn."""
        while True:
            with self._lock:
                now = time.monotonic()
                if now >= self._next:
                    self._next = now + self._interval
                    break
                pause = self._next - now
            self.sleep(pause)
        if self._stopped.is_set():
            raise InterruptedError("the evaluation was stopped")

    def hold(self, seconds: float) -> None:
        """Nobody starts a request for so long."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Pauses this thread, unless all is over."""
        if self._stopped.wait(seconds):
            raise InterruptedError("the evaluation was stopped")

    def stop(self) -> None:
        """Wakes all threads: there is nothing left to wait for."""
        self._stopped.set()


def find_token(host: str) -> str | None:
    """The token for a host: from the environment variable, or the stored one for Hugging Face's own hosts."""
    if given := os.environ.get(TOKEN_VARIABLE):
        return given
    return get_token() if any(host == own or host.endswith(f".{own}") for own in _HUGGING_FACE) else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait: a number, or a date."""
    value = headers.get("retry-after")
    if value is None:
        return None
    with suppress(ValueError):
        return max(0.0, float(value))
    with suppress(ValueError, TypeError):
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    return None


def _refusal(response: Any) -> Exception:
    reason = " ".join(response.text.split())[:300]
    if response.status_code in (401, 403):
        return PermissionError(
            f"the endpoint refused the request (status {response.status_code}): set {TOKEN_VARIABLE} to its token, or "
            "log in with `hf auth login` for Hugging Face's own endpoints"
        )
    return ValueError(f"the endpoint refused the request with status {response.status_code}: {reason}")
