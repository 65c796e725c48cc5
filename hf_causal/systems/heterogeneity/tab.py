"""The tab in which heterogeneity and step size are dragged, and both samplers run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np

from hf_causal.demo.cards import error_card
from hf_causal.systems.heterogeneity.sensing import draw_problem, growth
from hf_causal.systems.heterogeneity.sensing_runs import Runs, grid, run_grid

DIMENSION, STEPS, BATCH_SIZE, INITIAL_SCALE = 10, 400, 500, 0.03
_RECORD_EVERY = 4
_INTRODUCTION = f"""
<div class="hc-intro"><p>In each environment something measures a matrix A* that is the same everywhere, and with it
a spurious one that is not: its strength is 1 on average, 1 + M in half of the environments and 1 - M in the others.
Two learners take the same steps of plain gradient descent on U Uᵀ, one with batches of one environment at a time,
one with batches of all of them mixed. Where M and the step are large, the first one ends at A*, though nothing asks
it to (arXiv 2403.01420).</p><p>Matrices of {DIMENSION} x {DIMENSION}, {STEPS} steps.</p></div>
"""
_NAMES = ("one environment a step", "all environments pooled")
_CHARTS = {
    "to_invariant": "Distance to A*",
    "to_pooled": "Distance to A* + mean A(e)",
    "spurious_energy": "Spurious energy",
}
_INFINITE = "infinitely many"


class HeterogeneityTab:
    """Holds the components of the tab."""

    def __init__(self) -> None:
        gr.HTML(_INTRODUCTION, padding=False)
        with gr.Row():
            self.heterogeneity = gr.Slider(0, 8, 6, step=0.25, label="Heterogeneity M", elem_id="hc-heterogeneity")
            self.rate = gr.Slider(0.02, 0.12, 0.1, step=0.01, label="Step size", elem_id="hc-rate")
            self.environments = gr.Slider(2, 20, 10, step=1, label="Environments", elem_id="hc-environments")
            self.batch = gr.Radio([f"{BATCH_SIZE}", _INFINITE], value=_INFINITE, label="Measurements of a step",
                                  elem_id="hc-batch")  # fmt: skip
        self.result = gr.HTML(
            '<div class="hc-card hc-empty"><p>What is learned is shown here.</p></div>',
            elem_id="hc-learned", padding=False,
        )  # fmt: skip

    def connect(self, tab: gr.Tab) -> None:
        """Connects opening the tab and releasing a slider to [`learn`]."""
        inputs = [self.heterogeneity, self.rate, self.environments, self.batch]
        options: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "heterogeneity",
                                   "concurrency_limit": 2, "show_progress": "hidden"}  # fmt: skip
        for slider in inputs[:3]:
            slider.release(learn, inputs, self.result, **options)
        self.batch.change(learn, inputs, self.result, **options)
        tab.select(learn, inputs, self.result, **options)


def learn(heterogeneity: float, rate: float, environments: float, batch: str) -> str:
    """Runs both samplers and returns the result as HTML.

    Args:
        heterogeneity (`float`): `M`.
        rate (`float`): Step size.
        environments (`float`): Number of environments.
        batch (`str`): Number of measurements of a step, or "infinitely many".
    """
    try:
        cells = grid((float(heterogeneity),), (float(rate),), (DIMENSION,))
        size = None if batch == _INFINITE else int(batch)
        runs = run_grid(
            cells, 0, STEPS, size, _RECORD_EVERY, INITIAL_SCALE, dimension=DIMENSION, environments=int(environments)
        )
    except (TypeError, ValueError) as error:
        return error_card(str(error))
    charts = "".join(f"<div>{chart(runs, score, title)}</div>" for score, title in _CHARTS.items())
    keys = "".join(f'<li class="hc-c{index}">{name}</li>' for index, name in enumerate(_NAMES))
    return (
        f'<section class="hc-card" aria-label="What is learned"><p class="hc-verdict">{_verdict(runs)}</p>'
        f"<p>{_growth(float(heterogeneity), float(rate), int(environments))}</p>"
        f'<figure class="hc-chart"><div class="hc-trio">{charts}</div><ul class="hc-legend">{keys}</ul></figure>'
        f"{_numbers(runs)}</section>"
    )


def _verdict(runs: Runs) -> str:
    alone, pooled = (_nearest(runs, index) for index in range(2))
    return f"One environment a step: {alone}. Pooled: {pooled}."


def _nearest(runs: Runs, index: int) -> str:
    invariant, pooled = runs.tail("to_invariant")[index], runs.tail("to_pooled")[index]
    if np.isnan(invariant):
        return "diverges"
    where = "A*" if invariant < pooled else "A* + mean A(e)"
    if min(invariant, pooled) < 0.1:
        return f"ends at {where}"
    return f"ends nearer to {where}" if min(invariant, pooled) < 0.5 else "ends at neither"


def _growth(heterogeneity: float, rate: float, environments: int) -> str:
    strengths = draw_problem(_stream(), DIMENSION, 1, 1, environments, heterogeneity).strengths
    factor = np.exp(float(growth(strengths, rate)[0]))
    way = "grows" if factor > 1 else "shrinks"
    return (
        f"While it is small, the spurious part {way} by a factor of {factor:.3f} a step with one environment a step, "
        f"and by {1 + rate:.3f} with all of them pooled (infinite batches)."
    )


def _stream() -> Any:
    from hf_causal.utils.randomness import Stream

    return Stream(0, "heterogeneity_tab")


def _numbers(runs: Runs) -> str:
    scores = {**_CHARTS, "other_energy": "Other energy", "rank": "Rank"}
    head = "".join(f"<th>{title}</th>" for title in scores.values())
    rows = "".join(
        f"<tr><th>{name}</th>{''.join(f'<td>{_value(runs.tail(score)[index])}</td>' for score in scores)}</tr>"
        for index, name in enumerate(_NAMES)
    )
    return (
        '<div class="hc-scroll" tabindex="0" role="region" aria-label="At the end"><table class="hc-cells">'
        f"<thead><tr><th>at the end</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _value(value: float) -> str:
    return "diverged" if np.isnan(value) else f"{value:.3f}".removesuffix(".000")


_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 360.0, 230.0, 34.0, 34.0, 24.0
_HIGHEST = 2.0


def chart(runs: Runs, score: str, title: str) -> str:
    """Draws one score against steps as SVG, a line for each run; values above the highest tick are drawn at it."""

    def place(step: float, value: float) -> tuple[float, float]:
        across = _LEFT + step / runs.steps[-1] * (_WIDTH - _LEFT - 8)
        return across, _HEIGHT - _BOTTOM - min(value, _HIGHEST) / _HIGHEST * (_HEIGHT - _BOTTOM - _TOP)

    parts = [f'<text class="hc-tick" x="{_LEFT}" y="14" font-weight="600">{title}</text>']
    for value in (0, 0.5, 1, 1.5, 2):
        _, y = place(0, value)
        parts.append(f'<line class="hc-grid" x1="{_LEFT}" x2="{_WIDTH - 8}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="hc-tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:g}</text>')
    for step in np.linspace(0, runs.steps[-1], 5)[:-1]:
        x, y = place(step, 0)
        parts.append(f'<text class="hc-tick" x="{x:.1f}" y="{y + 16:.1f}" text-anchor="middle">{step:.0f}</text>')
    parts.append(
        f'<text class="hc-tick" x="{_WIDTH - 8}" y="{place(0, 0)[1] + 16:.1f}" text-anchor="end">steps</text>'
    )
    # Pooled first, so that the other line is on top where both meet.
    for index in (1, 0):
        parts.append(_line([place(*point) for point in _points(runs, score, index)], index))
    last = ", ".join(f"{name} {_value(runs.scores[score][-1, index])}" for index, name in enumerate(_NAMES))
    return (
        f'<svg role="img" viewBox="0 0 {_WIDTH:g} {_HEIGHT:g}" width="100%" '
        f'aria-label="{title} against steps; last: {last}" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _points(runs: Runs, score: str, index: int) -> list[tuple[float, float]]:
    """Returns the points up to where a run diverges."""
    return [
        (float(step), float(value))
        for step, value in zip(runs.steps, runs.scores[score][:, index], strict=True)
        if np.isfinite(value)
    ]


def _line(points: Sequence[tuple[float, float]], index: int) -> str:
    path = "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points) if points else ""
    return f'<g class="hc-line hc-c{index}"><path d="{path}"/></g>'


def add_tab() -> None:
    """Adds the tab to the page under construction."""
    with gr.Tab("Drag heterogeneity", id="heterogeneity") as tab:
        HeterogeneityTab().connect(tab)
