"""Reads the responses of OpenAI-compatible servers: replies, and the reasons of failures."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hf_causal.evaluation.language_models.transport import Response

RETRIED_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
"""HTTP statuses of failures that are often temporary."""
PROMPT_STATUSES = frozenset({400, 413, 422})
"""HTTP statuses of refusals that may be due to the prompt."""
_LONGEST_REASON = 300
_TEMPORARY = re.compile(
    r"overload|rate.?limit|try again|temporar|time.?out|timed out|busy|capacity|unavailable|loading", re.IGNORECASE
)
_CONTEXT_LENGTH = re.compile(
    r"context[ _-]?(?:length|window|size)|maximum context|too long|too many (?:input )?tokens|string_above_max_length"
    r"|exceed\w*[^.]{0,80}\b(?:tokens?|length)|reduce the length|range of input length",
    re.IGNORECASE,
)
_CONTENT_FILTER = re.compile(
    r"content[ _-]?(?:filter|policy|management|polic)|moderation|safety|flagged|prohibited|responsible ?ai"
    r"|data_?inspection|inappropriate|sensitive",
    re.IGNORECASE,
)
_UNSUPPORTED = re.compile(
    r"unsupported|not support|unrecogni[sz]ed|unknown|unexpected|extra (?:inputs|fields|arguments)|extra_forbidden"
    r"|not permitted|not allowed|no longer|deprecated|not accept",
    re.IGNORECASE,
)


class NotACompletion(Exception):
    """A response is not a chat completion."""


@dataclass(frozen=True)
class Failure:
    """A failure that a server reports, by its status or by an error object with status 200."""

    status: int
    reason: str
    parameter: str | None = None
    """The parameter that the server names as the cause."""

    @property
    def is_temporary(self) -> bool:
        """Whether another attempt may succeed."""
        return self.status in RETRIED_STATUSES

    @property
    def prompt_fault(self) -> str | None:
        """What the server holds against the prompt: `context length` or `content filter`; `None` if it is unknown."""
        if self.status not in PROMPT_STATUSES:
            return None
        if self.status == 413 or _CONTEXT_LENGTH.search(self.reason):
            return "context length"
        return "content filter" if _CONTENT_FILTER.search(self.reason) else None

    def rejected_parameter(self, body: Mapping[str, Any]) -> str | None:
        """Returns the parameter of a request that the server does not take, or `None` if it rejects another thing."""
        if self.status not in PROMPT_STATUSES or self.prompt_fault or not _UNSUPPORTED.search(self.reason):
            return None
        if self.parameter in body:
            return self.parameter
        optional = (name for name in body if name not in ("model", "messages"))
        return next((name for name in optional if re.search(rf"\b{re.escape(name)}\b", self.reason)), None)


def read_response(response: Response) -> str | None | Failure:
    """Returns the text of a chat completion, `None` for one without text, or the failure that a server reports.

    Raises:
        [`NotACompletion`]: If it is neither.
    """
    payload: Any = None
    with suppress(ValueError, RecursionError):
        payload = json.loads(response.text)
    if response.status >= 300:
        return _failure(response.status, payload, response.text)
    if isinstance(payload, dict) and payload.get("error") and not payload.get("choices"):
        return _reported_failure(payload)
    try:
        choice = payload["choices"][0]
        if choice.get("error"):
            return _reported_failure(choice)
        message = choice.get("message")
        return _text(choice["text"] if message is None else message.get("content"))
    except (TypeError, AttributeError, LookupError) as error:
        raise NotACompletion("a reply that is not a chat completion") from error


def _text(content: Any) -> str | None:
    """Returns the text of a message's content: a string, or a list of blocks of which the text blocks count."""
    if content is None or isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise TypeError(f"the content of a message must be a text or a list, got {type(content).__name__}")
    texts = [block if isinstance(block, str) else _block_text(block) for block in content]
    return "".join(text for text in texts if text is not None)


def _block_text(block: Any) -> str | None:
    """Returns the text of a block, `None` for reasoning and for what is no text."""
    if block.get("type", "text") not in ("text", "output_text"):
        return None
    text = block["text"]
    return text if isinstance(text, str) else text["value"]


def _reported_failure(holder: Mapping[str, Any]) -> Failure:
    """Returns the failure of an error object with status 200; its `code` is often the status that was meant."""
    failure = _failure(0, holder, "")
    error = holder["error"]
    code = error.get("code") if isinstance(error, dict) else None
    code = int(code) if isinstance(code, str) and code.isdecimal() else code
    if not (isinstance(code, int) and 400 <= code <= 599):
        code = 503 if _TEMPORARY.search(failure.reason) else 400
    return Failure(code, failure.reason, failure.parameter)


def _failure(status: int, payload: Any, text: str) -> Failure:
    """Returns a failure with the message of the error object, and its code; the text where there is none."""
    holder = payload if isinstance(payload, dict) else {}
    error = holder.get("error", holder.get("detail", holder))
    fields = error if isinstance(error, dict) else {}
    parts = [fields.get("message"), fields.get("code"), _nested_code(fields)]
    reason = " ".join(str(part) for part in parts if part) or _shown(error) or text
    parameter = fields.get("param")
    return Failure(
        status, " ".join(reason.split())[:_LONGEST_REASON], parameter if isinstance(parameter, str) else None
    )


def _nested_code(fields: Mapping[str, Any]) -> Any:
    inner = fields.get("innererror")
    return inner.get("code") if isinstance(inner, dict) else None


def _shown(error: Any) -> str:
    return error if isinstance(error, str) else json.dumps(error) if error else ""
