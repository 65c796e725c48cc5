"""What several tests hold d-separation against: the definition, read on networkx graphs."""

from collections.abc import Hashable, Iterable
from itertools import pairwise

import networkx as nx


def digraph(edges: Iterable[tuple[Hashable, Hashable]], nodes: Iterable[Hashable]) -> nx.DiGraph:
    graph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    return graph


def is_open(graph: nx.DiGraph, path: list[Hashable], x: Hashable, y: Hashable, given: set[Hashable]) -> bool:
    """Whether it is a path from x to y with its chains and forks outside Z and each collider an ancestor of Z."""
    if len(path) < 2 or (path[0], path[-1]) != (x, y) or len(set(path)) < len(path):
        return False
    if not all(graph.has_edge(*step) or graph.has_edge(*step[::-1]) for step in pairwise(path)):
        return False
    for before, node, after in zip(path, path[1:], path[2:], strict=False):
        collider = graph.has_edge(before, node) and graph.has_edge(after, node)
        if collider and not given & (nx.descendants(graph, node) | {node}):
            return False
        if not collider and node in given:
            return False
    return True


def shortest_open_path(graph: nx.DiGraph, x: Hashable, y: Hashable, given: set[Hashable]) -> int:
    """Edges of the shortest open path, by looking at every path; -1 where there is none."""
    paths = nx.all_simple_paths(graph.to_undirected(), x, y)
    return min((len(path) - 1 for path in paths if is_open(graph, path, x, y, given)), default=-1)
