"""Reads and writes answers: Yes and No, counts, letters, and sets and lists as Python prints them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from fractions import Fraction
from functools import lru_cache
from typing import Any

from hf_causal.verification.adapters.questions import UnreadableError

LONGEST = 100_000
"""Characters of an answer that is read."""
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?|[+-]?\d+/\d+", re.ASCII)
"""A number; a power of ten with more digits would fill the memory."""


def yes_or_no(text: Any) -> str:
    """Reads `Yes` or `No`, with or without a full stop."""
    word = text.strip().rstrip(".").lower() if isinstance(text, str) else ""
    if word not in ("yes", "no"):
        raise UnreadableError(f"expected Yes or No, got {text!r:.80}")
    return word.title()


def count(text: Any) -> int:
    """Reads a count."""
    if isinstance(text, bool) or not isinstance(text, int | str) or not re.fullmatch(r"\s*[0-9]{1,9}\s*", str(text)):
        raise UnreadableError(f"expected a count, got {text!r:.80}")
    return int(text)


def number_of(value: Any) -> Fraction:
    """Reads a number, exactly as it is written.

    Example:

    ```python
    >>> number_of("0.25"), number_of(0.1), number_of("1/3")
    (Fraction(1, 4), Fraction(1, 10), Fraction(1, 3))

    ```
    """
    text = "" if isinstance(value, bool) or not isinstance(value, int | float | str) else str(value).strip()
    try:
        if len(text) > 40 or not _NUMBER.fullmatch(text):
            raise ValueError
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise UnreadableError(f"expected a number, got {value!r:.80}") from None


def letter(text: Any) -> str:
    """Reads the letter of an option."""
    if not isinstance(text, str) or not re.fullmatch(r"[A-H]", text.strip().rstrip(".")):
        raise UnreadableError(f"expected the letter of an option, got {text!r:.80}")
    return text.strip().rstrip(".")


def plain_text(value: Any) -> str:
    """Reads a text without the spaces around it."""
    if not isinstance(value, str):
        raise UnreadableError(f"expected text, got {value!r:.80}")
    return value.strip()


def literal(value: Any) -> Any:
    """Reads a set, list or tuple, as it is or as Python prints it; sets become frozen and lists tuples."""
    if isinstance(value, str):
        return _literal(value)
    if not isinstance(value, list | tuple | set | frozenset) or len(value) > LONGEST:
        raise UnreadableError(f"expected a set or list, got {value!r:.80}")
    return _frozen(value)


@lru_cache(maxsize=4096)
def _literal(text: str) -> Any:
    try:
        if len(text) > LONGEST:
            raise ValueError("too long")
        return _frozen(ast.literal_eval(text.strip()))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise UnreadableError(f"expected a set or list as Python prints it, got {text!r:.80}") from None


def _frozen(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return frozenset(map(_frozen, value))
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def name_set(value: Any) -> frozenset[str]:
    """Reads a set of names, such as `{'A', 'B'}` or `set()`."""
    names = literal(value)
    if not isinstance(names, frozenset) or not all(isinstance(name, str) for name in names):
        raise UnreadableError(f"expected a set of names such as {{'A', 'B'}}, got {value!r:.80}")
    return names


def spell_set(names: Iterable[str]) -> str:
    """Writes a set of names as Python prints it, in the order of the alphabet."""
    listed = ", ".join(map(repr, sorted(names)))
    return f"{{{listed}}}" if listed else "set()"


def comma_list(text: Any) -> tuple[str, ...]:
    """Reads items with commas between them, or a list as Python prints it."""
    if isinstance(text, str) and not text.strip().startswith("["):
        return tuple(item.strip() for item in text.split(",")) if text.strip() else ()
    items = literal(text)
    if not isinstance(items, tuple) or not all(isinstance(item, str) for item in items):
        raise UnreadableError(f"expected items with commas between them, got {text!r:.80}")
    return items
