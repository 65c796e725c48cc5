"""The text of relevance: `X causes Y.` and `Can changing A or B affect C or D if E and F are held fixed?`.

A prompt is a premise, as `hf_causal.tasks.shared.statements` reads and writes it, a space and a question. The question
asks whether any of the first nodes can affect any of the second ones; it ends after them where nothing is held fixed.
Generated questions list each set in the order of its names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

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
from hf_causal.utils.text_arrays import quoted

QUESTION_FORM = "Can changing A or B affect C or D if E and F are held fixed?"
WORDS = frozenset({"can", "changing", "affect", "or", "if", "held", "fixed"})
"""Lower-case words of the questions that no drawn name may be, in addition to those of all tasks."""


@dataclass(frozen=True)
class Prompt:
    """A parsed relevance prompt."""

    edges: tuple[tuple[str, str], ...]
    """The stated (cause, effect) pairs in the order of the text, repetitions included."""
    question: tuple[str, ...]
    """The nodes that are changed, and then those that they may affect."""
    given: tuple[str, ...] = ()
    """The nodes that are held fixed."""
    num_changed: int = 1
    """How many nodes of the question are changed."""

    @property
    def changed(self) -> tuple[str, ...]:
        """The nodes that are changed."""
        return self.question[: self.num_changed]

    @property
    def targets(self) -> tuple[str, ...]:
        """The nodes of which the question asks whether one is affected."""
        return self.question[self.num_changed :]

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return write_premise(self.edges)

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        changed, targets = write_list(self.changed, "or"), write_list(self.targets, "or")
        return f"Can changing {changed} affect {targets}{write_condition(self.given)}?"

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}" if self.edges else self.question_text


def write_list(names: Sequence[str], conjunction: str) -> str:
    """Writes names as a list without a comma before its last.

    Example:

    ```python
    >>> write_list(["A"], "or"), write_list(["A", "B", "C"], "or")
    ('A', 'A, B or C')

    ```
    """
    return f" {conjunction} ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def write_condition(held: Sequence[str]) -> str:
    """Writes ` if A is held fixed` or ` if A and B are held fixed`; nothing where no node is."""
    return f" if {write_list(held, 'and')} {'is' if len(held) == 1 else 'are'} held fixed" if held else ""


def recognizes(text: str) -> bool:
    """Returns whether a text asks what changes can affect."""
    return _ASKS.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a relevance prompt as people write it.

    Extra spaces, a missing final full stop or question mark, any letter case of the task's words, commas before the
    last item of a list, `and` between changed nodes, `when`, `while` or `with` for `if`, `kept` for `held`, `constant`
    for `fixed`, and a condition before the question are accepted; names are ASCII letters and digits of any length and
    keep their case. `and` between the nodes that may be affected is refused, since it may ask for both.

    Args:
        text (`str`): Statements and then one question.

    Returns:
        [`Prompt`]: Whose `str()` is the canonical text.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> str(parse_prompt("a causes  b. with b and c kept constant, can changing a affect d, or e"))
    'a causes b. Can changing a affect d or e if b and c are held fixed?'

    ```
    """
    # Most text is canonical and need not be read sentence by sentence.
    if canonical := _CANONICAL.fullmatch(text):
        premise, changed, targets, condition = canonical.groups()
        sets = [_NAME.findall(names.replace(" or ", ", ")) for names in (changed, targets)]
        held = _NAME.findall(condition.replace(" and ", ", ")) if condition else []
        return Prompt(canonical_edges(premise), (*sets[0], *sets[1]), tuple(held), len(sets[0]))
    return _parse_loose(text)


def _parse_loose(text: str) -> Prompt:
    *statements, question = split_sentences(text) or [""]
    edges = read_statements(statements)
    before, changed, targets, after = match_sentence(_QUESTION, question, QUESTION_FORM)
    if before and after:
        raise ValueError(f"cannot read the sentence {question!r}: it says twice what is held fixed")
    first = read_list(changed, question, "or" if _OR.search(changed) else "and")
    held = read_list(before or after, question, "and") if before or after else ()
    return Prompt(edges, (*first, *read_list(targets, question, "or")), held, len(first))


def read_list(text: str, sentence: str, conjunction: str) -> tuple[str, ...]:
    """Reads a list of names with one conjunction; raises `ValueError` with its sentence for anything else."""
    try:
        return tuple(check_name(name, sentence) for name in _separator(conjunction).split(text.strip()))
    except ValueError:
        if len(text.split()) == 1:
            raise
        raise ValueError(
            f"cannot read {text.strip()!r} in the sentence {sentence!r}: "
            f"it should be a list of names such as 'A, B {conjunction} C'"
        ) from None


@cache
def _separator(conjunction: str) -> re.Pattern[str]:
    return re.compile(rf"\s*,\s*(?:{conjunction}\s+)?|\s+{conjunction}\s+", re.IGNORECASE)


def render_questions(
    names: np.ndarray, graph: np.ndarray, changed: np.ndarray, targets: np.ndarray, held: np.ndarray
) -> pa.Array:
    """Writes the questions about a batch of graphs, each set in the order of its names.

    Args:
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph (`np.ndarray`): The graph of each question.
        changed, targets, held (`np.ndarray`): Sets of nodes, boolean of shape (questions, nodes).

    Returns:
        `pa.Array`: A string for each question.
    """
    by_name = np.argsort(np.ascontiguousarray(names).view(f"S{names.shape[-1]}")[..., 0], axis=1)
    words = quoted(names, b"")
    lists = [
        _render_lists(words, by_name, graph, nodes, conjunction)
        for nodes, conjunction in ((changed, " or "), (targets, " or "), (held, " and "))
    ]
    size = np.minimum(held.sum(axis=1), 2).astype(np.int8)
    opening, end = (pa.array(texts).take(pa.array(size)) for texts in _CONDITION)
    return pc.binary_join_element_wise("Can changing ", lists[0], " affect ", lists[1], opening, lists[2], end, "")


def _render_lists(
    words: pa.Array, by_name: np.ndarray, graph: np.ndarray, nodes: np.ndarray, conjunction: str
) -> pa.Array:
    question, rank = np.nonzero(np.take_along_axis(nodes, by_name[graph], axis=1))
    size = nodes.sum(axis=1)
    ends = np.cumsum(size)
    # A comma follows all members but the last two, and the conjunction the last but one.
    remaining = np.minimum(ends[question] - np.arange(len(question)) - 1, 2).astype(np.int8)
    of_graph = graph[question]
    members = words.take(pa.array(of_graph * nodes.shape[1] + by_name[of_graph, rank]))
    items = pc.binary_join_element_wise(members, pa.array(["", conjunction, ", "]).take(pa.array(remaining)), "")
    offsets = np.concatenate([[0], ends]).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), items), "")


_CONDITION = (("", " if ", " if "), ("?", " is held fixed?", " are held fixed?"))
"""Text before and after what is held fixed: nothing, one node, several."""
_NAME = re.compile(r"[A-Za-z0-9]+")
_OR_LIST = r"([A-Za-z0-9]++(?:(?:, [A-Za-z0-9]++)*+ or [A-Za-z0-9]++)?+)"
_AND_LIST = _OR_LIST.replace(" or ", " and ")
_CANONICAL = re.compile(
    CANONICAL_PREMISE + rf"Can changing {_OR_LIST} affect {_OR_LIST}(?: if {_AND_LIST} (?:is|are) held fixed)?\?"
)
HOLDS = r"(?:if|when|while|with)\s+(.+?)\s+(?:(?:is|are)\s+)?(?:held|kept)\s+(?:fixed|constant)"
_QUESTION = re.compile(
    rf"\s*(?:{HOLDS}\s*,?\s+)?can\s+changing\s+(.+?)\s+affect\s+(.+?)(?:\s*,?\s+{HOLDS})?\s*", re.IGNORECASE
)
_ASKS = re.compile(r"\bcan\s+changing\s.+?\saffect\s", re.IGNORECASE | re.DOTALL)
_OR = re.compile(r"\sor\s", re.IGNORECASE)
