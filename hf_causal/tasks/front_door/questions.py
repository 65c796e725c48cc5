"""Draws questions about front-door sets in a graph, as many Yes as No.

The Yes and the No of a pair have the same graph, treatment, outcome and number of nodes in their sets, so that nothing
but the sets themselves tells them apart. Every treatment causes its outcome, but not directly. Treatments and outcomes
that share a hidden cause come first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb

from hf_causal.graphs.adjustment import FRONT_DOOR_FAULTS, front_door_fault, on_causal_paths
from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set
from hf_causal.tasks.shared.effect_cells import EffectCell
from hf_causal.tasks.shared.effect_questions import Question, confounded_first, mentioned
from hf_causal.utils.randomness import Draws

_SETS_TRIED = 24
"""Sets of one size that are looked at for a Yes and a No."""
_MISSING_ONE_IN = 4
"""One No in four or more, since open paths are harder to find, is a set that a causal path misses."""


def draw_pairs(graph: MixedGraph, cell: EffectCell, draws: Draws) -> Iterator[tuple[Question, Question]]:
    """Yields pairs of questions about sets of the cell's sizes, one pair for each treatment and outcome."""
    smallest, largest = cell.set_sizes
    nodes = mentioned(graph)
    for x, y in confounded_first(graph, draws):
        if graph.children[x] >> y & 1:
            continue  # no set meets the path of one edge
        others = nodes & ~(1 << x | 1 << y)
        size = smallest + draws.below(largest + 1 - smallest)
        between = on_causal_paths(graph, 1 << x, 1 << y) & others
        if size <= others.bit_count() and (
            pair := _sets_of(graph, x, y, _some_sets(others, between, size, draws), draws)
        ):
            yield Question(x, y, pair[0], True), Question(x, y, pair[1], False)


def _some_sets(others: int, between: int, size: int, draws: Draws) -> list[int]:
    """Returns sets of a size in random order: all, or some where there are many, of which half have a mediator."""
    nodes = list(bits(others))
    if comb(len(nodes), size) <= _SETS_TRIED:
        return draws.shuffled(map(node_set, combinations(nodes, size)))
    mediators, sets = list(bits(between)), list[int]()
    for number in range(_SETS_TRIED):
        first = draws.shuffled(mediators) if number % 2 else []
        sets.append(node_set(list(dict.fromkeys([*first, *draws.shuffled(nodes)]))[:size]))
    return list(dict.fromkeys(sets))


def _sets_of(graph: MixedGraph, x: int, y: int, candidates: list[int], draws: Draws) -> tuple[int, int] | None:
    """Returns a set that satisfies the criterion, and one that does not, for a reason that is drawn.

    Sets that miss a causal path are the most frequent ones, and not taken in place of others.
    """
    set_of: dict[str | None, int] = {}
    missing, *open_paths = FRONT_DOOR_FAULTS
    faults = [missing] if draws.below(_MISSING_ONE_IN) == 0 else draws.shuffled(open_paths)
    for z in candidates:
        set_of.setdefault(front_door_fault(graph, 1 << x, 1 << y, z), z)
        if None in set_of and faults[0] in set_of:
            break
    invalid = next((set_of[fault] for fault in faults if fault in set_of), None)
    return (set_of[None], invalid) if None in set_of and invalid is not None else None
