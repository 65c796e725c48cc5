"""Draws questions about instruments in a graph, as many Yes as No.

The Yes and the No of a pair have the same graph, treatment, outcome and number of nodes in their sets; half of those
with a set are about the same node where possible, so that the set alone tells them apart. Every treatment causes its
outcome. Treatments and outcomes that share a hidden cause come first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb

from hf_causal.graphs.instruments import INSTRUMENT_FAULTS, Instrument, instrument_fault
from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set
from hf_causal.tasks.shared.effect_cells import EffectCell
from hf_causal.tasks.shared.effect_questions import Question, confounded_first, mentioned
from hf_causal.utils.randomness import Draws

_TRIED = 32
"""Nodes with sets of one size that are looked at for a Yes and a No."""


def draw_pairs(graph: MixedGraph, cell: EffectCell, draws: Draws) -> Iterator[tuple[Question, Question]]:
    """Yields pairs of questions about sets of the cell's sizes, one pair for each treatment and outcome."""
    smallest, largest = cell.set_sizes
    nodes = mentioned(graph)
    for x, y in confounded_first(graph, draws):
        size = smallest + draws.below(largest + 1 - smallest)
        others = list(bits(nodes & ~(1 << x | 1 << y)))
        unaffected = nodes & ~graph.descendants(1 << x)
        if size < unaffected.bit_count() and (
            pair := _instruments(graph, x, y, _candidates(others, size, draws), draws)
        ):
            yes, no = pair
            yield Question(x, y, yes.given, True, yes.node), Question(x, y, no.given, False, no.node)


def _candidates(others: list[int], size: int, draws: Draws) -> list[Instrument]:
    """Returns different nodes with sets of a size in random order: all, or some where there are many."""
    if comb(len(others), size) * (len(others) - size) <= _TRIED:
        return draws.shuffled(
            Instrument(node, node_set(given))
            for node in others
            for given in combinations([other for other in others if other != node], size)
        )
    drawn = (draws.shuffled(others)[: size + 1] for _ in range(_TRIED))
    return list(dict.fromkeys(Instrument(node, node_set(given)) for node, *given in drawn))


def _instruments(
    graph: MixedGraph, x: int, y: int, candidates: list[Instrument], draws: Draws
) -> tuple[Instrument, Instrument] | None:
    """Returns an instrument, and one that is none, for a reason that is drawn where possible."""
    preferred, same_node = draws.shuffled(INSTRUMENT_FAULTS), draws.below(2) == 0
    yes, faults = None, dict[Instrument, str]()

    def rank(one: Instrument) -> tuple[bool, int]:
        assert yes is not None
        return same_node and bool(yes.given) and one.node != yes.node, preferred.index(faults[one])

    for one in candidates:
        fault = instrument_fault(graph, x, y, one)
        if fault is None:
            yes = yes or one
        else:
            faults[one] = fault
        if yes and faults and min(map(rank, faults)) == (False, 0):
            break
    return (yes, min(faults, key=rank)) if yes and faults else None
