"""Graphs as SVG, written by hand so that everything that people typed is escaped and the page's theme colours it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from itertools import count

from hf_causal.demo.layout import NODE_HEIGHT, Edge, Layout, Point, label_of, lay_out

WIDE, NARROW = 760.0, 330.0
"""Widths for a desk and for a telephone; the style sheet shows one of the two pictures."""

_NUMBERS = count()


@dataclass(frozen=True)
class Picture:
    """A graph and what is special in it."""

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
    cut: frozenset[Edge] = frozenset()
    """Edges that an intervention takes away, drawn as broken lines."""
    strength: Mapping[Edge, float] = field(default_factory=dict)
    """How much of an edge's colour shows, from 0 to 1; all of the proof's where it is empty."""
    description: str = ""
    """What the picture shows, for who cannot see it."""


def draw(picture: Picture) -> str:
    """A picture as HTML with two SVGs, of which the width of the window chooses one."""
    parts = []
    for name, width in (("wide", WIDE), ("narrow", NARROW)):
        parts.append(
            f'<div class="hc-graph hc-{name}">{_svg(picture, lay_out(picture.nodes, picture.edges, width))}</div>'
        )
    return "".join(parts)


def _svg(picture: Picture, layout: Layout) -> str:
    key = f"hc{next(_NUMBERS)}"
    about = picture.description or f"A graph of {len(picture.nodes)} nodes and {len(picture.edges)} edges."
    edges = "".join(_edge(picture, layout, edge, key) for edge in sorted(layout.routes, key=picture.path.__contains__))
    loops = "".join(_self_loop(layout, edge, key) for edge in dict.fromkeys(picture.edges) if edge[0] == edge[1])
    nodes = "".join(_node(picture, layout, node) for node in picture.nodes)
    return (
        f'<svg role="img" aria-labelledby="{key}t" viewBox="0 0 {layout.width:.0f} {layout.height:.0f}" '
        f'width="{layout.width:.0f}" height="{layout.height:.0f}" xmlns="http://www.w3.org/2000/svg">'
        f'<title id="{key}t">{escape(about)}</title>'
        f"<defs>{_arrow(key, 'plain')}{_arrow(key, 'path')}</defs>{edges}{loops}{nodes}</svg>"
    )


def _arrow(key: str, kind: str) -> str:
    return (
        f'<marker id="{key}{kind}" class="hc-head-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="11" '
        'markerHeight="11" markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
        '<path d="M0,0.6 L10,5 L0,9.4 z"/></marker>'
    )


def _node(picture: Picture, layout: Layout, node: str) -> str:
    (x, y), width = layout.centres[node], layout.sizes[node]
    kinds = [kind for kind in ("asked", "marked", "given") if node in getattr(picture, kind)]
    classes = " ".join(["hc-node", *(f"hc-{kind}" for kind in kinds)])
    box = f'x="{x - width / 2:.1f}" y="{y - NODE_HEIGHT / 2:.1f}" width="{width:.1f}" height="{NODE_HEIGHT}" rx="9"'
    return f'<g class="{classes}"><title>{escape(node)}</title><rect {box}/>{_label(node, x, y)}</g>'


def _label(node: str, x: float, y: float) -> str:
    lines = label_of(node)
    tops = (y,) if len(lines) == 1 else (y - 8, y + 8)
    return "".join(
        f'<text x="{x:.1f}" y="{top:.1f}" dy="0.35em" text-anchor="middle">{escape(line)}</text>'
        for line, top in zip(lines, tops, strict=True)
    )


def _edge(picture: Picture, layout: Layout, edge: Edge, key: str) -> str:
    points = list(layout.routes[edge])
    swings = [layout.turns.get(pair, 0.0) for pair in zip(points, points[1:], strict=False)]
    points[0] = _border(points[0], points[1], layout.sizes[edge[0]], swings[0])
    points[-1] = _border(points[-1], points[-2], layout.sizes[edge[1]], swings[-1])
    kind = "cut" if edge in picture.cut else "path" if edge in picture.path else "plain"
    head = "" if edge in picture.undirected or kind == "cut" else f' marker-end="url(#{key}{kind})"'
    style = ""
    if picture.strength:
        kind, style = "level", f' style="--level:{picture.strength.get(edge, 0.0):.3f}"'
        reached = "path" if picture.strength.get(edge, 0.0) > 0.5 else "plain"
        head = f' marker-end="url(#{key}{reached})"'
    return f'<path class="hc-edge hc-edge-{kind}"{style} d="{_curve(points, swings)}"{head}/>'


def _self_loop(layout: Layout, edge: Edge, key: str) -> str:
    x, y = layout.centres[edge[0]]
    top = y - NODE_HEIGHT / 2
    path = f"M{x - 9:.1f},{top:.1f} C{x - 22:.1f},{top - 26:.1f} {x + 22:.1f},{top - 26:.1f} {x + 9:.1f},{top - 1:.1f}"
    return f'<path class="hc-edge hc-edge-plain" d="{path}" marker-end="url(#{key}plain)"/>'


def _border(inside: Point, towards: Point, width: float, swing: float) -> Point:
    """Where the line from a node's centre leaves its box, a little outside of it."""
    if swing:
        return inside[0] + math.copysign(width / 2 + 3, swing), inside[1]
    dx, dy = towards[0] - inside[0], towards[1] - inside[1]
    if abs(dx) < 1:
        return inside[0], inside[1] + math.copysign(NODE_HEIGHT / 2 + 3, dy)
    return inside[0] + math.copysign(width / 2 + 3, dx), inside[1]


def _curve(points: Sequence[Point], swings: Sequence[float]) -> str:
    """A smooth line that leaves and enters columns horizontally, and bands vertically or around their end."""
    path = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for (x0, y0), (x1, y1), swing in zip(points, points[1:], swings, strict=False):
        if swing:
            path.append(f"C{x0 + swing / 1.6:.1f},{y0:.1f} {x1 + swing / 1.6:.1f},{y1:.1f} {x1:.1f},{y1:.1f}")
        elif abs(x1 - x0) < 1:
            bend = (y1 - y0) / 2
            path.append(f"C{x0:.1f},{y0 + bend:.1f} {x1:.1f},{y1 - bend:.1f} {x1:.1f},{y1:.1f}")
        else:
            bend = (x1 - x0) / 2
            path.append(f"C{x0 + bend:.1f},{y0:.1f} {x1 - bend:.1f},{y1:.1f} {x1:.1f},{y1:.1f}")
    return " ".join(path)
