"""Batches of directed acyclic graphs as NumPy arrays.

A batch holds graphs with the same number of nodes and edges: `edges` is an integer array of shape (graphs, edges, 2)
whose last axis is (cause, effect), with nodes numbered 0 ... num_nodes - 1. The order of the edges is the order in
which a premise states them. All functions work on whole batches, and none on names or text.
d-separation on the same batches is in `hf_causal.graphs.d_separation`.
"""

from __future__ import annotations

import numpy as np

from hf_causal.utils.randomness import Stream

MAX_NODES = 1000


def chains(num_graphs: int, num_nodes: int) -> np.ndarray:
    """Returns sequential chains 0 → 1 → … → n-1, with the edges in the order of the chain.

    Args:
        num_graphs (`int`): Graphs in the batch.
        num_nodes (`int`): Nodes of each chain, 2 to 1000.

    Returns:
        `np.ndarray`: `int64` of shape (num_graphs, num_nodes - 1, 2).
    """
    _check_size(num_nodes)
    start = np.arange(num_nodes - 1)
    return np.broadcast_to(np.stack([start, start + 1], axis=-1), (num_graphs, num_nodes - 1, 2)).copy()


def random_trees(num_graphs: int, num_nodes: int, stream: Stream) -> np.ndarray:
    """Draws polytrees: every node after the first is joined to a random earlier one by an edge in a random direction.

    Their skeletons are random recursive trees (R. T. Smythe and H. M. Mahmoud, "A survey of recursive trees", 1995).
    A node can have several causes and effects, and exactly one undirected path joins any two nodes.

    Args:
        num_graphs (`int`): Graphs in the batch.
        num_nodes (`int`): Nodes of each tree, 2 to 1000.
        stream ([`Stream`]): Source of randomness.

    Returns:
        `np.ndarray`: `int64` of shape (num_graphs, num_nodes - 1, 2).
    """
    _check_size(num_nodes)
    node = np.arange(1, num_nodes)
    earlier = (stream.uniform((num_graphs, num_nodes - 1)) * node).astype(np.int64)
    edges = np.stack([earlier, np.broadcast_to(node, earlier.shape)], axis=-1)
    return flip_edges(edges, 0.5, stream)


def reverse_edges(edges: np.ndarray, where: np.ndarray) -> np.ndarray:
    """Reverses every edge for which the boolean array `where`, of shape (graphs, edges), is true."""
    return np.where(where[..., None], edges[..., ::-1], edges)


def flip_edges(edges: np.ndarray, probability: float, stream: Stream) -> np.ndarray:
    """Reverses each edge independently with some probability. Chains stay acyclic."""
    if not 0.0 <= probability <= 1.0:
        raise ValueError(f"`probability` must lie in [0, 1], got {probability}")
    return reverse_edges(edges, stream.uniform(edges.shape[:2]) < probability)


def shuffle_edges(edges: np.ndarray, stream: Stream) -> np.ndarray:
    """Puts the edges of each graph in a random order; the graphs stay the same."""
    order = stream.permutations(edges.shape[0], edges.shape[1])
    return np.take_along_axis(edges, order[..., None], axis=1)


def erdos_renyi_dags(num_graphs: int, num_nodes: int, branching_factor: float, stream: Stream) -> np.ndarray:
    """Draws Erdős–Rényi DAGs with a fixed number of edges, `int(branching_factor * num_nodes)`.

    The edges are a uniform choice among the n(n-1)/2 pairs, directed along a uniformly random order of the nodes. They
    are listed by cause and then by effect, in the nodes' numbering, which is unrelated to the topological order: the
    convention of the branching graphs of arXiv 2407.07612.

    Args:
        num_graphs (`int`): Graphs in the batch.
        num_nodes (`int`): Nodes of each graph, 2 to 1000.
        branching_factor (`float`): Edges per node; 1.4 and 2.0 in the paper.
        stream (`Stream`): Source of randomness.

    Returns:
        `np.ndarray`: `int64` of shape (num_graphs, int(branching_factor * num_nodes), 2).

    Raises:
        `ValueError`: If a DAG of `num_nodes` nodes cannot hold that many edges.
    """
    _check_size(num_nodes)
    num_edges, capacity = int(branching_factor * num_nodes), num_nodes * (num_nodes - 1) // 2
    if not 1 <= num_edges <= capacity:
        raise ValueError(
            f"`branching_factor` {branching_factor} asks for {num_edges} edges; "
            f"a DAG of {num_nodes} nodes has 1 to {capacity}"
        )
    early, late = np.triu_indices(num_nodes, k=1)
    pair = np.argsort(stream.words((num_graphs, capacity)), axis=1, kind="stable")[:, :num_edges]
    order = stream.permutations(num_graphs, num_nodes)
    rows = np.arange(num_graphs)[:, None]
    edges = np.stack([order[rows, early[pair]], order[rows, late[pair]]], axis=-1)
    listing = np.argsort(edges[..., 0] * num_nodes + edges[..., 1], axis=1)
    return np.take_along_axis(edges, listing[..., None], axis=1)


def with_few_parents(edges: np.ndarray, num_nodes: int, most: int) -> np.ndarray:
    """Returns the graphs in which no node has more than `most` parents."""
    parents = (edges[..., 1, None] == np.arange(num_nodes)).sum(axis=1)
    return edges[parents.max(axis=1) <= most]


def adjacency(edges: np.ndarray, num_nodes: int) -> np.ndarray:
    """Returns boolean adjacency matrices [graph, cause, effect] of shape (graphs, num_nodes, num_nodes)."""
    matrices = np.zeros((edges.shape[0], num_nodes, num_nodes), dtype=bool)
    matrices[np.arange(edges.shape[0])[:, None], edges[..., 0], edges[..., 1]] = True
    return matrices


def hop_counts(edges: np.ndarray, num_nodes: int) -> np.ndarray:
    """Returns the number of edges on the shortest directed path between every ordered pair of nodes.

    Floyd–Warshall on the whole batch: O(num_nodes³) integer operations for each graph, no Python loop over graphs.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2).
        num_nodes (`int`): Nodes of each graph.

    Returns:
        `np.ndarray`: `int16` of shape (graphs, num_nodes, num_nodes); -1 where there is no path of at least one edge.
        In particular the diagonal is -1 exactly where the graph has no cycle through that node.
    """
    _check_size(num_nodes)
    unreachable = np.int16(4 * MAX_NODES)
    hops = np.where(adjacency(edges, num_nodes), np.int16(1), unreachable)
    for middle in range(num_nodes):
        np.minimum(hops, hops[:, :, middle, None] + hops[:, None, middle, :], out=hops)
    return np.where(hops >= unreachable, np.int16(-1), hops)


def reachability(edges: np.ndarray, num_nodes: int) -> np.ndarray:
    """Returns whether a path of at least one edge leads from cause to effect: boolean [graph, cause, effect]."""
    return hop_counts(edges, num_nodes) > 0


def is_acyclic(edges: np.ndarray, num_nodes: int) -> np.ndarray:
    """Returns whether each graph of the batch is a DAG: boolean of shape (graphs,)."""
    return np.asarray(~reachability(edges, num_nodes).diagonal(axis1=1, axis2=2).any(axis=1))


def shortest_paths(
    edges: np.ndarray, hops: np.ndarray, graph: np.ndarray, cause: np.ndarray, effect: np.ndarray
) -> np.ndarray:
    """Returns one shortest path for each (graph, cause, effect).

    Of several shortest paths it is the one whose nodes, read from the cause, have the lowest numbers first.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2).
        hops (`np.ndarray`): What [`hop_counts`] returns for `edges`.
        graph, cause, effect (`np.ndarray`): Integers of shape (paths,); every effect must be reachable from its cause.

    Returns:
        `np.ndarray`: `int64` of shape (paths, longest + 1), the nodes from cause to effect, padded with -1.
    """
    if (hops[graph, cause, effect] < 1).any():
        raise ValueError("`effect` must be reachable from `cause` in every row")
    matrices = adjacency(edges, hops.shape[-1])
    length = hops[graph, cause, effect].astype(np.int64)
    paths = np.full((len(graph), int(length.max(initial=0)) + 1), -1, dtype=np.int64)
    paths[:, 0] = here = np.asarray(cause, dtype=np.int64)
    for step in range(1, paths.shape[1]):
        rows = np.flatnonzero(length >= step)
        row_graph, target = graph[rows], effect[rows]
        remaining = (length[rows] - step)[:, None]
        distance = hops[row_graph, :, target]
        distance[np.arange(len(rows)), target] = 0
        paths[rows, step] = np.argmax(matrices[row_graph, here[rows]] & (distance == remaining), axis=1)
        here = paths[:, step]
    return paths


def _check_size(num_nodes: int) -> None:
    if not 2 <= num_nodes <= MAX_NODES:
        raise ValueError(f"`num_nodes` must lie in 2 ... {MAX_NODES}, got {num_nodes}")
