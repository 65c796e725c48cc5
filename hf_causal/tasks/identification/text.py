"""The text of identification: `Can the effect of X on Y be computed from observations alone?`

Premises are those of `hf_causal.tasks.shared.mixed_premises`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hf_causal.tasks.shared import mixed_premises
from hf_causal.tasks.shared.mixed_premises import (
    CANONICAL_MIXED_PREMISE,
    EFFECT,
    NAME,
    ROLES,
    canonical_statements,
    match_question,
    split_text,
)
from hf_causal.tasks.shared.mixed_prompts import MixedPrompt
from hf_causal.utils.text_arrays import concatenate

QUESTION = "Can the effect of {x} on {y} be computed from observations alone?"
QUESTION_FORM = "'Can the effect of X on Y be computed from observations alone?'"
WORDS = mixed_premises.WORDS | {"can", "the", "effect", "on", "be", "computed", "from", "observations", "alone"}
"""Lower-case words of the sentences that no drawn name may be."""


@dataclass(frozen=True)
class Prompt(MixedPrompt):
    """A parsed prompt."""

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return QUESTION.format(x=self.question[0], y=self.question[1])


def recognizes(text: str) -> bool:
    """Returns whether a text has the words that no prompt of another task has."""
    return _WORDS.search(text) is not None and _EFFECT.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt as people write it.

    Arrows (`A -> B`, `A <-> B`), lists of edges, "treatment" and "outcome" are read; names are ASCII letters and
    digits and keep their case.

    Args:
        text (`str`): Statements and then one question.

    Returns:
        [`Prompt`]: Whose `str()` is the canonical text.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> str(parse_prompt("A -> B, A <-> B. Is the effect of A on B identifiable?"))
    'A causes B. A and B share a hidden cause. Can the effect of A on B be computed from observations alone?'

    ```
    """
    # Most text is canonical and need not be read sentence by sentence.
    if canonical := _CANONICAL.fullmatch(text):
        premise, x, y = canonical.groups()
        return Prompt(canonical_statements(premise), (x, y))
    statements, question = split_text(text)
    match = match_question(_QUESTIONS, question, QUESTION_FORM)
    return Prompt(statements, (match["x"], match["y"]))


def render_questions(names: np.ndarray, graph: np.ndarray, x: np.ndarray, y: np.ndarray) -> pa.Array:
    """Writes the questions about a batch of graphs.

    Args:
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph, x, y (`np.ndarray`): Shape (questions,).

    Returns:
        `pa.Array`: A string for each question.
    """
    pieces = [b"Can the effect of ", names[graph, x], b" on ", names[graph, y]]
    return concatenate([*pieces, b" be computed from observations alone?"], len(graph))


_CANONICAL = re.compile(
    CANONICAL_MIXED_PREMISE + rf"Can the effect of ({NAME}) on ({NAME}) be computed from observations alone\?"
)
_WORDS = re.compile(r"\bidentifi(?:able|ed)\b|\bfrom observation(?:s|al data)\b", re.IGNORECASE)
_EFFECT = re.compile(r"\beffect\b|\bdo\(", re.IGNORECASE)
_FROM = r"from (?:observations|observational data)(?: alone)?"
_QUESTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"can {EFFECT} be (?:(?:computed|estimated) {_FROM}|identified(?: {_FROM})?(?: or not)?)",
        rf"is {EFFECT} (?:identifiable|identified)(?: {_FROM})?",
        rf"is the effect identifiable for {ROLES}",
        r"is P\((?P<y>\w+) ?\| ?do\((?P<x>\w+)\)\) (?:identifiable|identified)",
    )
)
