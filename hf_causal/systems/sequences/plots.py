"""Figures of latent graphs: attention next to the adjacency matrix, and losses against the Bayes predictor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from hf_causal.evaluation.plots import save_figure, subplots

COLOURS = "Blues"


def plot_attention(scores: dict[str, Any], path: Path) -> Path:
    """Draws the latent graph, the first layer's mean attention for each head, and the last position's in the second.

    Args:
        scores (`dict`): As [`evaluate`] returns them.
        path (`Path`): File for the PNG.
    """
    heads = np.array(scores["attention"]["first"])
    figure, axes = subplots(
        1, len(heads) + 2, figsize=(3.6 * (len(heads) + 1) + 1.6, 4.2), width_ratios=[1] * (len(heads) + 1) + [0.3]
    )
    parents = scores["parents"]
    draw_map(axes[0], adjacency_of(parents), "latent graph")
    for number, (axis, head) in enumerate(zip(axes[1:], heads, strict=False)):
        name = f"layer 1, head {number + 1}" if len(heads) > 1 else "layer 1, mean attention"
        draw_map(axis, head, name)
        mark_parents(axis, parents)
    last = np.array(scores["attention"]["last"])[:, None]
    axes[-1].imshow(last, cmap=COLOURS, vmin=0, vmax=max(last.max(), 1e-9), aspect="auto")
    axes[-1].set_title("layer 2,\nlast position", fontsize=10)
    axes[-1].set_xticks([])
    axes[-1].yaxis.set_major_locator(MaxNLocator(integer=True))
    axes[-1].set_ylabel("position attended to", fontsize=9)
    return save_figure(figure, path)


def plot_losses(log: Sequence[tuple[int, float]], bayes: float, path: Path) -> Path:
    """Draws validation losses by step, and the loss of the Bayes predictor as a line."""
    figure, axis = subplots(figsize=(6, 3.6))
    draw_losses(axis, {"validation loss": log}, bayes)
    return save_figure(figure, path)


def draw_losses(axis: Axes, curves: dict[str, Sequence[tuple[int, float]]], bayes: float) -> None:
    """Draws loss curves and the loss of the Bayes predictor into axes."""
    for name, log in curves.items():
        axis.plot([step for step, _ in log], [loss for _, loss in log], marker=".", label=name)
    axis.axhline(bayes, color="#333333", linestyle="--", linewidth=1, label="Bayes, knows the graph")
    axis.set_xlabel("step")
    axis.set_ylabel("loss in nats")
    axis.legend(fontsize=8)


def draw_map(axis: Axes, weights: np.ndarray, title: str) -> None:
    """Draws attention weights in [0, 1] by query and key."""
    axis.imshow(weights, cmap=COLOURS, vmin=0, vmax=1)
    axis.set_title(title, fontsize=10)
    axis.set_xlabel("key: position attended to", fontsize=9)
    axis.set_ylabel("query", fontsize=9)
    axis.tick_params(labelsize=8)
    for side in (axis.xaxis, axis.yaxis):
        side.set_major_locator(MaxNLocator(integer=True))


def mark_parents(axis: Axes, parents: Sequence[Sequence[int]]) -> None:
    """Draws a ring around each true edge."""
    edges = [(parent, child) for child, earlier in enumerate(parents[:-1]) for parent in earlier]
    if edges:
        x, y = zip(*edges, strict=True)
        axis.scatter(x, y, s=34, facecolors="none", edgecolors="#d1495b", linewidths=0.9)


def adjacency_of(parents: Sequence[Sequence[int]]) -> np.ndarray:
    """Returns the adjacency matrix by child and parent, without the target."""
    matrix = np.zeros((len(parents) - 1, len(parents) - 1))
    for child, earlier in enumerate(parents[:-1]):
        matrix[child, list(earlier)] = 1
    return matrix
