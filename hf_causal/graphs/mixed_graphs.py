"""Acyclic graphs with directed edges and bidirected ones, which stand for hidden common causes.

Sets of nodes are integers with a bit for each node, so that unions, intersections and searches are a few machine
instructions for graphs of usual size.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property


def bits(nodes: int) -> Iterator[int]:
    """Yields the nodes of a set, the smallest first.

    Example:

    ```python
    >>> list(bits(0b1101))
    [0, 2, 3]

    ```
    """
    while nodes:
        lowest = nodes & -nodes
        yield lowest.bit_length() - 1
        nodes ^= lowest


def node_set(nodes: Iterable[int]) -> int:
    """Returns the set of some nodes."""
    result = 0
    for node in nodes:
        result |= 1 << node
    return result


@dataclass(frozen=True)
class MixedGraph:
    """An acyclic directed mixed graph (ADMG) over the nodes 0 to n - 1; a DAG where no edge is bidirected."""

    children: tuple[int, ...]
    """The children of each node, as sets."""
    siblings: tuple[int, ...]
    """The nodes that each node shares a hidden cause with, as sets; symmetric."""

    @classmethod
    def of_edges(
        cls, num_nodes: int, directed: Iterable[tuple[int, int]], bidirected: Iterable[tuple[int, int]] = ()
    ) -> MixedGraph:
        """Returns the graph of (cause, effect) pairs and pairs with a hidden common cause.

        Raises:
            `ValueError`: If the directed edges close a cycle, or an edge joins a node to itself.
        """
        children, siblings = [0] * num_nodes, [0] * num_nodes
        for cause, effect in directed:
            children[cause] |= 1 << effect
        for first, second in bidirected:
            siblings[first] |= 1 << second
            siblings[second] |= 1 << first
        graph = cls(tuple(children), tuple(siblings))
        if any((graph.children[node] | graph.siblings[node]) >> node & 1 for node in range(num_nodes)):
            raise ValueError("an edge joins a node to itself")
        _ = graph.order
        return graph

    @cached_property
    def nodes(self) -> int:
        """The set of all nodes."""
        return (1 << len(self.children)) - 1

    @cached_property
    def parents(self) -> tuple[int, ...]:
        """The parents of each node, as sets."""
        parents = [0] * len(self.children)
        for node, children in enumerate(self.children):
            for child in bits(children):
                parents[child] |= 1 << node
        return tuple(parents)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """The nodes in a topological order, the smallest one first where there is a choice.

        Raises:
            `ValueError`: If the directed edges close a cycle.
        """
        order: list[int] = []
        placed = 0
        while placed != self.nodes:
            ready = next((node for node in bits(self.nodes & ~placed) if not self.parents[node] & ~placed), None)
            if ready is None:
                raise ValueError("the directed edges close a cycle")
            order.append(ready)
            placed |= 1 << ready
        return tuple(order)

    def ancestors(self, nodes: int, within: int = -1) -> int:
        """Returns the nodes and all that lead to them by directed edges inside of the set `within`."""
        return _closure(nodes, self.parents, within)

    def descendants(self, nodes: int, within: int = -1) -> int:
        """Returns the nodes and all that they lead to by directed edges inside of the set `within`."""
        return _closure(nodes, self.children, within)

    def parents_of(self, nodes: int) -> int:
        """Returns the union of the parents of some nodes."""
        return _union(nodes, self.parents)

    def district(self, node: int, within: int = -1) -> int:
        """Returns the nodes that bidirected edges inside of the set `within` connect to a node (its C-component)."""
        return _closure(1 << node, self.siblings, within)

    def districts(self, within: int = -1) -> list[int]:
        """Returns the C-components of the subgraph over the set `within`, as disjoint sets."""
        rest, districts = self.nodes & within, []
        while rest:
            districts.append(self.district((rest & -rest).bit_length() - 1, within))
            rest &= ~districts[-1]
        return districts

    def without_incoming(self, nodes: int) -> MixedGraph:
        """Returns the graph without edges that point to some nodes, as an intervention on them leaves it."""
        children = tuple(children & ~nodes for children in self.children)
        siblings = tuple(0 if nodes >> node & 1 else sib & ~nodes for node, sib in enumerate(self.siblings))
        return MixedGraph(children, siblings)

    def without_outgoing(self, nodes: int, to: int = -1) -> MixedGraph:
        """Returns the graph without the directed edges from some nodes to the nodes of the set `to`."""
        children = tuple(kids & ~to if nodes >> node & 1 else kids for node, kids in enumerate(self.children))
        return MixedGraph(children, self.siblings)

    def separated(self, x: int, y: int, z: int = 0) -> bool:
        """Returns whether the set z m-separates the sets x and y, which are disjoint from each other and from z.

        Within the ancestors of the three, a district and its parents are connected by paths of colliders, so joining
        them pairwise and looking for a path that avoids z decides (Richardson, 2003).

        Example:

        ```python
        >>> collider = MixedGraph.of_edges(3, [(0, 2), (1, 2)])
        >>> collider.separated(0b001, 0b010), collider.separated(0b001, 0b010, 0b100)
        (True, False)

        ```
        """
        within = self.ancestors(x | y | z)
        cliques = [district | self.parents_of(district) & within for district in self.districts(within)]
        reached, before = x, 0
        while reached != before:
            before = reached
            for clique in cliques:
                if clique & reached & ~z:
                    reached |= clique
        return not reached & y


def _closure(nodes: int, neighbours: tuple[int, ...], within: int) -> int:
    """Returns the nodes and all that steps to neighbours inside of a set reach."""
    reached, new = nodes, nodes
    while new:
        new = _union(new, neighbours) & within & ~reached
        reached |= new
    return reached


def _union(nodes: int, sets: tuple[int, ...]) -> int:
    union = 0
    for node in bits(nodes):
        union |= sets[node]
    return union
