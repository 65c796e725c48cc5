"""The figure of a comparison: P(Y | X), P(Y | do X) and the truth for each pair."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hf_causal.evaluation.plots import save_figure, subplots
from hf_causal.systems.interventions.comparison import PairRow

_SEEN, _DONE, _TRUE = "#8a8f98", "#d1495b", "#111111"


def plot_pairs(rows: Sequence[PairRow], path: str | Path, title: str = "") -> Path:
    """Draws the rows as a PNG, the first on top.

    An open dot is P(effect | cause), a filled one P(effect | do cause), both with intervals; a cross is the truth.

    Args:
        rows (sequence of [`PairRow`]): As [`compare`] makes them.
        path (`str` or `Path`): File for the PNG.
        title (`str`): Title of the figure.
    """
    figure, axis = subplots(figsize=(7.4, 1.5 + 0.42 * len(rows)))
    for place, row in enumerate(rows):
        axis.plot((row.observed, row.intervened), (place, place), color="#c9ccd1", linewidth=1.2, zorder=1)
        for value, ends, colour, shift, fill in (
            (row.observed, row.observed_interval, _SEEN, -0.12, "white"),
            (row.intervened, row.intervened_interval, _DONE, 0.12, _DONE),
        ):
            axis.plot(ends, (place + shift, place + shift), color=colour, linewidth=2, solid_capstyle="butt")
            axis.plot(value, place + shift, "o", color=colour, markerfacecolor=fill, markersize=6, zorder=3)
        if row.true_intervened is not None:
            axis.plot(row.true_intervened, place + 0.12, "x", color=_TRUE, markersize=7, markeredgewidth=1.6, zorder=4)
    axis.plot([], [], "o", color=_SEEN, markerfacecolor="white", label="P(effect | cause), seen")
    axis.plot([], [], "o", color=_DONE, label="P(effect | do cause), adjusted")
    if any(row.true_intervened is not None for row in rows):
        axis.plot([], [], "x", color=_TRUE, markeredgewidth=1.6, label="P(effect | do cause), true")
    axis.set_yticks(range(len(rows)), [f"{row.cause} → {row.effect}" for row in rows])
    axis.set_ylim(len(rows) - 0.5, -0.5)
    axis.set_xlim(0, max(1.0, *(end for row in rows for end in (*row.intervened_interval, row.intervened))) * 1.02)
    axis.set_xlabel("probability of the effect, 95 % intervals from resampled images")
    axis.grid(axis="x", color="#e6e6e6", linewidth=0.8)
    axis.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.tick_params(axis="y", length=0)
    if title:
        axis.set_title(title, fontsize=11, loc="left")
    below = -0.62 / (0.42 * len(rows))  # the same distance from the axis for any number of rows
    axis.legend(loc="upper center", bbox_to_anchor=(0.42, below), ncols=3, fontsize=8, frameon=False)
    return save_figure(figure, Path(path))
