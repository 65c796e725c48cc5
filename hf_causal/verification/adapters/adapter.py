"""What an adapter knows about a data set that other people published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hf_causal.verification.adapters.questions import (
    Answer,
    Judgement,
    OutOfScopeError,
    Question,
    UnreadableError,
    judge,
)

if TYPE_CHECKING:
    from hf_causal.verification.io import Table

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Adapter:
    """Reads the rows of one data set, and writes their answers."""

    name: str
    title: str
    source: str
    """Where the files are published."""
    recognizes: Callable[[Values], bool]
    """Whether a row has the columns and the content of this data set."""
    read: Callable[[Values], Question]
    """From a row to its question; raises [`UnreadableError`] and [`OutOfScopeError`]."""
    write: Callable[[Values, Question, tuple[Answer, ...]], dict[str, Any]]
    """From a row and right answers to the columns that a correction changes."""
    judge: Callable[[Question], Judgement] = judge
    asks: Callable[[Question], tuple[Question, ...]] = lambda question: (question,)
    """From the question of a row to those that a model is asked: several where a row has several answers, and none
    where it asks nothing."""
    prepare: Callable[[Adapter, Table], Adapter | None] | None = None
    """Takes what a row does not say from the other rows, or from another file next to a table's; returns `None` for
    a table that is not of this data set after all."""

    def verdict(self, row: Values) -> Judgement:
        """Returns the verdict on a row."""
        try:
            return self.judge(self.read(row))
        except OutOfScopeError as error:
            return Judgement("out_of_scope", str(error))
        except UnreadableError as error:
            return Judgement("unreadable", str(error))
