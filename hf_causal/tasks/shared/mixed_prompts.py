"""Parsed prompts about an effect in a stated graph with hidden common causes, and that graph over numbers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

from hf_causal.graphs.mixed_graphs import MixedGraph
from hf_causal.tasks.shared.mixed_premises import Statement, write_mixed_premise
from hf_causal.tasks.shared.proofs import find_cycle


@dataclass(frozen=True)
class MixedPrompt(ABC):
    """Statements and a question about the effect of a treatment on an outcome."""

    statements: tuple[Statement, ...]
    """In the order of the text, repetitions included."""
    question: tuple[str, str]
    """The treatment and the outcome."""

    @cached_property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The stated (cause, effect) pairs."""
        return tuple([(first, second) for first, second, causes in self.statements if causes])

    @cached_property
    def hidden(self) -> tuple[tuple[str, str], ...]:
        """The pairs that are stated to share a hidden cause."""
        return tuple([(first, second) for first, second, causes in self.statements if not causes])

    @property
    def names(self) -> frozenset[str]:
        """The names that the statements mention."""
        return stated_names(self.statements)

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return write_mixed_premise(self.statements)

    @property
    @abstractmethod
    def question_text(self) -> str:
        """The canonical text of the question."""

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}" if self.statements else self.question_text


def require_effect(prompt: MixedPrompt, *further: str) -> None:
    """Raises `ValueError` unless the statements are an acyclic graph with the nodes that a question is about."""
    x, y = prompt.question
    if x == y:
        raise ValueError(f"the question is about {x!r} and itself; it should be about two different nodes")
    if unknown := [node for node in (x, y, *further) if node not in prompt.names]:
        raise ValueError(f"the question is about {unknown[0]!r}, which no statement mentions")
    if fault := _fault(prompt.statements):
        raise ValueError(fault)


@dataclass(frozen=True)
class SetPrompt(MixedPrompt):
    """Statements and a question about the effect of a treatment on an outcome and a set of further nodes."""

    given: tuple[str, ...] = ()
    """The set, in the order of the text."""


def require_set(prompt: SetPrompt, *further: str) -> None:
    """Raises `ValueError` unless the statements are an acyclic graph with the effect, further nodes and the set."""
    for node in prompt.question:
        if node in prompt.given:
            raise ValueError(f"the set holds {node!r}, the treatment or the outcome; it should hold other nodes")
    if len(set(prompt.given)) < len(prompt.given):
        raise ValueError(f"the set {list(prompt.given)} holds a node twice")
    require_effect(prompt, *further, *prompt.given)


@lru_cache(maxsize=256)
def stated_names(statements: tuple[Statement, ...]) -> frozenset[str]:
    """Returns the names that statements mention."""
    return frozenset(name for statement in statements for name in statement[:2])


@lru_cache(maxsize=256)
def _fault(statements: tuple[Statement, ...]) -> str:
    """Returns why statements are no acyclic graph, or nothing; most premises have several questions."""
    if same := [first for first, second, causes in statements if first == second and not causes]:
        return f"a statement says that {same[0]!r} shares a hidden cause with itself"
    cycle = find_cycle([(first, second) for first, second, causes in statements if causes])
    return f"the premise is no DAG: its statements close the cycle {' -> '.join(cycle)}" if cycle else ""


class NumberedGraph(NamedTuple):
    """A stated graph over numbers, for `hf_causal.graphs`."""

    graph: MixedGraph
    names: tuple[str, ...]
    """The name of each number, sorted."""
    number: dict[str, int]

    def set_of(self, nodes: Iterable[str]) -> int:
        """Returns the bit mask of some names."""
        return sum({1 << self.number[node] for node in nodes})

    def names_of(self, nodes: int) -> list[str]:
        """Returns the names of a bit mask, sorted."""
        return [name for number, name in enumerate(self.names) if nodes >> number & 1]


@lru_cache(maxsize=256)
def numbered_graph(statements: tuple[Statement, ...]) -> NumberedGraph:
    """Returns the stated graph over numbers; raises `ValueError` if it is not acyclic."""
    names = tuple(sorted(stated_names(statements)))
    number = {name: index for index, name in enumerate(names)}
    edges: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for first, second, causes in statements:
        edges[causes].append((number[first], number[second]))
    return NumberedGraph(MixedGraph.of_edges(len(names), edges[True], edges[False]), names, number)
