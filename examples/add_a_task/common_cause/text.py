"""The text of the task: `X causes Y.` and `Is X linked to Y by a common cause?`."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hf_causal.tasks.shared.statements import match_sentence, read_statements, split_sentences, write_premise
from hf_causal.utils.text_arrays import concatenate

QUESTION_FORM = "Is X linked to Y by a common cause?"
_QUESTION = re.compile(
    r"\s*is\s+([A-Za-z0-9]+)\s+linked\s+to\s+([A-Za-z0-9]+)\s+by\s+a\s+common\s+cause\s*", re.IGNORECASE
)


@dataclass(frozen=True)
class Prompt:
    """A parsed prompt."""

    edges: tuple[tuple[str, str], ...]
    """The stated (cause, effect) pairs in the order of the text."""
    question: tuple[str, str]
    """The two nodes of the question."""

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return write_premise(self.edges)

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return f"Is {self.question[0]} linked to {self.question[1]} by a common cause?"

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}".strip()


def recognizes(text: str) -> bool:
    """Returns whether a text looks like a prompt of this task."""
    return "common cause" in text.lower()


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt; raises `ValueError` with the sentence that cannot be read.

    Example:

    ```python
    >>> parse_prompt("C causes A. C causes B. Is A linked to B by a common cause?")
    Prompt(edges=(('C', 'A'), ('C', 'B')), question=('A', 'B'))

    ```
    """
    *statements, question = split_sentences(text) or [""]
    first, second = match_sentence(_QUESTION, question, QUESTION_FORM)
    return Prompt(read_statements(statements), (first, second))


def render_questions(names: np.ndarray, graph: np.ndarray, first: np.ndarray, second: np.ndarray) -> pa.Array:
    """Writes the question about each (graph, first node, second node)."""
    pieces = [b"Is ", names[graph, first], b" linked to ", names[graph, second], b" by a common cause?"]
    return concatenate(pieces, len(graph))
