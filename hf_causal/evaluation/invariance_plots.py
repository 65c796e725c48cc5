"""Pictures of the studies of heterogeneity: the phase diagram, and distance against heterogeneity and steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hf_causal.evaluation.plots import plt, save_figure
from hf_causal.sensing import growth

_COLOURS = {"environment": "#1f5fa8", "pooled": "#d1495b"}
_NAMES = {"environment": "one environment a step", "pooled": "pooled"}
_CURVE_STYLES = ("-", "--")


def plot_phase(study: dict[str, Any], path: Path) -> Path:
    """Distance to A* over heterogeneity and step size: a panel for each sampler and width.

    Args:
        study (`dict`): As `benchmarks/heterogeneity.py phase` leaves it.
        path (`Path`): Of the PNG.
    """
    rates, heterogeneities = np.array(study["learning_rates"]), np.array(study["heterogeneities"])
    mean = np.array(study["measured"]["to_invariant"][0], dtype=float)
    panels = [(batches, factors) for factors in study["factors"] for batches in _COLOURS]
    figure, axes = plt.subplots(
        len(study["factors"]), 2, figsize=(9.6, 3.9 * len(study["factors"])), sharex=True, sharey=True, squeeze=False
    )
    colours = plt.get_cmap("viridis_r").copy()
    colours.set_bad("#bbbbbb")
    for axis, (batches, factors) in zip(axes.flat, panels, strict=True):
        own = [_is(cell, batches=batches, factors=factors) for cell in study["cells"]]
        # Cells stand in order of heterogeneity and then of step size.
        values = mean[own].reshape(len(heterogeneities), len(rates))
        image = axis.pcolormesh(
            np.arange(len(rates)), heterogeneities, np.ma.masked_invalid(values), cmap=colours, vmin=0, vmax=1.3
        )
        fine = np.linspace(-0.5, len(rates) - 0.5, 200)
        eta = np.interp(fine, np.arange(len(rates)), rates)
        axis.plot(fine, _boundary(eta), color="white", linewidth=2)
        axis.plot(fine, _boundary(eta), color="black", linewidth=1, linestyle="--")
        axis.set_xlim(-0.5, len(rates) - 0.5)
        axis.set_ylim(heterogeneities[0] - 0.25, heterogeneities[-1] + 0.25)
        axis.set_xticks(range(len(rates)), [f"{rate:g}" for rate in rates])
        axis.set_title(f"{_NAMES[batches]}, U with {factors} columns", fontsize=10)
    for row in axes:
        row[0].set_ylabel("heterogeneity M")
    for axis in axes[-1]:
        axis.set_xlabel("step size")
    figure.colorbar(image, ax=axes, label="distance to A* (pooled solution: 1.26)", shrink=0.8)
    return save_figure(figure, path)


def _boundary(rates: np.ndarray, mean: float = 1.0) -> np.ndarray:
    """Heterogeneity at which a small spurious component neither grows nor shrinks, by bisection of its growth."""
    low, high = np.full(rates.shape, mean), np.full(rates.shape, 50.0)
    high = np.minimum(high, mean + 0.999 / rates)
    for _ in range(50):
        middle = (low + high) / 2
        grows = growth(np.stack([mean + middle, mean - middle]), rates) > 0
        low, high = np.where(grows, middle, low), np.where(grows, high, middle)
    return low


def plot_curves(study: dict[str, Any], path: Path, rate: float = 0.1) -> Path:
    """Distance to A* against heterogeneity at one step size, and against steps at two heterogeneities.

    Args:
        study (`dict`): As `benchmarks/heterogeneity.py phase` leaves it.
        path (`Path`): Of the PNG.
        rate (`float`): The step size.
    """
    figure, (against, way) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
    for batches, colour in _COLOURS.items():
        for factors, style in zip(study["factors"], _CURVE_STYLES, strict=False):
            own = [_is(cell, batches=batches, factors=factors, learning_rate=rate) for cell in study["cells"]]
            mean, deviation = (np.array(part, dtype=float)[own] for part in study["measured"]["to_invariant"])
            label = f"{_NAMES[batches]}, {factors} columns"
            against.plot(study["heterogeneities"], mean, color=colour, linestyle=style, label=label)
            against.fill_between(
                study["heterogeneities"], mean - deviation, mean + deviation, color=colour, alpha=0.2, linewidth=0
            )
    against.axvline(float(_boundary(np.array([rate]))[0]), color="#666666", linestyle="--", linewidth=1)
    against.annotate(
        "growth is zero", (float(_boundary(np.array([rate]))[0]) + 0.1, 0.02), fontsize=8, color="#444444"
    )
    against.set(xlabel=f"heterogeneity M (step size {rate:g})", ylabel="distance to A*", ylim=(0, None))
    against.legend(fontsize=8)
    steps = study["curves"]["steps"]
    for name, every in study["curves"].items():
        if name == "steps":
            continue
        batches, _, heterogeneity = name.partition(", ")
        values = np.array(every, dtype=float)
        mean, deviation = values.mean(axis=0), values.std(axis=0, ddof=1)
        style = "-" if heterogeneity.endswith("6") else ":"
        way.plot(steps, mean, color=_COLOURS[batches], linestyle=style, label=f"{_NAMES[batches]}, {heterogeneity}")
        way.fill_between(steps, mean - deviation, mean + deviation, color=_COLOURS[batches], alpha=0.2, linewidth=0)
    way.set(xlabel=f"steps (step size {rate:g})", ylabel="distance to A*", ylim=(0, None))
    way.legend(fontsize=8)
    return save_figure(figure, path)


def _is(cell: dict[str, Any], **wanted: Any) -> bool:
    return all(cell[name] == value for name, value in wanted.items())
