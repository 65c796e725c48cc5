import networkx as nx
import numpy as np
import pytest

from hf_causal.graphs import dags as graphs
from hf_causal.utils.randomness import Stream


def digraph(edges: np.ndarray, num_nodes: int) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(range(num_nodes))
    graph.add_edges_from(edges.tolist())
    return graph


def expected_hops(graph: nx.DiGraph) -> np.ndarray:
    """Shortest walks of at least one edge, so the diagonal holds the shortest cycle through each node."""
    distances = dict(nx.all_pairs_shortest_path_length(graph))
    hops = np.full((len(graph), len(graph)), -1)
    for cause in graph:
        for first in graph.successors(cause):
            for effect, distance in distances[first].items():
                if hops[cause, effect] < 0 or distance + 1 < hops[cause, effect]:
                    hops[cause, effect] = distance + 1
    return hops


def any_graphs(num_graphs: int, num_nodes: int, num_edges: int) -> np.ndarray:
    """Graphs with cycles, self-loops and repeated edges."""
    return np.random.default_rng(num_nodes * 100 + num_edges).integers(num_nodes, size=(num_graphs, num_edges, 2))


BATCHES = [
    *(pytest.param(any_graphs(150, nodes, edges), nodes, id=f"any-{nodes}-{edges}")
      for nodes, edges in [(2, 1), (2, 3), (3, 3), (4, 4), (5, 6), (6, 6), (7, 14), (8, 10), (9, 9), (12, 18)]),
    *(pytest.param(graphs.erdos_renyi_dags(150, nodes, factor, Stream("dags")), nodes, id=f"dag-{nodes}-{factor}")
      for nodes, factor in [(2, 0.5), (3, 1.0), (5, 2.0), (6, 1.4), (8, 1.4), (8, 3.5), (12, 2.0), (20, 1.4)]),
    *(pytest.param(graphs.flip_edges(graphs.chains(150, nodes), 0.5, Stream("flips")), nodes, id=f"chain-{nodes}")
      for nodes in (3, 6, 15)),
]  # fmt: skip


@pytest.mark.parametrize(("edges", "num_nodes"), BATCHES)
def test_hops_reachability_and_acyclicity_agree_with_networkx(edges, num_nodes):
    hops = graphs.hop_counts(edges, num_nodes)
    oracles = [digraph(graph, num_nodes) for graph in edges]
    expected = np.stack([expected_hops(oracle) for oracle in oracles])
    np.testing.assert_array_equal(hops, expected)
    np.testing.assert_array_equal(graphs.reachability(edges, num_nodes), expected > 0)
    acyclic = [nx.is_directed_acyclic_graph(oracle) for oracle in oracles]
    assert graphs.is_acyclic(edges, num_nodes).tolist() == acyclic


@pytest.mark.parametrize(("edges", "num_nodes"), BATCHES)
def test_shortest_paths_are_stated_and_shortest(edges, num_nodes):
    hops = graphs.hop_counts(edges, num_nodes)
    graph, cause, effect = np.nonzero(hops > 0)
    paths = graphs.shortest_paths(edges, hops, graph, cause, effect)
    length = (paths >= 0).sum(axis=1) - 1
    np.testing.assert_array_equal(length, hops[graph, cause, effect])
    np.testing.assert_array_equal(paths[:, 0], cause)
    np.testing.assert_array_equal(paths[np.arange(len(paths)), length], effect)
    used = np.arange(paths.shape[1]) <= length[:, None]
    assert (paths[~used] == -1).all()
    row, step = np.nonzero(used[:, 1:])
    assert graphs.adjacency(edges, num_nodes)[graph[row], paths[row, step], paths[row, step + 1]].all()


def test_of_several_shortest_paths_the_lowest_numbers_are_taken():
    for seed in range(30):
        edges = any_graphs(1, 7, 16) if seed == 0 else graphs.erdos_renyi_dags(1, 7, 2.5, Stream("ties", seed))
        hops, oracle = graphs.hop_counts(edges, 7), digraph(edges[0], 7)
        for cause, effect in np.argwhere((hops[0] > 0) & ~np.eye(7, dtype=bool)):
            path = graphs.shortest_paths(edges, hops, np.array([0]), np.array([cause]), np.array([effect]))
            assert path[0].tolist() == min(nx.all_shortest_paths(oracle, cause, effect))


def test_shortest_paths_refuse_an_effect_out_of_reach():
    edges = graphs.chains(1, 3)
    with pytest.raises(ValueError, match="`effect` must be reachable"):
        graphs.shortest_paths(edges, graphs.hop_counts(edges, 3), np.array([0]), np.array([2]), np.array([0]))


def test_no_paths_are_a_batch_of_none():
    edges, none = graphs.chains(1, 3), np.zeros(0, dtype=np.int64)
    assert len(graphs.shortest_paths(edges, graphs.hop_counts(edges, 3), none, none, none)) == 0


def test_the_diagonal_holds_the_cycle_through_each_node():
    edges = np.array(
        [[[0, 1], [1, 2], [2, 0], [3, 0]], [[0, 1], [1, 2], [2, 2], [3, 0]], [[0, 1], [1, 2], [0, 2], [3, 0]]]
    )
    diagonal = graphs.hop_counts(edges, 4).diagonal(axis1=1, axis2=2)
    assert diagonal.tolist() == [[3, 3, 3, -1], [-1, -1, 1, -1], [-1, -1, -1, -1]]
    assert graphs.is_acyclic(edges, 4).tolist() == [False, False, True]


def test_a_path_round_a_cycle_returns_to_its_start():
    edges = np.array([[[0, 1], [1, 2], [2, 0]]])
    one = np.array([0])
    assert graphs.shortest_paths(edges, graphs.hop_counts(edges, 3), one, one, one).tolist() == [[0, 1, 2, 0]]


def test_the_longest_allowed_chain_does_not_overflow():
    hops = graphs.hop_counts(graphs.chains(1, graphs.MAX_NODES)[:, ::-1], graphs.MAX_NODES)
    assert hops[0, 0, -1] == graphs.MAX_NODES - 1
    assert hops[0, -1, 0] == -1


def test_chains_state_their_edges_in_order():
    edges = graphs.chains(2, 4)
    assert edges.tolist() == [[[0, 1], [1, 2], [2, 3]]] * 2
    edges[0, 0, 0] = 9
    assert edges[1, 0, 0] == 0, "the graphs of a batch must not share memory"


def test_reverse_edges_reverses_exactly_the_selected_ones():
    where = np.array([[True, False], [False, True]])
    assert graphs.reverse_edges(graphs.chains(2, 3), where).tolist() == [[[1, 0], [1, 2]], [[0, 1], [2, 1]]]


@pytest.mark.parametrize("num_nodes", [2, 3, 6, 15, 50])
def test_flipped_chains_stay_acyclic_chains(num_nodes):
    chains = graphs.chains(500, num_nodes)
    flipped = graphs.flip_edges(chains, 0.5, Stream("flip", num_nodes))
    assert graphs.is_acyclic(flipped, num_nodes).all()
    np.testing.assert_array_equal(np.sort(flipped, axis=2), chains)
    turned = (flipped[..., 0] > flipped[..., 1]).mean()
    assert abs(turned - 0.5) < 0.1


@pytest.mark.parametrize(("probability", "share"), [(0.0, 0.0), (1.0, 1.0), (0.2, 0.2)])
def test_flips_have_the_given_probability(probability, share):
    flipped = graphs.flip_edges(graphs.chains(5000, 5), probability, Stream("share"))
    assert (flipped[..., 0] > flipped[..., 1]).mean() == pytest.approx(share, abs=0.02 if 0 < share < 1 else 0)


@pytest.mark.parametrize("probability", [-0.1, 1.1, float("nan")])
def test_flips_refuse_what_is_no_probability(probability):
    with pytest.raises(ValueError, match="`probability`.*got"):
        graphs.flip_edges(graphs.chains(1, 3), probability, Stream("bad"))


def test_shuffling_keeps_each_graph_and_changes_the_order():
    edges = graphs.erdos_renyi_dags(400, 8, 1.4, Stream("dags"))
    shuffled = graphs.shuffle_edges(edges, Stream("shuffle"))
    for before, after in zip(edges.tolist(), shuffled.tolist(), strict=True):
        assert sorted(after) == before
    assert (shuffled != edges).any(axis=(1, 2)).mean() > 0.99


def test_all_orders_of_a_shuffle_are_equally_likely():
    shuffled = graphs.shuffle_edges(graphs.chains(6000, 4), Stream("orders"))
    _, counts = np.unique(shuffled[..., 0], axis=0, return_counts=True)
    assert len(counts) == 6
    assert np.abs(counts - 1000).max() < 150


@pytest.mark.parametrize("num_nodes", [5, 8, 10, 12, 20, 40])
@pytest.mark.parametrize("factor", [1.4, 2.0])
def test_erdos_renyi_graphs_are_dags_with_the_promised_edges(num_nodes, factor):
    edges = graphs.erdos_renyi_dags(100, num_nodes, factor, Stream("er", num_nodes))
    assert edges.shape == (100, int(factor * num_nodes), 2)
    assert edges.min() >= 0 and edges.max() < num_nodes
    for graph in edges:
        oracle = digraph(graph, num_nodes)
        assert oracle.number_of_edges() == len(graph), "an edge is stated twice"
        assert nx.is_directed_acyclic_graph(oracle)
        assert graph.tolist() == sorted(graph.tolist()), "edges are listed by cause, then by effect"


def test_every_ordered_pair_is_equally_likely_in_an_erdos_renyi_graph():
    """The topological order must be unrelated to the numbering of the nodes."""
    edges = graphs.erdos_renyi_dags(12_000, 4, 0.5, Stream("pairs")).reshape(-1, 2)
    counts = graphs.adjacency(edges[:, None], 4).sum(axis=0)
    assert np.abs(counts[~np.eye(4, dtype=bool)] - 2000).max() < 200


def test_the_same_key_gives_the_same_graphs():
    first, second, other = (graphs.erdos_renyi_dags(20, 8, 1.4, Stream("key", key)) for key in (0, 0, 1))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


@pytest.mark.parametrize(("num_nodes", "factor"), [(3, 1.4), (5, 2.3), (5, 0.0), (5, -1.0)])
def test_erdos_renyi_refuses_a_number_of_edges_that_cannot_be(num_nodes, factor):
    with pytest.raises(ValueError, match=rf"`branching_factor` {factor}.*DAG of {num_nodes} nodes has 1 to"):
        graphs.erdos_renyi_dags(1, num_nodes, factor, Stream("bad"))


@pytest.mark.parametrize("num_nodes", [-1, 0, 1, 1001])
def test_sizes_out_of_range_are_refused(num_nodes):
    edges = np.zeros((1, 1, 2), dtype=np.int64)
    for make in (
        lambda: graphs.chains(1, num_nodes),
        lambda: graphs.erdos_renyi_dags(1, num_nodes, 1.4, Stream("bad")),
        lambda: graphs.hop_counts(edges, num_nodes),
    ):
        with pytest.raises(ValueError, match=f"`num_nodes`.*got {num_nodes}"):
            make()


def test_random_trees_are_polytrees_of_every_shape():
    edges = graphs.random_trees(3000, 4, Stream("trees"))
    assert edges.shape == (3000, 3, 2)
    found = [nx.DiGraph(own.tolist()) for own in edges]
    assert all(nx.is_tree(graph.to_undirected()) and len(graph) == 4 for graph in found)
    # A recursive tree of four nodes is a star or a path; node 3 hangs on the only centre so far in 2 of 6 trees.
    stars = sum(max(dict(graph.degree).values()) == 3 for graph in found) / 3000
    assert abs(stars - 1 / 3) < 0.04
    assert abs((edges[..., 0] > edges[..., 1]).mean() - 0.5) < 0.03
