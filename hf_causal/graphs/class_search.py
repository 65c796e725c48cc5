"""What holds in all members of a Markov equivalence class, without a list of the members.

The largest class of eight variables has 40,320 members. A few questions about a class are answered without listing
them:

- their number, by taking away sinks, with inclusion and exclusion (after Robinson, 1973),
- a member in which a relation holds or does not, by directing undirected edges one after another. A branch ends when
  no DAG has its directions (Dor and Tarsi, 1992), or when the edges that have a direction, or all that are still
  possible, decide the relation.

The last needs that a relation is monotone: one that holds in a graph also holds in each graph with more edges.

Graphs are boolean adjacency matrices as in `equivalence`, of at most eight nodes. A class is given by any graph with
its skeleton in which at least the edges of its v-structures are directed, and no edge has a direction that some
member does not have: its CPDAG is one, and its pattern, the graph with no other directed edges, is another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from hf_causal.graphs.equivalence import complete, extension, masks, v_structures
from hf_causal.graphs.mixed_graphs import bits

FEW_EDGES = 6
"""Classes with at most this many undirected edges are listed without counting their members first: at most 64."""
MOST_LISTED = 720
"""Members of a class that are listed: those of every class of six variables."""

Holds = Callable[[np.ndarray], np.ndarray]
"""From graphs, boolean of shape (graphs, nodes, nodes), to whether something monotone holds in each: (graphs,)."""


def is_small(graph: np.ndarray) -> bool:
    """Returns whether a class has at most `MOST_LISTED` members, or at most `FEW_EDGES` undirected edges."""
    return bool((graph & graph.T).sum() <= 2 * FEW_EDGES) or count_members(graph) <= MOST_LISTED


def pattern(graph: np.ndarray) -> np.ndarray:
    """Returns the skeleton of a graph with the edges of its v-structures directed, and no others."""
    into = v_structures(graph).any(axis=-1)
    skeleton = graph | graph.T
    return np.asarray(skeleton & ~into.T)


def count_members(graph: np.ndarray, edge: tuple[int, int] | None = None) -> int:
    """Returns how many DAGs have the skeleton and the v-structures of a graph.

    A node can be a sink among the remaining nodes if its neighbours there, which are then its causes, make exactly
    its v-structures. Each DAG is counted once for every set of its sinks that is taken away first, with alternating
    signs, which add up to one.

    Args:
        graph (`np.ndarray`): Shape (nodes, nodes).
        edge (`tuple[int, int]`, *optional*): Counts only DAGs with this edge of the skeleton.

    Example:

    ```python
    >>> chain = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], dtype=bool)
    >>> count_members(chain), count_members(chain, (0, 1)), count_members(~np.eye(8, dtype=bool))
    (3, 1, 40320)

    ```
    """
    size = len(graph)
    near = masks(graph | graph.T)
    colliders = v_structures(graph)  # [i, k, j]
    causes = masks(np.asarray(colliders.any(axis=-1)).T)
    partners = [masks(colliders[:, node]) for node in range(size)]
    counts = {0: 1}

    def can_be_sink(node: int, left: int) -> bool:
        above = near[node] & left
        if causes[node] & ~above or (edge is not None and edge[0] == node and left >> edge[1] & 1):
            return False
        return all(not above & ~near[one] & ~partners[node][one] & ~(1 << one) for one in bits(above))

    def count(left: int) -> int:
        if left not in counts:
            sinks = [node for node in bits(left) if can_be_sink(node, left)]
            counts[left] = sum(sign * count(left & ~taken) for taken, sign in _apart(sinks, near))
        return counts[left]

    return count(2**size - 1)


def find_member(graph: np.ndarray, holds: Holds, value: bool, pair: tuple[int, int]) -> np.ndarray | None:
    """Returns a member of a class in which something holds, or does not; `None` if there is no such member.

    Args:
        graph (`np.ndarray`): Shape (nodes, nodes).
        holds (callable): Tells whether it holds; it must be monotone.
        value (`bool`): What it is to tell of the member.
        pair (`tuple[int, int]`): The nodes that it is about. The edges nearest to them are directed first.

    Returns:
        `np.ndarray`, *optional*: Shape (nodes, nodes).
    """
    near, branches, colliders = _nearest_first(graph, pair), [graph], v_structures(graph)
    while branches:
        graph = branches.pop()
        member = extension(graph)
        if member is None:
            continue
        certain, possible, here = holds(np.stack([graph & ~graph.T, graph, member]))
        if here == value:
            return member
        if not possible if value else certain:
            continue
        first, second = next(edge for edge in near if graph[edge] and graph[edge[::-1]])
        directed = (_direct(graph, cause, effect) for cause, effect in ((second, first), (first, second)))
        branches += [one for one in directed if _keeps(graph, one) and np.array_equal(v_structures(one), colliders)]
    return None


def union(graph: np.ndarray) -> np.ndarray:
    """Returns the edges that at least one member of a class has: its CPDAG."""
    edges = np.zeros_like(graph)
    for cause, effect in np.argwhere(graph | graph.T).tolist():
        edges[cause, effect] = count_members(graph, (cause, effect)) > 0
    return edges


def _direct(graph: np.ndarray, cause: int, effect: int) -> np.ndarray:
    """Directs an undirected edge, and those that follow by Meek's rules."""
    directed = graph & ~graph.T
    directed[cause, effect] = True
    return complete(graph | graph.T, directed)


def _keeps(graph: np.ndarray, other: np.ndarray) -> bool:
    """Returns whether the edges that have a direction in one graph have the same one in another."""
    return not (other & graph.T & ~graph).any()


def _nearest_first(graph: np.ndarray, pair: tuple[int, int]) -> list[tuple[int, int]]:
    """Returns the undirected edges, those that are fewest steps of the skeleton away from one of two nodes first."""
    distances = np.full(len(graph), len(graph))
    reached = np.isin(np.arange(len(graph)), pair)
    for distance in range(len(graph)):
        distances[reached] = np.minimum(distances[reached], distance)
        reached = reached | (graph | graph.T)[reached].any(axis=0)
    edges = [(int(i), int(j)) for i, j in np.argwhere(np.triu(graph & graph.T))]
    return sorted(edges, key=lambda edge: sorted(distances[list(edge)]))


def _apart(sinks: list[int], near: list[int]) -> Iterator[tuple[int, int]]:
    """Yields each non-empty set of nodes without an edge between them, with 1 for odd sizes and -1 for even ones."""
    sets = [(0, -1)]
    for node in sinks:
        more = [(taken | 1 << node, -sign) for taken, sign in sets if not taken & near[node]]
        yield from more
        sets += more
