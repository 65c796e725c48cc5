"""The study of first gradients: chi-squared information against enumeration, and gradients that point to parents."""

import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
from latent_graphs import chi_squared, first_gradient  # noqa: E402

from hf_causal.systems.sequences.latent_graphs import dirichlet, make_graph, stationary  # noqa: E402
from hf_causal.utils.randomness import Stream  # noqa: E402

STATES, LENGTH, ALPHA = 2, 6, 0.5


@pytest.mark.parametrize("structure, seed", [("random", 0), ("random", 4), ("chain", 0), ("forest", 2)])
def test_information_is_that_of_all_sequences(structure, seed):
    graph = make_graph(structure, LENGTH, seed)
    transitions = dirichlet(ALPHA, (1, STATES, STATES), Stream(0, "information", ALPHA))
    start = stationary(transitions)[0]
    joint = np.zeros((LENGTH, LENGTH, STATES, STATES))
    for tokens in product(range(STATES), repeat=LENGTH - 1):  # the last position is free
        share = 1.0
        for child, own in enumerate(graph.parents[: LENGTH - 1]):
            share *= transitions[0, tokens[own[0]], tokens[child]] if own else start[tokens[child]]
        for late, early in product(range(LENGTH - 1), repeat=2):
            joint[late, early, tokens[late], tokens[early]] += share
    found = chi_squared(graph, STATES, ALPHA, draws=1)
    for late in range(LENGTH - 1):
        for early in range(late):
            own = joint[late, early]
            independent = own.sum(1)[:, None] * own.sum(0)[None]
            assert found[late, early] == pytest.approx((own**2 / independent).sum() - 1, abs=1e-9)


def test_the_first_gradient_is_largest_at_the_parents():
    graph = make_graph("random", 7, 3)
    slopes = first_gradient(graph, 3, 0.3, 10_000)
    children = [child for child, own in enumerate(graph.parents[:-1]) if own]
    assert len(children) >= 3
    assert [int(np.argmax(slopes[child, :child])) for child in children] == [graph.parents[c][0] for c in children]
