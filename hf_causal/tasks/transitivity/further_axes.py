"""Two further axes of generalization: statements with feedback, and names that are much alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from hf_causal.graphs import dags as graphs
from hf_causal.graphs.interception import cyclic_digraphs
from hf_causal.tasks.shared.named_graphs import draw_edges, names_then_edges
from hf_causal.tasks.shared.names import ALPHABET
from hf_causal.tasks.shared.schema import Cell, CorpusConfig
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.utils.randomness import Stream

FEEDBACK_EDGES = 1.4
"""Edges per node of random directed graphs with a cycle."""
LONGEST_NAME = 30
_SIZES = {
    "feedback": (5, 8, 12, 20, 50),
    "back_edge": (3, 5, 8, 12, 20, 50),
    "self_statements": (3, 5, 8, 12, 20, 50),
    "self_questions": (5, 8, 12, 20, 50),
}
"""Sizes of the cells of the axis `feedback`, by structure."""
_NAME_SIZES = (3, 6, 12, 20, 30)
_SHORTEST_ALIKE = 12
"""Fewest characters of names that differ in one character or in case."""
_UPPER = 0.2
"""Share of the characters of names that differ in case which are upper case."""


def further_generalization_config(
    rows_per_cell: int = 500, nodes: tuple[int, ...] | None = None, seed: int = 0
) -> CorpusConfig:
    """Makes the evaluation config of the axes `feedback` and `similar_names`.

    - `feedback`, random directed graphs with a cycle; `back_edge`, shuffled chains with one edge back; and
      `self_statements`, shuffled chains with flips of which some nodes are stated to cause themselves.
    - `self_questions`, "Does X cause X?" about random directed graphs with a cycle.
    - `prefixes`, `suffixes`, `one_character`, `letter_case`: shuffled chains whose names are prefixes or suffixes of
      each other, or differ from one name in one character, or in case alone.

    Args:
        rows_per_cell (`int`): Questions of each cell, two about each premise: one Yes and one No.
        nodes (`tuple[int, ...]`, *optional*): These sizes on both axes; at most 30 nodes can have similar names.
        seed (`int`): Of the random numbers. Each split is one shard, for which names need not be changed.
    """
    random = ("feedback", "self_questions")
    feedback = [
        Cell(structure, size, rows_per_cell, FEEDBACK_EDGES if structure in random else None)
        for structure, sizes in _SIZES.items()
        for size in nodes or sizes
        if size >= 5 or structure not in random
    ]
    similar = [
        Cell(structure, size, rows_per_cell, name_lengths=(1, LONGEST_NAME))
        for structure in SIMILAR_NAMES
        for size in nodes or _NAME_SIZES
        if size <= LONGEST_NAME
    ]
    return CorpusConfig(
        "transitivity_further_generalization",
        "Two further axes: statements with feedback, and names of up to 30 characters that are much alike.",
        {"feedback": tuple(feedback), "similar_names": tuple(similar)} if similar else {"feedback": tuple(feedback)},
        seed=seed,
        rows_per_shard=rows_per_cell * max(len(feedback), len(similar)),
    )


def draw_feedback(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    """Draws named graphs of a cell of the axis `feedback`; many have no question of one answer and are not used."""
    return names_then_edges(cell, 2 * rows / cell.questions_per_premise, stream, assigner, _FEEDBACK[cell.structure])


def _random_digraphs(cell: Cell, count: int, stream: Stream) -> np.ndarray:
    assert cell.branching_factor is not None
    return cyclic_digraphs(count, cell.num_nodes, cell.branching_factor, stream)


def _with_back_edges(cell: Cell, count: int, stream: Stream) -> np.ndarray:
    """Draws chains with an edge from a node to an earlier one, in random order."""
    late, early = np.tril_indices(cell.num_nodes, k=-1)
    pair = stream.integers(len(late), (count,))
    back = np.stack([late[pair], early[pair]], axis=-1)[:, None]
    return graphs.shuffle_edges(np.concatenate([graphs.chains(count, cell.num_nodes), back], axis=1), stream)


def _with_self_statements(cell: Cell, count: int, stream: Stream) -> np.ndarray:
    """Draws chains with random flips, of which a third of the nodes cause themselves, in random order."""
    edges = graphs.flip_edges(graphs.chains(count, cell.num_nodes), 0.5, stream)
    nodes = stream.permutations(count, cell.num_nodes)[:, : max(1, cell.num_nodes // 3), None]
    return graphs.shuffle_edges(np.concatenate([edges, np.repeat(nodes, 2, axis=-1)], axis=1), stream)


_FEEDBACK: dict[str, Callable[[Cell, int, Stream], np.ndarray]] = {
    "feedback": _random_digraphs,
    "self_questions": _random_digraphs,
    "back_edge": _with_back_edges,
    "self_statements": _with_self_statements,
}
"""From structure to the function that draws its edges."""


def draw_similar(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    """Draws shuffled chains with similar names, and keeps those that belong to the split and the shard.

    Names are not moved to the split as those of other axes are: another last character would make them less alike.
    """
    count = int(1.5 * rows / cell.questions_per_premise / assigner.share * assigner.num_shards) + 64
    names = SIMILAR_NAMES[cell.structure](min(count, 60_000 // cell.num_nodes), cell.num_nodes, stream)
    names = names[assigner.belong(names)]
    names = names[assigner.accept_new(names)]
    return draw_edges(replace(cell, structure="shuffled"), len(names), stream), names


_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_COLUMNS = np.arange(LONGEST_NAME)


def _prefixes(count: int, num_nodes: int, stream: Stream) -> np.ndarray:
    lengths = 1 + stream.permutations(count, LONGEST_NAME)[:, :num_nodes]
    return np.where(lengths[..., None] > _COLUMNS, _words(count, stream)[:, None], np.uint8(0))


def _suffixes(count: int, num_nodes: int, stream: Stream) -> np.ndarray:
    names = _prefixes(count, num_nodes, stream)
    lengths = (names != 0).sum(axis=-1, keepdims=True)
    backward = np.take_along_axis(names, np.maximum(lengths - 1 - _COLUMNS, 0), axis=-1)
    return np.where(lengths > _COLUMNS, backward, np.uint8(0))


def _one_character(count: int, num_nodes: int, stream: Stream) -> np.ndarray:
    """Draws a name for each graph, and names that differ from it in the character at one of its positions."""
    names = np.repeat(_cut(_words(count, stream), stream)[:, None], num_nodes, axis=1)
    lengths = (names[:, :1] != 0).sum(axis=-1)
    position = (stream.uniform((count, num_nodes - 1)) * lengths).astype(np.int64)
    letters = _LETTERS[stream.integers(len(ALPHABET), position.shape)]
    np.put_along_axis(names[:, 1:], position[..., None], letters[..., None], axis=-1)
    return names


def _letter_case(count: int, num_nodes: int, stream: Stream) -> np.ndarray:
    """Draws a lower-case name for each graph, and makes a fifth of the characters of each node's name upper case."""
    lower = _cut(_words(count, stream, letters=26), stream)[:, None]
    upper = stream.uniform((count, num_nodes, LONGEST_NAME)) < _UPPER
    return np.where(upper & (lower != 0), lower - np.uint8(32), lower)


def _words(count: int, stream: Stream, letters: int = len(ALPHABET)) -> np.ndarray:
    """Draws words of 30 characters, of the first `letters` of the alphabet: `uint8` of shape (count, 30)."""
    return _LETTERS[stream.integers(letters, (count, LONGEST_NAME))]


def _cut(words: np.ndarray, stream: Stream) -> np.ndarray:
    """Cuts words to a random length of at least 12 characters."""
    lengths = _SHORTEST_ALIKE + stream.integers(LONGEST_NAME - _SHORTEST_ALIKE + 1, (len(words), 1))
    return np.where(lengths > _COLUMNS, words, np.uint8(0))


SIMILAR_NAMES: dict[str, Callable[[int, int, Stream], np.ndarray]] = {
    "prefixes": _prefixes,
    "suffixes": _suffixes,
    "one_character": _one_character,
    "letter_case": _letter_case,
}
"""From structure to the function that draws names of (graphs, nodes): `uint8` of shape (graphs, nodes, 30)."""
