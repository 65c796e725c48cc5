"""Charts of accuracy against size as SVG, in the colours of the page's theme."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from hf_causal.evaluation.reference_results import published_curves

_TOP, _BOTTOM, _LEFT, _RIGHT = 14, 40, 58, 14
_LOW, _HIGH = 0.4, 1.0
_TRAINED = (3, 6)
COLOURS = 8
"""Number of colours in the style sheet; further curves repeat them."""


@dataclass(frozen=True)
class Line:
    """One curve."""

    name: str
    points: tuple[tuple[int, float, float], ...]
    """Nodes, accuracy and standard error."""
    published: bool = False


def lines_of(reports: dict[str, dict[str, Any]], split: str) -> list[Line]:
    """Returns the curves of a split: one for each model and structure, and the published ones."""
    lines, factors = [], dict[float | None, None]()
    for model, report in reports.items():
        groups: dict[tuple[str, float | None], list[tuple[int, float, float]]] = {}
        for cell in report["splits"].get(split, {}).get("cells", ()):
            group = (cell["structure"], cell["branching_factor"])
            groups.setdefault(group, []).append((cell["num_nodes"], cell["accuracy"], cell["stderr"]))
        for (structure, factor), points in groups.items():
            detail = f", {factor} edges a node" if factor else f", {structure.replace('_', ' and ')}"
            lines.append(Line(f"{model}{detail if len(groups) > 1 else ''}", tuple(points)))
            factors[factor] = None
    published = {
        name: curves
        for report in reports.values()
        for name, curves in published_curves(report["dataset"], report["config"]).items()
    }
    for name, curves in published.items():
        for factor in factors:
            if curve := curves.get((split, factor)):
                known = tuple((size, value, 0.0) for size, value in curve.items())
                lines.append(Line(f"{name}{f', {factor} edges a node' if factor else ''}", known, published=True))
    return lines


def chart(lines: Sequence[Line], title: str) -> str:
    """Returns a line chart with its legend, as HTML with a wide and a narrow SVG."""
    if not lines:
        return '<p class="hc-note">Choose a model with a generalization report.</p>'
    keys = "".join(
        f'<li class="hc-c{_colour(index)}{" hc-published" if line.published else ""}">{escape(line.name)}</li>'
        for index, line in enumerate(lines)
    )
    drawn = "".join(
        f'<div class="hc-graph hc-{name}">{_svg(lines, title, width, height)}</div>'
        for name, width, height in (("wide", 1100, 330), ("narrow", 340, 250))
    )
    return f'<figure class="hc-chart">{drawn}<ul class="hc-legend">{keys}</ul></figure>'


def cell_table(lines: Sequence[Line]) -> str:
    """Returns the numbers of a chart as a table."""
    sizes = sorted({point[0] for line in lines for point in line.points})
    head = "".join(f"<th>{size}</th>" for size in sizes)
    rows = ""
    for line in lines:
        values = {size: (accuracy, error) for size, accuracy, error in line.points}
        cells = "".join(f"<td>{_value(*values[size]) if size in values else ''}</td>" for size in sizes)
        rows += f"<tr><th>{escape(line.name)}</th>{cells}</tr>"
    return (
        '<div class="hc-scroll" tabindex="0" role="region" aria-label="Accuracy by nodes"><table class="hc-cells">'
        f"<thead><tr><th>nodes</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _value(accuracy: float, error: float) -> str:
    return f"{accuracy:.3f}<small>± {error:.3f}</small>" if error else f"{accuracy:.3f}"


def _colour(index: int) -> int:
    return index % COLOURS


def _svg(lines: Sequence[Line], title: str, width: float, height: float) -> str:
    sizes = sorted({point[0] for line in lines for point in line.points})
    low, high = math.log(min(*sizes, _TRAINED[0])), math.log(max(sizes) * 1.03)

    def position(nodes: float, accuracy: float) -> tuple[float, float]:
        across = (math.log(nodes) - low) / (high - low)
        up = (max(accuracy, _LOW) - _LOW) / (_HIGH - _LOW)
        return _LEFT + across * (width - _LEFT - _RIGHT), height - _BOTTOM - up * (height - _TOP - _BOTTOM)

    parts = [_trained(position), _grid(position, width)]
    last = -1e9
    for size in sizes:
        x, y = position(size, _LOW)
        if x - last > 24:
            parts.append(f'<text class="hc-tick" x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{size}</text>')
            last = x
    parts.append(
        f'<text class="hc-tick" x="{(width + _LEFT) / 2:.0f}" y="{height - 6:.0f}" text-anchor="middle">nodes '
        "(shaded: trained sizes)</text>"
    )
    # Later lines are drawn over earlier ones, so that those of the models come last.
    order = sorted(range(len(lines)), key=lambda index: not lines[index].published)
    parts += [_line(lines[index], index, position) for index in order]
    return (
        f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'aria-label="{escape(title)}: accuracy against nodes; the table below has the numbers" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _trained(position: Any) -> str:
    (x0, y0), (x1, y1) = position(_TRAINED[0], _HIGH), position(_TRAINED[1], _LOW)
    return f'<rect class="hc-trained" x="{x0:.1f}" y="{y0:.1f}" width="{x1 - x0:.1f}" height="{y1 - y0:.1f}"/>'


def _grid(position: Any, width: float) -> str:
    parts = []
    for tenths in range(4, 11):
        _, y = position(10, tenths / 10)
        chance = " hc-chance" if tenths == 5 else ""
        parts.append(f'<line class="hc-grid{chance}" x1="{_LEFT}" x2="{width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        if tenths % 2 == 0 or chance:
            label = "chance" if chance else f"{tenths / 10:.1f}"
            parts.append(f'<text class="hc-tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    return "".join(parts)


def _line(line: Line, index: int, position: Any) -> str:
    points = [position(nodes, accuracy) for nodes, accuracy, _ in line.points]
    path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2"><title>{escape(line.name)}, {nodes} nodes: {accuracy:.3f}</title>'
        "</circle>"
        for (x, y), (nodes, accuracy, _) in zip(points, line.points, strict=True)
    )
    published = " hc-published" if line.published else ""
    return f'<g class="hc-line hc-c{_colour(index)}{published}"><path d="{path}"/>{dots}</g>'
