"""Instruments and front-door sets against exact models: linear ones with random coefficients, random tables."""

import random
from fractions import Fraction
from itertools import combinations

import numpy as np
from test_graphs_identification import Model, random_graph

from hf_causal.graphs.adjustment import is_front_door_set
from hf_causal.graphs.instruments import Instrument, find_front_door_set, find_instrument, is_instrument
from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set


class LinearModel:
    """A linear model of a mixed graph with random rational coefficients, hidden causes included."""

    def __init__(self, graph: MixedGraph, rng: random.Random):
        size = len(graph.children)
        effects = np.full((size, size), Fraction(0), dtype=object)
        noise = np.full((size, size), Fraction(0), dtype=object)
        for node in range(size):
            noise[node, node] += Fraction(rng.randint(1, 30))
            for child in bits(graph.children[node]):
                effects[node, child] = Fraction(rng.choice([-1, 1]) * rng.randint(1, 30), 7)
            for sibling in bits(graph.siblings[node] >> node << node):
                first, second = (Fraction(rng.choice([-1, 1]) * rng.randint(1, 30)) for _ in range(2))
                noise[node, node] += first * first
                noise[sibling, sibling] += second * second
                noise[node, sibling] += first * second
                noise[sibling, node] += first * second
        self.total = power = np.array([[Fraction(int(i == j)) for j in range(size)] for i in range(size)])
        for _ in range(size):
            power = power @ effects
            self.total = self.total + power
        self.covariance = self.total.T @ noise @ self.total

    def partial(self, first: int, second: int, given: list[int]) -> Fraction:
        """Returns the covariance of two variables given others, by eliminating these one at a time."""
        matrix = self.covariance.copy()
        for node in given:
            matrix = matrix - np.outer(matrix[:, node], matrix[node]) / matrix[node, node]
        return matrix[first, second]


def questions(graph):
    others = [2, 3, 4]
    for node in others:
        rest = [other for other in others if other != node]
        for size in range(3):
            yield from ((node, list(given)) for given in combinations(rest, size))


class TestInstruments:
    def test_the_ratio_of_partial_covariances_is_the_total_effect(self):
        rng = random.Random(0)
        verdicts = []
        for _ in range(120):
            graph = random_graph(rng, 5, directed=0.4, hidden=0.25)
            model = LinearModel(graph, rng)
            after = graph.descendants(1)
            for node, given in questions(graph):
                verdict = is_instrument(graph, 0, 1, Instrument(node, node_set(given)))
                verdicts.append(verdict)
                with_x, with_y = (model.partial(node, end, given) for end in (0, 1))
                is_ratio = with_x != 0 and with_y == model.total[0, 1] * with_x
                unaffected = not (1 << node | node_set(given)) & (after | 2)
                assert verdict == (is_ratio and unaffected), (graph, node, given)
        assert 100 < sum(verdicts) < len(verdicts) - 100

    def test_the_search_finds_one_exactly_where_there_is_one(self):
        rng = random.Random(1)
        for _ in range(60):
            graph = random_graph(rng, 5, directed=0.4, hidden=0.25)
            every = [
                Instrument(node, node_set(given))
                for node, given in questions(graph)
                if is_instrument(graph, 0, 1, Instrument(node, node_set(given)))
            ]
            found = find_instrument(graph, 0, 1)
            assert (found in every) if every else found is None
            if every:
                assert found.given.bit_count() == min(one.given.bit_count() for one in every)

    def test_the_graph_of_the_textbook(self):
        graph = MixedGraph.of_edges(4, [(0, 1), (1, 2), (3, 0), (3, 2)], [(1, 2)])
        assert not is_instrument(graph, 1, 2, Instrument(0, 0))
        assert is_instrument(graph, 1, 2, Instrument(0, 0b1000))
        assert find_instrument(MixedGraph.of_edges(2, [(0, 1)], [(0, 1)]), 0, 1) is None


class TestFrontDoor:
    def test_the_front_door_formula_is_the_effect(self):
        rng = random.Random(2)
        checked = 0
        while checked < 10:
            graph = random_graph(rng, 4, directed=0.5, hidden=0.3)
            z = find_front_door_set(graph, 0, 1)
            if not z or not graph.descendants(1) & 2 or sum(map(int.bit_count, graph.siblings)) > 8:
                continue
            model = Model(graph, rng)
            joint = model.joint().sum(axis=tuple(node for node in (2, 3) if not z >> node & 1), keepdims=True)
            mediators = joint.sum(axis=1, keepdims=True)
            x = mediators.sum(axis=(2, 3), keepdims=True)
            outcome = ((joint / mediators) * x).sum(axis=0, keepdims=True)
            formula = ((mediators / x)[1:] * outcome).sum(axis=(0, 2, 3))
            assert list(formula) == list(model.joint({0: 1}).sum(axis=(0, 2, 3)))
            checked += 1

    def test_the_search_finds_a_smallest_set(self):
        rng = random.Random(3)
        for _ in range(60):
            graph = random_graph(rng, 5, directed=0.4, hidden=0.3)
            sets = [node_set(one) for size in range(4) for one in combinations([2, 3, 4], size)]
            sizes = [z.bit_count() for z in sets if is_front_door_set(graph, 1, 2, z)]
            found = find_front_door_set(graph, 0, 1)
            assert (found is None) == (not sizes) and (found is None or found.bit_count() == min(sizes))
