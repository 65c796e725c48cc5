"""Decides with networkx whether answers and certificates of every task are true, as a second implementation."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import cache
from itertools import chain, combinations, product
from typing import Any

import model_oracles
import networkx as nx


def _digraph(prompt: Any) -> nx.DiGraph:
    graph = nx.DiGraph(prompt.edges)
    graph.add_nodes_from(prompt.question)
    return graph


def _reached(graph: nx.DiGraph, node: str) -> set[str]:
    """Returns the nodes that a node reaches by at least one edge."""
    return set().union(*({child, *nx.descendants(graph, child)} for child in graph.successors(node)))


def _is_path(graph: nx.DiGraph, path: list[str], start: str, end: str) -> bool:
    return len(path) > 1 and (path[0], path[-1]) == (start, end) and nx.is_path(graph, path)


def _transitivity(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, (cause, effect) = _digraph(prompt), prompt.question
    if answer == "Yes":
        return _is_path(graph, certificate["path"], cause, effect)
    reached = _reached(graph, cause)
    return effect not in reached and sorted(certificate["reachable"]) == sorted(reached)


def _relevance(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, changed, targets = _digraph(prompt), set(prompt.changed), set(prompt.targets)
    graph.remove_nodes_from(prompt.given)
    if len({*prompt.question, *prompt.given}) < len(prompt.question) + len(prompt.given):
        return False
    if answer == "Yes":
        path = certificate["path"]
        return len(path) > 1 and path[0] in changed and path[-1] in targets and nx.is_path(graph, path)
    reached = set().union(*(nx.descendants(graph, node) for node in changed)) - changed
    return not reached & targets and sorted(certificate["reached"]) == sorted(reached)


def _relevance_axioms(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    """A No is checked exactly, a Yes on random digraphs."""
    if answer == "No":
        graph = nx.DiGraph(certificate["graph"])
        return all(_cannot(claim, graph) for claim in prompt.statements) and not _cannot(prompt.question, graph)
    chance, pairs = random.Random(str(prompt)), list(product(prompt.names, repeat=2))
    graphs = (nx.DiGraph(chance.sample(pairs, chance.randint(1, len(prompt.names)))) for _ in range(60))
    return not any(
        all(_cannot(claim, graph) for claim in prompt.statements) and not _cannot(prompt.question, graph)
        for graph in graphs
    )


def _cannot(claim: Any, graph: nx.DiGraph) -> bool:
    """Returns whether a statement of irrelevance holds in a graph."""
    open_graph = graph.subgraph(set(graph) - set(claim.held))
    reached = [nx.descendants(open_graph, node) for node in claim.changed if node in open_graph]
    return not set().union(*reached) & set(claim.targets)


def _with_hidden_causes(prompt: Any) -> nx.DiGraph:
    graph = _digraph(prompt)
    graph.add_edges_from((frozenset(pair), node) for pair in prompt.hidden for node in pair)
    return graph


def _adjustment(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, (x, y), given = _with_hidden_causes(prompt), prompt.question, set(prompt.given)
    if not graph.nodes >= {x, y, *given} or x == y or given & {x, y}:
        return False
    causal = (nx.descendants(graph, x) & nx.ancestors(graph, y)) | ({y} & nx.descendants(graph, x))
    forbidden = causal.union(*(nx.descendants(graph, node) for node in causal))
    graph.remove_edges_from([(x, node) for node in causal])
    valid = not forbidden & given and nx.is_d_separator(graph, {x}, {y}, given)
    if valid != (answer == "Yes"):
        return False
    if answer == "Yes":
        return sorted(certificate["forbidden"]) == sorted(forbidden)
    if "descent" in certificate:
        path, descent = certificate["causal_path"], certificate["descent"]
        return (path[0], path[-1]) == (x, y) and descent[0] in path[1:] and descent[-1] in given & forbidden
    return (certificate["path"][0], certificate["path"][-1]) == (x, y)


def _identification(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, (x, y) = _digraph(prompt), prompt.question
    graph.add_nodes_from(node for pair in prompt.hidden for node in pair)
    if not graph.nodes >= {x, y} or x == y:
        return False
    hidden = nx.Graph(prompt.hidden)
    hidden.add_nodes_from(graph)

    def connected(nodes: Any, start: Any) -> set[Any]:
        return nx.node_connected_component(hidden.subgraph(nodes), next(iter(start)))

    def is_identified(district: set[Any], nodes: set[Any]) -> bool:
        ancestors = district.union(*(nx.ancestors(graph.subgraph(nodes), node) for node in district))
        smaller = connected(ancestors, district)
        return smaller == district or (smaller != nodes and is_identified(district, smaller))

    without = graph.subgraph(set(graph) - {x})
    relevant = nx.ancestors(without, y) | {y}
    districts = [set(part) for part in nx.connected_components(hidden.subgraph(relevant))]
    identified = all(is_identified(part, connected(graph, part)) for part in districts)
    return identified == (answer == "Yes")


def _open_paths(graph: nx.DiGraph, start: str, end: str, given: set[str]) -> list[list[Any]]:
    """Returns the paths between two nodes, whatever the directions of their edges, that a set leaves open."""
    opened = given.union(*(nx.ancestors(graph, node) for node in given))

    def is_open(path: list[Any]) -> bool:
        triples = zip(path, path[1:], path[2:], strict=False)
        return all(
            node in opened if graph.has_edge(before, node) and graph.has_edge(after, node) else node not in given
            for before, node, after in triples
        )

    return [path for path in nx.all_simple_paths(graph.to_undirected(), start, end) if is_open(path)]


def _leaves(graph: nx.DiGraph, path: list[Any], members: set[str]) -> bool:
    """Returns whether an edge of a path begins at a member of a set."""
    steps = zip(path, path[1:], strict=False)
    return any(a in members and graph.has_edge(a, b) or b in members and graph.has_edge(b, a) for a, b in steps)


def _front_door(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, (x, y), members = _with_hidden_causes(prompt), prompt.question, set(prompt.given)
    if not graph.nodes >= {x, y, *members} or x == y or members & {x, y}:
        return False
    missed = [path for path in nx.all_simple_paths(graph, x, y) if members.isdisjoint(path)]
    to_set = [path for node in members for path in _open_paths(graph, x, node, set()) if not _leaves(graph, path, {x})]
    to_outcome = [
        path for node in members for path in _open_paths(graph, node, y, {x}) if not _leaves(graph, path, members)
    ]
    if answer == "Yes":
        reached = nx.descendants(graph.subgraph(set(graph) - members), x)
        return not missed + to_set + to_outcome and sorted(certificate["reached"]) == sorted(reached)
    if "causal_path" in certificate:
        return certificate["causal_path"] in missed
    paths = to_set if "to_set" in certificate else to_outcome
    stated = certificate.get("to_set") or certificate["to_outcome"]
    return stated["path"] in [[node for node in path if isinstance(node, str)] for path in paths]


def _instrument(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, (x, y), z = _with_hidden_causes(prompt), prompt.question, prompt.instrument
    given = set(prompt.given)
    if not graph.nodes >= {x, y, z, *given} or x == y or {z, *given} & {x, y} or z in given:
        return False
    affected = nx.descendants(graph, x)
    connected = not nx.is_d_separator(graph, {z}, {x}, given)
    cut = graph.copy()
    cut.remove_edges_from([*graph.in_edges(x)])
    excluded = nx.is_d_separator(cut, {z}, {y}, given)
    if answer == "Yes":
        right = not affected & {z, *given} and connected and excluded
        return right and sorted(certificate["affected"]) == sorted(affected)
    if "effect_path" in certificate:
        path = certificate["effect_path"]
        return path[0] == x and path[-1] in affected & {z, *given} and nx.is_path(graph, path)
    return not connected if "to_treatment" in certificate else not excluded or bool(affected & given)


def _co_occurrence(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    if not _transitivity(prompt, answer, certificate):
        return False
    graph, (cause, effect) = _digraph(prompt), prompt.question
    if answer == "Yes":
        return True
    stated = cause != effect and {cause, effect} in map(set, prompt.together)
    ancestors = nx.ancestors(graph, cause), nx.ancestors(graph, effect)
    common = (ancestors[0] & ancestors[1]) - {cause, effect}
    paths = certificate["together"]
    if not paths:
        return not (stated and (effect in ancestors[0] or common))
    start = paths[0][0]
    if len(paths) == 1:
        return stated and _is_path(graph, paths[0], effect, cause)
    ends = zip(paths, (cause, effect), strict=False)
    return (
        len(paths) == 2 and stated and start in common and all(_is_path(graph, path, start, end) for path, end in ends)
    )


def _d_separation(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    graph, given = _digraph(prompt), set(prompt.given)
    graph.add_nodes_from(given)
    x, y = prompt.question
    if nx.is_d_separator(graph, {x}, {y}, given) != (answer == "Yes"):
        return False
    if answer == "Yes":
        ancestors = given.union(*(nx.ancestors(graph, node) for node in given))
        return sorted(certificate["ancestors"]) == sorted(ancestors)
    path = certificate["path"]
    return (path[0], path[-1]) == (x, y) and nx.is_path(graph.to_undirected(), path)


def _corr2cause(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    variables = prompt.system.variables
    if len(variables) > 4:
        return True  # too many graphs for this oracle
    index = {name: number for number, name in enumerate(variables)}
    independent = frozenset(
        (frozenset((index[first], index[second])), frozenset(map(index.__getitem__, given)))
        for first, second, given in prompt.system.independences
    )
    correlated = {frozenset(map(index.__getitem__, pair)) for pair in prompt.system.correlations}
    marginal = {pair for pair, given in independent if not given}
    pairs = set(map(frozenset, combinations(range(len(variables)), 2)))
    if correlated | marginal != pairs or correlated & marginal:
        return False
    first, second = (index[name] for name in prompt.pair)
    graphs = graphs_by_independences(len(variables)).get(independent, [])
    if not graphs:  # no graph has these independences
        return False
    holds = [RELATION_TESTS[prompt.relation](graph, first, second) for graph in graphs]
    verdict = "entailment" if all(holds) else "neutral" if any(holds) else "contradiction"
    return (certificate["verdict"], answer) == (verdict, "Yes" if verdict == "entailment" else "No")


def _descendants_around(graph: nx.DiGraph, node: int, avoided: int) -> set[int]:
    """Returns the nodes that a directed path from a node leads to without touching another node."""
    return nx.descendants(graph.subgraph(set(graph) - {avoided}), node)


def _mediated(graph: nx.DiGraph, first: int, second: int) -> bool:
    return any(second in nx.descendants(graph, child) for child in graph.successors(first))


def _meet(graph: nx.DiGraph, first: int, second: int) -> bool:
    return bool(_descendants_around(graph, first, second) & _descendants_around(graph, second, first))


RELATION_TESTS: Mapping[str, Callable[[nx.DiGraph, int, int], bool]] = {
    "parent": lambda graph, first, second: graph.has_edge(first, second),
    "non-parent ancestor": _mediated,
    "child": lambda graph, first, second: graph.has_edge(second, first),
    "non-child descendant": lambda graph, first, second: _mediated(graph, second, first),
    "has_collider": _meet,
    "has_confounder": lambda graph, first, second: _meet(graph.reverse(), first, second),
}
"""The definitions of `hf_causal.graphs.equivalence.relations`, by networkx."""


@cache
def graphs_by_independences(size: int) -> dict[frozenset[Any], list[nx.DiGraph]]:
    """Returns all DAGs of a size by the independences that they have."""
    pairs = list(combinations(range(size), 2))
    classes: dict[frozenset[Any], list[nx.DiGraph]] = {}
    for directions in product((None, 0, 1), repeat=len(pairs)):
        edges = [pair[::-1] if way else pair for pair, way in zip(pairs, directions, strict=True) if way is not None]
        graph = nx.DiGraph(edges)
        graph.add_nodes_from(range(size))
        if nx.is_directed_acyclic_graph(graph):
            classes.setdefault(frozenset(_independences(graph)), []).append(graph)
    return classes


def _independences(graph: nx.DiGraph) -> list[tuple[frozenset[int], frozenset[int]]]:
    triples = []
    for first, second in combinations(graph, 2):
        others = sorted(set(graph) - {first, second})
        sets = chain.from_iterable(combinations(others, count) for count in range(len(others) + 1))
        triples += [(frozenset((first, second)), frozenset(given)) for given in sets]
    return [
        (pair, given) for pair, given in triples if nx.is_d_separator(graph, *({node} for node in pair), set(given))
    ]


ORACLES: Mapping[str, Callable[[Any, str, Mapping[str, Any]], bool]] = {
    "transitivity": _transitivity,
    "d_separation": _d_separation,
    "corr2cause": _corr2cause,
    "co_occurrence": _co_occurrence,
    "relevance": _relevance,
    "relevance_axioms": _relevance_axioms,
    "adjustment": _adjustment,
    "identification": _identification,
    "front_door": _front_door,
    "instrument": _instrument,
    "quantities": model_oracles.quantity,
    "comparisons": model_oracles.comparison,
    "relevance_semantics": model_oracles.relevance_semantics,
}
