"""The text of co-occurrence: `X causes Y.`, `X and Y often appear together.` and `Does X cause Y?`.

A prompt is statements of both types in any order, a space and a question. That two things appear together says nothing
about causation: the causal statements alone answer the question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import pyarrow as pa

from hf_causal.tasks.shared.statements import (
    STATEMENT,
    STATEMENT_FORM,
    check_name,
    match_sentence,
    read_statements,
    render_statements,
    split_sentences,
)
from hf_causal.tasks.transitivity import text as transitivity

TOGETHER = "{first} and {second} often appear together."
TOGETHER_FORM = "X and Y often appear together."


@dataclass(frozen=True)
class Prompt:
    """A parsed co-occurrence prompt."""

    statements: tuple[tuple[str, str, bool], ...]
    """In the order of the text: two names, and whether the first is stated to cause the second (`True`) or both to
    appear together (`False`)."""
    question: tuple[str, str]
    """The (cause, effect) pair of the question."""

    @cached_property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The stated (cause, effect) pairs."""
        return tuple((first, second) for first, second, causes in self.statements if causes)

    @cached_property
    def together(self) -> tuple[tuple[str, str], ...]:
        """The pairs that are stated to appear together."""
        return tuple((first, second) for first, second, causes in self.statements if not causes)

    @property
    def causal(self) -> transitivity.Prompt:
        """The same question about the causal statements alone."""
        return transitivity.Prompt(self.edges, self.question)

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return " ".join(
            STATEMENT.format(cause=first, effect=second) if causes else TOGETHER.format(first=first, second=second)
            for first, second, causes in self.statements
        )

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return self.causal.question_text

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}" if self.statements else self.question_text


def recognizes(text: str) -> bool:
    """Returns whether a text states that things appear together, as no prompt of another task does."""
    return _WORDS.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt as people write it.

    Extra spaces, a missing final full stop or question mark, any letter case of the task's words, a missing `often`
    and several causal statements joined by `and` are accepted; names are ASCII letters and digits of any length and
    keep their case.

    Args:
        text (`str`): Statements and then one question.

    Returns:
        [`Prompt`]: Whose `str()` is the canonical text.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> str(parse_prompt("A and B appear together. C causes A and C causes B. does A cause B"))
    'A and B often appear together. C causes A. C causes B. Does A cause B?'

    ```
    """
    # Most text is canonical and need not be read sentence by sentence.
    if canonical := _CANONICAL.fullmatch(text):
        premise, cause, effect = canonical.groups()
        return Prompt(_canonical_statements(premise), (cause, effect))
    *sentences, question = split_sentences(text) or [""]
    statements = tuple(statement for sentence in sentences for statement in _read_sentence(sentence))
    return Prompt(statements, transitivity.parse_prompt(question).question)


@lru_cache(maxsize=1024)
def _canonical_statements(premise: str) -> tuple[tuple[str, str, bool], ...]:
    statements = _CANONICAL_STATEMENT.findall(premise)
    return tuple((first, second, verb == "causes") for first, verb, second in statements)


def _read_sentence(sentence: str) -> list[tuple[str, str, bool]]:
    if recognizes(sentence):
        first, second = match_sentence(_TOGETHER, sentence, TOGETHER_FORM)
        return [(check_name(first, sentence), check_name(second, sentence), False)]
    clauses = _AND.split(sentence) if _CAUSES.search(sentence) else [sentence]
    try:
        return [(cause, effect, True) for cause, effect in read_statements(clauses)]
    except ValueError:
        if _CAUSES.search(sentence):
            raise
        forms = f"{STATEMENT_FORM!r} or {TOGETHER_FORM!r}"
        raise ValueError(f"cannot read the sentence {sentence!r}: it should have the form {forms}") from None


def render_premises(
    edges: np.ndarray, names: np.ndarray, graph: np.ndarray, together: np.ndarray, keys: np.ndarray
) -> pa.Array:
    """Writes the premises of a batch of graphs, statements of both types in the order of their keys.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2), as in `hf_causal.graphs.dags`.
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph (`np.ndarray`): Shape (pairs,): the graph of each pair that appears together.
        together (`np.ndarray`): Shape (pairs, 2): its nodes.
        keys (`np.ndarray`): Shape (graphs · edges + pairs,): sort keys of the statements, causal ones first.

    Returns:
        `pa.Array`: A string for each graph.
    """
    return render_statements(edges, names, graph, together, keys, (b" and ", b" often appear together."))


_NAME = "[A-Za-z0-9]++"
_CANONICAL = re.compile(
    rf"((?:{_NAME} (?:causes {_NAME}|and {_NAME} often appear together)\. )*+)Does ({_NAME}) cause ({_NAME})\?"
)
_CANONICAL_STATEMENT = re.compile(rf"({_NAME}) (causes|and) ({_NAME})(?: often appear together)?\. ")
_WORDS = re.compile(r"\bappears?\s+together\b", re.IGNORECASE)
_TOGETHER = re.compile(r"\s*(\S+)\s+and\s+(\S+)\s+(?:often\s+)?appear\s+together\s*", re.IGNORECASE)
_CAUSES = re.compile(r"\bcauses\b", re.IGNORECASE)
_AND = re.compile(r"\s+and\s+", re.IGNORECASE)
