"""Patterns of phrases: `(a|b)` is either, `[a|b]` either or nothing, `<_x>` another pattern, `\\(` a bracket."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_PIECE = re.compile(r"<(_\w+)>|([()\[\]|])|\\([()\[\]|])|([^<>()\[\]|\\]+)")


def expand(pattern: str, named: Mapping[str, str] | None = None) -> list[str]:
    """Returns all texts of a pattern, with single blanks between words.

    Args:
        pattern (`str`): For example `"(is|are) [being] held"`.
        named (mapping): From the names of further patterns, which begin with `_`, to their texts.

    Raises:
        `ValueError`: If brackets are not closed.

    Example:

    ```python
    >>> expand("(is|are) [being] <_held>", {"_held": "(held|kept)"})[:3]
    ['is being held', 'is being kept', 'is held']

    ```
    """
    pieces = list(_pieces(pattern, named or {}))
    texts = _Reader(pieces, pattern).alternatives()
    return list(dict.fromkeys(" ".join(text.split()) for text in texts))


def _pieces(pattern: str, named: Mapping[str, str]) -> Iterator[str]:
    for name, bracket, mark, text in _PIECE.findall(pattern):
        if name:
            yield from ("(", *_pieces(named[name], named), ")")
        else:
            yield bracket or text or f" {mark} "


class _Reader:
    """Reads the pieces of a pattern from left to right."""

    def __init__(self, pieces: list[str], pattern: str):
        self.pieces, self.pattern, self.index = [*pieces, ""], pattern, 0

    def alternatives(self, closing: str = "") -> list[str]:
        texts: list[str] = []
        while True:
            texts += self._sequence(closing)
            end = self.pieces[self.index]
            if end != "|" and end != closing:
                raise ValueError(f"the pattern {self.pattern!r} has a bracket without the other one")
            self.index += 1
            if end == closing:
                return texts

    def _sequence(self, closing: str) -> list[str]:
        texts = [""]
        while (piece := self.pieces[self.index]) not in ("|", ")", "]", ""):
            self.index += 1
            if piece == "(":
                items = self.alternatives(")")
            elif piece == "[":
                items = [*self.alternatives("]"), ""]
            else:
                items = [piece]
            texts = [text + item for text in texts for item in items]
        return texts
