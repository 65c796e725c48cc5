"""Reads graphs from sentences with nodes and edges, as CLEAR and others write them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set
from hf_causal.graphs.paths import Path
from hf_causal.verification.adapters.answer_texts import plain_text
from hf_causal.verification.adapters.questions import OutOfScopeError, UnreadableError

_NAME = r"[^\s,.;:?!<>{}()\[\]'\"|-]+"
_MARK = r"<->|->|<-|-"
_STEP = re.compile(rf"({_MARK})({_NAME})")
_PATH = re.compile(rf"({_NAME})((?:(?:{_MARK}){_NAME})+)")
_EDGE = re.compile(rf"({_NAME})({_MARK})({_NAME})")
_SENTENCE = re.compile(
    r"(?:Given )?(?:an?(?:other)? )?(?:DAG(?: \(directed acyclic graph\))?|ADMG(?: \(acyclic directed mixed graph\))?"
    r"|undirected graph|directed graph)"
    r" with nodes (?P<nodes>[^.]*?)"
    r"(?:(?:,|,? and) directed edges (?P<directed>[^.]*?))?"
    r"(?:(?:,|,? and) bi-?directed edges (?P<bidirected>[^.]*?))?"
    r"(?:(?:,|,? and) undirected edges (?P<undirected>[^.]*?))?\.?",
    re.IGNORECASE,
)
MAX_NODES = 64


@dataclass(frozen=True)
class StatedGraph:
    """A graph with the names of its nodes."""

    names: tuple[str, ...]
    directed: tuple[tuple[int, int], ...] = ()
    bidirected: tuple[tuple[int, int], ...] = ()
    undirected: tuple[tuple[int, int], ...] = ()
    number: dict[str, int] = field(default_factory=dict, compare=False)

    def node(self, name: str) -> int:
        """Returns the number of a node.

        Raises:
            [`UnreadableError`]: If the graph has no node of that name.
        """
        if name not in self.number:
            raise UnreadableError(f"the graph has no node {name!r}")
        return self.number[name]

    def nodes(self, names: frozenset[str]) -> int:
        """Returns a set of nodes as bits."""
        return node_set(map(self.node, names))

    def named(self, nodes: int) -> frozenset[str]:
        """Returns the names of a set of nodes."""
        return frozenset(self.names[node] for node in bits(nodes))

    @cached_property
    def children(self) -> tuple[int, ...]:
        """The children of each node; there may be cycles."""
        children = [0] * len(self.names)
        for cause, effect in self.directed:
            children[cause] |= 1 << effect
        return tuple(children)

    @cached_property
    def mixed(self) -> MixedGraph:
        """The graph, if it is acyclic.

        Raises:
            [`OutOfScopeError`]: If it is undirected or has a cycle.
        """
        if self.undirected:
            raise OutOfScopeError("the question is for directed graphs, and the edges are undirected")
        try:
            return MixedGraph.of_edges(len(self.names), self.directed, self.bidirected)
        except ValueError as error:
            raise OutOfScopeError(f"the question is for acyclic graphs: {error}") from None

    def path(self, text: str) -> Path:
        """Reads a path, whose steps need not be edges of the graph."""
        nodes, marks = path_of(text)
        return Path(tuple(map(self.node, nodes)), marks)


def make_graph(
    names: tuple[str, ...], directed: list[tuple[str, str]], bidirected: list[tuple[str, str]]
) -> StatedGraph:
    """Returns the graph of some nodes and edges.

    Raises:
        [`UnreadableError`]: If a node or an edge occurs twice, or an edge does not join two nodes.
    """
    number = {name: index for index, name in enumerate(names)}
    if len(number) < len(names) or not 0 < len(names) <= MAX_NODES:
        raise UnreadableError(f"expected 1 to {MAX_NODES} different nodes, got {', '.join(names)!r:.120}")
    for edge in (*directed, *bidirected):
        if not set(edge) <= number.keys() or edge[0] == edge[1]:
            raise UnreadableError(f"the edge {edge!r} does not join two of the nodes")
    if len(set(directed)) < len(directed) or len(set(map(frozenset, bidirected))) < len(bidirected):
        raise UnreadableError("an edge occurs twice")
    arrows, arcs = (tuple((number[i], number[j]) for i, j in side) for side in (directed, bidirected))
    return StatedGraph(names, arrows, arcs, number=number)


def node_name(text: str) -> str:
    """Reads the name of a node, which the graph need not have.

    Raises:
        [`UnreadableError`]: If the text is more than a name.
    """
    name = plain_text(text)
    if not re.fullmatch(_NAME, name):
        raise UnreadableError(f"expected the name of a node, got {name!r:.80}")
    return name


def path_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Returns the names and the marks of a path.

    Example:

    ```python
    >>> path_of("A->B<-C")
    (('A', 'B', 'C'), ('->', '<-'))

    ```
    """
    match = _PATH.fullmatch(plain_text(text))
    if not match:
        raise UnreadableError(f"expected a path such as 'A->B<-C', got {text!r:.80}")
    steps = _STEP.findall(match[2])
    return (match[1], *(name for _, name in steps)), tuple(mark for mark, _ in steps)


@lru_cache(maxsize=1024)
def read_graph(text: str) -> StatedGraph:
    """Reads a sentence such as `Given a DAG (directed acyclic graph) with nodes A, B and directed edges A->B.`

    Raises:
        [`UnreadableError`]: With the words that are not understood.
    """
    match = _SENTENCE.fullmatch(text.strip())
    if not match:
        raise UnreadableError(f"expected a graph with nodes and edges, got {text!r:.200}")
    names = _split(match["nodes"])
    if len(set(names)) < len(names):
        raise UnreadableError(f"a node occurs twice in {match['nodes']!r:.120}")
    if not 0 < len(names) <= MAX_NODES or not all(re.fullmatch(_NAME, name) for name in names):
        raise UnreadableError(f"expected 1 to {MAX_NODES} nodes, got {match['nodes']!r:.120}")
    number = {name: index for index, name in enumerate(names)}
    sides = {
        side: tuple(_edge(edge, mark, number) for edge in _split(match[side] or ""))
        for side, mark in (("directed", "->"), ("bidirected", "<->"), ("undirected", "-"))
    }
    for side, edges in sides.items():
        unordered = edges if side == "directed" else [frozenset(edge) for edge in edges]
        if len(set(unordered)) < len(edges):
            raise UnreadableError(f"an edge occurs twice in {match[side]!r:.120}")
    return StatedGraph(tuple(names), **sides, number=number)


def _split(text: str) -> list[str]:
    return [item for item in re.split(r",\s*(?:and )?|\s+and\s+", text.strip()) if item]


def _edge(text: str, mark: str, number: dict[str, int]) -> tuple[int, int]:
    match = _EDGE.fullmatch(text)
    if not match or match[2] != mark or match[1] == match[3]:
        raise UnreadableError(f"expected an edge such as 'A{mark}B', got {text!r:.80}")
    if unknown := [name for name in (match[1], match[3]) if name not in number]:
        raise UnreadableError(f"the edge {text!r} has {unknown[0]!r}, which is no node of the graph")
    return number[match[1]], number[match[3]]
