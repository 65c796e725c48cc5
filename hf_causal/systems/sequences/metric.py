"""How much of a latent graph is in an attention map: weight on the true parents, and the edges that can be read off.

A position attends to itself and to those before it; in a latent graph its parents are among those before it. One head
can hold one parent of each position, so with several heads an edge counts by the head that gives it the most weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

THRESHOLD = 0.5
"""An edge is read where a head gives more than this: more than all other positions together."""


@dataclass(frozen=True)
class PositionRecovery:
    """What the attention of one position says of its parents."""

    position: int
    parents: tuple[int, ...]
    found: tuple[int, ...]
    """Positions before it on which a head puts more than the threshold."""
    weight: float | None
    """On the true parents, the mean over them; none for a root."""


@dataclass(frozen=True)
class Recovery:
    """How well attention recovers a graph; shares in [0, 1]."""

    num_edges: int
    num_found: int
    mean_weight: float | None
    """On a true parent, over all edges; none without edges."""
    min_weight: float | None
    uniform_weight: float | None
    """The mean weight of attention that is spread evenly over a position and those before it, for comparison."""
    top_parents: float | None
    """Share of the positions with parents at which the most attended positions are the parents, as many of them."""
    precision: float
    """Of the edges that were read, those that are true; 0 where none were."""
    recall: float
    """Of the true edges, those that were read; 0 where there are none."""
    f1: float
    hamming_distance: int
    """Edges that are read wrongly or missed. The order is known, so there are no reversed ones."""
    positions: tuple[PositionRecovery, ...]


def recover(
    attention: np.ndarray | Sequence[Any], parents: Sequence[Sequence[int]], threshold: float = THRESHOLD
) -> Recovery:
    """Compares an attention map with a latent graph.

    Args:
        attention (array of `float`): Shape (heads, length, length) or (length, length), by query and key; rows add up
            to 1. Of a model, the mean over many sequences.
        parents (sequence of sequences of `int`): Of each position.
        threshold (`float`): What a head has to give an earlier position to make it a parent, in [0, 1).

    Raises:
        `ValueError`: If the shapes do not fit, rows do not add up to 1, a parent does not stand before its child, or
            the threshold is out of range.

    Example:

    ```python
    >>> found = recover([[1, 0, 0], [0.9, 0.1, 0], [0.3, 0.6, 0.1]], [[], [0], [0]])
    >>> found.mean_weight, found.precision, found.recall, found.hamming_distance
    (0.6, 0.5, 0.5, 2)

    ```
    """
    weights = _checked(np.asarray(attention, dtype=np.float64), parents, threshold)
    length = weights.shape[-1]
    strongest = weights.max(axis=0)  # of all heads
    truth = np.zeros((length, length), dtype=bool)
    for child, own in enumerate(parents):
        truth[child, list(own)] = True
    earlier = np.tri(length, k=-1, dtype=bool)
    read = (strongest > threshold) & earlier
    hits, num_edges, num_found = int((read & truth).sum()), int(truth.sum()), int(read.sum())
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
                parents=tuple(int(parent) for parent in own),
                found=tuple(np.flatnonzero(read[child]).tolist()),
                weight=float(strongest[child, list(own)].mean()) if len(own) else None,
            )
            for child, own in enumerate(parents)
        ),
    )


def _on_top(weights: np.ndarray, truth: np.ndarray) -> bool:
    """Whether every true parent has more weight than every other position, the child itself among them."""
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
    for child, own in enumerate(parents):
        if any(not 0 <= parent < child for parent in own):
            raise ValueError(f"`parents` of position {child} must stand before it, got {list(own)}")
    if not 0 <= threshold < 1:
        raise ValueError(f"`threshold` must lie in [0, 1), got {threshold}")
    return weights


def score_recovery(
    attentions: Sequence[Any], graphs: Sequence[Sequence[Sequence[int]]], threshold: float = THRESHOLD
) -> dict[str, Any]:
    """Scores several attention maps, each on its own graph, and all of them together.

    Args:
        attentions (sequence): Of each graph, see [`recover`].
        graphs (sequence): The parents of every position of each graph.
        threshold (`float`): See [`recover`].

    Returns:
        `dict`: The counts and shares of a [`Recovery`] over the edges of all graphs, and `graphs`, each one's fields.

    Raises:
        `ValueError`: See [`recover`]; also if there are not as many graphs as attention maps, or none.
    """
    if len(attentions) != len(graphs) or not len(graphs):
        raise ValueError(
            "`predictions` and `references` must have one length of at least 1, "
            f"got {len(attentions)} and {len(graphs)}"
        )
    found = [recover(attention, own, threshold) for attention, own in zip(attentions, graphs, strict=True)]
    edges, read = sum(one.num_edges for one in found), sum(one.num_found for one in found)
    distance = sum(one.hamming_distance for one in found)
    hits = (edges + read - distance) // 2
    with_edges = [one for one in found if one.num_edges]

    def mean(name: str) -> float | None:
        return sum(getattr(one, name) * one.num_edges for one in with_edges) / edges if edges else None

    return {
        "num_edges": edges,
        "num_found": read,
        "mean_weight": mean("mean_weight"),
        "min_weight": min((one.min_weight for one in with_edges if one.min_weight is not None), default=None),
        "uniform_weight": mean("uniform_weight"),
        "precision": hits / read if read else 0.0,
        "recall": hits / edges if edges else 0.0,
        "f1": 2 * hits / (edges + read) if edges + read else 0.0,
        "hamming_distance": distance,
        "graphs": [asdict(one) for one in found],
    }
