"""Which sets of covariates adjust for the effect of X on Y.

A set is valid in a graph where, in every model of the graph, the effect of X on Y is the average over its values of
P(y | x, z). The graphical criterion is that of Shpitser, VanderWeele and Robins (2010) in the constructive form of
van der Zander, Liśkiewicz and Textor (2014): no member of the set descends from a node on a proper causal path, and
the set blocks every other path from X to Y.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set


def on_causal_paths(graph: MixedGraph, x: int, y: int) -> int:
    """Returns the nodes outside of x on directed paths from x to y that leave x once."""
    from_x = graph.without_incoming(x).descendants(x) & ~x
    return from_x & graph.without_outgoing(x).ancestors(y)


def forbidden_nodes(graph: MixedGraph, x: int, y: int) -> int:
    """Returns the nodes that no adjustment set has: those on causal paths, with their descendants."""
    return graph.descendants(on_causal_paths(graph, x, y))


def back_door_graph(graph: MixedGraph, x: int, y: int) -> MixedGraph:
    """Returns the graph without the first edge of each causal path: what connects x and y in it is not causal."""
    return graph.without_outgoing(x, to=on_causal_paths(graph, x, y))


def is_adjustment_set(graph: MixedGraph, x: int, y: int, z: int) -> bool:
    """Returns whether adjusting for z gives the effect of x on y in every model of the graph.

    Args:
        graph ([`MixedGraph`]): With bidirected edges for hidden common causes.
        x, y, z (`int`): Sets of nodes without common members.

    Example:

    ```python
    >>> confounded = MixedGraph.of_edges(3, [(2, 0), (2, 1), (0, 1)])
    >>> is_adjustment_set(confounded, 0b001, 0b010, 0b100), is_adjustment_set(confounded, 0b001, 0b010, 0)
    (True, False)

    ```
    """
    return not z & forbidden_nodes(graph, x, y) and back_door_graph(graph, x, y).separated(x, y, z)


class AdjustmentSets:
    """All adjustment sets for the effect of x on y in a graph of a few nodes, by enumeration.

    Args:
        graph ([`MixedGraph`]): The graph.
        x, y (`int`): Sets of nodes without common members.
        observed (`int`): The nodes that a set may have; all without it.
    """

    def __init__(self, graph: MixedGraph, x: int, y: int, observed: int = -1):
        self.graph, self.x, self.y = graph, x, y
        self.back_door_graph = back_door_graph(graph, x, y)
        self.candidates = graph.nodes & observed & ~(x | y | forbidden_nodes(graph, x, y))
        self.ancestral = graph.ancestors(x | y) & self.candidates
        """The candidates that lead to x or y; every minimal set is a subset."""

    def __contains__(self, z: int) -> bool:
        return not z & ~self.candidates and self.back_door_graph.separated(self.x, self.y, z)

    def exists(self) -> bool:
        """Returns whether there is a valid set: if so, all candidates among the ancestors of x and y are one."""
        return self.ancestral in self

    def with_member(self, node: int) -> int:
        """Returns a set that is valid if any valid set has a node: all candidates that lead to x, y or the node.

        A node that is no candidate is alone in it. See van der Zander et al. (2014) for sets with stated members.
        """
        if not self.candidates >> node & 1:
            return 1 << node
        return self.graph.ancestors(self.x | self.y | 1 << node) & self.candidates

    def is_minimal(self, z: int) -> bool:
        """Returns whether z is valid and no proper subset is.

        Taking away one node at a time suffices, since a separating set that is not minimal has a node without which it
        separates still (Tian, Paz and Pearl, 1998).
        """
        return z in self and not any(z & ~(1 << node) in self for node in bits(z))

    def minimum_size(self) -> int | None:
        """Returns the size of the smallest valid sets, or `None` where there is none."""
        return next((z.bit_count() for z in self._by_size(self.ancestral) if z in self), None)

    def minimal(self) -> list[int]:
        """Returns all minimal valid sets, the smallest first."""
        minimal: list[int] = []
        # A minimal separating set has ancestors of x and y alone.
        for z in self._by_size(self.ancestral):
            if not any(smaller & ~z == 0 for smaller in minimal) and z in self:
                minimal.append(z)
        return minimal

    @staticmethod
    def _by_size(candidates: int) -> Iterator[int]:
        nodes = list(bits(candidates))
        for size in range(len(nodes) + 1):
            yield from map(node_set, combinations(nodes, size))


FRONT_DOOR_FAULTS = ("causal path", "open to set", "open to outcome")
"""The conditions of the front-door criterion by what breaks them, in their order."""


def front_door_fault(graph: MixedGraph, x: int, y: int, z: int) -> str | None:
    """Returns the first condition of the front-door criterion that z breaks for the effect of x on y, if any.

    The conditions (Pearl, 1995; for sets as in Jeong, Tian and Bareinboim, 2022): every directed path from x to y
    meets z, no open back-door path leads from x to z, and x blocks every back-door path from z to y, which are those
    in the graph without the edges out of z.

    Args:
        graph ([`MixedGraph`]): With bidirected edges for hidden common causes.
        x, y, z (`int`): Sets of nodes without common members.

    Returns:
        One of `FRONT_DOOR_FAULTS`, or `None`.
    """
    if graph.descendants(x, within=graph.nodes & ~z) & y:
        return FRONT_DOOR_FAULTS[0]
    if z and not graph.without_outgoing(x).separated(x, z):
        return FRONT_DOOR_FAULTS[1]
    if z and not graph.without_outgoing(z).separated(z, y, x):
        return FRONT_DOOR_FAULTS[2]
    return None


def is_front_door_set(graph: MixedGraph, x: int, y: int, z: int) -> bool:
    """Returns whether z satisfies the front-door criterion for the effect of x on y, see [`front_door_fault`].

    The empty set satisfies it only where no directed path leads from x to y.
    """
    return not (x & y or z & (x | y)) and front_door_fault(graph, x, y, z) is None
