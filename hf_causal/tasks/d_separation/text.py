"""The text of d-separation: `X causes Y.` and `Are X and Y d-separated given {Z, W}?`.

A prompt is a premise, as `hf_causal.tasks.shared.statements` reads and writes it, a space and a question. A question
without a conditioning set ends after `d-separated`. Generated questions list the conditioning set in the order of its
names, as the evaluation files of arXiv 2407.07612 do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.tasks.shared.statements import (
    CANONICAL_PREMISE,
    canonical_edges,
    check_name,
    match_sentence,
    read_statements,
    split_sentences,
    write_premise,
)
from hf_causal.utils.text_arrays import concatenate, joined, quoted

QUESTION_FORM = "Are X and Y d-separated given {Z, W}?"


@dataclass(frozen=True)
class Prompt:
    """A parsed d-separation prompt."""

    edges: tuple[tuple[str, str], ...]
    """The stated (cause, effect) pairs in the order of the text, repetitions included."""
    question: tuple[str, str]
    """The two nodes that the question is about."""
    given: tuple[str, ...] = ()
    """The conditioning set in the order of the text."""

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return write_premise(self.edges)

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        condition = f" given {{{', '.join(self.given)}}}" if self.given else ""
        return f"Are {self.question[0]} and {self.question[1]} d-separated{condition}?"

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}" if self.edges else self.question_text


def recognizes(text: str) -> bool:
    """Returns whether a text has the word that no prompt of another task has."""
    return _WORD.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a d-separation prompt as people write it.

    Extra spaces, a missing final full stop or question mark, any letter case of the task's words and an empty set are
    accepted; names are ASCII letters and digits of any length and keep their case.

    Args:
        text (`str`): Statements and then one question.

    Returns:
        [`Prompt`]: Whose `str()` is the canonical text.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> str(parse_prompt("a causes  b. c CAUSES b. are a and c d-separated given {b}"))
    'a causes b. c causes b. Are a and c d-separated given {b}?'

    ```
    """
    # Most text is canonical and need not be read sentence by sentence.
    if canonical := _CANONICAL.fullmatch(text):
        premise, x, y, condition = canonical.groups()
        return Prompt(canonical_edges(premise), (x, y), tuple(condition.split(", ")) if condition else ())
    return _parse_loose(text)


def _parse_loose(text: str) -> Prompt:
    *statements, question = split_sentences(text) or [""]
    edges = read_statements(statements)
    x, y, condition = match_sentence(_QUESTION, question, QUESTION_FORM)
    given = condition.split(",") if condition and condition.strip() else []
    return Prompt(
        edges,
        (check_name(x, question), check_name(y, question)),
        tuple([check_name(name.strip(), question) for name in given]),
    )


def render_questions(
    names: np.ndarray, graph: np.ndarray, x: np.ndarray, y: np.ndarray, given: np.ndarray
) -> pa.Array:
    """Writes the questions about a batch of graphs, each conditioning set in the order of its names.

    Args:
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph, x, y (`np.ndarray`): Shape (questions,).
        given (`np.ndarray`): Conditioning sets, boolean of shape (questions, nodes).

    Returns:
        `pa.Array`: A string for each question.
    """
    by_name = np.argsort(np.ascontiguousarray(names).view(f"S{names.shape[-1]}")[..., 0], axis=1)
    question, rank = np.nonzero(np.take_along_axis(given, by_name[graph], axis=1))
    given_graph = graph[question]
    members = quoted(names, b"").take(pa.array(given_graph * names.shape[1] + by_name[given_graph, rank]))
    size = given.sum(axis=1)
    conditions = joined(members, size)
    pair = concatenate([b"Are ", names[graph, x], b" and ", names[graph, y], b" d-separated"], len(graph))
    opening, end = (pa.array(texts).take(pa.array((size > 0).astype(np.int8))) for texts in _CONDITION)
    return pc.binary_join_element_wise(pair, opening, conditions, end, "")


_CONDITION = (("", " given {"), ("?", "}?"))
"""Text before and after a conditioning set: of an empty one, of any other."""
_CANONICAL = re.compile(
    CANONICAL_PREMISE
    + r"Are ([A-Za-z0-9]++) and ([A-Za-z0-9]++) d-separated(?: given \{([A-Za-z0-9]++(?:, [A-Za-z0-9]++)*+)\})?\?"
)
_WORD = re.compile(r"\bd-separated\b", re.IGNORECASE)
_QUESTION = re.compile(r"\s*are\s+(\S+)\s+and\s+(\S+)\s+d-separated(?:\s+given\s*\{([^{}]*)\})?\s*", re.IGNORECASE)
