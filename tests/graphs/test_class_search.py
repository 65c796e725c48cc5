"""Counts and searches of large classes against all directions of a skeleton, found without the code under test."""

from functools import partial
from itertools import permutations, product

import numpy as np
import pytest

from hf_causal.graphs import equivalence_classes
from hf_causal.graphs.class_search import count_members, find_member, is_small, pattern, union
from hf_causal.graphs.enumeration import classes
from hf_causal.graphs.equivalence import acyclic, cpdags, extension, members, relations, v_structures
from hf_causal.graphs.equivalence_classes import EquivalenceClass


def random_dags(size: int, count: int, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    dags = np.triu(generator.random((count, size, size)) < generator.uniform(0.2, 1, (count, 1, 1)), 1)
    orders = [generator.permutation(size) for _ in dags]
    return np.array([dag[np.ix_(order, order)] for dag, order in zip(dags, orders, strict=True)])


def equivalent_dags(dag: np.ndarray) -> np.ndarray:
    """Every DAG with the skeleton and the v-structures of one: each order of the nodes directs the skeleton."""
    size, skeleton = len(dag), dag | dag.T
    ranks = np.array(list(permutations(range(size))))
    directed = np.unique(skeleton & (ranks[:, :, None] < ranks[:, None, :]), axis=0)

    def colliders(graph):
        return {
            (i, k, j)
            for k in range(size)
            for i in np.flatnonzero(graph[:, k])
            for j in np.flatnonzero(graph[:, k])
            if i != j and not skeleton[i, j]
        }

    wanted = colliders(dag)
    return np.array([graph for graph in directed if colliders(graph) == wanted])


SIZES = [(2, 4, 0), (3, 6, 1), (4, 5, 2), (5, 2, 3), (6, 1, 4)]


@pytest.fixture(params=SIZES, ids=lambda case: f"{case[0]} nodes")
def dags(request):
    return random_dags(*request.param)


def test_members_and_their_number(dags):
    for dag in dags:
        listed, cpdag = equivalent_dags(dag), cpdags(dag)
        assert {graph.tobytes() for graph in members(cpdag)} == {graph.tobytes() for graph in listed}
        assert count_members(cpdag) == count_members(pattern(cpdag)) == len(listed)
        for cause, effect in np.argwhere(cpdag):
            assert count_members(cpdag, (cause, effect)) == listed[:, cause, effect].sum()
        assert np.array_equal(union(pattern(cpdag)), cpdag) and np.array_equal(cpdag, listed.any(axis=0))


def holds_between(relation, first, second, graphs):
    return relations(graphs)[:, relation, first, second]


def check_search(graph, triples):
    """Members are found in which a relation holds, or does not, where the list has such members."""
    listed = {dag.tobytes(): number for number, dag in enumerate(members(graph))}
    for (relation, *pair), value in product(triples, (True, False)):
        found = find_member(graph, partial(holds_between, relation, *pair), value, pair)
        fitting = holds_between(relation, *pair, members(graph)) == value
        assert fitting[listed[found.tobytes()]] if found is not None else not fitting.any()


def test_searches_find_what_lists_have(dags):
    triples = np.argwhere(~np.eye(dags.shape[-1], dtype=bool) & np.ones((6, 1, 1), dtype=bool))
    for dag in dags:
        check_search(cpdags(dag), triples[::3])
        check_search(pattern(dag), triples[1::6])


@pytest.mark.parametrize("size", [7, 8])
def test_searches_with_many_variables(size):
    """All relations of two pairs in classes with some members, from the pattern too."""
    triples = [(relation, *pair) for relation in range(6) for pair in ((0, 1), (4, 2))]
    some = [dag for dag in random_dags(size, 60, 5) if 8 < count_members(cpdags(dag)) < 400][:2]
    for dag in some:
        check_search(cpdags(dag), triples)
        check_search(pattern(dag), triples[::2])


def test_the_largest_class_is_not_listed(monkeypatch):
    monkeypatch.setattr(equivalence_classes, "members", None)
    complete = EquivalenceClass(~np.eye(8, dtype=bool))
    assert not complete.is_small and complete.num_members == 40320
    assert np.array_equal(complete.union, complete.cpdag)
    assert complete.member_with(0, 0, 1)[0, 1] and complete.member_with(0, 0, 1, False)[1, 0]
    for relation in range(6):
        for value in (True, False):
            dag = complete.member_with(relation, 3, 4, value)
            assert acyclic(dag) and relations(dag[None])[0, relation, 3, 4] == value
    assert not complete.independences.any()


def test_an_extension_is_a_member_where_there_is_one():
    for graph in [*classes(4), *random_dags(6, 20, 6)]:
        dag = extension(cpdags(graph) if acyclic(graph) else graph)
        assert acyclic(dag) and np.array_equal(cpdags(dag), cpdags(graph) if acyclic(graph) else graph)
    square = np.roll(np.eye(4, dtype=bool), 1, axis=1) | np.roll(np.eye(4, dtype=bool), -1, axis=1)
    cycle = np.roll(np.eye(4, dtype=bool), 1, axis=1)
    for graph in (square, cycle):
        assert extension(graph) is None and not len(members(graph))
        assert EquivalenceClass(graph).member is None
        with pytest.raises(ValueError, match="no CPDAG"):
            _ = EquivalenceClass(graph).independences
    assert count_members(square) == 0
    assert find_member(cycle, lambda graphs: graphs[:, 0, 1], True, (0, 1)) is None


def test_small_classes_are_listed():
    tree = np.zeros((8, 8), dtype=bool)
    tree[0, 1:] = tree[1:, 0] = True
    assert count_members(tree) == 8 and is_small(tree)
    assert is_small(np.zeros((8, 8), dtype=bool))
    assert not is_small(~np.eye(7, dtype=bool)) and is_small(~np.eye(6, dtype=bool))


def test_a_pattern_has_only_v_structures():
    dag = np.zeros((4, 4), dtype=bool)
    dag[0, 2] = dag[1, 2] = dag[2, 3] = True
    assert np.argwhere(pattern(dag) & ~pattern(dag).T).tolist() == [[0, 2], [1, 2]]
    assert np.array_equal(v_structures(pattern(dag)), v_structures(dag))
