"""Adjustment and identification against independent oracles: path enumeration, hidden variables, exact numbers."""

import random
from fractions import Fraction
from itertools import combinations, permutations, product

import networkx as nx
import numpy as np
import pytest

from hf_causal.graphs.adjustment import AdjustmentSets, is_adjustment_set, is_front_door_set
from hf_causal.graphs.identification import (
    Factor,
    Hedge,
    check_factors,
    check_hedge,
    effect,
    factors_or_hedge,
    relevant_nodes,
)
from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set


def random_graph(rng: random.Random, size: int, directed: float = 0.5, hidden: float = 0.3) -> MixedGraph:
    order = rng.sample(range(size), size)
    pairs = list(combinations(range(size), 2))
    edges = [(order[i], order[j]) for i, j in pairs if rng.random() < directed]
    return MixedGraph.of_edges(size, edges, [pair for pair in pairs if rng.random() < hidden])


def with_hidden_variables(graph: MixedGraph) -> nx.DiGraph:
    """Returns the DAG in which each bidirected edge is a hidden parent of its two nodes."""
    dag = nx.DiGraph()
    dag.add_nodes_from(range(len(graph.children)))
    for node, children in enumerate(graph.children):
        dag.add_edges_from((node, child) for child in bits(children))
        for sibling in bits(graph.siblings[node]):
            if node < sibling:
                dag.add_edges_from([(("u", node, sibling), node), (("u", node, sibling), sibling)])
    return dag


class Model:
    """A model of a mixed graph with hidden parents and random rational tables of binary variables."""

    def __init__(self, graph: MixedGraph, rng: random.Random):
        self.dag = with_hidden_variables(graph)
        self.order = list(nx.topological_sort(self.dag))
        self.size = len(graph.children)
        self.parents = {node: sorted(self.dag.predecessors(node), key=str) for node in self.order}
        self.ones = {
            node: {key: Fraction(rng.randint(1, 996), 997) for key in product((0, 1), repeat=len(parents))}
            for node, parents in self.parents.items()
        }

    def joint(self, do: dict[int, int] | None = None) -> np.ndarray:
        """Returns the distribution of the observed variables, under an intervention if there is one."""
        table = np.full([2] * self.size, Fraction(0), dtype=object)
        for values in product((0, 1), repeat=len(self.order)):
            state = dict(zip(self.order, values, strict=True))
            if do and any(state[node] != value for node, value in do.items()):
                continue
            probability = Fraction(1)
            for node in self.order:
                if not do or node not in do:
                    one = self.ones[node][tuple(state[parent] for parent in self.parents[node])]
                    probability *= one if state[node] else 1 - one
            table[tuple(state[node] for node in range(self.size))] += probability
        return table


def open_paths_only(dag: nx.DiGraph, path: list, z: set) -> bool:
    """Returns whether a path is open given z, by the definition of blocking."""
    for before, node, after in zip(path, path[1:], path[2:], strict=False):
        collider = dag.has_edge(before, node) and dag.has_edge(after, node)
        if collider and not (nx.descendants(dag, node) | {node}) & z:
            return False
        if not collider and node in z:
            return False
    return True


def adjusts_by_paths(graph: MixedGraph, x: int, y: int, z: set) -> bool:
    """Decides the adjustment criterion by listing all paths of the DAG with hidden variables."""
    dag = with_hidden_variables(graph)
    causal = list(nx.all_simple_paths(dag, x, y))
    inner = {node for path in causal for node in path[1:]}
    if any(node in z for start in inner for node in nx.descendants(dag, start) | {start}):
        return False
    paths = nx.all_simple_paths(dag.to_undirected(), x, y)
    return not any(open_paths_only(dag, path, z) for path in paths if path not in causal)


def subsets(nodes):
    return [set(part) for size in range(len(nodes) + 1) for part in combinations(nodes, size)]


class TestMixedGraph:
    def test_separation_is_that_of_the_dag_with_hidden_variables(self):
        rng = random.Random(0)
        for _ in range(150):
            graph = random_graph(rng, 5)
            dag, nodes = with_hidden_variables(graph), rng.sample(range(5), 5)
            z = set(nodes[2 : 2 + rng.randint(0, 3)])
            expected = nx.is_d_separator(dag, {nodes[0]}, {nodes[1]}, z)
            assert graph.separated(1 << nodes[0], 1 << nodes[1], node_set(z)) == expected

    @pytest.mark.parametrize("edges", [[(0, 0)], [(0, 1), (1, 0)], [(0, 1), (1, 2), (2, 0)]])
    def test_cycles_are_refused(self, edges):
        with pytest.raises(ValueError, match=r"cycle|itself"):
            MixedGraph.of_edges(3, edges)


class TestAdjustment:
    def test_the_criterion_agrees_with_a_list_of_all_paths(self):
        rng = random.Random(1)
        verdicts = []
        for _ in range(60):
            graph = random_graph(rng, 5, hidden=0.2)
            for z in subsets([2, 3, 4]):
                verdicts.append(is_adjustment_set(graph, 1, 2, node_set(z)))
                assert verdicts[-1] == adjusts_by_paths(graph, 0, 1, z)
        assert 50 < sum(verdicts) < len(verdicts) - 50

    def test_a_valid_set_gives_the_effect_and_an_invalid_one_does_not(self):
        rng = random.Random(2)
        checked = 0
        while checked < 12:
            graph = random_graph(rng, 4, hidden=0.15)
            if not graph.descendants(1) & 2:
                continue
            model = Model(graph, rng)
            joint, truth = model.joint(), model.joint({0: 1}).sum(axis=(0, 2, 3))
            for z in subsets([2, 3]):
                axes = tuple(node for node in (2, 3) if node not in z)
                margin = joint.sum(axis=axes, keepdims=True)
                weights = margin.sum(axis=(0, 1), keepdims=True)
                given = margin / margin.sum(axis=1, keepdims=True)
                adjusted = (given * weights).sum(axis=(2, 3))[1]
                # With random tables an invalid set is right by accident only.
                assert (list(adjusted) == list(truth)) == is_adjustment_set(graph, 1, 2, node_set(z))
            checked += 1

    def test_minimal_and_minimum_sets_are_those_of_the_definition(self):
        rng = random.Random(3)
        for _ in range(60):
            graph = random_graph(rng, 6, hidden=0.1)
            sets = AdjustmentSets(graph, 1, 2)
            valid = [z for z in map(node_set, subsets([2, 3, 4, 5])) if is_adjustment_set(graph, 1, 2, z)]
            minimal = {z for z in valid if not any(other != z and not other & ~z for other in valid)}
            assert set(sets.minimal()) == minimal == {z for z in valid if sets.is_minimal(z)}
            assert sets.exists() == bool(valid)
            assert sets.minimum_size() == min((z.bit_count() for z in valid), default=None)

    def test_the_front_door_criterion_holds_in_its_example_alone(self):
        edges = [(0, 1), (1, 2)]
        assert is_front_door_set(MixedGraph.of_edges(3, edges, [(0, 2)]), 1, 4, 2)
        assert not is_front_door_set(MixedGraph.of_edges(3, [*edges, (0, 2)], [(0, 2)]), 1, 4, 2)
        assert not is_front_door_set(MixedGraph.of_edges(3, edges, [(0, 1)]), 1, 4, 2)
        assert not is_front_door_set(MixedGraph.of_edges(3, edges, [(1, 2)]), 1, 4, 2)


class TestIdentification:
    def test_identified_effects_are_those_of_a_model_with_hidden_variables(self):
        rng = random.Random(4)
        checked = 0
        while checked < 25:
            graph = random_graph(rng, 4, hidden=0.35)
            factors = factors_or_hedge(graph, 1, 2)
            # Effects that adjustment gives are no test of the other rules.
            if isinstance(factors, Hedge) or AdjustmentSets(graph, 1, 2).exists():
                continue
            model = Model(graph, rng)
            estimate = effect(graph, model.joint(), 1, 2, factors)
            for value in (0, 1):
                truth = model.joint({0: value}).sum(axis=(0, 2, 3))
                assert list(estimate[value, :, 0, 0]) == list(truth)
            checked += 1

    def test_every_verdict_has_a_proof_that_holds(self):
        rng = random.Random(5)
        verdicts = {Factor: 0, Hedge: 0}
        for _ in range(400):
            graph = random_graph(rng, rng.randint(2, 6), hidden=0.4)
            x = node_set({0, *rng.sample(range(len(graph.children)), rng.randint(0, 1))} - {1})
            result = factors_or_hedge(graph, x, 2)
            if isinstance(result, Hedge):
                check_hedge(graph, x, 2, result)
            else:
                check_factors(graph, x, 2, result)
            verdicts[Hedge if isinstance(result, Hedge) else Factor] += 1
        assert min(verdicts.values()) > 50

    def test_no_graph_has_a_hedge_and_an_order(self):
        """The proofs exclude each other: with a hedge, no order of fixing reaches its inner district."""
        rng = random.Random(6)
        for _ in range(100):
            graph = random_graph(rng, 4, hidden=0.5)
            result = factors_or_hedge(graph, 1, 2)
            if isinstance(result, Hedge):
                others = [node for node in range(4) if not result.inner >> node & 1]
                for order in permutations(others):
                    with pytest.raises(ValueError, match="cannot be fixed"):
                        check_factors(graph, 1, 2, (Factor(result.inner, order), *without(graph, result.inner)))

    @pytest.mark.parametrize(
        ("hidden", "identified"),
        [([(0, 2)], True), ([(0, 1)], False), ([(1, 2)], True), ([(0, 1), (1, 2)], False), ([], True)],
    )
    def test_the_textbook_chains(self, hidden, identified):
        graph = MixedGraph.of_edges(3, [(0, 1), (1, 2)], hidden)
        assert isinstance(factors_or_hedge(graph, 1, 4), tuple) == identified


def without(graph: MixedGraph, district: int) -> list[Factor]:
    return [Factor(other, ()) for other in graph.districts(relevant_nodes(graph, 1, 2)) if other != district]
