"""Pictures of accuracy against size, one panel for each axis of generalization."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen first)
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FixedLocator, NullLocator  # noqa: E402

from hf_causal.evaluation.reference_results import published_curves  # noqa: E402
from hf_causal.evaluation.titles import TITLES  # noqa: E402
from hf_causal.graphs.equivalence import RELATIONS  # noqa: E402
from hf_causal.tasks.shared.published import Curves, Panel  # noqa: E402

_COLOURS = ("#1f5fa8", "#d1495b", "#2a9d5c", "#8a5fbf", "#c2701c", "#3aa6b9")
_TRAINED = (3, 6)
_REFERENCE_STYLES = (("#444444", "s"), ("#a0a0a0", "^"))


def plot_scores(scores: dict[str, Any], folder: str | Path) -> list[Path]:
    """Draws every axis on its own and all of them on one page.

    Args:
        scores (`dict`): As [`evaluate_model`] returns them.
        folder (`str` or `Path`): Gets `overview.png` and a PNG for each split.

    Returns:
        `list[Path]`: The pictures, the overview first.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    splits = scores["splits"]
    columns = min(3, len(splits))
    rows = -(-len(splits) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(5.2 * columns, 3.9 * rows), squeeze=False, sharey=True)
    for axis, split in zip(axes.flat, splits, strict=False):
        _draw_axis(axis, split, scores)
    for axis in axes.flat[len(splits) :]:
        axis.set_visible(False)
    for row in axes:
        row[0].set_ylabel("accuracy")
    written = [save_figure(figure, folder / "overview.png")]
    for split in splits:
        figure, axis = plt.subplots(figsize=(6.4, 4.4))
        _draw_axis(axis, split, scores)
        axis.set_ylabel("accuracy")
        written.append(save_figure(figure, folder / f"{split}.png"))
    return written


def plot_before_and_after(before: dict[str, Any] | None, after: dict[str, Any], path: str | Path) -> Path:
    """Draws accuracy against size before fine-tuning (dashed) and after it, one panel a split.

    Args:
        before, after (`dict`): As [`evaluate_model`] returns them, on the same questions; `before` may be `None`.
        path (`str` or `Path`): Of the PNG.
    """
    splits = after["splits"]
    columns = min(3, len(splits))
    rows = -(-len(splits) // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(5.2 * columns, 3.9 * rows), squeeze=False, sharey=True)
    for axis, split in zip(axes.flat, splits, strict=False):
        sizes = _draw_groups(axis, splits[split], "after, ", {"marker": "o", "linestyle": "-"})
        if before and split in before["splits"]:
            style = {"marker": "o", "linestyle": "--", "markerfacecolor": "white", "alpha": 0.7}
            _draw_groups(axis, before["splits"][split], "before, ", style)
        axis.axhline(0.5, color="#bbbbbb", linewidth=1, linestyle=":")
        _number_sizes(axis, sizes)
        axis.set_ylim(top=1.03)
        axis.set_title(TITLES.get(split, split), fontsize=11)
        axis.set_xlabel("nodes")
        axis.legend(fontsize=7, loc="best", framealpha=0.85)
    for axis in axes.flat[len(splits) :]:
        axis.set_visible(False)
    for row in axes:
        row[0].set_ylabel("accuracy")
    return save_figure(figure, Path(path))


def _draw_groups(axis: Axes, score: dict[str, Any], whose: str, style: dict[str, Any]) -> list[int]:
    """One curve for each structure or factor of a split; returns the sizes."""
    sizes: set[int] = set()
    for colour, group in zip(_COLOURS, cell_groups(score), strict=False):
        own = [cell for cell in score["cells"] if (cell["structure"], cell["branching_factor"]) == group]
        own.sort(key=lambda cell: cell["num_nodes"])
        x, y = [cell["num_nodes"] for cell in own], [cell["accuracy"] for cell in own]
        error = [2 * cell["stderr"] for cell in own]
        axis.errorbar(x, y, error, color=colour, markersize=4, capsize=2, label=whose + _label(group), **style)
        sizes.update(x)
    return sorted(sizes)


def _number_sizes(axis: Axes, sizes: list[int]) -> None:
    axis.set_xscale("log")
    shown = _ticks(sizes)
    axis.xaxis.set_major_locator(FixedLocator(shown))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticklabels([str(size) for size in shown])


def _draw_axis(axis: Axes, split: str, scores: dict[str, Any]) -> None:
    score = scores["splits"][split]
    sizes = _draw_groups(axis, score, "this model, ", {"marker": "o", "linestyle": "-", "zorder": 3})
    drawn: set[float | None] = set()
    for colour, group in zip(_COLOURS, cell_groups(score), strict=False):
        if group[1] not in drawn:
            _draw_reference(axis, published_curves(scores), (split, group[1]), colour if group[1] else None)
            drawn.add(group[1])
    _draw_shortcut(axis, split, scores)
    axis.axhline(0.5, color="#bbbbbb", linewidth=1, linestyle=":")
    in_family = bool(published_curves(scores))
    if in_family:
        axis.axvspan(*_TRAINED, color="#f2ead3", zorder=0)
    _number_sizes(axis, sizes)
    axis.set_ylim(min(0.38, *(cell["accuracy"] - 0.05 for cell in score["cells"])), 1.03)
    axis.set_title(TITLES.get(split, split), fontsize=11)
    axis.set_xlabel("nodes (shaded: trained sizes)" if in_family else "nodes")
    axis.legend(fontsize=7, loc="lower left", framealpha=0.85)


def _draw_reference(axis: Axes, published: Curves, panel: Panel, colour: str | None) -> None:
    for (name, curves), (own, marker) in zip(published.items(), _REFERENCE_STYLES, strict=False):
        if curve := curves.get(panel):
            label = f"{name}, {panel[1]}" if panel[1] else name
            axis.plot(list(curve), list(curve.values()), color=colour or own, alpha=1 if colour is None else 0.55,
                      marker=marker, markersize=4, linestyle="--", linewidth=1, label=label)  # fmt: skip


def _draw_shortcut(axis: Axes, split: str, scores: dict[str, Any]) -> None:
    """The last baseline; the mean over a size's cells, since it is drawn once for all structures of a split."""
    name = list(scores["baselines"])[-1]
    cells = scores["baselines"][name].get(split, {}).get("cells", [])
    sizes = sorted({cell["num_nodes"] for cell in cells})
    weights = {size: [cell for cell in cells if cell["num_nodes"] == size] for size in sizes}
    values = [sum(c["accuracy"] * c["n"] for c in own) / sum(c["n"] for c in own) for own in weights.values()]
    axis.plot(sizes, values, color="#c9a227", linewidth=1, linestyle="-.", label=name, zorder=1)


def _label(group: tuple[str, float | None]) -> str:
    structure, factor = group
    return f"{factor} edges a node" if factor else structure_name(structure)


def cell_groups(score: dict[str, Any]) -> list[tuple[str, float | None]]:
    """The (structure, branching factor) pairs of a split's cells, as they come; relations in their usual order."""
    groups = dict.fromkeys((cell["structure"], cell["branching_factor"]) for cell in score["cells"])
    order = {relation: place for place, relation in enumerate(RELATIONS)}
    return sorted(groups, key=lambda group: order.get(group[0], -1))


def structure_name(structure: str) -> str:
    """A structure or relation as it is read."""
    return structure.replace("shuffled_", "shuffled and ").replace("_", " ")


def _ticks(sizes: list[int]) -> list[int]:
    """Sizes to name on the logarithmic axis, far enough apart to be read."""
    shown: list[int] = []
    for size in sizes:
        if not shown or size >= 1.17 * shown[-1]:
            shown.append(size)
    return shown


def save_figure(figure: Any, path: Path) -> Path:
    """Writes and closes a figure."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path
