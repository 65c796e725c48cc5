"""Drawing the named graphs of a cell that belong to a split and a shard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hf_causal.graphs import dags as graphs
from hf_causal.tasks.shared.names import draw_names
from hf_causal.tasks.shared.schema import Cell
from hf_causal.tasks.shared.split_assignment import Admission
from hf_causal.utils.randomness import Stream

Draw = Callable[[Cell, int, Stream, Admission], tuple[np.ndarray, np.ndarray]]
"""Draws graphs and their names, all of them admitted and about as many as so many rows need."""

_CHAINS: dict[str, Callable[[np.ndarray], Any]] = {
    "sequential": lambda flipped: ~flipped.any(axis=1),
    "reversed": lambda flipped: flipped.all(axis=1),
    "flipped": lambda flipped: flipped.any(axis=1) & ~flipped.all(axis=1),
}


def edges_then_names(cell: Cell, rows: int, stream: Stream, admit: Admission) -> tuple[np.ndarray, np.ndarray]:
    """Draws twice as many graphs as would do if every premise got all its questions, and leaves out what is not
    admitted.

    Returns:
        `tuple[np.ndarray, np.ndarray]`: Edges of shape (graphs, edges, 2) and names of shape (graphs, nodes, width).
    """
    count = _batch_size(cell, 2 * rows / cell.questions_per_premise / admit.share)
    edges = draw_edges(cell, count, stream)
    names = draw_names(stream, len(edges), cell.num_nodes, cell.name_lengths, cell.uniform_names)
    names = admit.move_to_shard(names)
    admitted = admit.admits(names)
    return edges[admitted], names[admitted]


def names_then_edges(cell: Cell, wanted: float, stream: Stream, admit: Admission) -> tuple[np.ndarray, np.ndarray]:
    """Draws about `wanted` graphs: names that are moved to the split and the shard, then edges for those admitted.

    Where a split takes one premise in 32, as generalization splits do, that is many times as fast as
    [`edges_then_names`].

    Returns:
        `tuple[np.ndarray, np.ndarray]`: Edges of shape (graphs, edges, 2) and names of shape (graphs, nodes, width).
    """
    # Flips that leave a chain sequential or reverse it completely are drawn again.
    flipped = 1 - 2.0 ** (2 - cell.num_nodes) if cell.structure.endswith("flipped") else 1.0
    count = _batch_size(cell, wanted / flipped / max(admit.share, _MOVED))
    names = draw_names(stream, count, cell.num_nodes, cell.name_lengths, cell.uniform_names)
    names = admit.move_to_bucket(admit.move_to_shard(names), stream)
    names = names[admit.admits(names)]
    edges = draw_edges(cell, len(names), stream)
    return edges, names[: len(edges)]


_MOVED = 0.6
"""The share of names, at least, that `move_to_bucket` moves where they should be."""


def _batch_size(cell: Cell, count: float) -> int:
    """Large enough to be fast, small enough that (graphs, nodes, nodes) arrays stay under some tens of megabytes."""
    return min(max(1, 4_000_000 // cell.num_nodes**2), int(count) + 16)


def draw_edges(cell: Cell, count: int, stream: Stream) -> np.ndarray:
    """Up to `count` graphs of a cell's structure: those of a first draw that have it."""
    if cell.structure == "branching":
        assert cell.branching_factor is not None
        return graphs.erdos_renyi_dags(count, cell.num_nodes, cell.branching_factor, stream)
    if cell.structure == "tree":
        return graphs.random_trees(count, cell.num_nodes, stream)
    structure = {"shuffled": "sequential", "shuffled_flipped": "flipped"}.get(cell.structure, cell.structure)
    edges = graphs.chains(count, cell.num_nodes)
    probability = {"sequential": 0.0, "reversed": 1.0, "flipped": 0.5}[structure]
    edges = graphs.flip_edges(edges, probability, stream)
    edges = edges[_CHAINS[structure](edges[..., 0] > edges[..., 1])]
    return graphs.shuffle_edges(edges, stream) if cell.structure.startswith("shuffled") else edges
