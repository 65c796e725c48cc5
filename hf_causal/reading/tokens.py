"""Text to words, marks and arrows, and these to sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a mark or a name, and where it is in the normalised text."""

    kind: str
    text: str
    start: int
    end: int
    data: Any = field(default=None, compare=False)
    """What the lexicon says about it, or the words of a name."""


@dataclass(frozen=True)
class Sentence:
    """The tokens between two final marks."""

    tokens: tuple[Token, ...]
    asks: bool = False
    """Whether it ended with a question mark."""
    ignored: tuple[Token, ...] = ()
    """Its bullet, number or heading."""

    @property
    def start(self) -> int:
        return self.tokens[0].start

    @property
    def end(self) -> int:
        return self.tokens[-1].end


MAX_QUOTED = 100
"""Characters in single quotes, which are apostrophes more often."""
ENDS = frozenset(".!?;。")
CLOSING = {'"': '"', "“": "”", "«": "»", "`": "`", "「": "」", "『": "』", "《": "》", "„": "“", "‘": "'", "'": "'"}
_ARROW = r"<[-–—=~]{1,3}>?|[-–—=~]{1,3}>|[→⇒⟶⟹➔➜➝➞⟼←⇐⟵⟸↔⇔⟷⟂⊥⫫╨]|_\|\|_"
# A word stops before an arrow; the look-ahead is of bounded length, so that reading is linear.
_TOKEN = re.compile(
    rf"(?P<newline>\n)|(?P<blank>[^\S\n]+)|(?P<arrow>{_ARROW})"
    r"|(?P<word>(?:[^\s,;:!?()\[\]{}\"“”«»„`|<>=…。、「」『』《》~→⇒⟶⟹➔➜➝➞⟼←⇐⟵⟸↔⇔⟷⟂⊥⫫╨–—-]"
    r"|[-–—](?![-–—=]{0,2}>))+)"
    r"|(?P<mark>.)"
)
_ARROW_KINDS = {"⟂": "ORTHOGONAL", "⊥": "ORTHOGONAL", "⫫": "ORTHOGONAL", "╨": "ORTHOGONAL", "_||_": "ORTHOGONAL"}


def scan(text: str) -> Iterator[Token]:
    """Yields the tokens of a normalised text, each character in exactly one of them except blanks."""
    position = 0
    unclosed: set[str] = set()  # an opening quote without a closing one is looked for once
    while position < len(text):
        if (closing := CLOSING.get(text[position])) and text[position] not in unclosed:
            end = text.find(closing, position + 1)
            if closing == "'":
                end = _closing_apostrophe(text, position)
            if end < 0 and closing != "'":
                unclosed.add(text[position])
            if end > position + 1 and text.find("\n", position, end) < 0:
                yield Token("QUOTED", " ".join(text[position + 1 : end].split()), position, end + 1)
                position = end + 1
                continue
        match = _TOKEN.match(text, position)
        if match is None:  # pragma: no cover - the last alternative takes any character
            raise AssertionError(position)
        position = match.end()
        if match["word"]:
            yield from _word(match)
        elif match["arrow"]:
            yield _arrow(match)
        elif match["newline"] or match["mark"]:
            yield Token("NEWLINE" if match["newline"] else "MARK", match[0], match.start(), match.end())


def _closing_apostrophe(text: str, start: int) -> int:
    """Where a quotation in single quotes ends; -1 where the mark is the apostrophe of a word."""
    if (start and text[start - 1].isalnum()) or not text[start + 1 : start + 2].isalnum():
        return -1
    stop = text.find("\n", start)
    for place in range(start + 1, min(start + MAX_QUOTED, len(text) if stop < 0 else stop)):
        if text[place] == "'" and not text[place + 1 : place + 2].isalnum() and text[place - 1].isalnum():
            return place
    return -1


def _word(match: re.Match[str]) -> Iterator[Token]:
    """Yields a word without the marks of Markdown around it and the stop behind it, and these as marks."""
    text, start, end = match[0], match.start(), match.end()
    if not text.strip("*_"):
        yield Token("MARK", text, start, end)
        return
    while text[0] in "*_":
        text, start = text[1:], start + 1
    while text and text[-1] in "*_":
        text, end = text[:-1], end - 1
    stops = len(text) - len(text.rstrip("."))
    if word := text[: len(text) - stops]:
        while word[-1] in "*_":  # "**smoking.**"
            word = word[:-1]
        yield Token("WORD", word, start, start + len(word))
    if stops:
        yield Token("MARK", "." if stops < 3 else "…", end - stops, end)


def _arrow(match: re.Match[str]) -> Token:
    text = match[0]
    kind = _ARROW_KINDS.get(text)
    if kind is None:
        left, right = text[0] in "<←⇐⟵⟸↔⇔⟷", text[-1] in ">→⇒⟶⟹➔➜➝➞⟼↔⇔⟷"
        kind = "TWO_WAY" if left and right else ("LEFT" if left else "RIGHT")
    return Token(kind, text, match.start(), match.end())


def sentences(text: str, headings: frozenset[str], abbreviations: frozenset[str]) -> list[Sentence]:
    """Splits a normalised text at its final marks, its semicolons and its ends of lines.

    A stop after an abbreviation ends nothing. Bullets, numbers and headings that are in the lexicon go to `ignored`.

    Example:

    ```python
    >>> [[token.text for token in one.tokens] for one in sentences("- rain → mud\\n2) Mud → falls.", set(), set())]
    [['rain', '→', 'mud'], ['Mud', '→', 'falls']]

    ```
    """
    result: list[Sentence] = []
    held: list[Token] = []

    def close(asks: bool) -> None:
        ignored, rest = _without_label(held, headings, result)
        if rest:
            result.append(Sentence(tuple(rest), asks, tuple(ignored)))
        held.clear()

    tokens = list(scan(text))
    for index, token in enumerate(tokens):
        if token.kind == "NEWLINE":
            close(False)
        elif token.text == "." and held and _inside(tokens, index, abbreviations):
            held[-1] = Token("WORD", held[-1].text + ".", held[-1].start, token.end)
        elif token.kind == "MARK" and token.text in ENDS:
            close(token.text == "?")
        else:
            held.append(token)
    close(False)
    return result


def _inside(tokens: Sequence[Token], index: int, abbreviations: frozenset[str]) -> bool:
    """Whether a stop belongs to an abbreviation, or is between letters without a blank."""
    token = tokens[index]
    if token.text != "." or index == 0 or tokens[index - 1].end != token.start:
        return False
    before = tokens[index - 1]
    if index + 1 == len(tokens) or tokens[index + 1].kind == "NEWLINE":
        return False
    return before.kind == "WORD" and (before.text.casefold() in abbreviations or "." in before.text.strip("."))


def _without_label(
    tokens: Sequence[Token], headings: frozenset[str], before: Sequence[Sentence]
) -> tuple[list[Token], list[Token]]:
    """Parts a bullet, a number or a heading from the sentence behind it."""
    rest = list(tokens)
    ignored: list[Token] = []
    while rest and (size := _label(rest, headings)):
        ignored += rest[:size]
        rest = rest[size:]
    if len(rest) == 1 and rest[0].text.isdecimal():  # "1." of "1. rain causes mud", whose stop ended a sentence
        return [*ignored, *rest], []
    return ignored, rest


def _label(tokens: Sequence[Token], headings: frozenset[str]) -> int:
    first = tokens[0].text
    if tokens[0].kind == "MARK" and (first in "•‣·>-–—*" or not first.strip("*_")) and len(tokens) > 1:
        return 1
    if tokens[0].kind == "WORD" and not first.strip("#-–—•*+"):
        return 1
    texts = [token.text for token in tokens[:3]]
    if len(tokens) > 3 and first == "(" and texts[2] == ")" and _is_number(tokens[1]):
        return 3
    if len(tokens) > 2 and texts[1] == ")" and _is_number(tokens[0]):
        return 2
    for size in (1, 2):
        if len(tokens) > size and tokens[size].text == ":" and _heading(tokens[:size], headings):
            return size + 1
        if len(tokens) == size and _heading(tokens, headings):
            return size
    return 0


def _heading(tokens: Sequence[Token], headings: frozenset[str]) -> bool:
    *words, last = (token.text.casefold() for token in tokens)
    return (last in headings and not words) or (last.isdigit() and len(words) == 1 and words[0] in headings)


def _is_number(token: Token) -> bool:
    return token.kind == "WORD" and (token.text.isdigit() or (len(token.text) == 1 and token.text.isascii()))
