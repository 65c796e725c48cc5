"""The text of instruments: `Is Z an instrument for the effect of A on B given {W}?`

Premises are those of `hf_causal.tasks.shared.mixed_premises`. Without a set the question ends after the outcome.
Generated questions list a set in the order of its names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.tasks.shared import mixed_premises
from hf_causal.tasks.shared.effect_questions import Asked
from hf_causal.tasks.shared.mixed_premises import (
    CANONICAL_MIXED_PREMISE,
    EFFECT,
    NAME,
    PAIR,
    ROLES,
    SET,
    canonical_statements,
    match_question,
    read_set,
    render_sets,
    split_text,
)
from hf_causal.tasks.shared.mixed_prompts import SetPrompt
from hf_causal.tasks.shared.statements import check_name
from hf_causal.utils.text_arrays import concatenate

QUESTION = "Is {instrument} an instrument for the effect of {x} on {y}{condition}?"
CONDITION = " given {{{given}}}"
QUESTION_FORM = "'Is Z an instrument for the effect of X on Y given {W}?'"
WORDS = mixed_premises.WORDS | {"an", "instrument", "for", "the", "effect", "on", "treatment", "outcome", "set"}
"""Lower-case words of the sentences that no drawn name may be."""


@dataclass(frozen=True)
class Prompt(SetPrompt):
    """A parsed prompt."""

    instrument: str = ""
    """The node that may be an instrument."""

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        condition = CONDITION.format(given=", ".join(self.given)) if self.given else ""
        return QUESTION.format(instrument=self.instrument, x=self.question[0], y=self.question[1], condition=condition)


def recognizes(text: str) -> bool:
    """Returns whether a text has the words that no prompt of another task has."""
    return _WORDS.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt as people write it.

    Arrows (`A -> B`, `A <-> B`), lists of edges, "treatment" and "outcome", "relative to (A, B)" and "conditional on"
    are read; names are ASCII letters and digits and keep their case.

    Args:
        text (`str`): Statements and then one question.

    Returns:
        [`Prompt`]: Whose `str()` is the canonical text.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> question = "Is Z a valid instrumental variable for treatment A and outcome B conditional on W?"
    >>> str(parse_prompt(f"Z <- W -> B. Z -> A -> B, A <-> B. {question}")).rpartition(". ")[2]
    'Is Z an instrument for the effect of A on B given {W}?'

    ```
    """
    # Most text is canonical and need not be read sentence by sentence.
    if canonical := _CANONICAL.fullmatch(text):
        premise, instrument, x, y, given = canonical.groups()
        return Prompt(canonical_statements(premise), (x, y), tuple(given.split(", ")) if given else (), instrument)
    statements, question = split_text(text)
    match = match_question(_QUESTIONS, question, QUESTION_FORM)
    given = read_set(match["set"], question) if match["set"] else ()
    return Prompt(statements, (match["x"], match["y"]), given, check_name(match["z"], question))


def render_questions(names: np.ndarray, graph: np.ndarray, asked: Asked) -> pa.Array:
    """Writes the questions about a batch of graphs.

    Args:
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph (`np.ndarray`): The graph of each question, shape (questions,).
        asked ([`Asked`]): The nodes of the questions.

    Returns:
        `pa.Array`: A string for each question.
    """
    effect = [names[graph, asked.x], b" on ", names[graph, asked.y]]
    begin = [b"Is ", names[graph, asked.node], b" an instrument for the effect of ", *effect]
    given = pc.binary_join_element_wise(" given {", render_sets(names, graph, asked.given), "}", "")
    condition = pc.if_else(pa.array(asked.given.any(axis=1)), given, "")
    return pc.binary_join_element_wise(concatenate(begin, len(graph)), condition, "?", "")


_CANONICAL = re.compile(
    CANONICAL_MIXED_PREMISE
    + rf"Is ({NAME}) an instrument for the effect of ({NAME}) on ({NAME})(?: given \{{({NAME}(?:, {NAME})*+)\}})?\?"
)
_TYPE = (
    r"(?:an instrument|an instrumental variable|an IV|a (?:valid|conditional) (?:instrument|instrumental variable|IV))"
)
_WORDS = re.compile(rf"\b{_TYPE}\b", re.IGNORECASE)
_FOR = r"(?:for|relative to|with respect to)"
_GIVEN = r"(?:given|conditional on|conditioned on|conditioning on)"
_QUESTIONS = tuple(
    re.compile(
        rf"is (?P<z>\S+) {_TYPE} (?:for|relative to|with respect to) {effect}(?: {_GIVEN} {SET})?", re.IGNORECASE
    )
    for effect in (PAIR, ROLES, EFFECT)
)
