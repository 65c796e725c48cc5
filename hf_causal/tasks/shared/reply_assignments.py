"""Reads and writes values of names in replies, such as `A = 1, B = 0`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hf_causal.tasks.shared.reply_lines import UnreadableReply

_BETWEEN = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+")


def write_assignments(values: Mapping[str, object]) -> str:
    """Writes `NAME = VALUE, NAME = VALUE`, or `none`."""
    return ", ".join(f"{name} = {value}" for name, value in values.items()) or "none"


def read_assignments(content: str) -> dict[str, str]:
    """Returns the values of `NAME = VALUE, NAME = VALUE`; `none` has no values.

    Raises:
        [`UnreadableReply`]: For an item of another form, or a name that comes twice.

    Example:

    ```python
    >>> read_assignments("A = 1 and B = 3/4"), read_assignments("none")
    ({'A': '1', 'B': '3/4'}, {})

    ```
    """
    values: dict[str, str] = {}
    content = content.strip(" .")
    if content.lower() in ("none", "nothing"):
        return values
    for item in _BETWEEN.split(content):
        name, equals, value = (part.strip() for part in item.partition("="))
        if not equals or not name or name in values:
            raise UnreadableReply(f"{item!r:.60} should be such as 'A = 1', once")
        values[name] = value
    return values
