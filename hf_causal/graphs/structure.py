"""Further properties of acyclic graphs: orders, blankets, C-forests and Markov equivalent graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

from hf_causal.graphs.mixed_graphs import MixedGraph, bits


def is_topological_order(graph: MixedGraph, order: Sequence[int]) -> bool:
    """Returns whether an order has each node once, and each after its parents."""
    before = 0
    for node in order:
        if before >> node & 1 or graph.parents[node] & ~before:
            return False
        before |= 1 << node
    return before == graph.nodes


def topological_orders(graph: MixedGraph) -> Iterator[tuple[int, ...]]:
    """Yields all topological orders, in the order of their nodes' numbers."""

    def extend(order: tuple[int, ...], before: int) -> Iterator[tuple[int, ...]]:
        if before == graph.nodes:
            yield order
        for node in bits(graph.nodes & ~before):
            if not graph.parents[node] & ~before:
                yield from extend((*order, node), before | 1 << node)

    return extend((), 0)


def markov_blanket(graph: MixedGraph, node: int) -> int:
    """Returns the parents, the children and the other parents of the children of a node of a DAG.

    Raises:
        `ValueError`: If the graph has bidirected edges.
    """
    if any(graph.siblings):
        raise ValueError("the Markov blanket is defined here for graphs without bidirected edges")
    children = graph.children[node]
    return (graph.parents[node] | children | graph.parents_of(children)) & ~(1 << node)


def roots(graph: MixedGraph) -> int:
    """Returns the nodes without children: the maximal root set of Shpitser and Pearl (2006)."""
    return sum(1 << node for node, children in enumerate(graph.children) if not children)


def is_c_component(graph: MixedGraph) -> bool:
    """Returns whether bidirected edges connect all nodes."""
    return len(graph.districts()) == 1


def is_c_forest(graph: MixedGraph) -> bool:
    """Returns whether a graph is a C-component in which no node has two children (Shpitser and Pearl, 2006)."""
    return is_c_component(graph) and all(children.bit_count() < 2 for children in graph.children)


def is_c_tree(graph: MixedGraph) -> bool:
    """Returns whether a graph is a C-forest with one root."""
    return is_c_forest(graph) and roots(graph).bit_count() == 1


def triples(graph: MixedGraph, relation: str, shielded: bool) -> list[tuple[int, int, int]]:
    """Lists the chains, forks or v-structures among the nodes of a DAG.

    Args:
        graph ([`MixedGraph`]): Its bidirected edges are ignored.
        relation (`str`): `"chain"` for i → j → k, `"fork"` for j ← i → k, `"v-structure"` for i → k ← j.
        shielded (`bool`): Whether the ends may be adjacent; those of a v-structure never are.

    Returns:
        `list` of (i, j, k): Forks and v-structures once, with the ends in the order of their numbers.
    """
    near = [first | second for first, second in zip(graph.children, graph.parents, strict=True)]
    matching = []
    for i, j, k in permutations(range(len(near)), 3):
        if relation == "chain":
            edges, ends = graph.children[i] >> j & 1 and graph.children[j] >> k & 1, (i, k)
        elif relation == "fork":
            edges, ends = j < k and graph.children[i] >> j & graph.children[i] >> k & 1, (j, k)
        else:
            edges, ends = i < j and graph.children[i] >> k & graph.children[j] >> k & 1, (i, j)
        if edges and (not near[ends[0]] >> ends[1] & 1 or (shielded and relation != "v-structure")):
            matching.append((i, j, k))
    return matching


def markov_equivalent(first: MixedGraph, second: MixedGraph) -> bool:
    """Returns whether two DAGs over the same nodes have the same skeleton and v-structures (Verma and Pearl, 1990)."""
    skeletons = [[a | b for a, b in zip(graph.children, graph.parents, strict=True)] for graph in (first, second)]
    same = skeletons[0] == skeletons[1]
    return same and triples(first, "v-structure", False) == triples(second, "v-structure", False)


def equivalent_dags(graph: MixedGraph) -> Iterator[MixedGraph]:
    """Yields all other DAGs of a Markov equivalence class.

    Reversing one covered edge at a time reaches all of them (Chickering, 1995); an edge is covered where its ends have
    the same parents otherwise.
    """
    seen, queue = {graph.children}, [graph]
    while queue:
        dag = queue.pop()
        for node, children in enumerate(dag.children):
            for child in bits(children):
                if dag.parents[child] != dag.parents[node] | 1 << node:
                    continue
                changed = list(dag.children)
                changed[node] ^= 1 << child
                changed[child] |= 1 << node
                if tuple(changed) not in seen:
                    seen.add(tuple(changed))
                    queue.append(MixedGraph(tuple(changed), dag.siblings))
                    yield queue[-1]
