"""What an adapter makes of a row: a question with all of its right answers, and what follows for the stated answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hf_causal.verification.adapters.reply_forms import TEXT, ReplyForm

Answer = Hashable

VERDICTS = {
    "proved": "the text proves the stated answer",
    "refuted": "the text proves another answer",
    "ambiguous": "the stated answer is right, and so are others, which a comparison with it counts as wrong",
    "underdetermined": "the text does not determine the answer: two models agree with it and differ in the answer",
    "precision": "the stated answer is right but for rounding",
    "contradicts_derivation": "the stated answer contradicts the derivation that the row carries with it",
    "unreadable": "the row cannot be read, so nothing is proved",
    "out_of_scope": "the format is known, and rows like this one are not covered",
}
"""Verdicts on rows, in the order of reports."""


class UnreadableError(ValueError):
    """Raised for a row with words that are not understood."""


class OutOfScopeError(ValueError):
    """Raised for a row that an adapter does not cover."""


@dataclass(frozen=True)
class Solution:
    """The right answers of a question, as a text determines them, with the proof."""

    answers: tuple[Answer, ...]
    """Right answers, the one that a correction states first; all of them, unless there are very many."""
    proof: Mapping[str, Any]
    accepts: Callable[[Answer], bool] | None = None
    """Whether an answer is right, where `answers` does not list all."""
    nearly: Callable[[Answer], str] | None = None
    """By how much a number that is not right is rounded wrongly; empty for one that is wrong."""
    underdetermined: bool = False
    """Whether the proof is that no answer follows, by two models."""
    debatable: Mapping[Answer, str] = field(default_factory=dict)
    """Answers that are right by another definition in use, with that definition."""

    def is_right(self, answer: Answer) -> bool:
        """Returns whether an answer is right."""
        return self.accepts(answer) if self.accepts else answer in self.answers


@dataclass(frozen=True)
class Question:
    """A row that has been read."""

    topic: str
    """What is asked, in the words of the data set."""
    text: str
    """The prompt, as a model reads it."""
    stated: tuple[Answer, ...]
    """The answer of the row, or several where it lists all that it accepts."""
    solution: Solution
    spell: Callable[[Answer], str] = str
    """Writes an answer in the way of the data set."""
    parse: Callable[[str], Answer] = str.strip
    """Reads an answer, as the row states it; raises [`UnreadableError`]."""
    prompt: str | None = None
    """The same question in the sentences of one of the package's tasks, where there is one."""
    form: ReplyForm = TEXT
    """The form of answers that a model is asked for."""
    read: Callable[[str], Answer] | None = None
    """Reads an answer that a model wrote, where that differs from `parse`."""
    show: Callable[[Answer], str] | None = None
    """Writes an answer as a model is asked to write it, where that differs from `spell`."""
    contradiction: str = ""
    """What the stated answer contradicts in the derivation that the row carries with it; empty for nothing."""


@dataclass(frozen=True)
class Judgement:
    """The verdict on a row, with its proof."""

    verdict: str
    """One of [`VERDICTS`]."""
    reason: str
    question: Question | None = None
    correction: tuple[Answer, ...] = ()
    """What the row should state: empty where its answer can stay, or where no answer is right."""

    @property
    def proof(self) -> str:
        """The proof as JSON."""
        return "" if self.question is None else json.dumps(self.question.solution.proof, ensure_ascii=False)


LISTED = 6
"""Answers that a reason lists."""


def judge(question: Question) -> Judgement:
    """Compares the stated answer of a row with the right ones.

    Example:

    ```python
    >>> solution = Solution(("Yes",), {"path": ["A", "B"]})
    >>> judge(Question("path", "A causes B. Does A cause B?", ("No",), solution)).reason
    '{"path": ["A", "B"]} proves \\'Yes\\', not \\'No\\''

    ```
    """
    if question.contradiction:
        return _contradiction(question)
    solution, stated = question.solution, set(question.stated)
    wrong = [answer for answer in question.stated if not solution.is_right(answer)]
    if wrong and solution.underdetermined:
        return Judgement("underdetermined", _refutation(question), question)
    if wrong or (not stated and solution.answers):
        if wrong and all(answer in solution.debatable for answer in wrong):
            return Judgement("ambiguous", _readings(question), question)
        if wrong and solution.nearly and all(map(solution.nearly, wrong)):
            reason = f"{_refutation(question)}; {solution.nearly(wrong[0])}"
            return Judgement("precision", reason, question, _correction(question))
        return Judgement("refuted", _refutation(question), question, _correction(question))
    if solution.debatable:
        return Judgement("ambiguous", _readings(question), question)
    missing = [answer for answer in solution.answers if answer not in stated]
    if missing and not solution.nearly:
        correction = _correction(question) if len(question.stated) > 1 else ()
        return Judgement("ambiguous", f"also right: {_listed(question, missing)}", question, correction)
    return Judgement("proved", "", question)


def _contradiction(question: Question) -> Judgement:
    """Returns the verdict on a row that contradicts itself; the text decides which of its answers is right."""
    wrong = not all(map(question.solution.is_right, question.stated))
    reason = f"{question.contradiction}; {_refutation(question)}"
    return Judgement("contradicts_derivation", reason, question, _correction(question) if wrong else ())


def _readings(question: Question) -> str:
    """Lists the answers that are right by one definition or another."""
    others = list(question.solution.debatable.items())[:LISTED]
    listed = [f"{question.spell(answer)!r} {definition}" for answer, definition in others]
    return ", or ".join([*filter(None, [_listed(question, question.solution.answers)]), *listed])


def _refutation(question: Question) -> str:
    proof = json.dumps(question.solution.proof, ensure_ascii=False)
    if not question.solution.answers:
        return f"{proof} proves that no answer is right"
    wrong = [answer for answer in question.stated if not question.solution.is_right(answer)]
    instead = f", not {_listed(question, wrong)}" if wrong else ""
    return f"{proof} proves {_listed(question, question.solution.answers)}{instead}"


def _correction(question: Question) -> tuple[Answer, ...]:
    """Returns one right answer, or all of them where a row lists what it accepts."""
    answers = question.solution.answers
    return answers if len(question.stated) > 1 else answers[:1]


def _listed(question: Question, answers: tuple[Answer, ...] | list[Answer]) -> str:
    listed = " or ".join(repr(question.spell(answer)) for answer in answers[:LISTED])
    more = len(answers) - LISTED
    return f"{listed} or {more:,} others" if more > 0 else listed
