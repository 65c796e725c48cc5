"""Reads the fields of an answer, such as `Path: A -> B`, from what language models write.

A field is a line `Label: content`, the content of which is a list of items where the line has none. Fields with
different labels make a block. The last block counts, so that a model may think before it and correct itself: a label
that comes again with another content, or another answer between two fields, begins a new block, and nothing of the one
before counts for it. The answer is the field `Answer` of the block, or is stated before or after its fields. Text
after the block is not read, except that it must not state another answer or take the proof back; a further question
that a model makes up there ends the reply. What cannot be read is refused, never guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.replies import UNPARSABLE, asks_question, parse_answer
from hf_causal.tasks.shared.reply_lines import LONGEST, Line, UnreadableReply, plain_lines
from hf_causal.tasks.shared.reply_values import (
    Chain,
    read_chain,
    read_directed_paths,
    read_nodes,
    read_path,
    write_nodes,
)

ANSWER = "Answer"
"""The label of the answer itself, which every form has."""
_FINAL_ANSWER = "Final answer"


@dataclass(frozen=True)
class Reply:
    """What a reply says, by field."""

    answer: str | None
    """`"Yes"`, `"No"`, or `None` where the reply states neither."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """From label to content."""
    lines: tuple[str, ...] = ()
    """The lines of the reply without reasoning and marks, empty ones included."""
    line_of: Mapping[str, int] = field(default_factory=dict)
    """From label to the number of its line, 1 for the first of the reply as it was written."""
    numbers: tuple[int, ...] = ()
    """The number of each of `lines` in the reply as it was written."""

    def content(self, label: str) -> str:
        """Returns the content of a field; raises [`UnreadableReply`] if the reply lacks it."""
        if label not in self.fields:
            raise UnreadableReply(f"the reply has no line '{label}: …'")
        return self.fields[label]

    def lines_of(self, labels: Iterable[str]) -> tuple[int, ...]:
        """Returns the numbers of the lines of these fields, those that the reply has."""
        return tuple(self.line_of[label] for label in labels if label in self.line_of)

    def require_only(self, labels: Sequence[str], why: str) -> None:
        """Raises [`UnreadableReply`] unless the block has these labels and no other."""
        for label in labels:
            self.content(label)
        if more := self.fields.keys() - labels:
            raise UnreadableReply(f"{why} has no line {min(more)!r}")

    def nodes(self, label: str, names: frozenset[str]) -> list[str]:
        """Returns the nodes that a field lists, as [`read_nodes`] reads them."""
        return read_nodes(self.content(label), names, label)

    def path(self, label: str, names: frozenset[str]) -> list[str]:
        """Returns the nodes of a field such as `A -> B -> C`, as [`read_path`] reads them."""
        return read_path(self.content(label), names, label)

    def chain(self, label: str, names: frozenset[str]) -> Chain:
        """Returns the path of a field such as `A -> B <- C`, as [`read_chain`] reads it."""
        return read_chain(self.content(label), names, label)

    def directed_paths(self, label: str, names: frozenset[str]) -> list[list[str]]:
        """Returns the paths of a field such as `C -> A; C -> B`, as [`read_directed_paths`] reads them."""
        return read_directed_paths(self.content(label), names, label)


class _Piece(NamedTuple):
    """A field of a line, or text without a label."""

    line: Line
    label: str | None
    content: str


def read_reply(text: str | None, labels: tuple[str, ...]) -> Reply:
    """Reads a reply.

    Args:
        text (`str` or `None`): What the model wrote.
        labels (tuple of `str`): The labels that open lines of the form; any letter case is read.

    Returns:
        [`Reply`]

    Raises:
        [`UnreadableReply`]: If there is no text, too much of it, or text that contradicts its proof.

    Example:

    ```python
    >>> reply = read_reply("I first thought of A -> C.\\n\\n**Yes**\\n- **Path:** A -> B -> C", ("Path",))
    >>> reply.answer, reply.fields
    ('Yes', {'Path': 'A -> B -> C'})

    ```
    """
    pattern, canonical = _label_pattern(labels)
    lines = plain_lines(text, (*labels, ANSWER, _FINAL_ANSWER))
    block = _Block()
    for piece in _join_items(_pieces(lines, pattern, canonical)):
        if piece.label is None and block.fields and asks_question(piece.content):
            break
        block.add(piece)
    answer = block.answer()
    block.fields.pop(ANSWER, None)
    texts, numbers = tuple(line.text for line in lines), tuple(line.number for line in lines)
    return Reply(None if answer == UNPARSABLE else ("No", "Yes")[answer], block.fields, texts, block.line_of, numbers)


class _Block:
    """The block that is read, which a field that does not belong to it replaces by a new one."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.line_of: dict[str, int] = {}
        self.before: list[str] = []
        self.after: list[str] = []

    def add(self, piece: _Piece) -> None:
        """Adds a field or a line of text."""
        if piece.label is None:
            (self.after if self.fields else self.before).append(piece.content)
        elif not self._repeats(piece):
            if self._is_closed_to(piece.label):
                self.before, self.after, self.fields, self.line_of = self.after, [], {}, {}
            self.fields[piece.label], self.line_of[piece.label] = piece.content, piece.line.number

    def _repeats(self, piece: _Piece) -> bool:
        content = self.fields.get(piece.label or "")
        if content is None or content == piece.content:
            return content is not None
        answers = {parse_answer(content), parse_answer(piece.content)} if piece.label == ANSWER else {UNPARSABLE}
        return len(answers) == 1 and UNPARSABLE not in answers

    def _is_closed_to(self, label: str) -> bool:
        """Returns whether a field begins a new block: the label is there, or another answer has been stated since."""
        if label in self.fields:
            return True
        between = parse_answer("\n".join(self.after))
        return between != UNPARSABLE and self._stated() not in (UNPARSABLE, between)

    def _stated(self) -> int:
        if ANSWER in self.fields:
            return parse_answer(self.fields[ANSWER])
        return parse_answer("\n".join(self.before))

    def answer(self) -> int:
        """Returns the answer; raises [`UnreadableReply`] if the text after the fields contradicts them."""
        stated = self._stated()
        if not self.after:
            return stated
        afterwards = check_end("\n".join(self.after), stated)
        return afterwards if stated == UNPARSABLE and ANSWER not in self.fields else stated


def check_end(text: str, answer: int) -> int:
    """Returns the answer that the text after a proof states.

    Raises:
        [`UnreadableReply`]: If it is another one than `answer`, or the text takes the proof back.
    """
    if _TAKES_BACK.search(text):
        raise UnreadableReply("the text after the proof takes it back")
    stated = parse_answer(text)
    if UNPARSABLE not in (stated, answer) and stated != answer:
        raise UnreadableReply(f"the text after the proof states another answer, {('No', 'Yes')[stated]!r}")
    return stated


def _pieces(lines: Sequence[Line], pattern: re.Pattern[str], canonical: Mapping[str, str]) -> Iterator[_Piece]:
    for line in lines:
        opening, colon, rest = line.text.partition(":")
        if not colon or (":" not in rest and opening.rstrip().lower() in canonical):  # most lines: a field, or none
            label = canonical[opening.rstrip().lower()] if colon else None
            if colon or opening.rstrip("( "):
                yield _Piece(line, label, rest.lstrip().rstrip(" ;") if colon else opening.rstrip("( "))
            continue
        matches = list(pattern.finditer(line.text))
        starts = [match.start("label") for match in matches]
        if opening := line.text[: starts[0] if starts else None].rstrip("( "):
            yield _Piece(line, None, opening)
        for match, end in zip(matches, [*starts[1:], len(line.text)], strict=False):
            yield _Piece(line, canonical[match["label"].lower()], line.text[match.end() : end].rstrip(" ;"))


def _join_items(pieces: Iterator[_Piece]) -> Iterator[_Piece]:
    """Yields the pieces, with the items of a list that follows a field without content as its content."""
    field: _Piece | None = None
    for piece in pieces:
        if field is not None and piece.label is None and piece.line.item:
            field = field._replace(content=f"{field.content}; {piece.content.strip(';, ')}".lstrip("; "))
            continue
        if field is not None:
            yield field
        field = piece if piece.label is not None and not piece.content else None
        if field is None:
            yield piece
    if field is not None:
        yield field


@lru_cache(maxsize=64)
def _label_pattern(labels: tuple[str, ...]) -> tuple[re.Pattern[str], dict[str, str]]:
    """Returns the pattern of a label, and the label of each of its spellings.

    A label is at the start of a line, or follows a mark or the answer: in `From Answer: B` it is a name.
    """
    canonical = {label.lower(): label for label in (*labels, ANSWER)} | {_FINAL_ANSWER.lower(): ANSWER}
    words = "|".join(sorted(map(re.escape, canonical), key=len, reverse=True))
    before = r"(?:^\s*|[.;,!]\s*|\b(?:yes|no)\s+\(?)"
    return re.compile(rf"{before}(?P<label>{words})\s*:\s*", re.IGNORECASE), canonical


def names_of(edges: Sequence[tuple[str, str]], *further: str) -> frozenset[str]:
    """Returns the names of a prompt's statements and question."""
    return frozenset(name for edge in edges for name in edge) | frozenset(further)


__all__ = [
    "LONGEST",
    "CertificateError",
    "Reply",
    "UnreadableReply",
    "names_of",
    "read_nodes",
    "read_reply",
    "write_nodes",
]

_TAKES_BACK = re.compile(r"\b(?:wait\s*[,.!:—-]|scratch that|correction\s*:|on second thoughts?)", re.IGNORECASE)
