"""Models that agree with stated probabilities, against the joint distribution by enumeration."""

from fractions import Fraction
from itertools import product

from hf_causal.graphs.agreeing_models import ModelSampler
from hf_causal.graphs.mixed_graphs import MixedGraph


def of(*items):
    return frozenset(items)


def enumerated(sampler, model, event, given):
    """Returns a probability by adding up all combinations of values."""
    sums = [Fraction(0), Fraction(0)]
    for values in product((0, 1), repeat=len(model.parents)):
        weight = Fraction(1)
        for node, (parents, table) in enumerate(zip(model.parents, model.tables, strict=True)):
            row = int("".join(str(values[parent]) for parent in parents) or "0", 2)
            weight *= table[row] if values[node] else 1 - table[row]
        if all(values[sampler.place[node]] == value for node, value in given):
            sums[0] += weight
            sums[1] += weight if all(values[sampler.place[node]] == value for node, value in event) else 0
    return sums[1] / sums[0]


def test_all_statements_hold():
    graph = MixedGraph.of_edges(4, [(3, 0), (3, 1), (0, 1), (1, 2)])
    terms = {
        (of((1, 1)), of((0, 0))): Fraction(4172, 10_000),
        (of((1, 1)), of()): Fraction(7, 10),
        (of((2, 0)), of((0, 1))): Fraction(1, 3),
        (of((3, 1)), of()): Fraction(1, 5),
    }
    sampler = ModelSampler(graph, terms)
    models = list(sampler.agreeing(60))
    assert len({model.tables for model in models}) > 1
    for model in models:
        assert all(enumerated(sampler, model, *term) == value for term, value in terms.items())


def test_statements_that_contradict_each_other_hold_in_no_model():
    graph = MixedGraph.of_edges(2, [(0, 1)])
    terms = {(of((1, 1)), of()): Fraction(1, 2), (of((1, 1)), of((0, 0))): Fraction(1, 10),
             (of((1, 1)), of((0, 1))): Fraction(1, 5)}  # fmt: skip
    assert not list(ModelSampler(graph, terms).agreeing(40))
