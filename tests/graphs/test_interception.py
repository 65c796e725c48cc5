"""What changes can affect in batches of graphs, compared with networkx and with sets as integers."""

import networkx as nx
import numpy as np
import pytest

from hf_causal.graphs.interception import affected, cyclic_digraphs, paths_to
from hf_causal.graphs.relevance import relevant_nodes
from hf_causal.utils.randomness import Stream

NODES = 8


@pytest.fixture(scope="module")
def searches():
    stream = Stream("interception")
    edges = cyclic_digraphs(60, NODES, 1.5, stream)
    graph = stream.integers(len(edges), (300,))
    role = stream.integers(4, (300, NODES))
    role[:, 0] = 1
    changed, held = role == 1, role == 2
    return edges, graph, changed, held, *affected(edges, graph, changed, held)


def test_distances_are_those_of_networkx(searches):
    edges, graph, changed, held, distance, _ = searches
    for row, number in enumerate(graph):
        digraph = nx.DiGraph(edges[number].tolist())
        digraph.add_nodes_from(range(NODES))
        digraph.remove_nodes_from(np.flatnonzero(held[row]))
        expected = nx.multi_source_dijkstra_path_length(digraph, set(np.flatnonzero(changed[row])))
        assert distance[row].tolist() == [expected.get(node, -1) for node in range(NODES)]


def test_reached_nodes_are_those_of_one_graph_alone(searches):
    edges, graph, changed, held, distance, _ = searches
    weights = 1 << np.arange(NODES)
    for row, number in enumerate(graph):
        children = [0] * NODES
        for cause, effect in edges[number]:
            children[cause] |= 1 << int(effect)
        x, z = int(changed[row] @ weights), int(held[row] @ weights)
        assert int((distance[row] > 0) @ weights) == relevant_nodes(children, x, z) & ~x


def test_paths_are_shortest_and_avoid_what_is_held_fixed(searches):
    edges, graph, changed, held, distance, previous = searches
    row, target = np.nonzero(distance > 0)
    paths = paths_to(distance[row], previous[row], target)
    for number, path, end in zip(row, paths, target, strict=True):
        nodes = path[path >= 0]
        assert changed[number, nodes[0]] and nodes[-1] == end and len(nodes) == distance[number, end] + 1
        assert not held[number, nodes].any()
        stated = set(map(tuple, edges[graph[number]]))
        assert all(step in stated for step in zip(nodes, nodes[1:], strict=False))
    with pytest.raises(ValueError, match="`target` must be reached"):
        paths_to(distance[:1], previous[:1], np.flatnonzero(distance[0] < 0)[:1])


def test_digraphs_have_a_cycle_and_no_edge_twice():
    edges = cyclic_digraphs(100, 6, 1.4, Stream("cycles"))
    assert 20 < len(edges) <= 100 and edges.shape[1:] == (8, 2)
    for graph in edges.tolist():
        assert len(set(map(tuple, graph))) == 8 and all(cause != effect for cause, effect in graph)
        assert not nx.is_directed_acyclic_graph(nx.DiGraph(graph))
    with pytest.raises(ValueError, match="asks for 40 edges"):
        cyclic_digraphs(1, 5, 8.0, Stream("cycles"))
