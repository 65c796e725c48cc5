"""How hard a question is, measured on its graph."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Set

from hf_causal.tasks.shared.proofs import Facts, find_cycle, neighbours, reachable

MOST_COUNTED = 100
"""Counts of answers stop here where counting all of them may take exponential time."""
_MOST_STEPS = 2000


def graph_measures(facts: Facts) -> dict[str, int]:
    """Returns what can be measured on a stated graph: nodes, different edges, and distractors.

    A distractor is a sentence that is on no path, whatever the directions of its edges, between two nodes of the
    question, its conditioning set included.
    """
    if facts.edges is None:
        return {}
    nodes = {*facts.question, *facts.given, *(node for edge in facts.edges for node in edge)}
    measures = {"nodes": len(nodes), "edges": len(set(facts.edges))}
    ends = {*facts.question, *facts.given}
    return measures | {"distractors": len(facts.edges) - len(edges_between(facts.edges, ends))}


def edges_between(edges: Iterable[tuple[str, str]], ends: Set[str]) -> list[tuple[str, str]]:
    """Returns the edges on some path between two of the ends that visits no node twice, whatever the directions.

    An edge is on such a path if and only if no single node, when removed, cuts it off from all other ends (the fan
    lemma of Dirac, 1960, a form of Menger's theorem).

    Example:

    ```python
    >>> edges_between([("A", "B"), ("C", "B"), ("C", "D")], {"A", "C"})
    [('A', 'B'), ('C', 'B')]

    ```
    """
    remaining = [edge for edge in edges if edge[0] != edge[1]]
    adjacent: dict[str, set[str]] = {}
    for cause, effect in remaining:
        adjacent.setdefault(cause, set()).add(effect)
        adjacent.setdefault(effect, set()).add(cause)
    for removed in adjacent:
        without = {node: others - {removed} for node, others in adjacent.items() if node != removed}
        linked = reachable(ends - {removed}, without)
        remaining = [edge for edge in remaining if linked & (set(edge) - {removed})]
    return remaining


def count_paths(edges: Collection[tuple[str, str]], cause: str, effect: str) -> int:
    """Counts the directed paths from one node to another, at most `MOST_COUNTED` where the graph has a cycle."""
    effects = {node: sorted(set(nodes)) for node, nodes in neighbours(edges)[1].items()}
    if find_cycle(edges) is not None:
        return count_simple_paths(cause, effect, lambda path: effects.get(path[-1], ()), effects)
    counts: dict[str, int] = {effect: 1}
    for node in _effects_first(effects, cause):
        if node != effect:
            counts[node] = sum(counts.get(following, 0) for following in effects.get(node, ()))
    return counts.get(cause, 0) if cause != effect else 0


def _effects_first(effects: Mapping[str, Iterable[str]], start: str) -> list[str]:
    """Returns the nodes reached from a node of a DAG, each after all of its effects."""
    order: list[str] = []
    entered, stack = {start}, [(start, iter(effects.get(start, ())))]
    while stack:
        node, following = stack[-1]
        successor = next((name for name in following if name not in entered), None)
        if successor is None:
            order.append(node)
            stack.pop()
        else:
            entered.add(successor)
            stack.append((successor, iter(effects.get(successor, ()))))
    return order


def count_simple_paths(
    start: str, end: str, steps: Callable[[list[str]], Iterable[str]], adjacent: Mapping[str, Iterable[str]]
) -> int:
    """Counts paths that visit no node twice, at most `MOST_COUNTED`; the search ends after `_MOST_STEPS` steps.

    Args:
        start, end (`str`): First and last node.
        steps (callable): From a path to the nodes by which it may continue.
        adjacent (mapping): Nodes by which a path may continue at most. A path that cannot reach the end is left.
    """
    count, stack = 0, [[start]]
    for _ in range(_MOST_STEPS):
        if not stack or count == MOST_COUNTED:
            break
        path = stack.pop()
        left = {node: set(nodes) - set(path) for node, nodes in adjacent.items()}
        following = [node for node in steps(path) if node not in path]
        count += end in following
        stack += [[*path, node] for node in following if node != end and end in reachable([node], left)]
    return count
