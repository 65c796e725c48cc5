from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_causal.graphs.enumeration import classes
from hf_causal.graphs.equivalence import (
    RELATIONS,
    acyclic,
    closures,
    cpdags,
    independences,
    members,
    relations,
    v_structures,
)
from hf_causal.graphs.equivalence_classes import EquivalenceClass


@st.composite
def dags(draw, smallest=2, largest=6):
    """A DAG of a few nodes whose numbers say nothing about its order."""
    size = draw(st.integers(smallest, largest))
    bits = draw(st.lists(st.booleans(), min_size=size * (size - 1) // 2, max_size=size * (size - 1) // 2))
    graph = np.zeros((size, size), dtype=bool)
    graph[np.triu_indices(size, k=1)] = bits
    order = np.array(draw(st.permutations(range(size))))
    return graph[np.ix_(order, order)]


def drawn(graph: np.ndarray) -> nx.DiGraph:
    return nx.from_numpy_array(graph.astype(int), create_using=nx.DiGraph)


def all_dags(size: int) -> np.ndarray:
    """Every labelled DAG: every way to leave out or direct each pair, without those that have a cycle."""
    pairs = list(combinations(range(size), 2))
    states = (np.arange(3 ** len(pairs))[:, None] // 3 ** np.arange(len(pairs))) % 3
    graphs = np.zeros((len(states), size, size), dtype=bool)
    for pair, (i, j) in enumerate(pairs):
        graphs[:, i, j], graphs[:, j, i] = states[:, pair] == 1, states[:, pair] == 2
    return graphs[[nx.is_directed_acyclic_graph(drawn(graph)) for graph in graphs]]


@given(dags())
@settings(deadline=None)
def test_closures_are_those_of_networkx(dag):
    closure = nx.transitive_closure(drawn(dag))
    assert np.array_equal(closures(dag), nx.to_numpy_array(closure, nodelist=range(len(dag))) > 0)
    assert acyclic(dag)


def test_a_cycle_is_not_acyclic():
    cycle = np.roll(np.eye(4, dtype=bool), 1, axis=1)
    assert not acyclic(cycle)
    assert closures(cycle).all()


@given(dags())
@settings(max_examples=60, deadline=None)
def test_independences_are_those_of_networkx(dag):
    table, graph, nodes = independences(dag), drawn(dag), range(len(dag))
    for i, j in combinations(nodes, 2):
        for given_set in range(2 ** len(dag)):
            inside = {node for node in nodes if given_set >> node & 1}
            separated = not {i, j} & inside and nx.is_d_separator(graph, {i}, {j}, inside)
            assert table[i, j, given_set] == table[j, i, given_set] == separated
    assert not table[nodes, nodes].any()


def related_by_paths(dag: np.ndarray, i: int, j: int) -> set[str]:
    """The relations by looking at every simple path of the skeleton, as the data set's authors define them."""
    found = set()
    for path in nx.all_simple_paths(nx.Graph(drawn(dag)), i, j):
        forward = [bool(dag[a, b]) for a, b in zip(path, path[1:], strict=False)]
        turns = "".join("f" if step else "b" for step in forward)
        if turns in ("f", "b"):
            found.add("parent" if turns == "f" else "child")
        elif set(turns) == {"f"}:
            found.add("non-parent ancestor")
        elif set(turns) == {"b"}:
            found.add("non-child descendant")
        elif turns == "f" * turns.count("f") + "b" * turns.count("b"):
            found.add("has_collider")
        elif turns == "b" * turns.count("b") + "f" * turns.count("f"):
            found.add("has_confounder")
    return found


@given(dags())
@settings(deadline=None)
def test_relations_are_those_of_all_simple_paths(dag):
    held = relations(dag[None])[0]
    for i, j in np.ndindex(dag.shape):
        found = {name for name, holds in zip(RELATIONS, held[:, i, j], strict=True) if holds}
        assert found == (related_by_paths(dag, i, j) if i != j else set())


@given(dags())
@settings(deadline=None)
def test_v_structures_are_unshielded_colliders(dag):
    expected = {tuple(found) for found in np.argwhere(v_structures(dag)) if found[0] < found[2]}
    graph = drawn(dag)
    assert expected == {
        (i, k, j)
        for k in graph
        for i, j in combinations(sorted(graph.predecessors(k)), 2)
        if not graph.has_edge(i, j) and not graph.has_edge(j, i)
    }


@pytest.mark.parametrize("size", [2, 3, 4])
def test_classes_of_all_labelled_dags_against_their_independences(size):
    """Members are the DAGs with the same d-separations and the CPDAG is their union, for every labelled DAG."""
    everything = all_dags(size)
    tables = np.array([independences(dag) for dag in everything]).reshape(len(everything), -1)
    for dag, table, cpdag in zip(everything, tables, cpdags(everything), strict=True):
        same = everything[(tables == table).all(axis=1)]
        assert {graph.tobytes() for graph in same} == {graph.tobytes() for graph in members(cpdag)}
        assert np.array_equal(cpdag, same.any(axis=0))
        assert np.array_equal(EquivalenceClass.of_dag(dag).shares, relations(same).mean(axis=0))


@given(dags(5, 6))
@settings(max_examples=40, deadline=None)
def test_the_rules_of_meek_give_the_union_of_the_members(dag):
    found = EquivalenceClass.of_dag(dag)
    assert np.array_equal(found.members.any(axis=0), found.cpdag)
    assert any(np.array_equal(dag, member) for member in found.members)
    assert acyclic(found.members).all()
    assert len({member.tobytes() for member in found.members}) == len(found.members)
    assert (v_structures(found.members) == v_structures(dag)).all()


@pytest.mark.parametrize("size", [2, 3, 4, 5, 6])
def test_every_class_is_recovered_from_its_independences(size):
    for cpdag in classes(size)[:: 1 if size < 6 else 7]:
        found = EquivalenceClass(cpdag)
        assert np.array_equal(EquivalenceClass.of_independences(found.independences).cpdag, cpdag)


TABLES = {size: {independences(dag).tobytes() for dag in all_dags(size)} for size in (3, 4)}


@given(dags(3, 4), st.data())
@settings(deadline=None)
def test_independences_of_no_dag_are_refused(dag, data):
    """Turning entries of a table gives that of another DAG or of none: all tables of DAGs are known."""
    table = independences(dag).copy()
    proper = [(i, j, s) for i, j, s in np.ndindex(table.shape) if i < j and not (s >> i | s >> j) & 1]
    for i, j, given_set in data.draw(st.lists(st.sampled_from(proper), min_size=1, max_size=3)):
        table[i, j, given_set] = table[j, i, given_set] = not table[i, j, given_set]
    if table.tobytes() in TABLES[len(dag)]:
        assert np.array_equal(EquivalenceClass.of_independences(table).independences, table)
    else:
        with pytest.raises(ValueError, match="no DAG has exactly these independences"):
            EquivalenceClass.of_independences(table)


@given(dags(), st.randoms())
@settings(deadline=None)
def test_relabelling_a_class_relabels_its_members(dag, random):
    order = np.array(random.sample(range(len(dag)), len(dag)))
    renamed = EquivalenceClass.of_dag(dag).relabelled(order)
    again = EquivalenceClass.of_dag(dag[np.ix_(order, order)])
    assert np.array_equal(renamed.members, again.members)


def test_a_complete_graph_has_every_order_as_a_member():
    assert len(members(~np.eye(6, dtype=bool))) == 720
