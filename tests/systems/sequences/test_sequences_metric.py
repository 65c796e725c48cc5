"""Recovery of graphs from attention, against networkx and plain counts."""

import networkx as nx
import numpy as np
import pytest

from hf_causal.systems.sequences.latent_graphs import STRUCTURES, make_graph
from hf_causal.systems.sequences.metric import recover, score_recovery


def random_attention(heads, length, seed):
    generator = np.random.default_rng(seed)
    logits = np.where(np.tri(length, dtype=bool), 3 * generator.normal(size=(heads, length, length)), -np.inf)
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    return shares / shares.sum(-1, keepdims=True)


@pytest.mark.parametrize("seed", range(8))
def test_counts_are_those_of_graphs(seed):
    graph = make_graph(list(STRUCTURES)[seed % 5], 9, seed)
    attention, parents = random_attention(1 + seed % 3, 9, seed), graph.parents[:-1]
    found = recover(attention, parents, 0.3)
    true = nx.DiGraph((parent, child) for child, own in enumerate(parents) for parent in own)
    edges = [
        (key, query)
        for query in range(9)
        for key in range(query)
        if max(head[query][key] for head in attention.tolist()) > 0.3
    ]
    read = nx.DiGraph(edges)
    for one in (true, read):
        one.add_nodes_from(range(9))
    both = nx.intersection(true, read).number_of_edges()
    assert (found.num_edges, found.num_found) == (true.number_of_edges(), read.number_of_edges())
    assert found.hamming_distance == nx.symmetric_difference(true, read).number_of_edges()
    assert found.precision == pytest.approx(both / read.number_of_edges())
    assert found.recall == pytest.approx(both / true.number_of_edges())
    harmonic = 2 * found.precision * found.recall / (found.precision + found.recall) if both else 0
    assert found.f1 == pytest.approx(harmonic)
    weights = [max(head[child][parent] for head in attention.tolist()) for parent, child in true.edges]
    assert found.mean_weight == pytest.approx(sum(weights) / len(weights))
    assert found.min_weight == pytest.approx(min(weights))
    for child, one in enumerate(found.positions):
        assert one.found == tuple(sorted(read.predecessors(child))) and set(one.parents) == set(
            true.predecessors(child)
        )


@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_graph_itself_is_recovered_and_spread_attention_is_not(structure):
    graph = make_graph(structure, 10, 1)
    own = graph.parents[:-1]
    heads = np.zeros((2, 10, 10))
    for child, parents in enumerate(own):
        for head in range(2):
            heads[head, child, parents[head % len(parents)] if parents else child] = 1
    exact = recover(heads, own)
    assert (exact.f1, exact.mean_weight, exact.top_parents, exact.hamming_distance) == (1, 1, 1, 0)
    spread = np.tri(10) / np.arange(1, 11)[:, None]
    even = recover(spread, own)
    assert even.mean_weight == pytest.approx(even.uniform_weight) and even.num_found == 0
    assert (even.precision, even.recall, even.f1, even.top_parents) == (0, 0, 0, 0)
    assert even.hamming_distance == even.num_edges == graph.num_edges


def test_several_graphs_are_weighed_by_their_edges():
    graphs = [make_graph("forest", 8, seed).parents[:-1] for seed in (1, 2, 3)] + [[[]] * 8]
    attentions = [random_attention(1, 8, seed) for seed in range(4)]
    scores = score_recovery(attentions, graphs, 0.4)
    singles = [recover(*pair, 0.4) for pair in zip(attentions, graphs, strict=True)]
    hits = sum(round(one.recall * one.num_edges) for one in singles)
    assert scores["precision"] == pytest.approx(hits / sum(one.num_found for one in singles))
    weights = [attention[0, child, p] for attention, own in zip(attentions, graphs, strict=True)
               for child, parents in enumerate(own) for p in parents]  # fmt: skip
    assert scores["mean_weight"] == pytest.approx(np.mean(weights)) and scores["min_weight"] == min(weights)
    assert scores["graphs"][3]["mean_weight"] is None


def test_mistakes_are_named():
    good = random_attention(1, 3, 0)
    for call, message in [
        (lambda: recover(good[:, :2], [[], [0], [0]]), "`attention` must have shape"),
        (lambda: recover(good, [[], [0]]), "with the parents' length 2"),
        (lambda: recover(2 * good, [[], [0], [0]]), "rows that add up to 1, got 2.0000"),
        (lambda: recover(good, [[], [1], [0]]), "`parents` of position 1 must stand before it"),
        (lambda: recover(good, [[], [0], [0]], 1.0), "`threshold` must lie in"),
        (lambda: score_recovery([good], []), "must have one length of at least 1, got 1 and 0"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
