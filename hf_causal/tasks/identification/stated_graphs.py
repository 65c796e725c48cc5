"""The graph that a premise states: which nodes no adjustment set may have, and what is not causal."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from hf_causal.graphs.mixed_graphs import MixedGraph
from hf_causal.tasks.d_separation.text import Prompt as Separation
from hf_causal.tasks.identification.text import Prompt
from hf_causal.tasks.shared.proofs import find_cycle, neighbours, reachable

_HIDDEN = "~"
"""Joins two names to that of their hidden cause, which no name of a prompt can be."""


def require_answerable(prompt: Prompt) -> None:
    """Raises `ValueError` if the statements are no acyclic graph, or the question has no answer in it."""
    x, y = prompt.question
    if x == y:
        raise ValueError(f"the question is about {x!r} and itself; it should be about two different nodes")
    for node in prompt.question:
        if node in prompt.given:
            raise ValueError(f"the set holds {node!r}, the treatment or the outcome; it should hold other nodes")
    if len(set(prompt.given)) < len(prompt.given):
        raise ValueError(f"the set {list(prompt.given)} holds a node twice")
    stated = _stated_names(prompt.statements)
    if unknown := [node for node in (*prompt.question, *prompt.given) if node not in stated]:
        raise ValueError(f"the question is about {unknown[0]!r}, which no statement mentions")
    if fault := _fault(prompt.statements):
        raise ValueError(fault)


@lru_cache(maxsize=256)
def _stated_names(statements: tuple[tuple[str, str, bool], ...]) -> frozenset[str]:
    return frozenset(name for statement in statements for name in statement[:2])


@lru_cache(maxsize=256)
def _fault(statements: tuple[tuple[str, str, bool], ...]) -> str:
    """Returns why statements are no acyclic graph, or nothing; most premises have several questions."""
    if same := [first for first, second, causes in statements if first == second and not causes]:
        return f"a statement says that {same[0]!r} shares a hidden cause with itself"
    cycle = find_cycle([(first, second) for first, second, causes in statements if causes])
    return f"the premise is no acyclic graph: its statements close the cycle {' -> '.join(cycle)}" if cycle else ""


class Effect(NamedTuple):
    """The nodes that matter for the effect of a treatment on an outcome."""

    causal: set[str]
    """On directed paths from the treatment to the outcome, without the treatment."""
    forbidden: set[str]
    """These nodes and all that they lead to: no adjustment set has one of them."""


def effect_nodes(prompt: Prompt) -> Effect:
    """Returns the nodes on the causal paths of a question, and the forbidden ones."""
    causes, effects = neighbours(prompt.edges)
    x, y = prompt.question
    causal = (reachable((x,), effects) & reachable((y,), causes)) - {x}
    return Effect(causal, reachable(causal, effects))


def hidden_node(first: str, second: str) -> str:
    """Returns the name of the hidden cause of two nodes, the same in either order."""
    return _HIDDEN.join(sorted((first, second)))


def is_hidden(node: str) -> bool:
    """Returns whether a node is a hidden cause."""
    return _HIDDEN in node


def observed(nodes: set[str]) -> list[str]:
    """Returns the nodes that are not hidden causes, sorted."""
    return sorted(node for node in nodes if _HIDDEN not in node)


def whole_graph(prompt: Prompt) -> Separation:
    """Returns the question whether the set d-separates treatment and outcome; each hidden cause is a node."""
    return Separation((*prompt.edges, *_hidden_edges(prompt)), prompt.question, prompt.given)


def back_door_graph(prompt: Prompt) -> Separation:
    """Returns the question of [`whole_graph`] without the first edge of each causal path."""
    causal, x = effect_nodes(prompt).causal, prompt.question[0]
    edges = [(cause, effect) for cause, effect in prompt.edges if cause != x or effect not in causal]
    return Separation((*edges, *_hidden_edges(prompt)), prompt.question, prompt.given)


def _hidden_edges(prompt: Prompt) -> list[tuple[str, str]]:
    pairs = dict.fromkeys(tuple(sorted(pair)) for pair in prompt.hidden)
    return [(hidden_node(*pair), node) for pair in pairs for node in pair]


class NumberedGraph(NamedTuple):
    """The stated graph over numbers, for `hf_causal.graphs`."""

    graph: MixedGraph
    names: tuple[str, ...]
    """The name of each number, sorted."""
    number: dict[str, int]

    def set_of(self, nodes: tuple[str, ...] | list[str] | set[str] | frozenset[str]) -> int:
        """Returns the bit mask of some names."""
        return sum({1 << self.number[node] for node in nodes})

    def names_of(self, nodes: int) -> list[str]:
        """Returns the names of a bit mask."""
        return [name for number, name in enumerate(self.names) if nodes >> number & 1]


@lru_cache(maxsize=256)
def _numbered(statements: tuple[tuple[str, str, bool], ...]) -> NumberedGraph:
    names = tuple(sorted(_stated_names(statements)))
    number = {name: index for index, name in enumerate(names)}
    edges: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for first, second, causes in statements:
        edges[causes].append((number[first], number[second]))
    return NumberedGraph(MixedGraph.of_edges(len(names), edges[True], edges[False]), names, number)


def numbered(prompt: Prompt) -> NumberedGraph:
    """Returns the stated graph of a prompt over numbers; raises `ValueError` if it is not acyclic."""
    return _numbered(prompt.statements)
