"""Figures of accuracy against the number of nodes, one panel for each split.

Figures are made without pyplot, so that importing this module changes no backend and leaves no global state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from hf_causal.evaluation.reference_results import published_curves
from hf_causal.evaluation.scores import CellScore, Scores, SplitScore, total_accuracy
from hf_causal.evaluation.titles import TITLES
from hf_causal.graphs.equivalence import RELATIONS
from hf_causal.tasks.shared.published import Curves, Panel

_COLOURS = ("#1f5fa8", "#d1495b", "#2a9d5c", "#8a5fbf", "#c2701c", "#3aa6b9")
_TRAINED_NODES = (3, 6)
_REFERENCE_STYLES = (("#444444", "s"), ("#a0a0a0", "^"))
_MODEL_STYLE = {"marker": "o", "linestyle": "-", "zorder": 3}
_AFTER_STYLE = {"marker": "o", "linestyle": "-"}
_BEFORE_STYLE = {"marker": "o", "linestyle": "--", "markerfacecolor": "white", "alpha": 0.7}
_TICK_RATIO = 1.17
"""Smallest ratio of neighbouring labels on the logarithmic axis, so that they do not overlap."""

Group = tuple[str, float | None]
"""(structure, branching factor): the cells of one curve."""


def plot_scores(scores: Scores, folder: str | Path) -> list[Path]:
    """Draws every split in a figure of its own, and all of them in one.

    Args:
        scores ([`Scores`]): Of one config.
        folder (`str` or `Path`): Gets `overview.png` and a PNG for each split.

    Returns:
        `list[Path]`: The files, the overview first.
    """
    folder = Path(folder)
    figure, axes = _panels(list(scores.splits))
    for axis, split in zip(axes, scores.splits, strict=True):
        _draw_split(axis, split, scores)
    written = [save_figure(figure, folder / "overview.png")]
    for split in scores.splits:
        figure, axis = subplots(figsize=(6.4, 4.4))
        _draw_split(axis, split, scores)
        axis.set_ylabel("accuracy")
        written.append(save_figure(figure, folder / f"{split}.png"))
    return written


def plot_before_and_after(before: Scores | None, after: Scores, path: str | Path) -> Path:
    """Draws accuracy before fine-tuning (dashed) and after it, one panel a split.

    Args:
        before, after ([`Scores`]): On the same questions; `before` may be `None`.
        path (`str` or `Path`): The PNG file to write.
    """
    figure, axes = _panels(list(after.splits))
    for axis, (split, score) in zip(axes, after.splits.items(), strict=True):
        sizes = _draw_curves(axis, score, "after, ", _AFTER_STYLE)
        if before and split in before.splits:
            _draw_curves(axis, before.splits[split], "before, ", _BEFORE_STYLE)
        _finish_axis(axis, split, sizes, "nodes", "best")
        axis.set_ylim(top=1.03)
    return save_figure(figure, Path(path))


def subplots(rows: int = 1, columns: int = 1, figsize: tuple[float, float] | None = None, **options: Any) -> Any:
    """Returns a figure and its axes, as `matplotlib.pyplot.subplots` does, without a global figure."""
    figure = Figure(figsize=figsize)
    return figure, figure.subplots(rows, columns, **options)


def save_figure(figure: Figure, path: Path) -> Path:
    """Writes a figure as PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    return path


def cell_groups(cells: Iterable[CellScore]) -> list[Group]:
    """Returns the groups of cells in order of appearance; relations in the order in which they are defined."""
    groups = dict.fromkeys(cell.group for cell in cells)
    order = {relation: index for index, relation in enumerate(RELATIONS)}
    return sorted(groups, key=lambda group: order.get(group[0], -1))


def structure_name(structure: str) -> str:
    """Returns a structure or relation in words."""
    return structure.replace("shuffled_", "shuffled and ").replace("_", " ")


def _panels(splits: Sequence[str]) -> tuple[Figure, list[Axes]]:
    """Returns a figure with one panel for each split, three in a row."""
    columns = min(3, len(splits))
    rows = -(-len(splits) // columns)
    figure, grid = subplots(rows, columns, (5.2 * columns, 3.9 * rows), squeeze=False, sharey=True)
    for axis in grid.flat[len(splits) :]:
        axis.set_visible(False)
    for row in grid:
        row[0].set_ylabel("accuracy")
    return figure, list(grid.flat[: len(splits)])


def _draw_split(axis: Axes, split: str, scores: Scores) -> None:
    score = scores.splits[split]
    sizes = _draw_curves(axis, score, "this model, ", _MODEL_STYLE)
    published = published_curves(scores.dataset, scores.config)
    drawn: set[float | None] = set()
    for colour, (_, factor) in zip(_COLOURS, cell_groups(score.cells), strict=False):
        if factor not in drawn:
            _draw_references(axis, published, (split, factor), colour if factor else None)
            drawn.add(factor)
    _draw_shortcut(axis, split, scores)
    if published:
        axis.axvspan(*_TRAINED_NODES, color="#f2ead3", zorder=0)
    _finish_axis(axis, split, sizes, "nodes (shaded: trained sizes)" if published else "nodes", "lower left")
    axis.set_ylim(min(0.38, *(cell.accuracy - 0.05 for cell in score.cells)), 1.03)


def _draw_curves(axis: Axes, score: SplitScore, prefix: str, style: Mapping[str, Any]) -> list[int]:
    """Draws one curve for each group of cells, with two standard errors; returns the numbers of nodes."""
    for colour, group in zip(_COLOURS, cell_groups(score.cells), strict=False):
        cells = sorted((cell for cell in score.cells if cell.group == group), key=lambda cell: cell.num_nodes)
        sizes, accuracies = [cell.num_nodes for cell in cells], [cell.accuracy for cell in cells]
        errors = [2 * cell.stderr for cell in cells]
        label = prefix + _curve_label(group)
        axis.errorbar(sizes, accuracies, errors, color=colour, markersize=4, capsize=2, label=label, **style)
    return sorted({cell.num_nodes for cell in score.cells})


def _draw_references(axis: Axes, rows: Curves, panel: Panel, colour: str | None) -> None:
    """Draws published accuracies."""
    for (name, curves), (grey, marker) in zip(rows.items(), _REFERENCE_STYLES, strict=False):
        if curve := curves.get(panel):
            label = f"{name}, {panel[1]}" if panel[1] else name
            axis.plot(list(curve), list(curve.values()), color=colour or grey, alpha=1 if colour is None else 0.55,
                      marker=marker, markersize=4, linestyle="--", linewidth=1, label=label)  # fmt: skip


def _draw_shortcut(axis: Axes, split: str, scores: Scores) -> None:
    """Draws the last shortcut as one curve: over all cells of a size, whatever their structure."""
    name = list(scores.baselines)[-1]
    score = scores.baselines[name].get(split)
    cells = score.cells if score else ()
    sizes = sorted({cell.num_nodes for cell in cells})
    totals = [total_accuracy(cell for cell in cells if cell.num_nodes == size) for size in sizes]
    accuracies = [total.accuracy for total in totals]
    axis.plot(sizes, accuracies, color="#c9a227", linewidth=1, linestyle="-.", label=name, zorder=1)


def _finish_axis(axis: Axes, split: str, sizes: Sequence[int], xlabel: str, legend: str) -> None:
    axis.axhline(0.5, color="#bbbbbb", linewidth=1, linestyle=":")
    axis.set_xscale("log")
    ticks = _ticks(sizes)
    axis.xaxis.set_major_locator(FixedLocator(ticks))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticklabels([str(size) for size in ticks])
    axis.set_title(TITLES.get(split, split), fontsize=11)
    axis.set_xlabel(xlabel)
    axis.legend(fontsize=7, loc=legend, framealpha=0.85)


def _curve_label(group: Group) -> str:
    structure, factor = group
    return f"{factor} edges a node" if factor else structure_name(structure)


def _ticks(sizes: Sequence[int]) -> list[int]:
    """Returns the sizes to label on the logarithmic axis."""
    ticks: list[int] = []
    for size in sizes:
        if not ticks or size >= _TICK_RATIO * ticks[-1]:
            ticks.append(size)
    return ticks
