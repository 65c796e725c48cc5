"""Compares observing with intervening for pairs of objects, with intervals, and with the truth where it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hf_causal.systems.interventions.adjustment import bootstrap, count, effects
from hf_causal.systems.interventions.sources import Source

Interval = tuple[float, float]


@dataclass(frozen=True)
class PairRow:
    """Estimates for one pair of objects."""

    cause: str
    effect: str
    images: int
    """Number of images with the cause."""
    observed: float
    """P(effect | cause)."""
    observed_interval: Interval
    intervened: float
    """P(effect | do cause) by adjustment."""
    intervened_interval: Interval
    change: float
    change_interval: Interval
    bounds: Interval
    """Bounds of `intervened`, for any values in the strata without the cause."""
    empty: tuple[str, ...]
    """Strata without the cause."""
    true_observed: float | None = None
    true_intervened: float | None = None
    relation: str | None = None
    """Effect in the true system: `direct`, `mediated`, `reversed` or `none`."""

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields."""
        return asdict(self)


def compare(
    source: Source,
    pairs: int | Sequence[tuple[str, str]] = 10,
    replicates: int = 1000,
    seed: int = 0,
    weights: str = "normalised",
    min_images: int = 20,
) -> list[PairRow]:
    """Compares P(effect | cause) with P(effect | do cause).

    Args:
        source ([`Source`]): Images, see [`open_source`].
        pairs (`int` or sequence of (cause, effect)): Number of pairs with the largest change, or the pairs.
        replicates (`int`): Number of resamples of the images for 95 % intervals.
        seed (`int`): Seed of the resamples.
        weights (`str`): `normalised`, or `published`, see `hf_causal.systems.interventions.adjustment`.
        min_images (`int`): Least number of images of both objects, for pairs that are not named.

    Raises:
        `ValueError`: If an argument is out of range, or a named object does not exist or is in no image.
    """
    observations = source.observations
    counts = count(observations)
    estimates = effects(counts, weights)
    images = counts.together.diagonal()
    if isinstance(pairs, int):
        if pairs < 1:
            raise ValueError(f"`pairs` must be at least 1, got {pairs}")
        selected = _most_changed(estimates.change, images >= max(1, min_images), pairs)
        if not selected:
            raise ValueError(f"no two objects are in {min_images} images each; `min_images` must be smaller")
    else:
        selected = [(observations.index(cause), observations.index(effect)) for cause, effect in pairs]
        for x, y in selected:
            if x == y or not images[x]:
                reason = "is asked about itself" if x == y else "is in no image"
                raise ValueError(
                    f"`pairs` must be of two objects that were seen: {observations.objects[x]!r} {reason}"
                )
    spread = bootstrap(observations, selected, replicates, seed, weights)
    rows = []
    for row, (x, y) in enumerate(selected):
        names = observations.objects[x], observations.objects[y]
        known = (source.truth or {}).get(names)
        weighted = counts.weights[:, x, y] > 0
        rows.append(
            PairRow(
                *names,
                int(images[x]),
                float(estimates.observed[x, y]),
                _interval(spread.observed[row]),
                float(estimates.intervened[x, y]),
                _interval(spread.intervened[row]),
                float(estimates.change[x, y]),
                _interval(spread.change[row]),
                (float(estimates.low[x, y]), float(estimates.high[x, y])),
                tuple(np.array(observations.strata)[estimates.empty[:, x] & weighted].tolist()),
                *((known.observed, known.intervened, known.relation) if known else ()),
            )
        )
    return rows


def _most_changed(change: np.ndarray, frequent: np.ndarray, pairs: int) -> list[tuple[int, int]]:
    """Returns the pairs with the largest absolute change; equal changes keep the order of the objects."""
    size = np.where(frequent[:, None] & frequent, np.abs(change), np.nan)
    order = np.argsort(-np.nan_to_num(size, nan=-1).ravel(), kind="stable")[:pairs]
    return [divmod(int(flat), len(change)) for flat in order if not np.isnan(size.ravel()[flat])]


def _interval(ends: np.ndarray) -> Interval:
    return float(ends[0]), float(ends[1])
