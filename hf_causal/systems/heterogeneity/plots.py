"""Pictures of the studies of heterogeneity: the phase diagram, and distance against heterogeneity and steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps

from hf_causal.evaluation.plots import save_figure, subplots
from hf_causal.systems.heterogeneity.sensing import critical_heterogeneity

_COLOURS = {"environment": "#1f5fa8", "pooled": "#d1495b"}
_NAMES = {"environment": "one environment a step", "pooled": "pooled"}
_PANELS = (("environment", 0), ("environment", 1), ("pooled", 0))
"""Sampler, and which of the widths."""


def plot_phase(study: dict[str, Any], path: Path) -> Path:
    """Distance to A* over heterogeneity and step size: a row for each kind of batch, a column for sampler and width.

    Args:
        study (`dict`): As `benchmarks/heterogeneity.py phase` leaves it.
        path (`Path`): Of the PNG.
    """
    rates, heterogeneities = np.array(study["learning_rates"]), np.array(study["heterogeneities"])
    figure, axes = subplots(2, 3, figsize=(11.5, 7), sharex=True, sharey=True)
    colours = colormaps["viridis_r"].with_extremes(bad="#bbbbbb")
    across, up = np.arange(len(rates)), np.arange(len(heterogeneities))
    line = np.interp(critical_heterogeneity(rates, 1.0), heterogeneities, up, right=np.nan)
    kinds = {"expected": "infinite batches", "measured": f"batches of {study['batch_size']:,}"}
    for row, (kind, title) in zip(axes, kinds.items(), strict=True):
        median = np.array(study[kind]["to_invariant"][0], dtype=float)
        for axis, (batches, width) in zip(row, _PANELS, strict=True):
            factors = study["factors"][width]
            own = [_is(cell, batches=batches, factors=factors) for cell in study["cells"]]
            # Cells stand in order of heterogeneity and then of step size.
            values = np.ma.masked_invalid(median[own].reshape(len(up), len(across)))
            image = axis.pcolormesh(across, up, values, cmap=colours, vmin=0, vmax=1.3)
            if batches == "environment":
                axis.plot(across, line, color="white", linewidth=3)
                axis.plot(across, line, color="black", linewidth=1.2, linestyle="--")
            axis.set_title(f"{_NAMES[batches]}, {factors} columns\n{title}", fontsize=10)
            axis.set_xticks(across, [f"{rate:g}" for rate in rates])
            axis.set_yticks(up, [f"{value:g}" for value in heterogeneities])
        row[0].set_ylabel("heterogeneity M")
    for axis in axes[-1]:
        axis.set_xlabel("step size")
    figure.tight_layout(rect=(0, 0, 0.92, 1))
    bar = figure.colorbar(image, cax=figure.add_axes((0.935, 0.12, 0.015, 0.76)))
    bar.set_label("distance to A* (0: invariant, 1.26: pooled)")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return path


def plot_curves(study: dict[str, Any], path: Path, rate: float = 0.1) -> Path:
    """Distance to A* against heterogeneity at one step size, and against steps at two heterogeneities.

    Args:
        study (`dict`): As `benchmarks/heterogeneity.py phase` leaves it.
        path (`Path`): Of the PNG.
        rate (`float`): The step size.
    """
    figure, (against, way) = subplots(1, 2, figsize=(11, 4.2))
    for batches, colour in _COLOURS.items():
        for factors, style in zip(study["factors"], ("-", "--"), strict=False):
            own = [_is(cell, batches=batches, factors=factors, learning_rate=rate) for cell in study["cells"]]
            median, low, high = (np.array(part, dtype=float)[own] for part in study["measured"]["to_invariant"])
            label = f"{_NAMES[batches]}, {factors} columns"
            against.plot(study["heterogeneities"], median, color=colour, linestyle=style, label=label)
            against.fill_between(study["heterogeneities"], low, high, color=colour, alpha=0.15, linewidth=0)
    critical = float(critical_heterogeneity(np.array([rate]), 1.0)[0])
    against.axvline(critical, color="#666666", linestyle=":", linewidth=1.2)
    against.annotate("growth is zero", (critical + 0.1, 0.03), fontsize=8, color="#444444")
    against.set(xlabel=f"heterogeneity M (step size {rate:g})", ylabel="distance to A*", ylim=(0, None))
    against.legend(fontsize=8, loc="center right", bbox_to_anchor=(1, 0.42))
    steps = study["curves"]["steps"]
    for name, every in study["curves"].items():
        if name == "steps":
            continue
        batches, _, heterogeneity = name.partition(", ")
        values = np.array(every, dtype=float)
        style = "-" if heterogeneity.endswith("6") else ":"
        way.plot(steps, np.median(values, axis=0), color=_COLOURS[batches], linestyle=style,
                 label=f"{_NAMES[batches]}, {heterogeneity}")  # fmt: skip
        way.fill_between(steps, values.min(0), values.max(0), color=_COLOURS[batches], alpha=0.1, linewidth=0)
    way.set(xlabel=f"steps (step size {rate:g})", ylabel="distance to A*", ylim=(0, 2.2))
    way.legend(fontsize=8, loc="upper left", ncols=2)
    return save_figure(figure, path)


def _is(cell: dict[str, Any], **wanted: Any) -> bool:
    return all(cell[name] == value for name, value in wanted.items())
