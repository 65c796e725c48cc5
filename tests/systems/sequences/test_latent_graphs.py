"""Latent graphs, their sequences, and the Bayes predictive, against plain loops and enumeration."""

import networkx as nx
import numpy as np
import pytest

from hf_causal.systems.sequences.latent_graphs import (
    STRUCTURES,
    LatentGraph,
    bayes_predictive,
    dirichlet,
    make_graph,
    sample_sequences,
    soft_cross_entropy,
    stationary,
)
from hf_causal.utils.randomness import Stream

each_structure = pytest.mark.parametrize("structure", STRUCTURES)


@each_structure
def test_graphs_are_acyclic_and_laid_out_as_attention(structure):
    graph = make_graph(structure, 12, 3)
    edges = [(parent, child) for child, own in enumerate(graph.parents[:-1]) for parent in own]
    oracle = nx.DiGraph(edges)
    oracle.add_nodes_from(range(12))
    assert nx.is_directed_acyclic_graph(oracle) and graph.num_edges == oracle.number_of_edges()
    assert (graph.adjacency() == nx.to_numpy_array(oracle, nodelist=range(12)).T.astype(bool)).all()


def test_the_structures_are_those_of_the_paper():
    assert make_graph("chain", 4).parents == ((), (0,), (1,), (), (3,))
    assert make_graph("induction", 5).parents == ((), (0,), (), (2,), (), (4,))
    assert make_graph("multi_parent", 5).parents == ((), (), (0, 1), (1, 2), (1, 3), (2, 4))
    sizes = [len(make_graph("forest", 100, seed).parents[place]) for seed in range(10) for place in range(1, 99)]
    assert 0.46 < np.mean(sizes) < 0.54
    # A parent of position 2 is none, 0 or 1, each as often.
    found = [make_graph("random", 4, seed).parents[2] for seed in range(300)]
    assert all(70 < found.count(own) < 130 for own in ((), (0,), (1,)))


@pytest.mark.parametrize("alpha", [0.02, 0.1, 1.0, 3.0])
def test_dirichlet_variables_have_the_moments_of_the_distribution(alpha):
    drawn = dirichlet(alpha, (40_000, 3), Stream(0, "dirichlet"))
    assert drawn.sum(1) == pytest.approx(np.ones(40_000)) and (drawn >= 0).all()
    variance = (1 / 3) * (2 / 3) / (3 * alpha + 1)
    assert drawn.mean(0) == pytest.approx(np.full(3, 1 / 3), abs=0.01)
    assert drawn.var(0) == pytest.approx(np.full(3, variance), rel=0.04)
    # The third moment too, E[x^3] of a Beta(alpha, 2 alpha) variable: the tails are right.
    third = alpha * (alpha + 1) * (alpha + 2) / (3 * alpha * (3 * alpha + 1) * (3 * alpha + 2))
    assert (drawn**3).mean() == pytest.approx(third, rel=0.04)


def test_the_stationary_distribution_is_the_eigenvector():
    transitions = dirichlet(0.1, (50, 6, 6), Stream(0, "chains"))
    found = stationary(transitions)
    for matrix, own in zip(transitions, found, strict=True):
        values, vectors = np.linalg.eig(matrix.T)
        vector = np.real(vectors[:, np.argmax(values.real)])
        assert own == pytest.approx(vector / vector.sum(), abs=1e-8)
    almost_split = np.array([[[1 - 1e-15, 1e-15], [2e-15, 1 - 2e-15]]])
    assert stationary(almost_split)[0] == pytest.approx([2 / 3, 1 / 3], rel=1e-9)


@each_structure
def test_the_reference_counts_transitions_along_the_graph(structure):
    graph = make_graph(structure, 9, 1)
    tokens = sample_sequences(graph, 3, 0.3, 40, Stream(1, structure)).tokens
    found = bayes_predictive(tokens, graph, 3, 0.3)
    for row, own in zip(tokens.tolist(), found, strict=True):
        seen = [row[parent] for parent in graph.parents[-1]]
        counts = [0.3] * 3
        for child, parents in enumerate(graph.parents[:-1]):
            if len(parents) == len(seen) and [row[parent] for parent in parents] == seen:
                counts[row[child]] += 1
        assert own == pytest.approx(np.array(counts) / sum(counts))


def test_the_reference_is_the_posterior_by_integration():
    """With uniform roots: weigh transitions from the prior by how likely they make the tokens."""
    graph, alpha = make_graph("multi_parent", 6), 0.7
    tokens = np.array([[0, 1, 0, 1, 1, 1], [1, 1, 0, 0, 1, 0]])
    prior = dirichlet(alpha, (60_000, 4, 2), Stream(0, "integration"))
    for row, own in zip(tokens, bayes_predictive(tokens, graph, 2, alpha), strict=True):
        likelihood = np.ones(len(prior))
        for child, parents in enumerate(graph.parents[:-1]):
            if parents:
                likelihood *= prior[:, 2 * row[parents[0]] + row[parents[1]], row[child]]
        asked = prior[:, 2 * row[graph.parents[-1][0]] + row[graph.parents[-1][1]]]
        assert own == pytest.approx((likelihood[:, None] * asked).sum(0) / likelihood.sum(), abs=0.015)


@pytest.mark.parametrize("structure", ["chain", "multi_parent"])
def test_nothing_that_knows_the_graph_beats_the_reference(structure):
    """Any other smoothing, and any other graph, has a larger loss."""
    graph = make_graph(structure, 14)
    drawn = sample_sequences(graph, 3, 0.1, 20_000, Stream(0, "best", structure))

    def loss(graph, alpha):
        return soft_cross_entropy(bayes_predictive(drawn.tokens, graph, 3, alpha), drawn.target_probabilities)

    best = loss(graph, 0.1)
    others = [loss(graph, alpha) for alpha in (0.05, 0.2, 1.0)]
    wrong = "induction" if structure == "chain" else "random"
    shifted = LatentGraph(wrong, make_graph(wrong, 14, 5).parents[:-1] + (graph.parents[-1],), graph.free_last)
    assert best < min(*others, loss(shifted, 0.1))


@each_structure
def test_tokens_follow_the_transitions_of_their_sequence(structure):
    """Where a child's parents hold the same tokens as the target's, the target's row says what the child is."""
    graph = make_graph(structure, 10, 2)
    drawn = sample_sequences(graph, 2, 0.3, 40_000, Stream(0, "follow", structure))
    rows = drawn.target_probabilities
    assert rows.sum(1) == pytest.approx(np.ones(40_000))
    assert rows[np.arange(40_000), drawn.target].mean() == pytest.approx((rows**2).sum(1).mean(), abs=0.01)
    for child, parents in enumerate(graph.parents[:-1]):
        if len(parents) == len(graph.parents[-1]):
            same = (drawn.tokens[:, list(parents)] == drawn.tokens[:, list(graph.parents[-1])]).all(1)
            agreeing = rows[same, drawn.tokens[same, child]].mean()
            # With several parents the target's depend on the child a little.
            assert agreeing == pytest.approx((rows[same] ** 2).sum(1).mean(), abs=0.01 if graph.free_last else 0.03)
    last = np.bincount(drawn.tokens[:, -1], minlength=2) / 40_000
    assert not graph.free_last or last == pytest.approx([0.5, 0.5], abs=0.01)


def test_roots_follow_the_stationary_distribution():
    """So every position of a chain has the same distribution in the same sequence: pairs repeat as often at any
    distance in time."""
    graph = make_graph("chain", 8)
    drawn = sample_sequences(graph, 3, 0.2, 60_000, Stream(0, "roots")).tokens
    repeats = [(drawn[:, place] == drawn[:, place + 2]).mean() for place in range(5)]
    assert np.ptp(repeats) < 0.015


def test_deterministic_transitions():
    drawn = sample_sequences(make_graph("multi_parent", 12), 3, 0.0, 50, Stream(0, "deterministic"))
    assert set(np.unique(drawn.target_probabilities)) == {0.0, 1.0}
    assert (drawn.target_probabilities.argmax(1) == drawn.target).all()


def test_the_same_key_gives_the_same_sequences():
    graph = make_graph("random", 8)
    one, two, other = (sample_sequences(graph, 4, 0.1, 20, Stream(seed, "x")) for seed in (0, 0, 1))
    assert (one.tokens == two.tokens).all() and (one.target_probabilities == two.target_probabilities).all()
    assert (one.tokens != other.tokens).any()


def test_mistakes_are_named():
    graph = make_graph("chain", 5)
    for message, call in [
        ("`structure` must be one of chain, induction, .* got 'star'", lambda: make_graph("star", 5)),
        ("`length` must lie in 3 ... 127, got 2", lambda: make_graph("chain", 2)),
        ("`num_states` must lie in 2 ... 100, got 1", lambda: sample_sequences(graph, 1, 0.1, 2, Stream(0))),
        ("`alpha` must lie in", lambda: sample_sequences(graph, 2, 0.0, 2, Stream(0))),
        ("`alpha` must be positive, got 0", lambda: bayes_predictive(np.zeros((1, 5), int), graph, 2, 0)),
        (r"shape \(sequences, 5\), got \(1, 4\)", lambda: bayes_predictive(np.zeros((1, 4), int), graph, 2, 1)),
        ("position 1 must be different positions before it, got", lambda: LatentGraph("x", ((), (1,)), True)),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
