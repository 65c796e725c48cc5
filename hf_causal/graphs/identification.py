"""Whether P(y | do x) can be computed from the distribution of the observed variables, with a proof either way.

With hidden common causes as bidirected edges, let Y* be the ancestors of y without x. The effect is a sum over the
product of one factor for each district of the subgraph over Y*, and it is identified where each district can be
reached by fixing the other nodes one at a time; a node can be fixed where no other node of its district descends from
it (Richardson, Evans, Robins and Shpitser, 2023, theorem 48 of arXiv 1701.06686v2; the rule of Tian and Pearl, 2002,
finds the order). The orders prove a Yes. Where a district cannot be reached there is a hedge, which proves that the
effect is not identified (Shpitser and Pearl, 2006).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hf_causal.graphs.mixed_graphs import MixedGraph, bits


@dataclass(frozen=True)
class Factor:
    """One factor of an identified effect: a district, and how it is reached."""

    district: int
    """The set of its nodes."""
    fixed: tuple[int, ...]
    """All other nodes in an order in which each can be fixed."""


@dataclass(frozen=True)
class Hedge:
    """Two nested C-forests with the same roots, of which only the larger one meets x.

    They show that the effect on y is not identified.
    """

    outer: int
    """Nodes of the larger forest."""
    inner: int
    """Nodes of the smaller forest, none of which is in x."""
    roots: int
    """Nodes without a child in the forests; they are ancestors of y."""
    edges: tuple[tuple[int, int], ...]
    """The directed edges of the larger forest: one to each node's only child."""


def factors_or_hedge(graph: MixedGraph, x: int, y: int) -> tuple[Factor, ...] | Hedge:
    """Identifies the effect of x on y, or proves that it is not identified.

    Args:
        graph ([`MixedGraph`]): With bidirected edges for hidden common causes.
        x, y (`int`): Sets of nodes without common members, y not empty.

    Returns:
        A tuple of [`Factor`], or the [`Hedge`] of the first district that cannot be reached.

    Example:

    ```python
    >>> bow = MixedGraph.of_edges(2, [(0, 1)], [(0, 1)])
    >>> factors_or_hedge(bow, 0b01, 0b10)
    Hedge(outer=3, inner=2, roots=2, edges=((0, 1),))
    >>> front_door = MixedGraph.of_edges(3, [(0, 1), (1, 2)], [(0, 2)])
    >>> [(factor.district, factor.fixed) for factor in factors_or_hedge(front_door, 0b001, 0b100)]
    [(2, (2, 0)), (4, (1, 0))]

    ```
    """
    factors = []
    for district in graph.districts(relevant_nodes(graph, x, y)):
        factor = _reach(graph, district)
        if isinstance(factor, Hedge):
            return factor
        factors.append(factor)
    return tuple(factors)


def relevant_nodes(graph: MixedGraph, x: int, y: int) -> int:
    """Returns Y*: the nodes of y and those that lead to y without x."""
    return graph.ancestors(y, within=graph.nodes & ~x)


def _reach(graph: MixedGraph, district: int) -> Factor | Hedge:
    """Narrows the nodes down to a district by taking ancestors and districts in turn."""
    node = (district & -district).bit_length() - 1
    remaining, fixed = graph.nodes, list[int]()
    while remaining != district:
        part = graph.district(node, remaining)
        if part == remaining:
            part = graph.ancestors(district, within=remaining)
        if part == remaining:
            return _hedge(graph, remaining, district)
        # Whatever leaves is childless, or has children in the part alone, when those after it have left.
        fixed += [other for other in reversed(graph.order) if (remaining & ~part) >> other & 1]
        remaining = part
    return Factor(district, tuple(fixed))


def _hedge(graph: MixedGraph, outer: int, inner: int) -> Hedge:
    """Returns the forests over two districts, all nodes of the larger of which are ancestors of the smaller."""
    edges, roots = [], 0
    for node in bits(inner):
        if children := graph.children[node] & inner:
            edges.append((node, next(bits(children))))
        else:
            roots |= 1 << node
    reached = inner
    while rest := outer & ~reached:
        step = [(node, next(bits(kids))) for node in bits(rest) if (kids := graph.children[node] & reached)]
        edges += step
        for node, _ in step:
            reached |= 1 << node
    return Hedge(outer, inner, roots, tuple(sorted(edges)))


def check_factors(graph: MixedGraph, x: int, y: int, factors: tuple[Factor, ...]) -> None:
    """Raises `ValueError` unless the factors are all districts of Y* and each order of fixing is possible."""
    districts = sorted(graph.districts(relevant_nodes(graph, x, y)))
    if sorted(factor.district for factor in factors) != districts:
        raise ValueError("the factors must be the districts of what leads to the outcome without the treatment")
    for factor in factors:
        _check_order(graph, factor)


def _check_order(graph: MixedGraph, factor: Factor) -> None:
    remaining = graph.nodes
    for node in factor.fixed:
        if not remaining >> node & 1 or factor.district >> node & 1:
            raise ValueError(f"node {node} cannot be fixed: it is fixed already or belongs to the district")
        if graph.district(node, remaining) & graph.descendants(1 << node, remaining) != 1 << node:
            raise ValueError(f"node {node} cannot be fixed: another node of its district descends from it")
        remaining &= ~(1 << node)
    if remaining != factor.district:
        raise ValueError("the order must fix every node outside of the district")


def check_hedge(graph: MixedGraph, x: int, y: int, hedge: Hedge) -> None:
    """Raises `ValueError` unless the hedge is one for the effect of x on y."""
    if hedge.inner & ~hedge.outer or not hedge.outer & x or hedge.inner & x:
        raise ValueError("the smaller forest must be part of the larger one, which alone must meet the treatment")
    for name, nodes in (("larger", hedge.outer), ("smaller", hedge.inner)):
        if not nodes or graph.district(next(bits(nodes)), nodes) != nodes:
            raise ValueError(f"hidden common causes must connect the {name} forest")
    child = dict(hedge.edges)
    if len(child) < len(hedge.edges) or any(not graph.children[node] >> kid & 1 for node, kid in hedge.edges):
        raise ValueError("a forest must have edges of the graph, at most one from each node")
    for nodes in (hedge.outer, hedge.inner):
        _check_roots(nodes, hedge, child)
    if hedge.roots & ~graph.without_incoming(x).ancestors(y):
        raise ValueError("the roots must lead to the outcome without the treatment")


def _check_roots(nodes: int, hedge: Hedge, child: dict[int, int]) -> None:
    """Raises `ValueError` unless the roots are exactly the nodes of a forest without a child in it."""
    if hedge.roots & ~nodes or any(not hedge.outer >> node & 1 for node in child):
        raise ValueError("both forests must hold the roots, and edges must begin in the larger one")
    for node in bits(nodes):
        inside = node in child and nodes >> child[node] & 1
        if bool(inside) == bool(hedge.roots >> node & 1):
            raise ValueError(f"node {node} must have a child in its forest or be a root, not both")


def effect(graph: MixedGraph, joint: np.ndarray, x: int, y: int, factors: tuple[Factor, ...]) -> np.ndarray:
    """Computes P(y | do x) from the distribution of the observed variables.

    Args:
        graph ([`MixedGraph`]): With n nodes.
        joint (`np.ndarray`): Probability of each combination of values, positive, with an axis for each node; floats,
            or objects such as `fractions.Fraction` for exact results.
        x, y (`int`): Sets of nodes without common members.
        factors: As [`factors_or_hedge`] returns them.

    Returns:
        `np.ndarray`: With n axes, of size 1 for nodes that are neither in x nor in y; sums to 1 over the axes of y.
    """
    product = np.ones([1] * joint.ndim, dtype=joint.dtype)
    for factor in factors:
        product = product * _kernel(graph, joint, factor)
    product = product.sum(axis=tuple(bits(relevant_nodes(graph, x, y) & ~y)), keepdims=True)
    for node in bits(graph.nodes & ~(x | y)):
        # What is left of other variables no longer matters.
        product = product.take([0], axis=node)
    return product * np.ones([size if x >> node & 1 else 1 for node, size in enumerate(joint.shape)], joint.dtype)


def _kernel(graph: MixedGraph, joint: np.ndarray, factor: Factor) -> np.ndarray:
    """Returns the factor of a district: fixing divides by the distribution of a node given its non-descendants."""
    kernel, remaining = joint, graph.nodes
    for node in factor.fixed:
        below = tuple(bits(graph.descendants(1 << node, remaining) & ~(1 << node)))
        margin = kernel.sum(axis=below, keepdims=True) if below else kernel
        kernel = kernel / (margin / margin.sum(axis=node, keepdims=True))
        remaining &= ~(1 << node)
    return kernel
