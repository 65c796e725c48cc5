"""What changes can affect while other nodes are held fixed, for batches of directed graphs with or without cycles.

A batch is as in `hf_causal.graphs.dags`. `hf_causal.graphs.relevance` decides the same on one graph, with sets of
nodes as integers.
"""

from __future__ import annotations

import numpy as np

from hf_causal.graphs.dags import is_acyclic
from hf_causal.utils.randomness import Stream


def affected(
    edges: np.ndarray, graph: np.ndarray, changed: np.ndarray, held: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Searches breadth first from sets of nodes, on paths that avoid other sets.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2).
        graph (`np.ndarray`): The graph of each search, shape (searches,).
        changed, held (`np.ndarray`): Disjoint sets of nodes, boolean of shape (searches, nodes).

    Returns:
        `tuple`: For each node the number of edges on a shortest such path, 0 for the changed nodes and -1 for those
        that no path reaches, and the node before it on one, -1 where there is none: `int16` of shape
        (searches, nodes).

    Example:

    ```python
    >>> edges = np.array([[[0, 1], [1, 2], [0, 3]]])
    >>> node = np.eye(4, dtype=bool)
    >>> affected(edges, np.array([0]), node[:1], node[1:2])[0].tolist()
    [[0, -1, -1, 1]]

    ```
    """
    causes, effects = edges[graph, :, 0], edges[graph, :, 1]
    distance = np.where(changed, np.int16(0), np.int16(-1))
    previous = np.full(changed.shape, -1, dtype=np.int16)
    frontier, unseen = changed.copy(), ~(changed | held)
    active, steps = np.arange(len(graph)), 0
    while len(active):
        steps += 1
        row, edge = np.nonzero(np.take_along_axis(frontier[active], causes[active], axis=1))
        row = active[row]
        cause, effect = causes[row, edge], effects[row, edge]
        new = unseen[row, effect]
        row, cause, effect = row[new], cause[new], effect[new]
        distance[row, effect], previous[row, effect], unseen[row, effect] = steps, cause, False
        frontier[active] = False
        frontier[row, effect] = True
        active = np.flatnonzero(np.bincount(row, minlength=0))
    return distance, previous


def paths_to(distance: np.ndarray, previous: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Returns a shortest path to one node of each search of [`affected`].

    Args:
        distance, previous (`np.ndarray`): What [`affected`] returns.
        target (`np.ndarray`): A node that is reached, for each search.

    Returns:
        `np.ndarray`: `int64` of shape (searches, longest + 1), from a changed node to the target, padded with -1.
    """
    search = np.arange(len(target))
    length, here = distance[search, target], target.astype(np.int64)
    if (length < 0).any():
        raise ValueError("`target` must be reached in every search")
    paths = np.full((len(target), int(length.max(initial=0)) + 1), -1, dtype=np.int64)
    for step in range(paths.shape[1] - 1, -1, -1):
        rows = np.flatnonzero(length >= step)
        paths[rows, step] = here[rows]
        here[rows] = previous[rows, here[rows]]
    return paths


def cyclic_digraphs(num_graphs: int, num_nodes: int, branching_factor: float, stream: Stream) -> np.ndarray:
    """Draws `num_graphs` directed graphs with `int(branching_factor * num_nodes)` edges, and keeps those with a cycle.

    The edges are a uniform choice among the n(n-1) ordered pairs, listed by cause and then by effect.

    Returns:
        `np.ndarray`: `int64` of shape (at most num_graphs, edges, 2).
    """
    num_edges, capacity = int(branching_factor * num_nodes), num_nodes * (num_nodes - 1)
    if not 2 <= num_edges <= capacity:
        raise ValueError(
            f"`branching_factor` {branching_factor} asks for {num_edges} edges; "
            f"a digraph of {num_nodes} nodes with a cycle has 2 to {capacity}"
        )
    pair = np.argsort(stream.words((num_graphs, capacity)), axis=1, kind="stable")[:, :num_edges]
    pair.sort(axis=1)
    cause, effect = pair // (num_nodes - 1), pair % (num_nodes - 1)
    edges = np.stack([cause, effect + (effect >= cause)], axis=-1)
    return edges[~is_acyclic(edges, num_nodes)]
