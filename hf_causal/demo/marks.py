"""A text with its pieces marked: what each was read as, or what could not be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Protocol, TypeVar

from hf_causal.demo.labels import label
from hf_causal.demo.questions import Question

ROLES = ("name", "relation", "list", "ignored")


class Piece(Protocol):
    """A part of a text."""

    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


P = TypeVar("P", bound=Piece)


def mark(text: str, pieces: Iterable[P], tag: Callable[[P, str], str]) -> str:
    """Returns a text as HTML, in which `tag` wraps the escaped text of each piece; what overlaps is left out."""
    parts, last = [], 0
    for piece in sorted(pieces, key=lambda piece: (piece.start, -piece.end)):
        if piece.start >= last and piece.end > piece.start:
            parts += [escape(text[last : piece.start]), tag(piece, escape(text[piece.start : piece.end]))]
            last = piece.end
    return "".join([*parts, escape(text[last:])])


def read_view(question: Question) -> str:
    """Returns the texts of a question with what their words were read as."""
    language, used = question.read.language, {one.role for one in question.read.marks}
    texts = []
    for field, text in (("premises", question.premises), ("question", question.question)):
        marks = [one for one in question.read.marks if one.field == field]
        if text.strip():
            marked = mark(text, marks, lambda one, shown: f'<span class="hc-read-{escape(one.role)}">{shown}</span>')
            texts.append(f'<p class="hc-read">{marked}</p>')
    keys = " ".join(f'<span class="hc-read-{role}">{label(role, language)}</span>' for role in ROLES if role in used)
    return (
        f'<details open="" class="hc-reading"><summary>{label("read", language)}</summary>{"".join(texts)}'
        f'<p class="hc-read-keys">{keys}</p></details>'
    )
