"""The optional parameters of a request to an endpoint, of which servers take different ones."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hf_causal.evaluation.language_models.prompts import Message

_TOKEN_LIMITS = ("max_tokens", "max_completion_tokens")
"""Names that servers have for the most tokens of a reply; reasoning models take the second."""
_RESERVED = frozenset({"model", "messages", "stream", "n", "temperature", "reasoning_effort", *_TOKEN_LIMITS})
_HIGHEST_TEMPERATURE = 2.0


@dataclass(frozen=True)
class RequestOptions:
    """Parameters of every request, for servers and models that need other ones than the defaults.

    Args:
        temperature (`float` or `None`): 0 for the likeliest tokens; `None` sends none, as some reasoning models need.
        token_limit (`str`, *optional*): Name of the parameter with the most tokens: `"max_tokens"` or
            `"max_completion_tokens"`; the first that the server takes when not given.
        reasoning_effort (`str`, *optional*): Such as `"low"`; not sent when not given.
        extra_body (mapping): Further parameters, for example `{"chat_template_kwargs": {"enable_thinking": false}}`.

    Raises:
        `ValueError`: If a value is out of range, or `extra_body` has a parameter that another option sets.
    """

    temperature: float | None = 0.0
    token_limit: str | None = None
    reasoning_effort: str | None = None
    extra_body: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0 <= self.temperature <= _HIGHEST_TEMPERATURE:
            raise ValueError(f"`temperature` must lie in 0 ... {_HIGHEST_TEMPERATURE:g}, got {self.temperature}")
        if self.token_limit not in (None, *_TOKEN_LIMITS):
            raise ValueError(f"`token_limit` must be one of {', '.join(_TOKEN_LIMITS)}, got {self.token_limit!r}")
        if not isinstance(self.extra_body, Mapping) or not _is_json(dict(self.extra_body)):
            raise ValueError(f"`extra_body` must be a JSON object, got {self.extra_body!r:.80}")
        if taken := sorted(_RESERVED & set(self.extra_body)):
            raise ValueError(f"`extra_body` must not set {taken[0]!r}, which has an option of its own or none")

    def to_dict(self) -> dict[str, Any]:
        """Returns what changes replies and differs from the defaults, for cache keys and scores."""
        values: dict[str, Any] = {"temperature": self.temperature} if self.temperature != 0 else {}
        if self.reasoning_effort is not None:
            values |= {"reasoning_effort": self.reasoning_effort}
        return {**values, "extra_body": dict(self.extra_body)} if self.extra_body else values


class RequestBody:
    """Makes the bodies of requests, and learns from refusals which of the default parameters a server does not take.

    A parameter that the user set is never dropped.

    Args:
        name (`str`): The server's name of the model.
        max_new_tokens (`int`): Most tokens of a reply.
        options ([`RequestOptions`]): The other parameters.
    """

    def __init__(self, name: str, max_new_tokens: int, options: RequestOptions):
        self._name, self._max_new_tokens, self._options = name, max_new_tokens, options
        self._token_limits = [options.token_limit] if options.token_limit else list(_TOKEN_LIMITS)
        self._sends_temperature = options.temperature is not None
        self._lock = threading.Lock()
        self.dropped: list[str] = []
        """Parameters that the server did not take, in the order of its refusals."""

    def __call__(self, messages: list[Message]) -> dict[str, Any]:
        """Returns the body of a request."""
        body: dict[str, Any] = {"model": self._name, "messages": messages}
        with self._lock:
            if self._token_limits:
                body[self._token_limits[0]] = self._max_new_tokens
            if self._sends_temperature:
                body["temperature"] = self._options.temperature
        if self._options.reasoning_effort is not None:
            body["reasoning_effort"] = self._options.reasoning_effort
        return {**body, **self._options.extra_body}

    def drop(self, parameter: str) -> bool:
        """Drops a parameter, or replaces it by its other name; returns whether that is possible."""
        with self._lock:
            if parameter in self.dropped:
                return True  # by another thread, after this request was made
            if parameter in self._token_limits and self._options.token_limit is None:
                self._token_limits.remove(parameter)
            elif parameter == "temperature" and self._options.temperature == 0:
                self._sends_temperature = False
            else:
                return False
            self.dropped.append(parameter)
            return True


def parse_temperature(text: str) -> float | None:
    """Returns a temperature, or `None` for `"none"`.

    Raises:
        `ValueError`: For another text.
    """
    if text.lower() == "none":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise ValueError(f"`temperature` must be a number or 'none', got {text!r}")
    return value


def parse_extra_body(text: str | None) -> dict[str, Any]:
    """Returns a JSON object from its text, an empty one for `None`.

    Raises:
        `ValueError`: If the text is no JSON object.
    """
    try:
        value = {} if text is None else json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ValueError(f"`extra_body` must be a JSON object such as '{{\"top_p\": 1}}', got {text!r:.80}")
    return value


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
