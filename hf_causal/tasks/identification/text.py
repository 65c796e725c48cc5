"""The text of identification: statements about causes and hidden common causes, and questions about an effect.

A premise has the sentences `X causes Y.` and `X and Y share a hidden cause.` in any order. The questions are
`Is {Z, W} a valid adjustment set for the effect of X on Y?` and `Can the effect of X on Y be computed from observations
alone?`. Generated questions list a set in the order of its names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.tasks.identification.loose_text import read_loosely
from hf_causal.tasks.shared.statements import STATEMENT, render_statements
from hf_causal.utils.text_arrays import concatenate, joined, quoted

ADJUSTMENT, IDENTIFIABLE = "adjustment", "identifiable"
"""What a question asks: whether a set adjusts for the effect, or whether observations determine the effect."""

HIDDEN = "{first} and {second} share a hidden cause."
QUESTION = {
    ADJUSTMENT: "Is {{{given}}} a valid adjustment set for the effect of {x} on {y}?",
    IDENTIFIABLE: "Can the effect of {x} on {y} be computed from observations alone?",
}
WORDS = frozenset(
    ("share", "hidden", "valid", "adjustment", "set", "for", "the", "effect", "on")
    + ("can", "be", "computed", "from", "observations", "alone", "treatment", "outcome")
)
"""Lower-case words of the sentences that no drawn name may be."""

Statement = tuple[str, str, bool]
"""Two names, and whether the first causes the second (`True`) or both share a hidden cause (`False`)."""


@dataclass(frozen=True)
class Prompt:
    """A parsed identification prompt."""

    statements: tuple[Statement, ...]
    """In the order of the text, repetitions included."""
    question: tuple[str, str]
    """The treatment and the outcome."""
    given: tuple[str, ...] = ()
    """The set that the question is about, in the order of the text; empty where it asks for identifiability."""
    asks: str = ADJUSTMENT
    """`"adjustment"` or `"identifiable"`."""

    @cached_property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The stated (cause, effect) pairs."""
        return tuple([(first, second) for first, second, causes in self.statements if causes])

    @cached_property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """The pairs that are stated to share a hidden cause."""
        return tuple([(first, second) for first, second, causes in self.statements if not causes])

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the statements and the question."""
        return frozenset(name for statement in self.statements for name in statement[:2]).union(
            self.question, self.given
        )

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return " ".join(
            STATEMENT.format(cause=first, effect=second) if causes else HIDDEN.format(first=first, second=second)
            for first, second, causes in self.statements
        )

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return QUESTION[self.asks].format(given=", ".join(self.given), x=self.question[0], y=self.question[1])

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}" if self.statements else self.question_text


def recognizes(text: str) -> bool:
    """Returns whether a text has words that no prompt of another task has."""
    return _WORDS.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt as people write it.

    Arrows (`A -> B`, `A <-> B`), lists of edges, "treatment" and "outcome" are read by
    [`hf_causal.tasks.identification.loose_text.read_loosely`]; names are ASCII letters and digits and keep their case.

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
        premise, given, x, y, treatment, outcome = canonical.groups()
        statements = _canonical_statements(premise)
        if treatment:
            return Prompt(statements, (treatment, outcome), (), IDENTIFIABLE)
        return Prompt(statements, (x, y), tuple(given.split(", ")) if given else ())
    read = read_loosely(text)
    asks = IDENTIFIABLE if read.given is None else ADJUSTMENT
    return Prompt(read.statements, read.question, read.given or (), asks)


@lru_cache(maxsize=1024)
def _canonical_statements(premise: str) -> tuple[Statement, ...]:
    found = _CANONICAL_STATEMENT.findall(premise)
    return tuple([(first, effect or sibling, bool(effect)) for first, effect, sibling in found])


def render_premises(
    edges: np.ndarray, names: np.ndarray, graph: np.ndarray, hidden: np.ndarray, keys: np.ndarray
) -> pa.Array:
    """Writes the premises of a batch of graphs; `hidden` are pairs of nodes, see [`render_statements`]."""
    return render_statements(edges, names, graph, hidden, keys, (b" and ", b" share a hidden cause."))


def render_adjustment_questions(
    names: np.ndarray, graph: np.ndarray, x: np.ndarray, y: np.ndarray, given: np.ndarray
) -> pa.Array:
    """Writes the questions about sets, each in the order of its names.

    Args:
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph, x, y (`np.ndarray`): Shape (questions,).
        given (`np.ndarray`): Sets, boolean of shape (questions, nodes).

    Returns:
        `pa.Array`: A string for each question.
    """
    by_name = np.argsort(np.ascontiguousarray(names).view(f"S{names.shape[-1]}")[..., 0], axis=1)
    question, rank = np.nonzero(np.take_along_axis(given, by_name[graph], axis=1))
    member = graph[question] * names.shape[1] + by_name[graph[question], rank]
    sets = joined(quoted(names, b"").take(pa.array(member)), given.sum(axis=1))
    effect = [b"} a valid adjustment set for the effect of ", names[graph, x], b" on ", names[graph, y], b"?"]
    return pc.binary_join_element_wise("Is {", sets, concatenate(effect, len(graph)), "")


def render_identifiability_questions(names: np.ndarray, graph: np.ndarray, x: np.ndarray, y: np.ndarray) -> pa.Array:
    """Writes the questions about identifiability; the arguments are those of [`render_adjustment_questions`]."""
    pieces = [b"Can the effect of ", names[graph, x], b" on ", names[graph, y]]
    return concatenate([*pieces, b" be computed from observations alone?"], len(graph))


_NAME = "[A-Za-z0-9]++"
_CANONICAL = re.compile(
    rf"((?:{_NAME} (?:causes {_NAME}|and {_NAME} share a hidden cause)\. )*+)"
    rf"(?:Is \{{((?:{_NAME}(?:, {_NAME})*+)?)\}} a valid adjustment set for the effect of ({_NAME}) on ({_NAME})\?"
    rf"|Can the effect of ({_NAME}) on ({_NAME}) be computed from observations alone\?)"
)
_CANONICAL_STATEMENT = re.compile(rf"({_NAME}) (?:causes ({_NAME})|and ({_NAME}) share a hidden cause)\.")
_WORDS = re.compile(
    r"\b(?:adjustment\s+sets?|share\s+a\s+hidden\s+cause|from\s+observations\s+alone|identifiable|<->)\b|<-+>|↔",
    re.IGNORECASE,
)
