"""Instruments for the effect of X on Y, and front-door sets, by search among the sets of a few nodes.

A node Z is an instrument given a set W (Pearl, Causality, 2009, section 7.4.5) if neither Z nor W descends from X, W
does not separate Z from X, and W separates Z from Y in the graph without the edges into X. In linear models the ratio
of the partial covariances of Z with Y and with X, given W, is then the total effect of X on Y.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from hf_causal.graphs.adjustment import is_front_door_set
from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set


class Instrument(NamedTuple):
    """An instrument with the set that it is one given."""

    node: int
    given: int
    """A set of nodes."""


INSTRUMENT_FAULTS = ("affected", "separated", "open to outcome")
"""The conditions of an instrument by what breaks them, in their order."""


def instrument_fault(graph: MixedGraph, x: int, y: int, instrument: Instrument) -> str | None:
    """Returns the first condition that keeps a node from being an instrument for the effect of x on y, if any.

    Args:
        graph ([`MixedGraph`]): With bidirected edges for hidden common causes.
        x, y (`int`): Nodes.
        instrument ([`Instrument`]): The node and the set, of other nodes than x, y and each other.

    Returns:
        One of `INSTRUMENT_FAULTS`, or `None`.
    """
    z = 1 << instrument.node
    if (z | instrument.given) & graph.descendants(1 << x):
        return INSTRUMENT_FAULTS[0]
    if graph.separated(z, 1 << x, instrument.given):
        return INSTRUMENT_FAULTS[1]
    if not graph.without_incoming(1 << x).separated(z, 1 << y, instrument.given):
        return INSTRUMENT_FAULTS[2]
    return None


def is_instrument(graph: MixedGraph, x: int, y: int, instrument: Instrument) -> bool:
    """Returns whether a node is an instrument for the effect of the node x on the node y given a set.

    Example:

    ```python
    >>> graph = MixedGraph.of_edges(3, [(0, 1), (1, 2)], [(1, 2)])
    >>> is_instrument(graph, 1, 2, Instrument(0, 0)), is_instrument(graph, 0, 2, Instrument(1, 0))
    (True, False)

    ```
    """
    z = 1 << instrument.node
    distinct = not (z & instrument.given or (z | instrument.given) & (1 << x | 1 << y))
    return distinct and instrument_fault(graph, x, y, instrument) is None


def find_instrument(graph: MixedGraph, x: int, y: int) -> Instrument | None:
    """Returns an instrument given a set that is as small as possible, or `None`; takes exponential time."""
    candidates = graph.nodes & ~graph.descendants(1 << x) & ~(1 << y)
    for given in _by_size(candidates):
        for node in bits(candidates & ~given):
            if is_instrument(graph, x, y, Instrument(node, given)):
                return Instrument(node, given)
    return None


def find_front_door_set(graph: MixedGraph, x: int, y: int) -> int | None:
    """Returns a smallest set that satisfies the front-door criterion, or `None`; takes exponential time."""
    candidates = graph.nodes & ~(1 << x) & ~(1 << y)
    return next((z for z in _by_size(candidates) if is_front_door_set(graph, 1 << x, 1 << y, z)), None)


def _by_size(candidates: int) -> Iterator[int]:
    nodes = list(bits(candidates))
    for size in range(len(nodes) + 1):
        yield from map(node_set, combinations(nodes, size))
