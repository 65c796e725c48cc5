"""Draws questions about adjustment sets in a graph, as many Yes as No.

The Yes and the No of a pair have the same graph, treatment, outcome and number of nodes in their sets, so that nothing
but the sets themselves tells them apart; those about the empty set differ in treatment or outcome instead. Every
treatment causes its outcome.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import comb

from hf_causal.graphs.adjustment import AdjustmentSets, forbidden_nodes
from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set
from hf_causal.tasks.shared.effect_cells import EffectCell
from hf_causal.tasks.shared.effect_questions import Question, effects_of, mentioned
from hf_causal.utils.randomness import Draws

_SETS_TRIED = 24
"""Sets of one size that are looked at for a Yes and a No."""
_EMPTY_ONE_IN = 6
"""One graph in six has a pair of questions about the empty set."""
_OPEN_IN_THREE = 2
"""Of three No, how many have an open path rather than a forbidden node where there is a choice."""


def draw_pairs(graph: MixedGraph, cell: EffectCell, draws: Draws) -> Iterator[tuple[Question, Question]]:
    """Yields pairs of questions about sets of the cell's sizes, one pair for each treatment and outcome."""
    effects = draws.shuffled(effects_of(graph))
    smallest, largest = cell.set_sizes
    if not smallest and draws.below(_EMPTY_ONE_IN) == 0 and (pair := _empty_sets(graph, effects)):
        yield pair
    sizes = range(max(smallest, 1), largest + 1)
    nodes = mentioned(graph)
    for x, y in effects:
        others = list(bits(nodes & ~(1 << x | 1 << y)))
        size = sizes[draws.below(len(sizes))]
        if size <= len(others) and (sets := _sets_of(graph, x, y, _some_sets(others, size, draws), draws)):
            yield Question(x, y, sets[0], True), Question(x, y, sets[1], False)


def _empty_sets(graph: MixedGraph, effects: list[tuple[int, int]]) -> tuple[Question, Question] | None:
    """Returns the first effect that needs no adjustment, and the first that does."""
    questions: dict[bool, Question] = {}
    for x, y in effects:
        yes = 0 in AdjustmentSets(graph, 1 << x, 1 << y)
        questions.setdefault(yes, Question(x, y, 0, yes))
        if len(questions) == 2:
            return questions[True], questions[False]
    return None


def _some_sets(nodes: list[int], size: int, draws: Draws) -> list[int]:
    """Returns sets of a size in random order: all, or some where there are many."""
    if comb(len(nodes), size) <= _SETS_TRIED:
        return draws.shuffled(map(node_set, combinations(nodes, size)))
    return list(dict.fromkeys(node_set(draws.shuffled(nodes)[:size]) for _ in range(_SETS_TRIED)))


def _sets_of(graph: MixedGraph, x: int, y: int, candidates: list[int], draws: Draws) -> tuple[int, int] | None:
    """Returns a valid set and an invalid one, the latter with an open path or with a forbidden node as drawn."""
    sets, forbidden = AdjustmentSets(graph, 1 << x, 1 << y), forbidden_nodes(graph, 1 << x, 1 << y)
    prefers_open = draws.below(3) < _OPEN_IN_THREE
    valid, open_path, has_forbidden = None, None, None
    for z in candidates:
        if z & forbidden:
            has_forbidden = has_forbidden or z
        elif valid is None and z in sets:
            valid = z
        elif open_path is None and z not in sets:
            open_path = z
        if valid is not None and (open_path if prefers_open else has_forbidden):
            break
    first, second = (open_path, has_forbidden) if prefers_open else (has_forbidden, open_path)
    invalid = first or second
    return None if valid is None or invalid is None else (valid, invalid)
