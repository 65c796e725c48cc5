"""What must be remembered of every row to compare it with all others: 17 bytes, and 8 for each that could be read."""

from __future__ import annotations

from array import array

import numpy as np

from hf_causal.verification.rows import Verdict


class Ledger:
    """Remembers rows by 64-bit hashes of their texts.

    Two of ten million different texts have the same hash with a probability of three in a million.
    """

    def __init__(self) -> None:
        self._texts, self._questions, self._answers = array("q"), array("q"), array("b")
        self._premises = array("q")

    def add(self, verdict: Verdict) -> None:
        """Remembers the next row."""
        # A row without a text is like no other.
        text = hash(verdict.text if verdict.text is not None else ("no text", len(self._texts)))
        self._texts.append(text)
        self._questions.append(text if verdict.question_key is None else verdict.question_key)
        self._answers.append({"Yes": 1, "No": 0, None: -1}[verdict.answer])
        if verdict.premise_key is not None:
            self._premises.append(verdict.premise_key)

    def duplicates(self) -> dict[int, int]:
        """From each row whose text an earlier row has to the first such row."""
        return _repeats(np.array(self._texts))

    def reordered(self) -> dict[int, int]:
        """From each row that says what an earlier row says, in a text that no earlier row has, to the first such."""
        same_text = self.duplicates()
        return {row: first for row, first in _repeats(np.array(self._questions)).items() if row not in same_text}

    def contradictory(self) -> dict[int, int]:
        """From each row to the first one that says and asks the same and has the other label."""
        questions, answers = np.array(self._questions), np.array(self._answers)
        found: dict[int, int] = {}
        labelled = np.flatnonzero(answers >= 0)
        order, starts = _groups(questions[labelled])
        if not len(order):
            return found
        order = labelled[order]
        mixed = np.minimum.reduceat(answers[order], starts) != np.maximum.reduceat(answers[order], starts)
        ends = np.r_[starts[1:], len(order)]
        for group in np.flatnonzero(mixed):
            rows = order[starts[group] : ends[group]]
            firsts = [int(rows[answers[rows] == answer][0]) for answer in (0, 1)]
            found.update({int(row): firsts[1 - answers[row]] for row in rows})
        return dict(sorted(found.items()))

    def premises(self) -> tuple[int, int]:
        """The number of different premises, and of the rows of the most frequent one."""
        counts = np.unique(np.array(self._premises), return_counts=True)[1]
        return len(counts), int(counts.max(initial=0))


def _groups(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows ordered by key, first ones first, and where in that order each key begins."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    return order, np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(keys) else order


def _repeats(keys: np.ndarray) -> dict[int, int]:
    order, starts = _groups(keys)
    firsts = np.repeat(order[starts], np.diff(np.r_[starts, len(order)])) if len(order) else order
    later = order != firsts
    return dict(sorted(zip(order[later].tolist(), firsts[later].tolist(), strict=True)))
