"""Text in one spelling, with the way back to the characters that were typed."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MAX_CHARACTERS = 20_000
"""Of premises and question together."""
MAX_MARKS = 30
"""Combining marks that are normalised together; text with more on one letter is none of any language (UAX 15)."""

_INVISIBLE = frozenset("\u200b\ufeff\u00ad\u200e\u200f\u2060")
_REPLACED = str.maketrans({"’": "'", "ʼ": "'", "\u2010": "-", "\u2011": "-", "\u2212": "-", "\r": "\n"})


@dataclass(frozen=True)
class Text:
    """A text and its compatibility form (NFKC), in which full-width and composed letters are equal."""

    original: str
    normal: str
    starts: tuple[int, ...]
    """For each character of `normal`, where it begins in `original`; and the end of `original`."""

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Returns where a piece of `normal` is in `original`."""
        if start >= end:
            return self.starts[start], self.starts[start]
        last = end - 1
        after = last + 1
        while after < len(self.starts) - 1 and self.starts[after] == self.starts[last]:
            after += 1  # several characters may come from one, as “fi” from a ligature
        return self.starts[start], self.starts[after]


def normalise(text: str) -> Text:
    """Returns a text in its compatibility form, without invisible characters.

    Example:

    ```python
    >>> normalise("Ｘ causes cafe\\u0301").normal
    'X causes café'

    ```
    """
    if text.isascii():
        return Text(text, text.translate(_REPLACED), tuple(range(len(text) + 1)))
    pieces: list[str] = []
    starts: list[int] = []
    begin = 0
    while begin < len(text):
        end = begin + 1
        while end < len(text) and end - begin < MAX_MARKS and unicodedata.combining(text[end]):
            end += 1
        piece = "" if text[begin] in _INVISIBLE else unicodedata.normalize("NFKC", text[begin:end])
        pieces.append(piece)
        starts += [begin] * len(piece)
        begin = end
    return Text(text, "".join(pieces).translate(_REPLACED), (*starts, len(text)))
