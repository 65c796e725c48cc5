"""Graphs as SVG, written here so that all text of the user is escaped and the theme of the page sets the colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import count

from hf_causal.demo.layout import LINE_HEIGHT, Edge, Layout, Point, label_of, lay_out
from hf_causal.demo.limits import TooMuch

WIDE, NARROW = 760.0, 330.0
"""Widths for desktops and telephones; the style sheet shows one of the two pictures."""

_NUMBERS = count()
_STYLES = ("faulty", "missing", "cut", "associated", "path")
"""Styles of edges; the first one that an edge has is drawn."""


@dataclass(frozen=True)
class Picture:
    """A graph with its highlighted nodes and edges."""

    nodes: Sequence[str]
    edges: Sequence[Edge]
    asked: frozenset[str] = frozenset()
    """Nodes in question, drawn with a double border."""
    marked: frozenset[str] = frozenset()
    """Nodes of the proof."""
    path: frozenset[Edge] = frozenset()
    """Edges of the proof, in either direction."""
    given: frozenset[str] = frozenset()
    """Nodes of a conditioning set."""
    undirected: frozenset[Edge] = frozenset()
    associated: frozenset[Edge] = frozenset()
    """Pairs that appear together, drawn as dotted lines."""
    hidden: frozenset[Edge] = frozenset()
    """Pairs that share a hidden cause, drawn as dashed lines with two heads."""
    cut: frozenset[Edge] = frozenset()
    """Edges that an intervention removes, drawn as broken lines."""
    loop: frozenset[Edge] = frozenset()
    """Edges of a feedback loop, drawn as dashed arrows."""
    faulty: frozenset[Edge] = frozenset()
    """Edges that a proof is wrong about, in red."""
    missing: frozenset[Edge] = frozenset()
    """Edges that a proof lacks, drawn as dotted red lines."""
    wrong: frozenset[str] = frozenset()
    """Nodes that a proof is wrong about."""
    strength: Mapping[Edge, float] = field(default_factory=dict)
    """Intensity of the colour of each edge, from 0 to 1; by default only edges of the proof are coloured."""
    description: str = ""
    """Alternative text."""


def draw(picture: Picture) -> str:
    """Returns HTML with two SVGs, of which the width of the window selects one."""
    try:
        layouts = [(name, _lay_out(picture, width)) for name, width in (("wide", WIDE), ("narrow", NARROW))]
    except TooMuch:
        return '<p class="hc-note">This graph is too large to be drawn in time.</p>'
    return "".join(f'<div class="hc-graph hc-{name}">{_svg(picture, layout)}</div>' for name, layout in layouts)


def _lay_out(picture: Picture, width: float) -> Layout:
    return lay_out(picture.nodes, picture.edges, width, picture.associated | picture.hidden)


def _svg(picture: Picture, layout: Layout) -> str:
    key = f"hc{next(_NUMBERS)}"
    about = picture.description or f"A graph of {len(picture.nodes)} nodes and {len(picture.edges)} edges."
    edges = "".join(_edge(picture, layout, edge, key) for edge in sorted(layout.routes, key=picture.path.__contains__))
    nodes = "".join(_node(picture, layout, node) for node in picture.nodes)
    return (
        f'<svg role="img" aria-labelledby="{key}t" viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" '
        f'width="{layout.width:.0f}" height="{layout.height:.0f}" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{key}t">{escape(about)}</title>'
        f"<defs>{''.join(_arrow(key, style) for style in _heads(picture))}</defs>{edges}{nodes}</svg>"
    )


def _heads(picture: Picture) -> list[str]:
    """Returns the styles that have an arrowhead of their own."""
    return ["plain", "path", *(style for style in ("faulty", "missing") if getattr(picture, style))]


def _arrow(key: str, style: str) -> str:
    return (
        f'<marker id="{key}{style}" class="hc-head-{style}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" '
        'markerHeight="11" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
        '<path d="M0,0.6 L10,5 L0,9.4 z"/></marker>'
    )


def _node(picture: Picture, layout: Layout, node: str) -> str:
    (x, y), (width, height) = layout.centres[node], layout.sizes[node]
    roles = [role for role in ("asked", "marked", "given", "wrong") if node in getattr(picture, role)]
    classes = " ".join(["hc-node", *(f"hc-{role}" for role in roles)])
    box = f'x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}" rx="9"'
    return f'<g class="{classes}"><title>{escape(node)}</title><rect {box}/>{_label(node, x, y)}</g>'


def _label(node: str, x: float, y: float) -> str:
    lines = label_of(node)
    first = y - (len(lines) - 1) / 2 * LINE_HEIGHT
    tops = (first + index * LINE_HEIGHT for index in range(len(lines)))
    return "".join(
        f'<text x="{x:.1f}" y="{top:.1f}" dy="0.35em" text-anchor="middle">{escape(line)}</text>'
        for line, top in zip(lines, tops, strict=True)
    )


def _edge(picture: Picture, layout: Layout, edge: Edge, key: str) -> str:
    style = next((name for name in _STYLES if edge in getattr(picture, name)), "plain")
    head = "" if edge in picture.undirected or style in ("cut", "associated") else f' marker-end="url(#{key}{style})"'
    level = ""
    if picture.strength:
        strength = picture.strength.get(edge, 0.0)
        style, level = "level", f' style="--level:{strength:.3f}"'
        head = f' marker-end="url(#{key}{"path" if strength > 0.5 else "plain"})"'
    if edge in picture.hidden:
        head += head.replace("-end", "-start")
    loop = " hc-edge-loop" if edge in picture.loop else " hc-edge-hidden" if edge in picture.hidden else ""
    return f'<path class="hc-edge hc-edge-{style}{loop}"{level} d="{_spline(layout.routes[edge])}"{head}/>'


def _spline(points: Sequence[Point]) -> str:
    """Returns the path data of a cubic Bézier spline."""
    start, *others = (f"{x:.1f},{y:.1f}" for x, y in points)
    return f"M{start} C{' '.join(others)}"
