"""Text to sentences, each with the place where it stands."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """A sentence without its final mark, its bullet and the blanks around it."""

    text: str
    start: int
    end: int
    """Where it stands in the whole text: `whole[start:end] == text`."""
    asks: bool = False
    """Whether it ended with a question mark."""


@dataclass(frozen=True)
class Trouble:
    """A piece of text that cannot be read, and what would help."""

    text: str
    reason: str
    start: int
    end: int
    field: str = "premises"
    """`"premises"` or `"question"`: the text in which `start` and `end` count."""


class UnreadableText(ValueError):
    """Raised with everything in a text that cannot be read, not with the first only."""

    def __init__(self, troubles: tuple[Trouble, ...]):
        self.troubles = troubles
        super().__init__("; ".join(f"cannot read {one.text[:200]!r}: {one.reason}" for one in troubles))


def split_sentences(text: str) -> list[Sentence]:
    """Splits a text at its ends of lines, its final marks and its semicolons.

    A stop inside of a word ("vitamin B.12") or after an abbreviation ("St. John's wort") ends nothing. Marks in quotes
    belong to the name that is quoted.

    Example:

    ```python
    >>> [sentence.text for sentence in split_sentences("- rain causes mud\\n- St. John's wort causes relief. A -> B")]
    ['rain causes mud', "St. John's wort causes relief", 'A -> B']

    ```
    """
    sentences: list[Sentence] = []
    for line in _LINE.finditer(text):
        bullet = _BULLET.match(text, line.start(), line.end())
        begin = bullet.end() if bullet else line.start()
        for mark in _QUOTED_OR_MARK.finditer(text, begin, line.end()):
            if mark["mark"] and not _goes_on(text, begin, mark, line.end()):
                _add(sentences, text, begin, mark.start(), "?" in mark["mark"])
                begin = mark.end()
        _add(sentences, text, begin, line.end(), False)
    return sentences


def _goes_on(text: str, begin: int, mark: re.Match[str], end: int) -> bool:
    """Whether a mark is the stop of an abbreviation, with more of its sentence behind it.

    A node may be called like one: where a short statement is complete, and another sentence or nothing follows, the
    stop ends it.
    """
    if mark["mark"] != "." or not _ABBREVIATION.search(text, begin, mark.start()):
        return False
    complete = _COMPLETE.match(text, begin, mark.start()) and _ANOTHER.match(text, mark.end(), end)
    return not complete


def _add(sentences: list[Sentence], text: str, start: int, end: int, asks: bool) -> None:
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(_BLANK))
    piece = piece.strip(_BLANK)
    if piece:
        sentences.append(Sentence(piece, start, start + len(piece), asks))


QUOTED = r"\"[^\"\n]{1,200}\"|“[^“”\n]{1,200}”|«[^«»\n]{1,200}»|`[^`\n]{1,200}`"
"""Pattern of a quoted name; apostrophes quote nothing, since they stand in names."""

_BLANK = " \t\r\f\v\u00a0\u200b\ufeff"
_LINE = re.compile(r"[^\n\u2028\u2029\u0085]+")
_QUOTED_OR_MARK = re.compile(rf"{QUOTED}|(?P<mark>[.?!;。？！；]+(?=\s|$|(?:Does|Is|Are|Can)\s))")
_BULLET = re.compile(r"\s*(?:[-*•‣–—]|\(?\d{1,3}[.)])\s+")
_ABBREVIATION = re.compile(r"\b(?:St|Dr|Mr|Mrs|Ms|Prof|vs|approx|e\.g|i\.e)\Z")
_COMPLETE = re.compile(r"\s*\w+ causes \w+\Z")
_ANOTHER = re.compile(r"\s*(?:\Z|\w+ causes \w|(?:Does|Are) \w)")
