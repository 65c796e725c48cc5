"""Forms of answers: what a model writes as its answer to a question, and how a program judges it.

A form puts the question, writes the answer of the task's exact solver, and judges any other answer against the
row's text: every valid proof counts, not only the one that the solver writes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.structured_replies import Reply

YES_NO = "yes-no"
"""Name of the form that every task has."""


@dataclass(frozen=True)
class Score:
    """Score of one reply."""

    value: float
    """From 0 to 1."""
    answer_right: bool | None
    """Whether the answer is right; `None` for a form without one right answer."""
    proof_valid: bool | None = None
    """Whether the proof in the reply is valid; `None` for a form that asks for no proof."""
    reason: str = ""
    """Why the value is what it is."""
    first_wrong_line: int | None = None
    """The first line that does not hold, 1 for the first line of the reply; `None` where no line is wrong."""
    readable: bool = True
    """Whether the reply could be read as an answer of its form."""
    right_lines: tuple[int, ...] = field(default=(), repr=False)
    """The lines of a proof that were judged and hold."""


@dataclass(frozen=True)
class AnswerForm:
    """One form of answer to the questions of a task."""

    title: str
    """What reports call it, such as `"Yes/No with a proof"`."""
    instruction: str
    """Sentences that ask for the form, with the layout of the answer; they follow the question in a prompt."""
    labels: tuple[str, ...]
    """What opens the lines of an answer, such as `"Path"` in `"Path: A -> B"`."""
    write: Callable[[Any, Proof], str]
    """From a parsed prompt and its exact proof to the answer that the solver writes."""
    judge: Callable[[Any, Reply], Score]
    """From a parsed prompt and the fields of a readable reply to its score; [`CertificateError`] counts as invalid."""
    question: Callable[[Any], str] | None = None
    """From a parsed prompt to a question that replaces the row's own, such as `"Which set separates A and C?"`."""
    join: Callable[[str, str], str] | None = None
    """From the premise and such a question to the text; `None` joins them as the task joins its own questions."""
    applies: Callable[[Any], bool] = lambda prompt: True
    """Whether a row's question can be put in this form."""
    steps: bool = False
    """Whether an answer is a sequence of steps that end with the answer."""
    token_limit: int = 256
    """Tokens that suffice for an answer of usual length."""
