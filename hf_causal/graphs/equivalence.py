"""Markov equivalence: which DAGs imply the same independences, and what holds in all of them.

Two DAGs are Markov equivalent if and only if they have the same skeleton and the same v-structures (Verma and Pearl,
1990). Its CPDAG represents a class: an edge is directed if every member has it in that direction, and undirected
otherwise (Chickering, 1995).

Graphs are boolean adjacency matrices, [cause, effect], with any number of leading axes for batches; in a CPDAG an
undirected edge is set in both directions. Everything here is for the few variables of a closed system: independences
are tables over all 2ⁿ conditioning sets.
"""

from __future__ import annotations

import numpy as np

MAX_VARIABLES = 8
"""A table of independences has n² 2ⁿ entries."""

RELATIONS = ("parent", "non-parent ancestor", "child", "non-child descendant", "has_collider", "has_confounder")
"""The six relations of arXiv 2306.05836, in its order and under the names of its data; see [`relations`]."""


def closures(graphs: np.ndarray) -> np.ndarray:
    """Returns whether a directed path of at least one edge leads from one node to another: boolean [..., i, j]."""
    reached = graphs.copy()
    for middle in range(graphs.shape[-1]):
        reached |= reached[..., :, middle, None] & reached[..., middle, None, :]
    return reached


def acyclic(graphs: np.ndarray) -> np.ndarray:
    """Returns whether each graph is a DAG."""
    return np.asarray(~np.diagonal(closures(graphs), axis1=-2, axis2=-1).any(axis=-1))


def v_structures(graphs: np.ndarray) -> np.ndarray:
    """Returns whether i → k ← j with i and j not adjacent: boolean [..., i, k, j]. Undirected edges make none."""
    reverse = graphs.swapaxes(-1, -2)
    into, apart = graphs & ~reverse, ~graphs & ~reverse & ~np.eye(graphs.shape[-1], dtype=bool)
    return into[..., :, :, None] & into.swapaxes(-1, -2)[..., None, :, :] & apart[..., :, None, :]


def cpdags(dags: np.ndarray) -> np.ndarray:
    """Returns the CPDAG of each DAG's class: its skeleton and v-structures, completed by Meek's rules."""
    into = np.asarray(v_structures(dags).any(axis=-1))
    return complete(np.asarray(dags | dags.swapaxes(-1, -2)), into)


def members(graph: np.ndarray) -> np.ndarray:
    """Returns all DAGs of a class: all ways to direct the undirected edges of its CPDAG without further v-structures.

    For a graph that is not a CPDAG there may be none.

    Args:
        graph (`np.ndarray`): Shape (nodes, nodes).

    Returns:
        `np.ndarray`: Boolean of shape (DAGs, nodes, nodes), in the order of their adjacency matrices.
    """
    undirected, apart = graph & graph.T, ~(graph | graph.T | np.eye(len(graph), dtype=bool))
    dags = (graph & ~undirected)[None]
    dags = dags[acyclic(dags)]
    for first, second in zip(*np.nonzero(np.triu(undirected)), strict=True):
        dags = np.repeat(dags, 2, axis=0)
        dags[::2, first, second] = dags[1::2, second, first] = True
        further = np.empty(len(dags), dtype=bool)
        further[::2] = (dags[::2, :, second] & apart[first]).any(axis=1)
        further[1::2] = (dags[1::2, :, first] & apart[second]).any(axis=1)
        dags = dags[~further]
        dags = dags[acyclic(dags)]
    return dags[np.argsort(numbers(dags), kind="stable")]


def extension(graph: np.ndarray) -> np.ndarray | None:
    """Returns one of the [`members`], without a list of them; `None` if there is none.

    Takes away nodes that can be sinks, one after another (Dor and Tarsi, 1992).

    Args:
        graph (`np.ndarray`): Shape (nodes, nodes).

    Returns:
        `np.ndarray`, *optional*: Shape (nodes, nodes).
    """
    size, dag = len(graph), graph & ~graph.T
    near, effects = masks(graph | graph.T), masks(dag)
    left = list(range(size))
    while left:
        rest = sum(1 << node for node in left)
        for sink in left:
            above = near[sink] & rest
            undirected = [node for node in left if graph[sink, node] and graph[node, sink]]
            if not effects[sink] & rest and all(not above & ~near[node] & ~(1 << node) for node in undirected):
                break
        else:
            return None
        dag[undirected, sink] = True
        left.remove(sink)
    return dag


def masks(graph: np.ndarray) -> list[int]:
    """Returns the nodes of each row of a graph as the bits of a number."""
    return (graph @ (1 << np.arange(graph.shape[-1]))).tolist()


def independences(dag: np.ndarray) -> np.ndarray:
    """Returns which pairs a DAG d-separates given which sets.

    Computed by reachability along active paths (Koller and Friedman, 2009, algorithm 3.1).

    Args:
        dag (`np.ndarray`): Shape (nodes, nodes).

    Returns:
        `np.ndarray`: Boolean of shape (nodes, nodes, 2ⁿ): [i, j, set] where bit k of `set` says whether node k is
        given. False where i or j is in the set, and for i = j.
    """
    size = len(dag)
    given = (np.arange(2**size)[:, None] >> np.arange(size)) & 1 == 1
    opened = given | (given[:, None, :] & closures(dag)).any(axis=-1)
    # A path arrives at a node either upwards, and can continue to parents and children, or downwards, and can continue
    # to children, and to parents where the node or a descendant is given.
    passes = np.zeros((2**size, 2, size, 2, size), dtype=bool)
    passes[:, 0, :, 0] = ~given[:, :, None] & dag.T
    passes[:, 0, :, 1] = passes[:, 1, :, 1] = ~given[:, :, None] & dag
    passes[:, 1, :, 0] = opened[:, :, None] & dag.T
    reached = closures(passes.reshape(2**size, 2 * size, 2 * size))[:, :size]
    connected = (reached[..., :size] | reached[..., size:]).transpose(1, 2, 0)
    proper = ~given.T[:, None] & ~given.T[None] & ~np.eye(size, dtype=bool)[..., None]
    return ~connected & proper


def relations(dags: np.ndarray) -> np.ndarray:
    """Returns which of the [`RELATIONS`] hold between which nodes.

    The definitions are those by which arXiv 2306.05836 labels its data; they consider every simple path from i to j.

    - *parent*, *child*: an edge i → j, an edge j → i.
    - *non-parent ancestor*, *non-child descendant*: a directed path of at least two edges from i to j, from j to i. It
      does not matter whether there is an edge as well: "A causes something else which causes B".
    - *has_collider*: i → … → k ← … ← j, a node k to which a directed path leads from each of the two around the other.
    - *has_confounder*: i ← … ← k → … → j, likewise. In i → j → k, k is not a collider of i and j, and in k → i → j it
      is not a confounder.

    Args:
        dags (`np.ndarray`): Shape (graphs, nodes, nodes).

    Returns:
        `np.ndarray`: Boolean of shape (graphs, 6, nodes, nodes): [graph, relation, i, j].
    """
    size = dags.shape[-1]
    kept = ~np.eye(size, dtype=bool)
    # [g, avoided, from, to]: paths that do not touch the avoided node
    around = closures(dags[:, None] & kept[:, :, None] & kept[:, None, :])
    descends = around.transpose(0, 2, 1, 3)  # [g, i, j, k]: k descends from i around j
    ascends = around.transpose(0, 3, 1, 2)  # [g, i, j, k]: i descends from k around j
    mediated = (dags[:, :, :, None] & closures(dags)[:, None]).any(axis=2)
    holds = np.stack(
        [
            dags,
            mediated,
            dags.swapaxes(1, 2),
            mediated.swapaxes(1, 2),
            (descends & descends.swapaxes(1, 2)).any(axis=-1),
            (ascends & ascends.swapaxes(1, 2)).any(axis=-1),
        ],
        axis=1,
    )
    return holds & kept


def complete(skeleton: np.ndarray, into: np.ndarray) -> np.ndarray:
    """Directs the edges of a skeleton that `into` directs, and those that follow by Meek's first three rules (1995).

    The fourth rule is for background knowledge. All other edges stay undirected.
    """
    directed = into
    while True:
        undirected = skeleton & ~directed & ~directed.swapaxes(-1, -2)
        more = directed | (undirected & _follows(skeleton, directed, undirected))
        if np.array_equal(more, directed):
            return skeleton & (directed | undirected)
        directed = more


def _follows(skeleton: np.ndarray, directed: np.ndarray, undirected: np.ndarray) -> np.ndarray:
    """Returns where a → b follows from one of Meek's rules: boolean [..., a, b]."""
    apart = ~skeleton & ~np.eye(skeleton.shape[-1], dtype=bool)
    # c → a - b with c and b apart
    new_v_structure = _meet(directed.swapaxes(-1, -2), apart)
    # a → c → b
    cycle = _meet(directed, directed)
    # a - c → b and a - d → b with c and d apart
    via = undirected[..., :, :, None] & directed[..., None, :, :]  # [a, c, b]
    pairs = via[..., :, :, None, :] & via[..., :, None, :, :] & apart[..., None, :, :, None]
    return new_v_structure | cycle | pairs.any(axis=(-3, -2))


def _meet(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Returns whether left[a, c] and right[c, b] for some c: boolean [..., a, b]."""
    return (left[..., :, :, None] & right[..., None, :, :]).any(axis=-2)


def numbers(graphs: np.ndarray) -> np.ndarray:
    """Returns each graph's adjacency matrix, row by row, as a binary number; 64 bits are enough for 8 nodes."""
    flat = graphs.reshape(len(graphs), graphs.shape[1] * graphs.shape[2])
    return np.asarray(flat @ (np.uint64(1) << np.arange(flat.shape[1], dtype=np.uint64)[::-1]))
