"""Figures of the study of positions: accuracy by length, by training data and by length of names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hf_causal.evaluation.titles import TITLES
from study_reports.positions_claims import PUBLISHED, Result

ENCODINGS = {"none": "#1f5fa8", "learned": "#d1495b", "sinusoidal": "#2a9d5c", "rope": "#8a5fbf"}
DATA = {"ts2": "#1f5fa8", "ts1": "#c2701c", "occ": "#7a7a7a"}
PANELS: tuple[tuple[str, str, float | None], ...] = (
    ("sequential", "sequential", None),
    ("flipped", "flipped", None),
    ("reversed", "reversed", None),
    ("shuffled", "shuffled", None),
    ("branching", "branching", 1.4),
    ("branching", "branching", 2.0),
)
"""Axis, structure and branching factor of each panel."""

Points = dict[int, list[float]]
"""From the number of nodes, or the length of names, to the accuracy of each seed."""


def curve(results: Iterable[Result], axis: str, structure: str, factor: float | None) -> Points:
    """Returns the accuracies of some runs by number of nodes."""
    points: Points = {}
    for result in results:
        for cell in result["cells"]:
            if cell[:3] == [axis, structure, factor]:
                points.setdefault(cell[3], []).append(cell[5])
    return dict(sorted(points.items()))


def name_curve(results: Iterable[Result], trained_sizes: bool) -> Points:
    """Returns the accuracies of some runs by length of names, on chains of trained sizes or on longer ones."""
    points: Points = {}
    for result in results:
        for length, trained, _, accuracy in result["name_lengths"]:
            if trained == trained_sizes:
                points.setdefault(length, []).append(accuracy)
    return dict(sorted(points.items()))


def runs_of(results: Iterable[Result], encoding: str | None = None, data: str | None = None) -> list[Result]:
    """Returns the runs of an encoding, of some data, or of both."""
    return [
        result
        for result in results
        if encoding in (None, result["encoding"]) and data in (None, result["data"])
    ]  # fmt: skip


def draw_figures(results: Sequence[Result], folder: Path) -> dict[str, Path]:
    """Draws the figures that the runs allow.

    Returns:
        `dict`: From title to the PNG file.
    """
    questions = [result for result in results if result["data"] in DATA]
    if not questions:
        return {}
    return {
        "Accuracy on longer chains by position encoding": _lengths(questions, folder / "lengths.png"),
        "Accuracy on every axis by position encoding, trained on TS2": draw_axes(
            {name: runs_of(questions, name, "ts2") for name in ENCODINGS}, ENCODINGS, folder / "encodings.png"
        ),
        "Accuracy on every axis by training data, no positions": draw_axes(
            {name: runs_of(questions, "none", name) for name in DATA}, DATA, folder / "data.png"
        ),
        "Accuracy by length of names, trained on TS2": _names(questions, folder / "names.png"),
    }


def _lengths(results: Sequence[Result], path: Path) -> Path:
    figure, grid = _grid(1, len(DATA))
    for axis, data in zip(grid, DATA, strict=True):
        for encoding, colour in ENCODINGS.items():
            _draw(axis, curve(runs_of(results, encoding, data), "sequential", "sequential", None), colour, encoding)
            if data == "ts2" and encoding in PUBLISHED:
                published = PUBLISHED[encoding]
                axis.plot(list(published), list(published.values()), color=colour, alpha=0.6, linestyle="--",
                          linewidth=1, marker="^", markersize=3, label=f"{encoding}, published")  # fmt: skip
        seeds = len({result["seed"] for result in runs_of(results, data=data)})
        title = f"trained on {data.upper()} ({seeds} seed{'' if seeds == 1 else 's'})"
        _finish(axis, title, "nodes (trained on 3 to 6)")
    return _save(figure, path)


def draw_axes(series: dict[str, list[Result]], colours: dict[str, str], path: Path) -> Path:
    """Draws the accuracy by number of nodes on every axis; a line is the mean of some runs."""
    figure, grid = _grid(2, 3)
    for axis, (split, structure, factor) in zip(grid, PANELS, strict=True):
        for name, runs in series.items():
            label = name.upper() if colours is DATA else name
            _draw(axis, curve(runs, split, structure, factor), colours[name], label)
        title = TITLES.get(split, split) + (f", {factor} edges a node" if factor else "")
        _finish(axis, title, "nodes")
    return _save(figure, path)


def _names(results: Sequence[Result], path: Path) -> Path:
    figure, grid = _grid(1, 2)
    for axis, trained in zip(grid, (True, False), strict=True):
        for encoding, colour in ENCODINGS.items():
            _draw(axis, name_curve(runs_of(results, encoding, "ts2"), trained), colour, encoding)
        title = "chains of 3 to 6 nodes" if trained else "chains of 7 to 15 nodes"
        _finish(axis, title, "characters of each name (trained on 1 to 3)", logarithmic=False)
    return _save(figure, path)


def _save(figure: Figure, path: Path) -> Path:
    """Writes a figure with one legend for all of its panels, below them."""
    handles = {
        label: handle for axis in figure.axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=7, fontsize=9, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return path


def _grid(rows: int, columns: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(4.9 * columns, 3.9 * rows + 0.3), layout="constrained")
    grid: Any = figure.subplots(rows, columns, squeeze=False, sharey=True)
    for row in grid:
        row[0].set_ylabel("accuracy")
    return figure, list(grid.flat)


def _draw(axis: Axes, points: Points, colour: str, label: str) -> None:
    """Draws the mean over seeds, and the range from the worst seed to the best one."""
    if not points:
        return
    sizes = list(points)
    means, worst, best = ([choose(points[size]) for size in sizes] for choose in (fmean, min, max))
    axis.plot(sizes, means, color=colour, marker="o", markersize=4, label=label)
    axis.fill_between(sizes, worst, best, color=colour, alpha=0.15, linewidth=0)


def _finish(axis: Axes, title: str, xlabel: str, logarithmic: bool = True) -> None:
    axis.axhline(0.5, color="#bbbbbb", linewidth=1, linestyle=":")
    if logarithmic:
        axis.set_xscale("log")
        ticks = [3, 4, 6, 8, 10, 15, 20, 30, 50, 100]
        low, high = axis.get_xlim()
        axis.xaxis.set_major_locator(FixedLocator([tick for tick in ticks if low <= tick <= high]))
        axis.xaxis.set_major_formatter(lambda value, _: f"{value:.0f}")
        axis.xaxis.set_minor_locator(NullLocator())
    axis.set_title(title, fontsize=11)
    axis.set_xlabel(xlabel)
    axis.set_ylim(0.38, 1.03)
