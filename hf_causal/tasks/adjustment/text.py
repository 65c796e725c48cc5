"""The text of adjustment: `Is {Z, W} a valid adjustment set for the effect of X on Y?`

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
from hf_causal.tasks.shared.mixed_premises import (
    CANONICAL_MIXED_PREMISE,
    EFFECT,
    NAME,
    ROLES,
    SET,
    canonical_statements,
    match_question,
    read_set,
    render_sets,
    split_text,
)
from hf_causal.tasks.shared.mixed_prompts import SetPrompt
from hf_causal.tasks.shared.proofs import neighbours, reachable
from hf_causal.utils.text_arrays import concatenate

QUESTION = "Is {{{given}}} a valid adjustment set for the effect of {x} on {y}?"
QUESTION_FORM = "'Is {Z, W} a valid adjustment set for the effect of X on Y?'"
WORDS = mixed_premises.WORDS | {"valid", "adjustment", "set", "for", "the", "effect", "on", "treatment", "outcome"}
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
    return _WORDS.search(text) is not None and _FRONT_DOOR.search(text) is None


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
    >>> str(parse_prompt("C -> A -> B, C -> B. Is {C} a valid backdoor adjustment set for treatment A and outcome B?"))
    'C causes A. A causes B. C causes B. Is {C} a valid adjustment set for the effect of A on B?'

    ```
    """
    # Most text is canonical and need not be read sentence by sentence.
    if canonical := _CANONICAL.fullmatch(text):
        premise, given, x, y = canonical.groups()
        return Prompt(canonical_statements(premise), (x, y), tuple(given.split(", ")) if given else ())
    statements, question = split_text(text)
    match = match_question(_QUESTIONS, question, QUESTION_FORM)
    prompt = Prompt(statements, (match["x"], match["y"]), read_set(match["set"], question))
    if match["back_door"]:
        _check_back_door(prompt)
    return prompt


def _check_back_door(prompt: Prompt) -> None:
    """Raises `ValueError` where the back-door criterion, which is narrower, may have another answer.

    It forbids all nodes that the treatment causes (Pearl 1995), also those that no causal path leads to.
    """
    (causes, effects), (x, y) = neighbours(prompt.edges), prompt.question
    caused = reachable((x,), effects)
    forbidden = reachable((caused & reachable((y,), causes)) - {x}, effects)
    if differing := (caused - forbidden - {x}).intersection(prompt.given):
        raise ValueError(
            f"cannot read 'back-door' with {min(differing)!r} in the set: an adjustment set may have this effect of "
            "the treatment, the back-door criterion forbids it; ask for an adjustment set"
        )


def render_questions(
    names: np.ndarray, graph: np.ndarray, x: np.ndarray, y: np.ndarray, given: np.ndarray
) -> pa.Array:
    """Writes the questions about a batch of graphs, each set in the order of its names.

    Args:
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph, x, y (`np.ndarray`): Shape (questions,).
        given (`np.ndarray`): Sets, boolean of shape (questions, nodes).

    Returns:
        `pa.Array`: A string for each question.
    """
    sets = render_sets(names, graph, given)
    effect = [b"} a valid adjustment set for the effect of ", names[graph, x], b" on ", names[graph, y], b"?"]
    return pc.binary_join_element_wise("Is {", sets, concatenate(effect, len(graph)), "")


_TYPE = r"an? (?:valid |sufficient )?(?P<back_door>back-?door )?adjustment set"
_CANONICAL = re.compile(
    CANONICAL_MIXED_PREMISE
    + rf"Is \{{((?:{NAME}(?:, {NAME})*+)?)\}} a valid adjustment set for the effect of ({NAME}) on ({NAME})\?"
)
_FRONT_DOOR = re.compile(r"\bfront[- ]?door\b", re.IGNORECASE)
_WORDS = re.compile(r"\badjustment\s+sets?\b", re.IGNORECASE)
_QUESTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:is|are) (?:the set )?{SET} {_TYPE} for {EFFECT}",
        rf"(?:is|are) (?:the set )?{SET} {_TYPE} for {ROLES}",
    )
)
