"""Reads the answer to a question of a published data set in what a model wrote, and says whether it is right."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from hf_causal.tasks.shared.reasoning_tags import without_reasoning
from hf_causal.tasks.shared.replies import parse_answer
from hf_causal.verification.adapters import Question, UnreadableError
from hf_causal.verification.adapters.questions import Answer
from hf_causal.verification.adapters.reply_forms import YES_NO

_LONGEST = 20_000
"""Characters of a reply that are read, from its end."""
_SIGNS = str.maketrans({"→": "->", "←": "<-", "↔": "<->", "‘": "'", "’": "'", "“": '"', "”": '"', "−": "-"})
_STATED = re.compile(
    r"(?:\banswer\b|答案)[*_`]*\s*(?:is|are|为|是)?\s*[:：=]?[ \t]*\n?(?P<rest>[^\n]+)", re.IGNORECASE
)
_BOXED = re.compile(r"\\boxed\{(?P<rest>[^\n]*)\}")


class Outcome(Enum):
    """What a reply is."""

    RIGHT = "right"
    ROUNDED = "right but for rounding"
    WRONG = "wrong"
    UNREADABLE = "unreadable"


def judge_reply(reply: str | None, question: Question) -> Outcome:
    """Compares a reply with the proved answers; each of them is right, by any definition in use.

    Example:

    ```python
    >>> from hf_causal.verification.adapters.questions import Solution
    >>> from hf_causal.verification.adapters.reply_forms import COUNT
    >>> text, solution = "A->B. How many edges are there?", Solution((1,), {})
    >>> question = Question("edges", text, (1,), solution, parse=int, form=COUNT)
    >>> [judge_reply(reply, question).value for reply in ("The answer is 1.", "2", "one or two")]
    ['right', 'wrong', 'unreadable']

    ```
    """
    try:
        answer = read_answer(reply, question)
    except UnreadableError:
        return Outcome.UNREADABLE
    solution = question.solution
    try:
        if solution.is_right(answer) or answer in solution.debatable:
            return Outcome.RIGHT
        return Outcome.ROUNDED if solution.nearly and solution.nearly(answer) else Outcome.WRONG
    except ValueError:  # what the question is not about, such as a node that the graph does not have
        return Outcome.WRONG


def read_answer(reply: str | None, question: Question) -> Answer:
    """Reads an answer: after "answer:", alone in the text or on its last or first line, or the only one in it.

    Raises:
        [`UnreadableError`]: If there is no answer in the form of the question, or several different ones.
    """
    text = without_reasoning((reply or "")[-_LONGEST:]).translate(_SIGNS)
    if question.form is YES_NO:
        word = {1: "Yes", 0: "No"}.get(parse_answer(text))
        if word is None:
            raise UnreadableError("neither Yes nor No")
        return _value(word, question)
    stated, lines = _stated(text), [line for line in text.splitlines() if line.strip()]
    for scope in (*stated, text, *lines[-1:], *lines[:1]):
        written = question.form.complete(scope)
        if written is not None:
            return _value(written, question)
    for scope in (*stated, *lines[-1:], text):
        answers = set(_readable(scope, question))
        if len(answers) == 1:
            return answers.pop()
    raise UnreadableError(f"expected {question.form.what}, got {text!r:.80}")


def _stated(text: str) -> list[str]:
    """Returns the rest of the line after the last "answer:"."""
    matches = sorted((*_STATED.finditer(text), *_BOXED.finditer(text)), key=lambda match: match.start())
    return [matches[-1]["rest"]] if matches else []


def _readable(text: str, question: Question) -> Iterator[Answer]:
    for written in question.form.find(text):
        try:
            yield _value(written, question)
        except UnreadableError:
            continue


def _value(written: str, question: Question) -> Answer:
    return (question.read or question.parse)(written)
