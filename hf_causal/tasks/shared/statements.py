"""Premises of statements `X causes Y.`, joined by spaces, which several tasks share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.tasks.shared.names import is_name
from hf_causal.utils.text_arrays import concatenate

STATEMENT = "{cause} causes {effect}."
STATEMENT_FORM = "X causes Y."
CANONICAL_PREMISE = r"((?:[A-Za-z0-9]++ causes [A-Za-z0-9]++\. )*+)"
"""Pattern of a premise as [`write_premise`] writes it, with the space before the question, as one group.

Its quantifiers are possessive, so that a text that does not match is refused in linear time.
"""


def parse_premise(text: str) -> tuple[tuple[str, str], ...]:
    """Parses a premise into (cause, effect) pairs in the order of the text, repetitions included.

    Extra spaces, a missing final full stop and any letter case of the word `causes` are accepted; names are ASCII
    letters and digits of any length and keep their case.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.
    """
    return read_statements(split_sentences(text))


def write_premise(edges: Iterable[tuple[str, str]]) -> str:
    """Writes statements in their canonical form."""
    return " ".join([STATEMENT.format(cause=cause, effect=effect) for cause, effect in edges])


def render_premises(edges: np.ndarray, names: np.ndarray) -> pa.Array:
    """Writes the premises of a batch of graphs.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2), as in `hf_causal.graphs.dags`.
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.

    Returns:
        `pa.Array`: A string for each graph.
    """
    graph = np.arange(len(edges))
    pieces: list[bytes | np.ndarray] = []
    for step in range(edges.shape[1]):
        pieces += [
            b" " if step else b"",
            names[graph, edges[:, step, 0]],
            b" causes ",
            names[graph, edges[:, step, 1]],
            b".",
        ]
    return concatenate(pieces, len(edges))


def render_statements(
    edges: np.ndarray,
    names: np.ndarray,
    graph: np.ndarray,
    pairs: np.ndarray,
    keys: np.ndarray,
    words: tuple[bytes, bytes],
) -> pa.Array:
    """Writes premises of statements `X causes Y.` and of another type about pairs, in the order of their keys.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2), as in `hf_causal.graphs.dags`.
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph (`np.ndarray`): Shape (pairs,): the graph of each pair.
        pairs (`np.ndarray`): Shape (pairs, 2): its nodes.
        keys (`np.ndarray`): Shape (graphs · edges + pairs,): sort keys of the statements, causal ones first.
        words (`tuple[bytes, bytes]`): What the other type of statement has between and after the names.

    Returns:
        `pa.Array`: A string for each graph.
    """
    statement_graph = np.concatenate([np.repeat(np.arange(len(edges)), edges.shape[1]), graph])
    nodes = np.concatenate([edges.reshape(-1, 2), pairs])
    first, second = (names[statement_graph, nodes[:, side]] for side in (0, 1))
    num_causal, num_statements = edges.shape[0] * edges.shape[1], len(statement_graph)
    causal = concatenate([first[:num_causal], b" causes ", second[:num_causal], b"."], num_causal)
    others = [first[num_causal:], words[0], second[num_causal:], words[1]]
    texts = pa.concat_arrays([causal, concatenate(others, num_statements - num_causal)])
    order = np.lexsort((keys, statement_graph))
    offsets = np.searchsorted(statement_graph[order], np.arange(len(edges) + 1)).astype(np.int32)
    return pc.binary_join(pa.ListArray.from_arrays(pa.array(offsets), texts.take(pa.array(order))), " ")


@lru_cache(maxsize=1024)
def canonical_edges(premise: str) -> tuple[tuple[str, str], ...]:
    """Returns the (cause, effect) pairs of a match of [`CANONICAL_PREMISE`]; premises often have several questions."""
    return tuple(_CANONICAL_STATEMENT.findall(premise))


def split_sentences(text: str) -> list[str]:
    """Splits a text into sentences without their final marks; the last mark may be missing.

    The words of a sentence have one space between them, so patterns with `\\s+` match a sentence in linear time.
    """
    *sentences, rest = [" ".join(sentence.split()) for sentence in _END.split(text)]
    return [*sentences, rest] if rest else sentences


def read_statements(sentences: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Returns the (cause, effect) pairs of sentences; raises as [`parse_premise`] does."""
    edges = []
    for sentence in sentences:
        cause, effect = match_sentence(_STATEMENT, sentence, STATEMENT_FORM)
        edges.append((check_name(cause, sentence), check_name(effect, sentence)))
    return tuple(edges)


def match_sentence(pattern: re.Pattern[str], sentence: str, form: str) -> tuple[str, ...]:
    """Returns the groups of a pattern that matches a sentence.

    Raises:
        `ValueError`: If the pattern does not match all of the sentence, with the form that it should have.
    """
    match = pattern.fullmatch(sentence)
    if match is None:
        raise ValueError(f"cannot read the sentence {sentence!r}: it should have the form {form!r}")
    return match.groups()


def check_name(name: str, sentence: str) -> str:
    """Returns the name; raises `ValueError` with its sentence unless it is ASCII letters and digits."""
    if not is_name(name):
        raise ValueError(
            f"cannot read the name {name!r} in the sentence {sentence!r}: names are letters a-z, A-Z and digits; "
            "`hf_causal.tasks.transitivity.text.rename` maps other names to such ones"
        )
    return name


_END = re.compile(r"[.?]")
_STATEMENT = re.compile(r"\s*(\S+)\s+causes\s+(\S+)\s*", re.IGNORECASE)
_CANONICAL_STATEMENT = re.compile(r"([A-Za-z0-9]+) causes ([A-Za-z0-9]+)\.")
