"""Drawing the named graphs of a cell that belong to a split and a shard."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from hf_causal.graphs import dags as graphs
from hf_causal.tasks.shared.names import draw_names
from hf_causal.tasks.shared.schema import Cell
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.utils.randomness import Stream

DrawGraphs = Callable[[Cell, int, Stream, SplitAssigner], tuple[np.ndarray, np.ndarray]]
"""Draws edges and names of about as many graphs as so many rows need, all accepted by the split assigner."""

_HAS_STRUCTURE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sequential": lambda flipped: np.asarray(~flipped.any(axis=1)),
    "reversed": lambda flipped: np.asarray(flipped.all(axis=1)),
    "flipped": lambda flipped: np.asarray(flipped.any(axis=1) & ~flipped.all(axis=1)),
}
"""From chain structure to which chains have it, given which of their edges are flipped, of shape (graphs, edges)."""

_FLIP_PROBABILITY = {"sequential": 0.0, "reversed": 1.0, "flipped": 0.5}

_SHARE_MOVED = 0.6
"""Smallest share of graphs that `move_to_bucket` brings to a split."""


def edges_then_names(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    """Draws twice as many graphs as needed if every premise got all its questions, and keeps the accepted ones.

    Returns:
        `tuple[np.ndarray, np.ndarray]`: Edges of shape (graphs, edges, 2) and names of shape (graphs, nodes, width).
    """
    count = _batch_size(cell, 2 * rows / cell.questions_per_premise / assigner.share)
    edges = draw_edges(cell, count, stream)
    names = _draw_cell_names(cell, len(edges), stream, assigner)
    names = assigner.move_to_shard(names)
    accepted = assigner.accept_new(names)
    return edges[accepted], names[accepted]


def names_then_edges(
    cell: Cell,
    num_graphs: float,
    stream: Stream,
    assigner: SplitAssigner,
    draw: Callable[[Cell, int, Stream], np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Draws about `num_graphs` graphs: names that are moved to the split and the shard, then edges for accepted ones.

    Where a split takes one premise in 32, as generalization splits do, this is many times as fast as
    [`edges_then_names`].

    Args:
        cell ([`Cell`]): What is drawn.
        num_graphs (`float`): About how many.
        stream (`Stream`): Source of randomness.
        assigner ([`SplitAssigner`]): Of the split and the shard.
        draw (callable, *optional*): Draws the edges, as [`draw_edges`] does.

    Returns:
        `tuple[np.ndarray, np.ndarray]`: Edges of shape (graphs, edges, 2) and names of shape (graphs, nodes, width).
    """
    # Random flips that flip no edge of a chain, or every edge, are drawn again.
    share_kept = 1 - 2.0 ** (2 - cell.num_nodes) if cell.structure.endswith("flipped") else 1.0
    count = _batch_size(cell, num_graphs / share_kept / max(assigner.share, _SHARE_MOVED))
    names = _draw_cell_names(cell, count, stream, assigner)
    names = assigner.move_to_bucket(assigner.move_to_shard(names), stream)
    names = names[assigner.accept_new(names)]
    edges = (draw or draw_edges)(cell, len(names), stream)
    return edges, names[: len(edges)]


def draw_edges(cell: Cell, count: int, stream: Stream) -> np.ndarray:
    """Draws `count` graphs and returns those that have the cell's structure."""
    if cell.structure == "branching":
        assert cell.branching_factor is not None
        return graphs.erdos_renyi_dags(count, cell.num_nodes, cell.branching_factor, stream)
    if cell.structure == "tree":
        return graphs.random_trees(count, cell.num_nodes, stream)
    structure = {"shuffled": "sequential", "shuffled_flipped": "flipped"}.get(cell.structure, cell.structure)
    edges = graphs.chains(count, cell.num_nodes)
    edges = graphs.flip_edges(edges, _FLIP_PROBABILITY[structure], stream)
    edges = edges[_HAS_STRUCTURE[structure](edges[..., 0] > edges[..., 1])]
    return graphs.shuffle_edges(edges, stream) if cell.structure.startswith("shuffled") else edges


def _draw_cell_names(cell: Cell, count: int, stream: Stream, assigner: SplitAssigner) -> np.ndarray:
    return draw_names(stream, count, cell.num_nodes, cell.name_lengths, cell.uniform_names, assigner.reserved_words)


def _batch_size(cell: Cell, count: float) -> int:
    """Returns a size large enough to be fast and small enough that (graphs, nodes, nodes) arrays stay below ~30 MB."""
    return min(max(1, 4_000_000 // cell.num_nodes**2), int(count) + 16)
