"""The text of the front-door task: `Does {M} satisfy the front-door criterion for the effect of A on B?`

Premises are those of `hf_causal.tasks.shared.mixed_premises`. Generated questions list a set in the order of its
names.
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
from hf_causal.utils.text_arrays import concatenate

QUESTION = "Does {{{given}}} satisfy the front-door criterion for the effect of {x} on {y}?"
QUESTION_FORM = "'Does {M, N} satisfy the front-door criterion for the effect of X on Y?'"
WORDS = (
    mixed_premises.WORDS
    | {"satisfy", "front", "door", "frontdoor", "criterion", "set"}
    | {"for", "the", "effect", "on", "treatment", "outcome"}
)
"""Lower-case words of the sentences that no drawn name may be."""


@dataclass(frozen=True)
class Prompt(SetPrompt):
    """A parsed prompt."""

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return QUESTION.format(given=", ".join(self.given), x=self.question[0], y=self.question[1])


def recognizes(text: str) -> bool:
    """Returns whether a text has the words that no prompt of another task has."""
    return _WORDS.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt as people write it.

    Arrows (`A -> B`, `A <-> B`), lists of edges, "treatment" and "outcome" and "relative to (A, B)" are read; names
    are ASCII letters and digits and keep their case.

    Args:
        text (`str`): Statements and then one question.

    Returns:
        [`Prompt`]: Whose `str()` is the canonical text.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> question = "Is {M} a valid frontdoor adjustment set for treatment A and outcome B?"
    >>> str(parse_prompt(f"A -> M -> B, A <-> B. {question}"))
    'A causes M. M causes B. A and B share a hidden cause. Does {M} satisfy the front-door criterion for the effect \
of A on B?'

    ```
    """
    # Most text is canonical and need not be read sentence by sentence.
    if canonical := _CANONICAL.fullmatch(text):
        premise, given, x, y = canonical.groups()
        return Prompt(canonical_statements(premise), (x, y), tuple(given.split(", ")) if given else ())
    statements, question = split_text(text)
    match = match_question(_QUESTIONS, question, QUESTION_FORM)
    return Prompt(statements, (match["x"], match["y"]), read_set(match["set"], question))


def render_questions(names: np.ndarray, graph: np.ndarray, asked: Asked) -> pa.Array:
    """Writes the questions about a batch of graphs.

    Args:
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph (`np.ndarray`): The graph of each question, shape (questions,).
        asked ([`Asked`]): The nodes of the questions.

    Returns:
        `pa.Array`: A string for each question.
    """
    sets = render_sets(names, graph, asked.given)
    criterion = b"} satisfy the front-door criterion for the effect of "
    effect = concatenate([criterion, names[graph, asked.x], b" on ", names[graph, asked.y], b"?"], len(graph))
    return pc.binary_join_element_wise("Does {", sets, effect, "")


_WORDS = re.compile(r"\bfront[- ]?door\b", re.IGNORECASE)
_CANONICAL = re.compile(
    CANONICAL_MIXED_PREMISE
    + rf"Does \{{((?:{NAME}(?:, {NAME})*+)?)\}} satisfy the front-door criterion for the effect of ({NAME}) on "
    rf"({NAME})\?"
)
_SENTENCES = (
    rf"(?:does|do) (?:the set )?{SET} satisfy the front[- ]?door criterion (?:for|relative to|with respect to) ",
    rf"(?:is|are) (?:the set )?{SET} an? (?:valid )?front[- ]?door (?:adjustment )?set (?:for|relative to) ",
)
_QUESTIONS = tuple(
    re.compile(sentence + effect, re.IGNORECASE) for sentence in _SENTENCES for effect in (PAIR, ROLES, EFFECT)
)
