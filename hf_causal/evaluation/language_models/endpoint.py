"""Language models behind an OpenAI-compatible server, with several requests at a time and each reply kept."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from huggingface_hub import InferenceClient, get_token
from huggingface_hub.errors import HfHubHTTPError, HTTPError, OfflineModeIsEnabled

from hf_causal.evaluation.language_models.pacing import Pace, backoff, retry_after
from hf_causal.evaluation.language_models.prompts import Message, PromptFormat
from hf_causal.evaluation.language_models.reply_cache import Reply, ReplyCache
from hf_causal.tasks.shared.replies import parse_answer
from hf_causal.utils.progress import Advance

TOKEN_VARIABLE = "HF_CAUSAL_ENDPOINT_TOKEN"
"""Environment variable with the token of an endpoint."""

_HUGGING_FACE_HOSTS = ("huggingface.co", "hf.co", "hf.space", "huggingface.cloud")
_RETRIED_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
"""HTTP statuses of failures that are often temporary."""
_TOO_MANY_REQUESTS = 429


class _TemporaryFailure(Exception):
    """A request failed in a way that may not recur."""

    def __init__(self, reason: str, limits_all: bool = False, pause: float | None = None):
        super().__init__(reason)
        self.limits_all, self.pause = limits_all, pause


class Endpoint:
    """A chat model behind an HTTP endpoint, called by `huggingface_hub.InferenceClient`.

    The token is that of the environment variable `HF_CAUSAL_ENDPOINT_TOKEN`; the one that `hf auth login` stored is
    only sent to Hugging Face's own hosts. It is sent in a header and written nowhere.

    Args:
        url (`str`): Base URL as OpenAI clients take it, for example `http://localhost:8000/v1`.
        name (`str`): The server's name of the model.
        prompt_format ([`PromptFormat`]): The form of the questions.
        max_new_tokens (`int`): Most tokens of an answer; models that think before they answer need more.
        concurrency (`int`): Most requests at the same time.
        requests_per_minute (`float`, *optional*): Most requests per minute; unlimited when not given.
        max_retries (`int`): Most repetitions of a request after temporary failures.
        timeout (`float`): Seconds after which a request counts as failed.
        answers (`str` or `Path`, *optional*): Folder that keeps the replies, see [`ReplyCache`].

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
    ):
        for option, value in (("concurrency", concurrency), ("max_new_tokens", max_new_tokens)):
            if value < 1:
                raise ValueError(f"`{option}` must be at least 1, got {value}")
        if not name:
            raise ValueError("`lm` must be the name of the model, as the endpoint calls it, got ''")
        self.host = _check_url(url)
        self.url, self.name, self.prompt_format = url.rstrip("/"), name, prompt_format
        self.max_new_tokens, self.concurrency, self.max_retries = max_new_tokens, concurrency, max_retries
        self.pace = Pace(requests_per_minute)
        token = find_token(self.host)
        # Without this header the client would send the stored token to any host.
        headers: dict[str, Any] = {} if token else {"authorization": None}
        self.client = InferenceClient(base_url=self.url, api_key=token, headers=headers, timeout=timeout)
        self.cache = ReplyCache(answers, {"endpoint": self.url, "model": name, **self.prompting})

    @property
    def hardware(self) -> str:
        """The host of the endpoint."""
        return f"the endpoint {self.host}"

    @property
    def prompting(self) -> dict[str, Any]:
        """How the model is prompted, for cache keys and scores."""
        prompting = {"way": "generation", "chat_template": True, **self.prompt_format.to_dict()}
        return {**prompting, "max_new_tokens": self.max_new_tokens}

    def predict(self, prompts: Sequence[str], progress: Advance | None = None) -> list[int]:
        """Returns 1 for Yes, 0 for No, and `UNPARSABLE` for another reply.

        Raises:
            `ConnectionError`: If a request still fails after `max_retries` repetitions; earlier replies are kept.
            `ValueError`: If the server refuses the request, with its reason.
            `PermissionError`: If it requires a token, or another one.
        """
        questions = [self.prompt_format.messages(prompt) for prompt in prompts]
        return [parse_answer(reply["text"]) for reply in self.cache.complete(questions, self._ask, progress)]

    def fingerprint(self) -> str:
        """Returns the server and the name of the model."""
        return f"{self.url} {self.name}"

    def require_readable(self, task: str, prompt: str) -> None:
        """Accepts every prompt: a language model reads any text."""

    def _ask(self, missing: Mapping[str, list[Message]]) -> Iterator[dict[str, Reply]]:
        with ThreadPoolExecutor(self.concurrency) as pool:
            requests = [pool.submit(self._ask_and_keep, key, messages) for key, messages in missing.items()]
            try:
                for request in as_completed(requests):
                    yield request.result()
            except BaseException:
                # Running requests end and their replies are kept; the others never start.
                pool.shutdown(wait=False, cancel_futures=True)
                self.pace.stop()
                raise

    def _ask_and_keep(self, key: str, messages: list[Message]) -> dict[str, Reply]:
        reply = {key: {"text": self._ask_with_retries(messages)}}
        self.cache.add(reply)
        return reply

    def _ask_with_retries(self, messages: list[Message]) -> str | None:
        reason = ""
        for attempt in range(self.max_retries + 1):
            self.pace.wait()
            try:
                return self._ask_once(messages)
            except _TemporaryFailure as failure:
                reason = str(failure)
                pause = backoff(attempt) if failure.pause is None else failure.pause
                (self.pace.hold if failure.limits_all else self.pace.sleep)(pause)
        raise ConnectionError(f"the endpoint {self.url!r} failed {self.max_retries + 1} times, at last with {reason}")

    def _ask_once(self, messages: list[Message]) -> str | None:
        try:
            completion = self.client.chat_completion(
                messages, model=self.name, max_tokens=self.max_new_tokens, temperature=0.0
            )
            return _content(completion)
        except OfflineModeIsEnabled as error:
            raise ConnectionError("HF_HUB_OFFLINE is set, so that no endpoint can be asked") from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            if status not in _RETRIED_STATUSES:
                raise _refusal(error.response) from None
            pause = retry_after(error.response.headers)
            limits_all = pause is not None or status == _TOO_MANY_REQUESTS
            raise _TemporaryFailure(f"status {status}", limits_all, pause) from None
        except (HTTPError, ConnectionError) as error:
            raise _TemporaryFailure(type(error).__name__) from error
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise _TemporaryFailure("a reply that is not a chat completion") from error


def find_token(host: str) -> str | None:
    """Returns the token for a host: from the environment variable, or the stored one for Hugging Face's own hosts."""
    if token := os.environ.get(TOKEN_VARIABLE):
        return token
    trusted = any(host == name or host.endswith(f".{name}") for name in _HUGGING_FACE_HOSTS)
    return get_token() if trusted else None


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


def _content(completion: Any) -> str | None:
    content = completion.choices[0].message.content
    if content is not None and not isinstance(content, str):
        raise TypeError(f"the content of a message must be a text, got {type(content).__name__}")
    return content


def _refusal(response: Any) -> Exception:
    reason = " ".join(response.text.split())[:300]
    if response.status_code in (401, 403):
        return PermissionError(
            f"the endpoint refused the request (status {response.status_code}): set {TOKEN_VARIABLE} to its token, or "
            "log in with `hf auth login` for Hugging Face's own endpoints"
        )
    return ValueError(f"the endpoint refused the request with status {response.status_code}: {reason}")
