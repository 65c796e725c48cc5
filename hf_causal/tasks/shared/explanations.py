"""Proofs in words and as graphs to draw, for pages, galleries and reports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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


def draw_proof(
    caption: str,
    description: str,
    edges: Iterable[Edge],
    naming: Naming,
    marked: Iterable[str] = (),
    path: Iterable[Edge] = (),
    given: Iterable[str] = (),
) -> Drawing:
    """Returns the drawing of stated edges, with what a proof marks in them.

    Args:
        caption, description (`str`): As a [`Drawing`] has them.
        edges (iterable of pairs): The stated edges.
        naming (callable): From a name of the prompt to the one that is shown.
        marked, path, given (iterables): Nodes and edges of the proof, and of a conditioning set, as in the prompt.
    """
    return Drawing(
        caption,
        rename_edges(edges, naming),
        description,
        frozenset(map(naming, marked)),
        both_directions(rename_edges(path, naming)),
        frozenset(map(naming, given)),
    )


def explain_path(
    summary: str,
    path: Sequence[str],
    edges: Iterable[Edge],
    naming: Naming,
    given: Iterable[str] = (),
) -> Explanation:
    """Returns the explanation by a directed path: its edges are the steps, and it is drawn."""
    steps = path_edges(path)
    drawing = draw_proof("The path", summary, edges, naming, path, steps, given)
    return Explanation(
        summary, tuple(f"{first} → {second}" for first, second in rename_edges(steps, naming)), (drawing,)
    )


def explain_reached(
    caption: str,
    summary: str,
    start: Collection[str],
    reached: Collection[str],
    edges: Iterable[Edge],
    naming: Naming,
    marked: Collection[str],
    held: Collection[str] = (),
) -> Explanation:
    """Returns the explanation by all that directed paths lead to: the edges among it are drawn.

    Args:
        caption, summary (`str`): Of the drawing, and of the explanation.
        start, reached (collections of `str`): Where the paths begin, and what they lead to.
        edges (iterable of pairs): The stated edges.
        naming (callable): From a name of the prompt to the one that is shown.
        marked (collection of `str`): Nodes that are drawn as those of the proof.
        held (collection of `str`): Nodes that no path meets.
    """
    edges, sources = tuple(edges), {*start, *reached}
    inside = [edge for edge in edges if edge[0] in sources and edge[1] not in held]
    return Explanation(summary, (), (draw_proof(caption, summary, edges, naming, marked, inside, held),))
