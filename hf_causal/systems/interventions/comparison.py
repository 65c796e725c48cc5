"""The pairs of objects that change most between observing and intervening, with intervals and what is true."""

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
    """One pair of objects."""

    cause: str
    effect: str
    images: int
    """With the cause in them."""
    observed: float
    """P(effect | cause)."""
    observed_interval: Interval
    intervened: float
    """P(effect | do cause), by adjustment."""
    intervened_interval: Interval
    change: float
    change_interval: Interval
    bounds: Interval
    """Of `intervened`, whatever is the case in the strata in which the cause was never seen."""
    empty: tuple[str, ...]
    """These strata."""
    true_observed: float | None = None
    true_intervened: float | None = None
    relation: str | None = None
    """Whether the system has a `direct` or `mediated` effect, one that is `reversed`, or `none`."""

    def to_dict(self) -> dict[str, Any]:
        """The fields."""
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
        source ([`Source`]): As [`open_source`] makes it.
        pairs (`int` or sequence of (cause, effect)): How many of those that change most, or which.
        replicates (`int`): Resamples of the images for 95 % intervals.
        seed (`int`): Of the resamples.
        weights (`str`): `normalised`, or `published`, see `hf_causal.systems.interventions.adjustment`.
        min_images (`int`): Of a pair that is not named, both objects must be in so many images.

    Raises:
        `ValueError`: If an argument is out of range, or a named object does not exist or is in no image.
    """
    seen = source.observations
    counts = count(seen)
    found = effects(counts, weights)
    images = counts.together.diagonal()
    if isinstance(pairs, int):
        if pairs < 1:
            raise ValueError(f"`pairs` must be at least 1, got {pairs}")
        chosen = _most_changed(found.change, images >= max(1, min_images), pairs)
        if not chosen:
            raise ValueError(f"no two objects are in {min_images} images each; `min_images` must be smaller")
    else:
        chosen = [(seen.place(cause), seen.place(effect)) for cause, effect in pairs]
        for x, y in chosen:
            if x == y or not images[x]:
                reason = "is asked about itself" if x == y else "is in no image"
                raise ValueError(f"`pairs` must be of two objects that were seen: {seen.objects[x]!r} {reason}")
    spread = bootstrap(seen, chosen, replicates, seed, weights)
    rows = []
    for place, (x, y) in enumerate(chosen):
        names = seen.objects[x], seen.objects[y]
        known = (source.truth or {}).get(names)
        weighted = counts.weights[:, x, y] > 0
        rows.append(
            PairRow(
                *names,
                int(images[x]),
                float(found.observed[x, y]),
                _interval(spread.observed[place]),
                float(found.intervened[x, y]),
                _interval(spread.intervened[place]),
                float(found.change[x, y]),
                _interval(spread.change[place]),
                (float(found.low[x, y]), float(found.high[x, y])),
                tuple(np.array(seen.strata)[found.empty[:, x] & weighted].tolist()),
                *((known.observed, known.intervened, known.relation) if known else ()),
            )
        )
    return rows


def _most_changed(change: np.ndarray, frequent: np.ndarray, pairs: int) -> list[tuple[int, int]]:
    """Numbers of the pairs with the largest change up or down, in a fixed order where changes are equal."""
    size = np.where(frequent[:, None] & frequent, np.abs(change), np.nan)
    order = np.argsort(-np.nan_to_num(size, nan=-1).ravel(), kind="stable")[:pairs]
    return [divmod(int(place), len(change)) for place in order if not np.isnan(size.ravel()[place])]


def _interval(ends: np.ndarray) -> Interval:
    return float(ends[0]), float(ends[1])
