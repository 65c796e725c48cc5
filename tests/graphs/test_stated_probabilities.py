"""Quantities from stated probabilities against the models that the probabilities were taken from."""

import random
from fractions import Fraction
from itertools import combinations

import pytest

from hf_causal.graphs.causal_effects import (
    controlled_direct_effect,
    effect_on_treated,
    natural_direct_effect,
    natural_indirect_effect,
    risk,
)
from hf_causal.graphs.mixed_graphs import MixedGraph, bits
from hf_causal.graphs.stated_probabilities import NOTHING, StatedProbabilities, values_of
from hf_causal.graphs.structural_models import BinaryModel, Variable, World, probability


def drawn(seed: int, size: int = 4):
    """Returns a random graph and a model of it."""
    generator = random.Random(seed)
    edges = [pair for pair in combinations(range(size), 2) if generator.random() < 0.6]
    parents = tuple(tuple(i for i, j in edges if j == node) for node in range(size))
    tables = tuple(tuple(Fraction(generator.randint(1, 99), 100) for _ in range(2 ** len(p))) for p in parents)
    return generator, MixedGraph.of_edges(size, edges), BinaryModel(parents, tables)


def observed(model: BinaryModel, event, given=NOTHING) -> Fraction:
    return probability(model, {Variable(0, n): v for n, v in event}, {Variable(0, n): v for n, v in given})


def stated(model: BinaryModel, sets) -> dict:
    """Returns the probabilities of the first variable of each set given the others, for all values."""
    terms = {}
    for target, *given in sets:
        for event in values_of(1 << target):
            for values in values_of(sum(1 << node for node in given)):
                terms[event, values] = observed(model, event, values)
    return terms


def everything(size: int):
    return [(y, *given) for y in range(size) for k in range(size) for given in combinations(set(range(size)) - {y}, k)]


def of(node: int, value: int):
    return frozenset({(node, value)})


@pytest.mark.parametrize("seed", range(9))
def test_probabilities_that_are_derived_are_those_of_the_model(seed):
    generator, graph, model = drawn(seed)
    sets = generator.sample(everything(4), 5)
    terms = stated(model, sets)
    known = StatedProbabilities(graph, dict(generator.sample(sorted(terms.items(), key=str), 2 * len(terms) // 3)))
    for nodes in range(1, 16):
        for event in values_of(nodes):
            for given in values_of(generator.randrange(16) & ~nodes):
                value = known.probability(event, given)
                assert value is None or value == observed(model, event, given)
    assert all(known.probability(*term) == value for term, value in terms.items() if term in known.terms)


@pytest.mark.parametrize("seed", range(9))
def test_effects_are_those_of_the_model(seed):
    generator, graph, model = drawn(seed)
    sets = everything(4) if seed % 3 == 0 else generator.sample(everything(4), 9)
    known = StatedProbabilities(graph, stated(model, sets))
    for x, y in combinations(range(4), 2):
        up, down, event = of(x, 1), of(x, 0), of(y, 1)
        after = known.after(event, up)
        assert after is None or after[0] == risk(model, y, World({x: 1}))
        seen, base = known.had_it_been(event, down, up), known.probability(event, up)
        if seen is not None and base is not None:
            assert base - seen[0] == effect_on_treated(model, x, y)
        middle = [m for m in bits(graph.descendants(1 << x) & ~(1 << x | 1 << y)) if m < y]
        for m in middle:
            pair = [known.after(event, of(x, value) | of(m, 1)) for value in (1, 0)]
            if None not in pair:
                assert pair[0][0] - pair[1][0] == controlled_direct_effect(model, x, y, {m: 1})
        alone = known.nested(event, down, down)
        direct, indirect = known.nested(event, up, down), known.nested(event, down, up)
        if alone and direct:
            assert direct[0] - alone[0] == natural_direct_effect(model, x, y, middle)
        if alone and indirect:
            assert indirect[0] - alone[0] == natural_indirect_effect(model, x, y, middle)
        if seed % 3 == 0:
            assert after and seen and alone and direct and indirect


def test_the_front_door():
    hidden = BinaryModel(
        ((), (0,), (1,), (0, 2)),
        ((Fraction(1, 3),), (Fraction(1, 5), Fraction(3, 5)), (Fraction(1, 4), Fraction(2, 3)),
         (Fraction(1, 7), Fraction(2, 7), Fraction(3, 7), Fraction(6, 7))),
    )  # fmt: skip
    graph = MixedGraph.of_edges(4, [(1, 2), (2, 3)], [(1, 3)])
    known = StatedProbabilities(graph, stated(hidden, [(2, 1), (3, 1, 2), (1,)]))
    value, by = known.after(of(3, 1), of(1, 1))
    assert (value, by) == (risk(hidden, 3, World({1: 1})), {"front_door_set": 0b100})


def test_what_is_not_stated_is_not_derived():
    graph = MixedGraph.of_edges(3, [(0, 1), (0, 2), (1, 2)])
    known = StatedProbabilities(graph, {(of(2, 1), of(1, 1)): Fraction(1, 2), (of(2, 1), of(1, 0)): Fraction(1, 3)})
    assert known.after(of(2, 1), of(1, 1)) is None
    assert known.probability(of(2, 1)) is None
    assert known.probability(of(2, 1), of(2, 0)) == 0
    assert known.probability(of(2, 1), of(2, 1)) == 1
