"""The tab that replays recorded trainings, in which gradient descent finds a latent graph."""

from __future__ import annotations

import json
import math
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

RECORDED = Path(__file__).with_name("latent_training.json")
"""Attention at some steps of each recipe's training, written by `benchmarks/latent_graphs.py`."""

TITLES = {
    "latent-chain": "Chain: each token depends on the one before",
    "latent-random": "Random tree: each token depends on one that was drawn from those before",
    "latent-induction": "Induction: every second token depends on the one before",
    "latent-multi-parent": "Two parents: two heads share them",
}

_INTRODUCTION = """
<div class="hc-intro"><p>Each token of these random sequences was drawn by what stood at one or two earlier positions,
its parents. Nobody tells the transformer which: it is trained to say what follows the last token, by gradient descent
from zero. Move the slider and see its first layer find the graph (arXiv 2402.14735).</p></div>
"""
_WIDTH, _LARGEST, _MARGIN = 280, 24, 26
"""Pixels: largest width of a map, largest cell, and margin for numbers."""
_CHARTS = (("wide", 430, 280), ("narrow", 300, 220))


class LatentTab:
    """Holds the components of the tab."""

    def __init__(self) -> None:
        self.recordings = recordings()
        names = [name for name in TITLES if name in self.recordings]
        first = names[0]
        gr.HTML(_INTRODUCTION, padding=False)
        with gr.Row():
            self.graph = gr.Dropdown(
                [(TITLES[name], name) for name in names],
                value=first,
                label="Graph",
                elem_id="hc-latent-graph",
                min_width=230,
            )
            last = len(self.recordings[first]["frames"]) - 1
            self.moment = gr.Slider(
                0, last, value=last, step=1, label="Moment of training", elem_id="hc-moment", min_width=230
            )
        self.view = gr.HTML(self.show(first, last), elem_id="hc-latent", padding=False)

    def connect(self) -> None:
        """Connects changes of the components to the functions that show them."""
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        self.graph.change(self.choose, self.graph, [self.moment, self.view], **private)
        self.moment.change(self.show, [self.graph, self.moment], self.view, **private)

    def choose(self, name: str) -> tuple[Any, str]:
        """Shows another graph at step 0."""
        return gr.Slider(maximum=len(self.recordings[name]["frames"]) - 1, value=0), self.show(name, 0)

    def show(self, name: str, moment: float) -> str:
        """Returns HTML of the graph, the attention at a moment, and the losses."""
        recording = self.recordings[name]
        frames = recording["frames"]
        frame = frames[min(int(moment), len(frames) - 1)]
        parents = recording["parents"][:-1]
        heads = [unpacked(head) for head in frame["heads"]]
        edges = {(child, parent) for child, earlier in enumerate(parents) for parent in earlier}
        truth = [[float((child, key) in edges) for key in range(child + 1)] for child in range(len(parents))]
        maps = _map(truth, edges, "Latent graph")
        for number, head in enumerate(heads):
            title = f"Attention of head {number + 1}" if len(heads) > 1 else "Attention of the first layer"
            maps += _map(head, edges, title)
        weight = sum(max(head[child][parent] for head in heads) for child, parent in edges) / len(edges)
        text = (
            f"Step {frame['step']:,}: a true parent gets <b>{100 * weight:.0f} %</b> of the attention on average. "
            "Rings mark true parents; rows attend to columns, positions from 0 at the top left."
        )
        return (
            f'<section class="hc-card" aria-label="Attention and graph"><p>{text}</p>'
            f'<div class="hc-maps">{maps}{_losses(recording, frame["step"])}</div></section>'
        )


@cache
def recordings() -> dict[str, dict[str, Any]]:
    """Returns the recorded trainings by recipe."""
    return json.loads(RECORDED.read_text(encoding="utf-8"))


def unpacked(head: list[int]) -> list[list[float]]:
    """Converts percentages of a lower triangle, row by row, to rows of shares."""
    rows, start, width = [], 0, 1
    while start < len(head):
        rows.append([value / 100 for value in head[start : start + width]])
        start, width = start + width, width + 1
    return rows


def _map(rows: list[list[float]], edges: set[tuple[int, int]], title: str) -> str:
    cell = min(_LARGEST, _WIDTH // len(rows))
    size = len(rows) * cell + _MARGIN
    cells = "".join(
        f'<rect class="hc-heat" style="--level:{level:.2f}" x="{_MARGIN + key * cell}" y="{query * cell}" '
        f'width="{cell - 1}" height="{cell - 1}"><title>{query} to {key}: {100 * level:.0f} %</title></rect>'
        for query, row in enumerate(rows)
        for key, level in enumerate(row)
    )
    rings = "".join(
        f'<circle class="hc-ring" cx="{_MARGIN + (parent + 0.5) * cell - 0.5}" cy="{(child + 0.5) * cell - 0.5}" '
        f'r="{cell / 2 - 1.5}"/>'
        for child, parent in sorted(edges)
    )
    marks = "".join(
        f'<text class="hc-tick" x="{_MARGIN - 5}" y="{(place + 0.5) * cell + 4}" text-anchor="end">{place}</text>'
        f'<text class="hc-tick" x="{_MARGIN + (place + 0.5) * cell}" y="{size - _MARGIN + 14}" '
        f'text-anchor="middle">{place}</text>'
        for place in range(0, len(rows), 5)
    )
    return (
        f'<figure><svg role="img" viewBox="0 0 {size} {size - _MARGIN + 18}" width="{size}" '
        f'aria-label="{escape(title)}" xmlns="http://www.w3.org/2000/svg">{cells}{rings}{marks}</svg>'
        f"<figcaption>{escape(title)}</figcaption></figure>"
    )


def _losses(recording: dict[str, Any], step: int) -> str:
    """Returns HTML of the loss curve with the Bayes predictor as a line, and a mark at the step."""
    drawn = "".join(
        f'<div class="hc-graph hc-{name}">{_curve(recording, step, width, height)}</div>'
        for name, width, height in _CHARTS
    )
    return (
        f'<figure class="hc-loss">{drawn}<figcaption>Validation loss in nats by step, from that of guessing. Dashed: '
        f"who knows the graph and counts (Bayes), {recording['bayes']:.3f}. It ends at {recording['log'][-1][1]:.3f}."
        "</figcaption></figure>"
    )


def _curve(recording: dict[str, Any], step: int, width: int, height: int) -> str:
    left, right, top, bottom = 40, 16, 10, 26
    log, bayes = recording["log"], recording["bayes"]
    first = math.log(recording["states"])
    points = [(0, first), *((at, loss) for at, loss in log)]
    low = min(bayes, *(loss for _, loss in points))
    high = min(max(loss for _, loss in points), 1.25 * first)
    low, high, end = low - 0.06 * (high - low), high + 0.06 * (high - low), points[-1][0]

    def place(at: float, loss: float) -> tuple[float, float]:
        up = (min(max(loss, low), high) - low) / (high - low)
        return left + at / end * (width - left - right), height - bottom - up * (height - top - bottom)

    path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in points))
    line, here = place(0, bayes)[1], place(step, low)[0]
    ticks = "".join(
        f'<text class="hc-tick" x="{place(at, low)[0]:.1f}" y="{height - bottom + 16}" '
        f'text-anchor="{anchor}">{at:,}</text>'
        for at, anchor in ((0, "middle"), (end // 2, "middle"), (end, "end"))
    )
    values = "".join(
        f'<text class="hc-tick" x="{left - 6}" y="{place(0, loss)[1] + 4:.1f}" text-anchor="end">{loss:.2f}</text>'
        for loss in (first, bayes)
    )
    return (
        f'<svg role="img" viewBox="0 0 {width} {height}" width="{width}" '
        'aria-label="Validation loss by step, and the Bayes reference" xmlns="http://www.w3.org/2000/svg">'
        f'<line class="hc-grid hc-chance" x1="{left}" x2="{width - right}" y1="{line:.1f}" y2="{line:.1f}"/>'
        f'<g class="hc-line hc-c0"><path d="{path}"/></g>'
        f'<line class="hc-here" x1="{here:.1f}" x2="{here:.1f}" y1="{top}" y2="{height - bottom}"/>'
        f"{ticks}{values}</svg>"
    )


def add_tab() -> None:
    """Adds the tab to the page under construction."""
    with gr.Tab("Watch attention find the graph", id="latent"):
        LatentTab().connect()
