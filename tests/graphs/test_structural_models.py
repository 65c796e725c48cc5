"""Exact probabilities against the enumeration of all responses of all variables."""

import random
from fractions import Fraction
from itertools import product

import pytest

from hf_causal.graphs.causal_effects import (
    average_effect,
    bounds,
    controlled_direct_effect,
    effect_on_treated,
    natural_direct_effect,
    natural_indirect_effect,
    necessity,
    necessity_and_sufficiency,
    sufficiency,
)
from hf_causal.graphs.structural_models import BinaryModel, Variable, World, probability


def random_model(rng: random.Random, size: int) -> BinaryModel:
    parents = [tuple(sorted(rng.sample(range(node), min(node, rng.randint(0, 2))))) for node in range(size)]
    tables = [tuple(Fraction(rng.randint(1, 99), 100) for _ in range(2 ** len(nodes))) for nodes in parents]
    return BinaryModel(tuple(parents), tuple(tables))


class Enumerated:
    """The same model as a list of deterministic ones with their probabilities: a response for each row of a table."""

    def __init__(self, model: BinaryModel, coupling: str):
        self.model = model
        self.possible = [self.responses(table, coupling) for table in model.tables]

    @staticmethod
    def responses(table, coupling):
        result = {}
        if coupling == "independent":
            for values in product((0, 1), repeat=len(table)):
                weight = Fraction(1)
                for value, one in zip(values, table, strict=True):
                    weight *= one if value else 1 - one
                result[values] = weight
        else:
            steps = sorted({Fraction(0), Fraction(1), *table})
            for low, high in zip(steps, steps[1:], strict=False):
                values = tuple(int(one >= high) for one in table)
                result[values] = result.get(values, Fraction(0)) + high - low
        return list(result.items())

    def units(self):
        for choice in product(*self.possible):
            weight = Fraction(1)
            for _, part in choice:
                weight *= part
            yield [values for values, _ in choice], weight

    def solve(self, responses, values, copies=None):
        state = []
        for node, parents in enumerate(self.model.parents):
            row = int("0" + "".join(str(state[parent]) for parent in parents), 2)
            state.append((copies or {}).get(node, values.get(node, responses[node][row])))
        return state

    def mean(self, function, condition=lambda responses: True):
        total = weight_sum = Fraction(0)
        for responses, weight in self.units():
            if condition(responses):
                weight_sum += weight
                total += weight * function(responses)
        return total / weight_sum if weight_sum else None


@pytest.fixture(params=["independent", "threshold"])
def coupling(request):
    return request.param


@pytest.mark.parametrize("seed", range(8))
def test_all_quantities_agree_with_the_enumeration_of_responses(seed, coupling):
    rng = random.Random(seed)
    model, (x, m, y) = random_model(rng, 4), sorted(rng.sample(range(4), 3))
    by_units = Enumerated(model, coupling)
    mean = by_units.mean

    def outcome(responses, values, copies=None):
        return by_units.solve(responses, values, copies)[y]

    def nested(responses, outer, inner):
        return outcome(responses, {x: outer}, {m: by_units.solve(responses, {x: inner})[m]})

    def seen(responses, value):
        state = by_units.solve(responses, {})
        return state[x] == state[y] == value

    def effect(responses):
        return outcome(responses, {x: 1}) - outcome(responses, {x: 0})

    treated = mean(effect, lambda r: by_units.solve(r, {})[x] == 1)
    direct = mean(lambda r: outcome(r, {x: 1, m: 1}) - outcome(r, {x: 0, m: 1}))
    assert average_effect(model, x, y) == mean(effect)
    assert effect_on_treated(model, x, y, coupling) == treated
    assert controlled_direct_effect(model, x, y, {m: 1}) == direct
    for function, values in ((natural_direct_effect, (1, 0)), (natural_indirect_effect, (0, 1))):
        expected = mean(lambda r, values=values: nested(r, *values) - outcome(r, {x: 0}))
        assert function(model, x, y, [m], coupling) == expected
    assert necessity(model, x, y, coupling) == mean(lambda r: 1 - outcome(r, {x: 0}), lambda r: seen(r, 1))
    assert sufficiency(model, x, y, coupling) == mean(lambda r: outcome(r, {x: 1}), lambda r: seen(r, 0))
    both = mean(lambda r: outcome(r, {x: 1}) * (1 - outcome(r, {x: 0})))
    assert necessity_and_sufficiency(model, x, y, coupling) == both


def test_the_bounds_hold_for_both_couplings_and_are_met():
    rng = random.Random(1)
    functions = {"PN": necessity, "PS": sufficiency, "PNS": necessity_and_sufficiency}
    met = 0
    for _ in range(100):
        model = random_model(rng, 4)
        x, y = sorted(rng.sample(range(4), 2))
        for which, function in functions.items():
            low, high = bounds(model, x, y, which)
            for coupling in ("independent", "threshold"):
                value = function(model, x, y, coupling)
                assert low <= value <= high
                met += value in (low, high)
    assert met > 50


def test_evidence_of_probability_zero_has_no_conditional_probability():
    model = BinaryModel(((), (0,)), ((Fraction(0),), (Fraction(1, 2), Fraction(1, 2))))
    assert probability(model, {Variable(0, 1): 1}, {Variable(0, 0): 1}) is None
    assert necessity(model, 0, 1) is None


@pytest.mark.parametrize(
    ("parents", "tables", "message"),
    [
        (((1,), ()), ((Fraction(1, 2),) * 2, (Fraction(1, 2),)), "before it"),
        (((), (0,)), ((Fraction(1, 2),), (Fraction(1, 2),)), "needs 2"),
        (((),), ((Fraction(3, 2),),), "between 0 and 1"),
    ],
)
def test_a_model_that_is_none_is_refused(parents, tables, message):
    with pytest.raises(ValueError, match=message):
        BinaryModel(parents, tables)


def test_an_unknown_coupling_is_refused():
    model = BinaryModel(((),), ((Fraction(1, 2),),))
    with pytest.raises(ValueError, match="coupling"):
        model.joint([Variable(0, 0)], [World()], "other")
