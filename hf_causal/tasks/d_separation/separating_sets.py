"""Sets of nodes that d-separate two nodes: any, a minimal and a minimum one.

All of it looks at the moral graph of the two nodes and their ancestors, in which a set of these nodes separates the
two exactly if it d-separates them (Lauritzen, Dawid, Larsen and Leimer 1990). A minimal separating set has no other
nodes than these ancestors, and each of its nodes has a neighbour on both sides (Tian, Paz and Pearl 1998, "Finding
minimal d-separators"). A minimum one is a smallest vertex cut of the moral graph (Acid and de Campos 1996).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from itertools import combinations

from hf_causal.tasks.shared.proofs import neighbours, reachable, search

Edges = Collection[tuple[str, str]]


def are_adjacent(edges: Edges, pair: tuple[str, str]) -> bool:
    """Returns whether an edge joins two nodes; no set of other nodes separates them then, and else their causes do."""
    return any(edge in (pair, pair[::-1]) for edge in edges)


def separates(nodes: Set[str], edges: Edges, pair: tuple[str, str]) -> bool:
    """Returns whether a set of other nodes d-separates two nodes of a DAG.

    Example:

    ```python
    >>> [separates(nodes, [("A", "B"), ("C", "B")], ("A", "C")) for nodes in (set(), {"B"})]
    [True, False]

    ```
    """
    return pair[1] not in _side(pair[0], nodes, moral_graph(edges, {*pair, *nodes}))


def is_minimal(nodes: Set[str], edges: Edges, pair: tuple[str, str]) -> bool:
    """Returns whether no proper subset of a separating set separates the two nodes."""
    graph = moral_graph(edges, pair)
    sides = [_side(node, nodes, graph) for node in pair]
    return all(node in graph and all(graph[node] & side for side in sides) for node in nodes)


def minimum_set(edges: Edges, pair: tuple[str, str]) -> set[str] | None:
    """Returns a smallest set that d-separates two nodes of a DAG, or `None` for adjacent nodes.

    In the moral graph, paths without common inner nodes are added until no further one fits; the set has one node of
    each, the last that the first node still reaches (Menger 1927).

    Example:

    ```python
    >>> minimum_set([("A", "B"), ("B", "C"), ("C", "D")], ("A", "D"))
    {'B'}

    ```
    """
    if are_adjacent(edges, pair):
        return None
    graph, (start, end) = moral_graph(edges, pair), pair
    flow = set[tuple[_Half, _Half]]()
    while (walk := _augmenting_walk(graph, start, end, flow))[0] is not None:
        for step in zip(walk[0], walk[0][1:], strict=False):
            if step[::-1] in flow:
                flow.remove(step[::-1])
            else:
                flow.add(step)
    reached = walk[1]
    return {node for node in graph if (node, False) in reached and (node, True) not in reached}


def minimal_set(edges: Edges, pair: tuple[str, str]) -> set[str] | None:
    """Returns a minimal set near the first node: those neighbours in the moral graph that the second one reaches."""
    if are_adjacent(edges, pair):
        return None
    graph = moral_graph(edges, pair)
    border = graph[pair[0]]
    return {node for node in border if graph[node] & _side(pair[1], border, graph)}


def moral_graph(edges: Edges, nodes: Collection[str]) -> Mapping[str, set[str]]:
    """Returns the neighbours of each ancestor of some nodes, themselves included, where common causes are joined."""
    causes, _ = neighbours(edges)
    graph: dict[str, set[str]] = {node: set() for node in reachable(nodes, causes)}
    for node in graph:
        for first, second in combinations({node, *causes.get(node, ())}, 2):
            graph[first].add(second)
            graph[second].add(first)
    return graph


def _side(start: str, nodes: Set[str], graph: Mapping[str, set[str]]) -> set[str]:
    """Returns the nodes that are connected to one when a set of nodes is removed."""
    reached, queue = {start}, [start]
    for node in queue:  # the loop appends to the queue
        new = graph[node] - reached - nodes
        reached |= new
        queue += new
    return reached


_Half = tuple[str, bool]
"""A node as paths enter it (`False`) and as they leave it (`True`); one path at most goes through."""


def _augmenting_walk(
    graph: Mapping[str, set[str]], start: str, end: str, flow: set[tuple[_Half, _Half]]
) -> tuple[list[_Half] | None, Collection[_Half]]:
    """Returns a walk by which one more path fits, or `None`, and the halves of nodes that such walks reach."""

    def next_halves(half: _Half) -> list[_Half]:
        node, leaves = half
        if leaves:
            halves = [(other, False) for other in graph[node] if other != start]
            through = (node, False)
            return [*halves, through] if (through, half) in flow else halves
        halves = [(other, True) for other in graph[node] if ((other, True), half) in flow]
        return halves if (half, (node, True)) in flow else [*halves, (node, True)]

    return search((start, True), next_halves, (end, False).__eq__)


__all__ = ["are_adjacent", "is_minimal", "minimal_set", "minimum_set", "moral_graph", "separates"]
