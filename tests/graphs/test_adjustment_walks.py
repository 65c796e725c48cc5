"""The walks decide as the criterion with the back-door graph does, on all small graphs and on random ones."""

from itertools import combinations, permutations

import numpy as np
import pytest

from hf_causal.graphs.adjustment import AdjustmentSets
from hf_causal.graphs.adjustment_walks import WALKS, adjustment_walks
from hf_causal.graphs.mixed_graphs import MixedGraph, node_set


def questions_of(graph):
    """All treatments with an outcome that they cause, and all sets of other nodes."""
    nodes = range(len(graph.children))
    for x, y in permutations(nodes, 2):
        if graph.descendants(1 << x) >> y & 1:
            others = [node for node in nodes if node not in (x, y)]
            yield from ((x, y, z) for size in range(len(others) + 1) for z in combinations(others, size))


def check(nodes, directed, hidden):
    """Compares all questions about a graph; returns their number."""
    graph = MixedGraph.of_edges(nodes, directed, hidden)
    questions = list(questions_of(graph))
    if not questions:
        return 0
    split = [(nodes + number, node) for number, pair in enumerate(hidden) for node in pair]
    edges = np.array([*directed, *split])
    given = np.array([[node in z for node in range(nodes + len(hidden))] for _, _, z in questions])
    x, y = (np.array([question[side] for question in questions]) for side in (0, 1))
    flags, valid = adjustment_walks(edges, nodes + len(hidden), x, y, given)
    assert flags.shape == (len(questions), len(edges), len(WALKS))
    for (treatment, outcome, z), is_valid in zip(questions, valid.tolist(), strict=True):
        assert is_valid == (node_set(z) in AdjustmentSets(graph, 1 << treatment, 1 << outcome)), (directed, hidden)
    return len(questions)


def test_all_graphs_of_three_nodes_with_all_hidden_causes():
    pairs = list(combinations(range(3), 2))
    total = 0
    for chosen in range(1 << 3):
        directed = [pair for number, pair in enumerate(pairs) if chosen >> number & 1]
        for covered in range(1 << 3):
            total += check(3, directed, [pair for number, pair in enumerate(pairs) if covered >> number & 1])
    assert total == 208


@pytest.mark.parametrize("nodes", [5, 7])
def test_random_graphs(nodes):
    random = np.random.default_rng(nodes)
    pairs = np.array(list(combinations(range(nodes), 2)))
    asked = 0
    for _ in range(12):
        directed = pairs[random.random(len(pairs)) < 2.5 / nodes].tolist()
        asked += check(nodes, directed, pairs[random.random(len(pairs)) < 1 / nodes].tolist())
    assert asked > 300


def test_the_walks_of_one_question():
    """A ← C → B, A → B → D, a walk goes up to C and down to B, and D is forbidden."""
    edges = np.array([[2, 0], [2, 1], [0, 1], [1, 3]])
    flags, valid = adjustment_walks(edges, 4, np.array([0]), np.array([1]), np.array([[False, False, False, True]]))
    named = {name: flags[0, :, number].nonzero()[0].tolist() for number, name in enumerate(WALKS)}
    assert named == {
        "the effect is Y or leads to it": [0, 1, 2],
        "the effect leads to the set": [0, 1, 2, 3],
        "a walk that has only gone down passes it": [2, 3],
        "a walk that has gone up passes it downwards": [0, 1, 3],
        "a walk passes it upwards": [0, 1, 2, 3],
    }
    assert valid.tolist() == [False]
