"""Proofs in words and as graphs to draw, for pages, galleries and reports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Edge = tuple[str, str]

Naming = Callable[[str], str]
"""From a node's name in the prompt to the name to show, such as the words that stood in somebody's text."""

Explain = Callable[[Any, Mapping[str, Any], Naming], "Explanation"]
"""From a parsed prompt, a decoded certificate and a naming to the proof in words."""

MOST_NAMES = 30
"""Names that [`quote_names`] lists; it counts the others."""


@dataclass(frozen=True)
class Drawing:
    """A graph to draw, with what the proof highlights in it."""

    caption: str
    edges: tuple[Edge, ...]
    description: str
    """Alt text."""
    marked: frozenset[str] = frozenset()
    """Nodes of the proof."""
    path: frozenset[Edge] = frozenset()
    """Edges of the proof, in both directions."""
    given: frozenset[str] = frozenset()
    """Nodes of a conditioning set."""
    undirected: frozenset[Edge] = frozenset()
    """Edges to draw without an arrow."""
    associated: frozenset[Edge] = frozenset()
    """Pairs that appear together, to draw as dotted lines; they are in `edges` too."""
    hidden: frozenset[Edge] = frozenset()
    """Pairs that share a hidden cause, to draw as dashed lines with two heads; they are in `edges` too."""


@dataclass(frozen=True)
class Explanation:
    """A proof for people."""

    summary: str
    """One sentence."""
    steps: tuple[str, ...] = ()
    """Sentences or edges, in the order of the argument."""
    drawings: tuple[Drawing, ...] = ()

    def __str__(self) -> str:
        steps = (step if step.endswith(".") else f"{step}." for step in self.steps)
        return " ".join((self.summary, *steps))


def keep_name(name: str) -> str:
    """Returns a name as it is: the naming of prompts that are shown with their own names."""
    return name


def quote_names(names: Sequence[str]) -> str:
    """Lists names in quotation marks as a sentence does.

    Example:

    ```python
    >>> quote_names(["rain", "mud", "falls"])
    '“rain”, “mud” and “falls”'
    >>> quote_names([])
    'nothing'

    ```
    """
    items = [f"“{name}”" for name in names[:MOST_NAMES]]
    if len(names) > MOST_NAMES:
        items.append(f"{len(names) - MOST_NAMES} more")
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1]))) if items else "nothing"


def rename_edges(edges: Iterable[Edge], naming: Naming) -> tuple[Edge, ...]:
    """Returns edges with the names to show."""
    return tuple((naming(cause), naming(effect)) for cause, effect in edges)


def path_edges(path: Sequence[str]) -> tuple[Edge, ...]:
    """Returns the pairs of neighbours on a path."""
    return tuple(zip(path, path[1:], strict=False))


def both_directions(edges: Iterable[Edge]) -> frozenset[Edge]:
    """Returns edges and their reverses."""
    edges = tuple(edges)
    return frozenset(edges) | frozenset((second, first) for first, second in edges)
