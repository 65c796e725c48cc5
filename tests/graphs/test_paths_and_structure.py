"""Paths, cycles and further properties of acyclic graphs against networkx and brute force."""

import random
from itertools import combinations, permutations

import networkx as nx
import pytest
from clear_rows import marked_paths, random_dag, same_independences

from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set
from hf_causal.graphs.paths import directed_cycles, holds, is_directed_cycle, open_path, simple_paths
from hf_causal.graphs.structure import (
    equivalent_dags,
    is_c_forest,
    is_c_tree,
    is_topological_order,
    markov_blanket,
    markov_equivalent,
    roots,
    topological_orders,
    triples,
)


def drawn(seed: int, size: int = 5) -> tuple[nx.DiGraph, list[str], MixedGraph]:
    graph = random_dag(random.Random(seed), size)
    names = list(graph)
    edges = [(names.index(i), names.index(j)) for i, j in graph.edges]
    return graph, names, MixedGraph.of_edges(size, edges)


@pytest.mark.parametrize("seed", range(20))
def test_paths_orders_and_blankets(seed):
    graph, names, mixed = drawn(seed)
    for i, j in permutations(range(len(names)), 2):
        paths = list(simple_paths(mixed, i, j))
        assert sorted(path.spell(names) for path in paths) == sorted(marked_paths(graph, names[i], names[j]))
        assert all(holds(mixed, path) for path in paths)
        for z in ((), (k for k in range(len(names)) if k not in (i, j))):
            given = node_set(z)
            named = {names[k] for k in bits(given)}
            separated = nx.is_d_separator(graph, names[i], names[j], named)
            assert (open_path(mixed, i, j, given) is None) == separated
    orders = list(topological_orders(mixed))
    assert {tuple(names[k] for k in order) for order in orders} == set(map(tuple, nx.all_topological_sorts(graph)))
    assert all(is_topological_order(mixed, order) == (order in orders) for order in permutations(range(len(names))))
    for k, name in enumerate(names):
        # The blanket separates a node from all others, and no smaller set does.
        blanket = {names[other] for other in bits(markov_blanket(mixed, k))}
        rest = set(names) - blanket - {name}
        assert not rest or nx.is_d_separator(graph, {name}, rest, blanket)
        for member in blanket:
            assert not nx.is_d_separator(graph, {name}, rest | {member}, blanket - {member})


@pytest.mark.parametrize("seed", range(6))
def test_equivalent_dags_are_all_orientations_with_the_same_independences(seed):
    graph, names, mixed = drawn(seed, 4)
    found = {tuple(dag.children) for dag in equivalent_dags(mixed)}
    edges = list(graph.edges)
    expected = set()
    for size in range(1, len(edges) + 1):
        for flipped in combinations(edges, size):
            other = nx.DiGraph([edge[::-1] if edge in flipped else edge for edge in edges])
            other.add_nodes_from(names)
            if nx.is_directed_acyclic_graph(other) and same_independences(graph, other):
                pairs = [(names.index(i), names.index(j)) for i, j in other.edges]
                expected.add(MixedGraph.of_edges(4, pairs).children)
    assert found == expected
    assert all(markov_equivalent(mixed, MixedGraph(children, mixed.siblings)) for children in found)


@pytest.mark.parametrize("seed", range(20))
def test_cycles_are_those_of_networkx(seed):
    graph = nx.gnp_random_graph(5, 0.4, seed=seed, directed=True)
    children = [node_set(graph.successors(node)) for node in range(5)]
    cycles = set(directed_cycles(children))
    starts = ((cycle, cycle.index(min(cycle))) for cycle in nx.simple_cycles(graph))
    assert {(*cycle[first:], *cycle[:first]) for cycle, first in starts} == cycles
    for cycle in permutations(range(5), 3):
        first = cycle.index(min(cycle))
        assert is_directed_cycle(children, cycle) == (cycle[first:] + cycle[:first] in cycles)
    assert not is_directed_cycle(children, ())


@pytest.mark.parametrize("seed", range(20))
def test_c_forests_by_their_spanning_trees(seed):
    generator = random.Random(seed)
    pairs = list(combinations(range(4), 2))
    directed = [pair for pair in pairs if generator.random() < 0.4]
    bidirected = [pair for pair in pairs if generator.random() < 0.6]
    graph = MixedGraph.of_edges(4, directed, bidirected)
    trees = [nx.Graph(some) for some in combinations(bidirected, 3)]
    spanning = any(len(tree) == 4 and nx.is_tree(tree) for tree in trees)
    forest = spanning and all(sum(i == node for i, _ in directed) <= 1 for node in range(4))
    childless = {node for node in range(4) if all(i != node for i, _ in directed)}
    assert is_c_forest(graph) == forest
    assert set(bits(roots(graph))) == childless
    assert is_c_tree(graph) == (forest and len(childless) == 1)


def test_triples():
    graph = MixedGraph.of_edges(4, [(0, 1), (1, 2), (0, 2), (3, 2)])
    assert triples(graph, "chain", shielded=False) == []
    assert triples(graph, "chain", shielded=True) == [(0, 1, 2)]
    assert triples(graph, "fork", shielded=True) == [(0, 1, 2)]
    assert triples(graph, "v-structure", shielded=False) == [(0, 3, 2), (1, 3, 2)]


def test_blankets_of_mixed_graphs_are_refused():
    with pytest.raises(ValueError, match="bidirected"):
        markov_blanket(MixedGraph.of_edges(2, [], [(0, 1)]), 0)
