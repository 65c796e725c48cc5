"""Figures of the studies of heterogeneity: the phase diagram, and distance against heterogeneity and steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hf_causal.evaluation.plots import save_figure
from hf_causal.systems.heterogeneity.sensing import critical_heterogeneity

_COLORS = {"environment": "#1f5fa8", "pooled": "#d1495b"}
_NAMES = {"environment": "one environment a step", "pooled": "pooled"}
_PANELS = (("environment", 0), ("environment", 1), ("pooled", 0))
"""Sampler, and index of the width of `U`."""


def plot_phase(study: dict[str, Any], path: Path) -> None:
    """Draws the distance to A* over heterogeneity and step size: a row for each type of batch, a column for sampler
    and width.

    Args:
        study (`dict`): As `benchmarks/heterogeneity.py phase` writes it.
        path (`Path`): Of the PNG.
    """
    figure = Figure(figsize=(11.5, 7))
    axes = figure.subplots(2, 3, sharex=True, sharey=True)
    titles = {"expected": "infinite batches", "measured": f"batches of {study['batch_size']:,}"}
    for row, (batch_type, title) in zip(axes, titles.items(), strict=True):
        median = np.array(study[batch_type]["to_invariant"][0], dtype=float)
        for axis, (batches, width) in zip(row, _PANELS, strict=True):
            image = _draw_phase(axis, study, median, batches, study["factors"][width])
            axis.set_title(f"{_NAMES[batches]}, {study['factors'][width]} columns\n{title}", fontsize=10)
        row[0].set_ylabel("heterogeneity M")
    for axis in axes[-1]:
        axis.set_xlabel("step size")
    figure.tight_layout(rect=(0, 0, 0.92, 1))
    bar = figure.colorbar(image, cax=figure.add_axes((0.935, 0.12, 0.015, 0.76)))
    bar.set_label("distance to A* (0: invariant, 1.26: pooled)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def _draw_phase(axis: Axes, study: dict[str, Any], median: np.ndarray, batches: str, factors: int) -> Any:
    rates, heterogeneities = np.array(study["learning_rates"]), np.array(study["heterogeneities"])
    columns, rows = np.arange(len(rates)), np.arange(len(heterogeneities))
    selected = [_matches(cell, batches=batches, factors=factors) for cell in study["cells"]]
    # Cells are sorted by heterogeneity and then by step size.
    values = np.ma.masked_invalid(median[selected].reshape(len(rows), len(columns)))
    colors = matplotlib.colormaps["viridis_r"].with_extremes(bad="#bbbbbb")
    image = axis.pcolormesh(columns, rows, values, cmap=colors, vmin=0, vmax=1.3)
    if batches == "environment":
        line = np.interp(critical_heterogeneity(rates, 1.0), heterogeneities, rows, right=np.nan)
        axis.plot(columns, line, color="white", linewidth=3)
        axis.plot(columns, line, color="black", linewidth=1.2, linestyle="--")
    axis.set_xticks(columns, [f"{rate:g}" for rate in rates])
    axis.set_yticks(rows, [f"{value:g}" for value in heterogeneities])
    return image


def plot_curves(study: dict[str, Any], path: Path, rate: float = 0.1) -> None:
    """Draws the distance to A* against heterogeneity at one step size, and against steps at two heterogeneities.

    Args:
        study (`dict`): As `benchmarks/heterogeneity.py phase` writes it.
        path (`Path`): Of the PNG.
        rate (`float`): The step size.
    """
    figure = Figure(figsize=(11, 4.2))
    left, right = figure.subplots(1, 2)
    _draw_by_heterogeneity(left, study, rate)
    _draw_by_step(right, study["curves"], rate)
    save_figure(figure, path)


def _draw_by_heterogeneity(axis: Axes, study: dict[str, Any], rate: float) -> None:
    for batches, color in _COLORS.items():
        for factors, style in zip(study["factors"], ("-", "--"), strict=False):
            fields = {"batches": batches, "factors": factors, "learning_rate": rate}
            selected = [_matches(cell, **fields) for cell in study["cells"]]
            curves = study["measured"]["to_invariant"]
            median, low, high = (np.array(values, dtype=float)[selected] for values in curves)
            label = f"{_NAMES[batches]}, {factors} columns"
            axis.plot(study["heterogeneities"], median, color=color, linestyle=style, label=label)
            axis.fill_between(study["heterogeneities"], low, high, color=color, alpha=0.15, linewidth=0)
    critical = float(critical_heterogeneity(np.array([rate]), 1.0)[0])
    axis.axvline(critical, color="#666666", linestyle=":", linewidth=1.2)
    axis.annotate("growth is zero", (critical + 0.1, 0.03), fontsize=8, color="#444444")
    axis.set(xlabel=f"heterogeneity M (step size {rate:g})", ylabel="distance to A*", ylim=(0, None))
    axis.legend(fontsize=8, loc="center right", bbox_to_anchor=(1, 0.42))


def _draw_by_step(axis: Axes, curves: dict[str, Any], rate: float) -> None:
    for name, runs in curves.items():
        if name == "steps":
            continue
        batches, _, heterogeneity = name.partition(", ")
        values = np.array(runs, dtype=float)
        style = "-" if heterogeneity.endswith("6") else ":"
        label = f"{_NAMES[batches]}, {heterogeneity}"
        axis.plot(curves["steps"], np.median(values, axis=0), color=_COLORS[batches], linestyle=style, label=label)
        axis.fill_between(
            curves["steps"], values.min(0), values.max(0), color=_COLORS[batches], alpha=0.1, linewidth=0
        )
    axis.set(xlabel=f"steps (step size {rate:g})", ylabel="distance to A*", ylim=(0, 2.2))
    axis.legend(fontsize=8, loc="upper left", ncols=2)


def _matches(cell: dict[str, Any], **fields: Any) -> bool:
    return all(cell[name] == value for name, value in fields.items())
