"""Path interception and its axioms against exhaustive enumeration and networkx."""

import random
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from hf_causal.graphs.mixed_graphs import bits
from hf_causal.graphs.relevance import (
    AXIOMS,
    Derivation,
    Statement,
    Step,
    _Rules,
    check_derivation,
    derive,
    digraph,
    holds,
    is_instance,
    statements,
    steps,
    transitivity_cases,
    truth_table,
)


def intercepts(children, statement):
    """Decides a statement by listing the directed paths."""
    graph = nx.DiGraph((node, child) for node, kids in enumerate(children) for child in bits(kids))
    graph.add_nodes_from(range(len(children)))
    z = set(bits(statement.z))
    return not any(
        not set(path) & z
        for x in bits(statement.x)
        for y in bits(statement.y)
        for path in nx.all_simple_paths(graph, x, y)
    )


def test_statements_hold_where_every_path_is_intercepted():
    rng = random.Random(0)
    for _ in range(300):
        children = digraph(4, rng.randrange(4096))
        statement = rng.choice(statements(4))
        assert holds(children, statement) == intercepts(children, statement)


def test_digraphs_are_all_there_are():
    graphs = {tuple(digraph(3, code)) for code in range(64)}
    assert len(graphs) == 64
    assert not any(children >> node & 1 for graph in graphs for node, children in enumerate(graph))


def test_every_axiom_is_sound_in_all_digraphs_with_four_nodes():
    table = truth_table(4)
    column = {statement: index for index, statement in enumerate(statements(4))}
    assert {step.axiom for step in steps(4)} == set(AXIOMS) - {"transitivity"}
    for step in steps(4):
        premises = table[:, [column[premise] for premise in step.premises]].all(axis=1)
        assert not (premises & ~table[:, column[step.conclusion]]).any(), step
    for statement in statements(4):
        for cases in transitivity_cases(statement, 4):
            either = table[:, [column[case] for case in cases]].any(axis=1)
            assert not (table[:, column[statement]] & ~either).any()


def test_with_three_nodes_the_relations_closed_under_the_axioms_are_those_of_digraphs():
    """The axioms are complete: 64 of the 2^18 sets of statements are closed, one for each digraph."""
    column = {statement: 1 << index for index, statement in enumerate(statements(3))}
    relations = np.arange(2 ** len(column))
    closed = np.ones(len(relations), dtype=bool)
    for step in steps(3):
        premises = sum(column[premise] for premise in step.premises)
        closed &= ((relations & premises) != premises) | (relations & column[step.conclusion] != 0)
    for statement in statements(3):
        for cases in transitivity_cases(statement, 3):
            either = sum(column[case] for case in cases)
            closed &= (relations & column[statement] == 0) | (relations & either != 0)
    of_digraphs = truth_table(3) @ (1 << np.arange(len(column)))
    assert set(relations[closed]) == set(of_digraphs)
    assert len(set(of_digraphs)) == 64


def test_what_follows_in_all_digraphs_is_derived_and_nothing_else():
    table, rng = truth_table(4), random.Random(1)
    split = 0
    for _ in range(150):
        premises = rng.sample(range(110), rng.randint(2, 5))
        follows = table[table[:, premises].all(axis=1)].all(axis=0)
        for conclusion in rng.sample(range(110), 3):
            stated = [statements(4)[index] for index in premises]
            derivation = derive(stated, statements(4)[conclusion], 4, splits=2 if follows[conclusion] else 0)
            assert (derivation is not None) == follows[conclusion]
            if derivation:
                check_derivation(derivation, stated, statements(4)[conclusion], 4)
                split += bool(derivation.cases)


A, B, C, D = 1, 2, 4, 8
CASES = [Statement(C, B, D), Statement(C, A | D, B), Statement(B, A, D)], Statement(C, 0, D)
"""Premises and a conclusion that follows by cases alone."""


class TestCases:
    def test_transitivity_is_used_where_it_is_needed(self):
        premises, conclusion = CASES
        assert derive(premises, conclusion, 4, splits=0) is None
        derivation = derive(premises, conclusion, 4)
        assert "transitivity" in derivation.axioms
        check_derivation(derivation, premises, conclusion, 4)

    def test_a_derivation_that_is_changed_is_refused(self):
        premises, conclusion = CASES
        derivation = derive(premises, conclusion, 4)
        first, second = derivation.cases
        changed = [
            replace(derivation, cases=(first,)),
            replace(derivation, cases=(first, first)),
            replace(derivation, cases=()),
            replace(derivation, split=Statement(C, 0, D)),
            replace(derivation, steps=derivation.steps[1:]),
            replace(derivation, cases=((Statement(A, 0, D), first[1]), second)),
        ]
        for wrong in changed:
            with pytest.raises(ValueError, match=r"derive|premise|case|reach"):
                check_derivation(wrong, premises, conclusion, 4)

    def test_a_step_that_is_no_instance_is_refused(self):
        backwards = Step("strong-union", (Statement(A, C, B),), Statement(A, 0, B))
        assert not is_instance(backwards)
        with pytest.raises(ValueError, match="no instance"):
            check_derivation(Derivation((backwards,)), backwards.premises, backwards.conclusion, 3)

    @pytest.mark.parametrize("axiom", AXIOMS)
    def test_symmetry_is_no_axiom(self, axiom):
        assert not is_instance(Step(axiom, (Statement(A, C, B),), Statement(B, C, A)))


def test_steps_are_taken_in_rounds_by_their_numbers():
    rules, chance = _Rules.of(4), random.Random(0)
    for _ in range(100):
        known = rules.encode(chance.sample(rules.statements, chance.randint(1, 6)))
        expected, reasons, before = known, {}, -1
        while before != expected:
            before = expected
            for number, step in enumerate(rules.steps):
                needed, conclusion = rules.encode(step.premises), rules.index[step.conclusion]
                if needed & expected == needed and not expected >> conclusion & 1:
                    expected |= 1 << conclusion
                    reasons[conclusion] = number
        assert rules.close(known) == (expected, reasons)
        for target in list(reasons)[:3]:
            closed, some = rules.close(known, target)
            assert closed >> target & 1 and some.items() <= reasons.items() and list(some)[-1] == target
