"""Compares every row with all others, from 25 bytes a row."""

from __future__ import annotations

from array import array

import numpy as np

from hf_causal.verification.checks.row import RowResult


class RowIndex:
    """Indexes rows by 64-bit hashes of their texts.

    Two of ten million different texts have the same hash with a probability of three in a million.
    """

    def __init__(self) -> None:
        self._texts, self._questions, self._answers = array("q"), array("q"), array("b")
        self._premises = array("q")

    def add(self, result: RowResult) -> None:
        """Adds the next row."""
        # A row without a text equals no other row.
        text = hash(result.text if result.text is not None else ("no text", len(self._texts)))
        self._texts.append(text)
        self._questions.append(text if result.question_key is None else result.question_key)
        self._answers.append({"Yes": 1, "No": 0}.get(result.answer or "", -1))
        if result.premise_key is not None:
            self._premises.append(result.premise_key)

    def compare(self) -> dict[str, dict[int, int]]:
        """Returns findings about two rows: for each type, the rows and the row that each repeats or contradicts."""
        same_text, same_question = _repeats(self._texts), _repeats(self._questions)
        return {
            "contradictory_duplicate": self._contradictory(same_question),
            "duplicate_prompt": same_text,
            "reordered_duplicate": {row: first for row, first in same_question.items() if row not in same_text},
        }

    def _contradictory(self, same_question: dict[int, int]) -> dict[int, int]:
        rows = [row for row in sorted({*same_question, *same_question.values()}) if self._answers[row] >= 0]
        firsts: dict[tuple[int, int], int] = {}
        for row in rows:
            firsts.setdefault((same_question.get(row, row), self._answers[row]), row)
        opposite = {row: (same_question.get(row, row), 1 - self._answers[row]) for row in rows}
        return {row: firsts[key] for row, key in opposite.items() if key in firsts}

    def premises(self) -> tuple[int, int]:
        """Returns the number of distinct premises, and the number of rows of the most frequent one."""
        ordered = np.sort(np.frombuffer(self._premises, dtype=np.int64))
        if not len(ordered):
            return 0, 0
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        return len(starts), int(np.diff(np.r_[starts, len(ordered)]).max())


def _repeats(keys: array[int]) -> dict[int, int]:
    """Maps each row whose key an earlier row has to the first row with that key, in the order of the rows."""
    values = np.frombuffer(keys, dtype=np.int64)
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    later = 1 + np.flatnonzero(ordered[1:] == ordered[:-1])
    if not len(later):
        return {}
    # A stable order begins each group of equal keys with its first row.
    firsts = order[np.searchsorted(ordered, ordered[later], side="left")]
    return dict(sorted(zip(order[later].tolist(), firsts.tolist(), strict=True)))
