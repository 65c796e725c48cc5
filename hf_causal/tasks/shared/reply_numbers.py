"""Answers that are numbers, two bounds, or that there is not enough information, as models and files write them.

An answer is stated ("the answer is 0.6", `Answer: 3/5`, `\\boxed{60\\%}`), or is what the last line ends with. It may
be written in several ways at once, such as `3/5 = 0.6 (60%)`, all of which must then be right. Text that ends with no
number, or states two different answers, is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from hf_causal.tasks.shared.exact_numbers import NUMBER, PLACES, WrittenNumber, read_number, write_number
from hf_causal.tasks.shared.reply_lines import UnreadableReply

INSUFFICIENT = "insufficient information"


@dataclass(frozen=True)
class StatedAnswer:
    """An answer that was read."""

    text: str
    numbers: tuple[tuple[WrittenNumber, ...], ...] = ()
    """For the value, or each of two bounds, how it is written; empty if the information is insufficient."""

    @property
    def insufficient(self) -> bool:
        """Whether it says that there is not enough information."""
        return not self.numbers

    def is_exact(self, true: Sequence[Fraction]) -> bool:
        """Returns whether it is a value, or two bounds, without rounding."""
        return len(self.numbers) == len(true) and all(
            any(one.is_exact(value) for one in ways) for ways, value in zip(self.numbers, true, strict=True)
        )

    def is_right(self, true: Sequence[Fraction]) -> bool:
        """Returns whether it is a value, or two bounds, exactly or rounded to `PLACES` places or more."""
        return len(self.numbers) == len(true) and all(
            any(one.is_right(value) for one in ways) and all(one.rounds(value) for one in ways)
            for ways, value in zip(self.numbers, true, strict=True)
        )

    def is_coarse(self, true: Sequence[Fraction]) -> bool:
        """Returns whether it is right, but rounded to fewer places than an answer needs."""
        return len(self.numbers) == len(true) and all(
            all(one.rounds(value) for one in ways) for ways, value in zip(self.numbers, true, strict=True)
        )


def write_answer(value: Sequence[Fraction], decimals: bool = True) -> str:
    """Writes a value, or two bounds, exactly.

    Example:

    ```python
    >>> write_answer([Fraction(3, 5)]), write_answer([Fraction(0), Fraction(1, 3)])
    ('0.6', '[0, 1/3]')

    ```
    """
    numbers = [write_number(one, decimals) for one in value]
    return numbers[0] if len(numbers) == 1 else f"[{', '.join(numbers)}]"


def read_answer(text: str) -> StatedAnswer:
    """Reads a text that is an answer and nothing else.

    Raises:
        [`UnreadableReply`]: If it is neither a number, nor two bounds, nor says that information is insufficient.

    Example:

    ```python
    >>> read_answer("3/5 = 0.6 (60%)").is_right([Fraction(3, 5)]), read_answer("not enough information").insufficient
    (True, True)
    >>> read_answer("between 0.1 and 1/2").is_right([Fraction(1, 10), Fraction(1, 2)])
    True

    ```
    """
    plain = _plain(text).strip(" .!")
    if _INSUFFICIENT.fullmatch(plain):
        return StatedAnswer(text)
    for pattern in _BOUNDS:
        if match := pattern.fullmatch(plain):
            return StatedAnswer(text, tuple((read_number(part),) for part in match.groups()))
    pieces = [piece for piece in _EQUAL.split(plain) if piece.strip()]
    try:
        return StatedAnswer(text, (tuple(read_number(piece) for piece in pieces),) if pieces else ())
    except ValueError:
        raise UnreadableReply(
            f"cannot read {text.strip()!r:.80} as a number, as two bounds such as '[0.1, 0.5]' or as {INSUFFICIENT!r}"
        ) from None


def find_answer(lines: Sequence[str]) -> StatedAnswer:
    """Finds the answer in the lines of a reply.

    Raises:
        [`UnreadableReply`]: If it states none, or two different ones.

    Example:

    ```python
    >>> find_answer(["P(B = 1) = 0.5 * 0.2 + 0.5 * 0.6 = 0.4"]).is_right([Fraction(2, 5)])
    True

    ```
    """
    claims = list(_claims(lines))
    if not claims:
        raise UnreadableReply("the reply states no number, no bounds and no insufficient information")
    *before, last = claims
    if before and not _agree(before[-1], last):
        raise UnreadableReply(f"the reply states two answers, {before[-1].text.strip()!r:.40} and {last.text!r:.40}")
    return last


def _claims(lines: Sequence[str]) -> Iterator[StatedAnswer]:
    """Yields the last answer that is stated, and what the last line ends with."""
    kept = [_plain(line).strip() for line in lines]
    kept = [line for line in kept if line.strip("$*_`- ")]
    stated = [match for line in kept for match in _STATED.finditer(line)]
    if stated:
        yield _read_claim(stated[-1]["claim"])
    if kept:
        ending = _ending(kept[-1])
        if ending is not None:
            yield ending


def _ending(line: str) -> StatedAnswer | None:
    """Returns the answer that a line is, or ends with; `None` where it ends with none."""
    line = line.strip(" .!$*_`")
    if _INSUFFICIENT_IN.search(line) and not _NEGATED.search(line):
        return StatedAnswer(line)
    try:
        return read_answer(line) if line else None
    except UnreadableReply:
        pass
    if match := _TAIL.search(line):
        try:
            return read_answer(match["claim"])
        except UnreadableReply:
            return None
    return None


def _read_claim(text: str) -> StatedAnswer:
    if _INSUFFICIENT_IN.search(text) and not _NEGATED.search(text):
        return StatedAnswer(text)
    try:
        return read_answer(text.strip(" .!$*_`"))
    except UnreadableReply:
        ending = _ending(text)
        if ending is None:
            raise
        return ending


def _agree(first: StatedAnswer, second: StatedAnswer) -> bool:
    """Returns whether two answers may be the same, one of them perhaps rounded."""
    if len(first.numbers) != len(second.numbers):
        return False
    return all(
        all(a.rounds(b.value) or b.rounds(a.value) for a in ways for b in others)
        for ways, others in zip(first.numbers, second.numbers, strict=True)
    )


def _plain(text: str) -> str:
    """Returns a text with the fractions, percentages and marks of LaTeX as plain ones."""
    text = _FRACTION.sub(r"\1/\2", text)
    text = _BOX.sub(r"the answer is \1. ", text) if _BOX.search(text) else text
    for mark, plain in _MARKS:
        text = text.replace(mark, plain)
    return _PERCENT.sub("%", text)


_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(-?[\d.]+)\s*\}\s*\{\s*([\d.]+)\s*\}")
_BOX = re.compile(r"\\(?:boxed|fbox)\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_MARKS = (
    ("\\%", "%"),
    ("\\approx", "≈"),
    ("\\left", ""),
    ("\\right", ""),
    ("\\leq", "≤"),
    ("\\le", "≤"),
    ("\\,", " "),
)
_PERCENT = re.compile(r"(?<=\d)\s*(?:percent|per cent)\b", re.IGNORECASE)
_N = rf"\s*({NUMBER})\s*"
_BOUNDS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"[\[(]{_N}[,;]{_N}[\])]",
        rf"(?:between|from){_N}(?:and|to){_N}",
        rf"{_N}(?:to|[–—]){_N}",
        rf"{_N}(?:≤|<=)[^\d≤<=]{{1,60}}(?:≤|<=){_N}",
        rf"(?:lower(?: bound)?|low)\s*[:=]?{_N}[,;]\s*(?:and )?(?:upper(?: bound)?|high)\s*[:=]?{_N}",
    )
)
_EQUAL = re.compile(r"\s*(?:=|≈|~|\(|\)|\bor\b|\bi\.e\.,?|\bapproximately\b|\babout\b|\broughly\b)\s*", re.IGNORECASE)
_CANNOT = (
    r"(?:insufficient (?:information|data)|not enough (?:information|data)|(?:it )?(?:is )?(?:can ?not|can't) be "
    r"(?:determined|computed|identified|decided)|not (?:determined|identifiable|identified)|undetermined)"
)
_INSUFFICIENT = re.compile(
    rf"(?:there is |it is )?{_CANNOT}(?: from (?:this|the statements|what is stated))?", re.IGNORECASE
)
_INSUFFICIENT_IN = re.compile(rf"\b{_CANNOT}\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:no|not|isn't) insufficient|\bif\b[^.]*(?:insufficient|cannot)", re.IGNORECASE)
_STATED = re.compile(
    r"\b(?:answer|result|value)\W{0,4}(?:\s?(?:is|are|=|:|≈)|(?<=:))\W{0,3}?\s*(?P<claim>.+?)(?=\.\s|\.?$)",
    re.IGNORECASE,
)
_LINK = (
    r"(?:=|≈|~|:|\b(?:is|are|be|get|gives|equals|about|approximately|roughly|probability|of|to|obtain|yields|exactly)"
    r"\b)"
)
_TAIL = re.compile(
    rf"(?:^|{_LINK})\s*(?P<claim>(?:(?:between|from)\s)?[\[(]?\s*{NUMBER}(?:\s*(?:=|≈|or|to|and|[,;–—])\s*{NUMBER})*\s*[\])]?"
    rf"(?:\s*\(\s*(?:=|≈|or|about|approximately)?\s*{NUMBER}\s*\))?)$",
    re.IGNORECASE,
)
__all__ = ["INSUFFICIENT", "PLACES", "StatedAnswer", "find_answer", "read_answer", "write_answer"]
