"""Questions by (seed, index) in any form of answer, as the environments of other libraries need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hf_causal.corpora.levels import MOST_ROWS, RowsByIndex, rows_by_index
from hf_causal.scoring import Score, score
from hf_causal.tasks.answering import applies, form_names, put_question, read_row, write_answer
from hf_causal.tasks.registry import get_task

_MOST_BLOCKS = 20
"""Further blocks that are looked through for a question that can be put in a form."""


@dataclass(frozen=True)
class Item:
    """One question with its exact answer."""

    question: str
    answer: str
    row: dict[str, Any]
    form: str
    measures: dict[str, int]
    """See [`Task.measures`]."""

    def score(self, reply: str | None) -> Score:
        """Scores a reply to the question, see `hf_causal.score`."""
        return score(reply, self.row, form=self.form)


@dataclass(frozen=True)
class Items:
    """The questions of a level of a task in a form of answer; `items[index]` generates no other block of rows.

    Raises:
        `ValueError`: For an unknown task, form, level or split, or a seed that is no number, with what would be right.

    Example:

    ```python
    >>> item = Items("transitivity", "proof", level=2)[5]
    >>> item.score(item.answer).value
    1.0

    ```
    """

    task: str
    form: str = ""
    """That of the task's rows if empty."""
    level: int = 1
    split: str = "train"
    seed: int = 0
    rows: RowsByIndex = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.seed, bool) or not isinstance(self.seed, int):
            raise ValueError(f"`seed` must be a whole number, got {self.seed!r}")
        names = form_names(get_task(self.task))
        if not self.form:
            object.__setattr__(self, "form", names[0])
        if self.form not in names:
            raise ValueError(f"`form` must be one of {', '.join(names)} for {self.task}, got {self.form!r}")
        rows = rows_by_index(self.task, self.seed, level=self.level, split=self.split)
        object.__setattr__(self, "rows", rows)

    def __getitem__(self, index: int) -> Item:
        return make_item(self._row(index), self.form)

    def _row(self, index: int) -> dict[str, Any]:
        """Returns the row at an index, or where its question cannot be put in the form, one of blocks of no index."""
        row = self.rows[index]
        for attempt in range(_MOST_BLOCKS):
            if has_form(row, self.form):
                return row
            block = self.rows.block(MOST_ROWS + index * _MOST_BLOCKS + attempt).to_pylist()
            row = next((other for other in block if has_form(other, self.form)), row)
        raise ValueError(f"no question of level {self.level} of {self.task} can be put in the form {self.form!r}")


def has_form(row: Mapping[str, Any], form: str) -> bool:
    """Returns whether the question of a row can be put in a form."""
    return applies(row, form)


def make_item(row: dict[str, Any], form: str) -> Item:
    """Puts a row's question in a form; raises `ValueError` if that cannot be done."""
    task, _ = read_row(row)
    return Item(put_question(row, form), write_answer(row, form), row, form, task.measures(row))
