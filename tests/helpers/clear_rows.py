"""Rows like those of CLEAR, with answers that other code than the package's computes."""

import random
from itertools import combinations

import networkx as nx
from oracles import is_open

LETTERS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"


def random_dag(generator: random.Random, size: int, density: float = 0.5) -> nx.DiGraph:
    names = generator.sample(LETTERS, size)
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    order = generator.sample(names, size)
    graph.add_edges_from(pair for pair in combinations(order, 2) if generator.random() < density)
    return graph


def edge_list(graph: nx.DiGraph) -> str:
    return ", ".join(f"{i}->{j}" for i, j in graph.edges)


def dag_sentence(graph: nx.DiGraph) -> str:
    nodes = ", ".join(graph.nodes)
    return f"Given a DAG (directed acyclic graph) with nodes {nodes} and directed edges {edge_list(graph)}."


def row(description: str, question: str, answer, form: str = "YN", task: str = "any") -> dict:
    return {
        "description": description,
        "graph_type": "DAG",
        "question": question,
        "answer": answer,
        "question_type": form,
        "task_type": task,
    }


def yes(truth: bool) -> str:
    return "Yes." if truth else "No."


def marked_paths(graph: nx.DiGraph, x: str, y: str) -> list[str]:
    """Returns the paths from x to y as CLEAR writes them, by a search of the undirected graph."""
    paths = nx.all_simple_paths(graph.to_undirected(), x, y)
    marks = [
        [("->" if graph.has_edge(i, j) else "<-") + j for i, j in zip(path, path[1:], strict=False)] for path in paths
    ]
    return [x + "".join(steps) for steps in marks]


def blocked(graph: nx.DiGraph, text: str, given: set[str]) -> bool:
    nodes = text.replace("<-", "->").split("->")
    return not is_open(graph, nodes, nodes[0], nodes[-1], given)


def separated(graph: nx.DiGraph, x: str, y: str, given: set[str]) -> bool:
    return all(blocked(graph, path, given) for path in marked_paths(graph, x, y))


def subsets(names) -> list[set[str]]:
    names = sorted(names)
    return [set(subset) for size in range(len(names) + 1) for subset in combinations(names, size)]


def back_door_sets(graph: nx.DiGraph, x: str, y: str) -> list[set[str]]:
    """Returns the sets without descendants of x that block every path that begins with an arrow into x."""
    candidates = set(graph) - nx.descendants(graph, x) - {x, y}
    behind = [path for path in marked_paths(graph, x, y) if path.startswith(f"{x}<-")]
    return [z for z in subsets(candidates) if all(blocked(graph, path, z) for path in behind)]


def front_door_sets(graph: nx.DiGraph, x: str, y: str) -> list[set[str]]:
    """Returns the sets that satisfy the three conditions of the front-door criterion, path by path."""
    directed = [set(path[1:-1]) for path in nx.all_simple_paths(graph, x, y)]
    found = []
    for z in subsets(set(graph) - {x, y}):
        to_set = [path for m in z for path in marked_paths(graph, x, m) if path.startswith(f"{x}<-")]
        to_outcome = [path for m in z for path in marked_paths(graph, m, y) if path.startswith(f"{m}<-")]
        # Back-door paths from one member of the set through another are those of the other.
        outside = [path for path in to_outcome if not z & set(path.replace("<-", "->").split("->")[1:-1])]
        first = all(path & z for path in directed)
        second = all(blocked(graph, path, set()) for path in to_set)
        if first and second and all(blocked(graph, path, {x}) for path in outside):
            found.append(z)
    return found


def set_text(names: set[str]) -> str:
    return repr(names) if names else "set()"


def same_independences(first: nx.DiGraph, second: nx.DiGraph) -> bool:
    return all(
        nx.is_d_separator(first, x, y, z) == nx.is_d_separator(second, x, y, z)
        for x, y in combinations(first, 2)
        for z in subsets(set(first) - {x, y})
    )


def triple_list(graph: nx.DiGraph) -> list[tuple[str, str, str]]:
    """Returns the chains whose ends are not adjacent."""
    near = graph.to_undirected()
    return [(i, j, k) for i, j in graph.edges for k in graph.successors(j) if not near.has_edge(i, k)]
