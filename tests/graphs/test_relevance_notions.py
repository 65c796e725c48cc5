"""Which axiom of Galles and Pearl holds under which notion of irrelevance, from scratch.

Three binary variables, each a function of those before it and of an unobserved one with four equally likely values.
A notion violates an axiom if in one model the premises of an instance hold and its conclusion does not; "holds" means
that no violation is among the models drawn.
"""

from itertools import product

import numpy as np
import pytest

from hf_causal.graphs.mixed_graphs import bits
from hf_causal.graphs.relevance import AXIOMS, statements, steps, transitivity_cases, truth_table

MODELS, NODES, UNITS = 6000, 3, 4
SETTINGS = list(product((None, 0, 1), repeat=NODES))
"""What is done to each variable: nothing, set to 0, set to 1."""


@pytest.fixture(scope="module")
def outcomes():
    """The value of each variable under each setting: shape (models, settings, units, variables)."""
    random = np.random.default_rng(0)
    values = np.zeros((MODELS, len(SETTINGS), UNITS, NODES), dtype=np.int8)
    model, unit = np.arange(MODELS)[:, None], np.arange(UNITS)[None]
    tables = [random.integers(0, 2, (MODELS, 2**node, UNITS), dtype=np.int8) for node in range(NODES)]
    for number, setting in enumerate(SETTINGS):
        for node, done in enumerate(setting):
            row = values[:, number, :, :node] @ (1 << np.arange(node))
            values[:, number, :, node] = tables[node][model, row, unit] if done is None else done
    return values


def settings_of(nodes, held):
    """Yields lists of settings that differ in the values of some nodes alone, the held ones being set."""
    fixed = list(bits(held))
    for levels in product((0, 1), repeat=len(fixed)):
        same = []
        for changed in product((0, 1), repeat=nodes.bit_count()):
            done = dict(zip([*fixed, *bits(nodes)], [*levels, *changed], strict=True))
            same.append(SETTINGS.index(tuple(done.get(node) for node in range(NODES))))
        yield same


def probabilistic(outcomes, statement):
    """P(y | do(x), do(z)) is the same for all x."""
    codes = outcomes[..., list(bits(statement.y))] @ (1 << np.arange(statement.y.bit_count()))
    counts = np.sort(codes, axis=2)  # equally likely units: the same distribution, the same sorted values
    holds = np.ones(MODELS, dtype=bool)
    for same in settings_of(statement.x, statement.z):
        holds &= (counts[:, same] == counts[:, same[:1]]).all(axis=(1, 2))
    return holds


def deterministic(outcomes, statement, further=True):
    """No unit's y changes with x, for each y of the set alone, whatever further set is held fixed."""
    holds = np.ones(MODELS, dtype=bool)
    for y in bits(statement.y):
        values = outcomes[..., y]
        others = ~(statement.x | statement.z | 1 << y) & 2**NODES - 1
        for held in range(2**NODES) if further else (0,):
            if held & others == held:
                for same in settings_of(statement.x, statement.z | held):
                    holds &= (values[:, same] == values[:, same[:1]]).all(axis=(1, 2))
    return holds


def violated(table):
    """Returns the axioms that a table of statements, boolean (models, statements), violates."""
    column = {statement: table[:, index] for index, statement in enumerate(statements(NODES))}
    found = set()
    for step in steps(NODES):
        premises = np.all([column[premise] for premise in step.premises], axis=0)
        if (premises & ~column[step.conclusion]).any():
            found.add(step.axiom)
    for statement in statements(NODES):
        for first, second in transitivity_cases(statement, NODES):
            if (column[statement] & ~column[first] & ~column[second]).any():
                found.add("transitivity")
    return found


@pytest.mark.parametrize(
    ("notion", "expected"),
    [
        (probabilistic, set(AXIOMS) - {"right-decomposition", "left-intersection"}),
        (deterministic, {"transitivity"}),
        (
            lambda outcomes, statement: deterministic(outcomes, statement, further=False),
            {"strong-union", "transitivity"},
        ),
    ],
    ids=["probabilistic", "deterministic", "deterministic, nothing further held fixed"],
)
def test_the_axioms_that_fail(outcomes, notion, expected):
    assert violated(np.stack([notion(outcomes, statement) for statement in statements(NODES)], axis=1)) == expected


def test_all_axioms_hold_for_path_interception():
    assert violated(truth_table(NODES)) == set()
