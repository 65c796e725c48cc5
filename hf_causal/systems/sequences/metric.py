"""Measures how well an attention map recovers a latent graph: weight on the true parents, and edges above a threshold.

A position attends to itself and to earlier positions, and its parents are among the earlier ones. One head can
represent one parent of each position, so an edge counts by the head that gives it the most weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

THRESHOLD = 0.5
"""An edge is predicted where a head gives more than this: more than all other positions together."""


@dataclass(frozen=True)
class PositionRecovery:
    """Compares the attention of one position with its parents."""

    position: int
    parents: tuple[int, ...]
    found: tuple[int, ...]
    """Earlier positions to which a head gives more than the threshold."""
    weight: float | None
    """Mean weight on the true parents; `None` for a root."""


@dataclass(frozen=True)
class Recovery:
    """Holds how well attention recovers a graph; all shares are in [0, 1]."""

    num_edges: int
    num_found: int
    mean_weight: float | None
    """Mean weight on a true parent over all edges; `None` without edges."""
    min_weight: float | None
    uniform_weight: float | None
    """Mean weight on a true parent of attention that is spread evenly over a position and all earlier ones."""
    top_parents: float | None
    """Share of the positions with parents whose parents have more weight than all other positions."""
    precision: float
    """Share of the predicted edges that are true; 0 if none are predicted."""
    recall: float
    """Share of the true edges that are predicted; 0 if there are none."""
    f1: float
    hamming_distance: int
    """Number of wrong and missing edges. The order is known, so no edge can be reversed."""
    positions: tuple[PositionRecovery, ...]


def recover(
    attention: np.ndarray | Sequence[Any], parents: Sequence[Sequence[int]], threshold: float = THRESHOLD
) -> Recovery:
    """Compares an attention map with a latent graph.

    Args:
        attention (array of `float`): Shape (heads, length, length) or (length, length), by query and key, with rows
            that add up to 1. For a model, the mean over many sequences.
        parents (sequence of sequences of `int`): Parents of each position.
        threshold (`float`): Weight above which an earlier position is a predicted parent, in [0, 1).

    Raises:
        `ValueError`: If the shapes do not fit, rows do not add up to 1, a parent is not before its child, or
            the threshold is out of range.

    Example:

    ```python
    >>> recovery = recover([[1, 0, 0], [0.9, 0.1, 0], [0.3, 0.6, 0.1]], [[], [0], [0]])
    >>> recovery.mean_weight, recovery.precision, recovery.recall, recovery.hamming_distance
    (0.6, 0.5, 0.5, 2)

    ```
    """
    weights = _checked(np.asarray(attention, dtype=np.float64), parents, threshold)
    length = weights.shape[-1]
    strongest = weights.max(axis=0)  # of all heads
    truth = np.zeros((length, length), dtype=bool)
    for child, positions in enumerate(parents):
        truth[child, list(positions)] = True
    earlier = np.tri(length, k=-1, dtype=bool)
    predicted = (strongest > threshold) & earlier
    hits, num_edges, num_found = int((predicted & truth).sum()), int(truth.sum()), int(predicted.sum())
    on_edges = strongest[truth]
    children = np.flatnonzero(truth.any(axis=1))
    misses = num_edges + num_found - 2 * hits
    return Recovery(
        num_edges=num_edges,
        num_found=num_found,
        mean_weight=float(on_edges.mean()) if num_edges else None,
        min_weight=float(on_edges.min()) if num_edges else None,
        uniform_weight=float((1 / (1 + np.nonzero(truth)[0])).mean()) if num_edges else None,
        top_parents=float(np.mean([_on_top(strongest[child], truth[child]) for child in children]))
        if num_edges
        else None,
        precision=hits / num_found if num_found else 0.0,
        recall=hits / num_edges if num_edges else 0.0,
        f1=2 * hits / (2 * hits + misses) if hits + misses else 0.0,
        hamming_distance=misses,
        positions=tuple(
            PositionRecovery(
                position=child,
                parents=tuple(int(parent) for parent in positions),
                found=tuple(np.flatnonzero(predicted[child]).tolist()),
                weight=float(strongest[child, list(positions)].mean()) if len(positions) else None,
            )
            for child, positions in enumerate(parents)
        ),
    )


def _on_top(weights: np.ndarray, truth: np.ndarray) -> bool:
    """Returns whether every true parent has more weight than every other position, including the child itself."""
    others = np.delete(weights, np.flatnonzero(truth))
    return bool(weights[truth].min() > others.max())


def _checked(weights: np.ndarray, parents: Sequence[Sequence[int]], threshold: float) -> np.ndarray:
    if weights.ndim == 2:
        weights = weights[None]
    if weights.ndim != 3 or weights.shape[1] != weights.shape[2] or weights.shape[1] != len(parents):
        raise ValueError(
            "`attention` must have shape (heads, length, length) or (length, length) with the parents' length "
            f"{len(parents)}, got {weights.shape}"
        )
    if not np.allclose(weights.sum(axis=-1), 1, atol=1e-3):
        raise ValueError(f"`attention` must have rows that add up to 1, got {weights.sum(axis=-1).min():.4f} to "
                         f"{weights.sum(axis=-1).max():.4f}")  # fmt: skip
    for child, positions in enumerate(parents):
        if any(not 0 <= parent < child for parent in positions):
            raise ValueError(f"`parents` of position {child} must stand before it, got {list(positions)}")
    if not 0 <= threshold < 1:
        raise ValueError(f"`threshold` must lie in [0, 1), got {threshold}")
    return weights


def score_recovery(
    attentions: Sequence[Any], graphs: Sequence[Sequence[Sequence[int]]], threshold: float = THRESHOLD
) -> dict[str, Any]:
    """Scores several attention maps, each on one graph, and all of them together.

    Args:
        attentions (sequence): Attention map of each graph, see [`recover`].
        graphs (sequence): Parents of every position of each graph.
        threshold (`float`): See [`recover`].

    Returns:
        `dict`: The counts and shares of a [`Recovery`] over the edges of all graphs, and `graphs`, the
        fields of each graph.

    Raises:
        `ValueError`: See [`recover`]; also if the numbers of graphs and attention maps differ, or are 0.
    """
    if len(attentions) != len(graphs) or not len(graphs):
        raise ValueError(
            "`predictions` and `references` must have one length of at least 1, "
            f"got {len(attentions)} and {len(graphs)}"
        )
    recoveries = [
        recover(attention, parents, threshold) for attention, parents in zip(attentions, graphs, strict=True)
    ]
    edges, read = (sum(getattr(each, name) for each in recoveries) for name in ("num_edges", "num_found"))
    distance = sum(each.hamming_distance for each in recoveries)
    hits = (edges + read - distance) // 2
    with_edges = [each for each in recoveries if each.num_edges]

    def mean(name: str) -> float | None:
        return sum(getattr(each, name) * each.num_edges for each in with_edges) / edges if edges else None

    return {
        "num_edges": edges,
        "num_found": read,
        "mean_weight": mean("mean_weight"),
        "min_weight": min((each.min_weight for each in with_edges if each.min_weight is not None), default=None),
        "uniform_weight": mean("uniform_weight"),
        "precision": hits / read if read else 0.0,
        "recall": hits / edges if edges else 0.0,
        "f1": 2 * hits / (edges + read) if edges + read else 0.0,
        "hamming_distance": distance,
        "graphs": [asdict(each) for each in recoveries],
    }
