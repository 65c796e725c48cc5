"""Pictures of accuracy against size, one panel for each axis of generalization."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402  (the backend is chosen first)
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FixedLocator, NullLocator  # noqa: E402

from hf_causal.evaluation.published import PUBLISHED  # noqa: E402
from hf_causal.evaluation.titles import TITLES  # noqa: E402

_COLOURS = ("#1f5fa8", "#d1495b", "#2a9d5c", "#8a5fbf")
_TRAINED = (3, 6)
_REFERENCE_STYLES = {"TS2 NoPE 67M (published)": ("#444444", "s"), "GPT-4 (published)": ("#a0a0a0", "^")}


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


def _draw_axis(axis: Axes, split: str, scores: dict[str, Any]) -> None:
    cells = scores["splits"][split]["cells"]
    groups = list(dict.fromkeys((cell["structure"], cell["branching_factor"]) for cell in cells))
    sizes: set[int] = set()
    drawn: set[float | None] = set()
    for colour, group in zip(_COLOURS, groups, strict=False):
        own = [cell for cell in cells if (cell["structure"], cell["branching_factor"]) == group]
        x, y = [cell["num_nodes"] for cell in own], [cell["accuracy"] for cell in own]
        error = [2 * cell["stderr"] for cell in own]
        axis.errorbar(x, y, error, color=colour, marker="o", markersize=4, capsize=2, label=_label(group), zorder=3)
        sizes.update(x)
        if group[1] not in drawn:
            _draw_reference(axis, (split, group[1]), colour if group[1] else None)
            drawn.add(group[1])
    _draw_sweep(axis, split, scores)
    axis.axhline(0.5, color="#bbbbbb", linewidth=1, linestyle=":")
    axis.axvspan(*_TRAINED, color="#f2ead3", zorder=0)
    axis.set_xscale("log")
    shown = _ticks(sorted(sizes))
    axis.xaxis.set_major_locator(FixedLocator(shown))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xticklabels([str(size) for size in shown])
    axis.set_ylim(0.38, 1.03)
    axis.set_title(TITLES.get(split, split), fontsize=11)
    axis.set_xlabel("nodes (shaded: trained sizes)")
    axis.legend(fontsize=7, loc="lower left", framealpha=0.85)


def _draw_reference(axis: Axes, panel: tuple[str, float | None], colour: str | None) -> None:
    for name, curves in PUBLISHED.items():
        if curve := curves.get(panel):
            own, marker = _REFERENCE_STYLES[name]
            label = f"{name}, {panel[1]}" if panel[1] else name
            axis.plot(list(curve), list(curve.values()), color=colour or own, alpha=1 if colour is None else 0.55,
                      marker=marker, markersize=4, linestyle="--", linewidth=1, label=label)  # fmt: skip


def _draw_sweep(axis: Axes, split: str, scores: dict[str, Any]) -> None:
    """The sweep baseline; the mean over a size's cells, since it is drawn once for all structures of a split."""
    cells = scores["baselines"].get("left-to-right sweep", {}).get(split, {}).get("cells", [])
    sizes = sorted({cell["num_nodes"] for cell in cells})
    weights = {size: [cell for cell in cells if cell["num_nodes"] == size] for size in sizes}
    values = [sum(c["accuracy"] * c["n"] for c in own) / sum(c["n"] for c in own) for own in weights.values()]
    axis.plot(sizes, values, color="#c9a227", linewidth=1, linestyle="-.", label="left-to-right sweep", zorder=1)


def _label(group: tuple[str, float | None]) -> str:
    structure, factor = group
    return f"this model, {factor} edges a node" if factor else f"this model, {structure.replace('_', ' and ')}"


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
