"""Estimates P(Y | X) and P(Y | do X) from counts, by adjustment over a confounder.

    P(Y | X)    = sum_z P(Y | X, z) P(z | X)
    P(Y | do X) = sum_z P(Y | X, z) P(z)

These are the formulas of VC R-CNN (Wang, Huang, Zhang and Sun, CVPR 2020, arXiv 2002.12204), Pearl's backdoor
adjustment. It gives the effect of X on Y if z blocks every common cause of the two and Y has no effect on X; counts
cannot tell whether that is so.

X and Y are objects in images, z is a *stratum*: a scene, so that every image is in one stratum, or, as in VC R-CNN,
another object, so that an image is in as many strata as it has objects. Strata that overlap are no partition. The
slides of VC R-CNN take the share of the images that have the object z for P(z), and over z these shares add up to the
mean number of objects in an image (about 3.5 in COCO, arXiv 1405.0312), not to one; the result is not a probability
and grows with the number of objects. Weights are therefore divided by their sum here. `weights="published"` leaves
them as on the slides, only to compare with the slides' numbers. For scenes the two are the same.

A stratum without X has no information on P(Y | X, z). Such strata are named and left out, and the weights of the
others are divided by their sum; `low` and `high` are the results if Y is never, or always, present in them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

WEIGHTS = ("normalised", "published")
_CHUNK = 8_000_000
"""Number of resampled counts in memory."""


@dataclass(frozen=True)
class Observations:
    """Holds which objects are in which images, and which strata each image belongs to.

    Args:
        objects, strata (`tuple[str, ...]`): Names.
        present (`np.ndarray`): Boolean of shape (images, objects).
        member (`np.ndarray`): Boolean of shape (images, strata).
        own (`np.ndarray`): Shape (objects,): the stratum that is the object itself, -1 for none. A pair is never
            adjusted for one of its own objects.

    Raises:
        `ValueError`: If the shapes do not go together, or there is no image, object or stratum.
    """

    objects: tuple[str, ...]
    strata: tuple[str, ...]
    present: np.ndarray
    member: np.ndarray
    own: np.ndarray

    def __post_init__(self) -> None:
        images = len(self.present)
        shapes = (self.present.shape, self.member.shape, self.own.shape)
        wanted = ((images, len(self.objects)), (images, len(self.strata)), (len(self.objects),))
        if shapes != wanted:
            raise ValueError(f"`present`, `member` and `own` must have the shapes {wanted}, got {shapes}")
        if not (images and self.objects and self.strata):
            raise ValueError("`observations` must have at least one image, one object and one stratum")

    @classmethod
    def in_scenes(
        cls, objects: Sequence[str], strata: Sequence[str], present: np.ndarray, scene: np.ndarray
    ) -> Observations:
        """Makes observations of images with one scene each: `scene` holds its index in `strata`, shape (images,)."""
        member = np.asarray(scene)[:, None] == np.arange(len(strata))
        return cls(tuple(objects), tuple(strata), present, member, np.full(len(objects), -1))

    @classmethod
    def among_objects(cls, objects: Sequence[str], present: np.ndarray) -> Observations:
        """Makes observations whose strata are the other objects of an image, as in VC R-CNN; these overlap."""
        return cls(tuple(objects), tuple(objects), present, present, np.arange(len(objects)))

    def index(self, name: str) -> int:
        """Returns the index of an object; raises `ValueError` for an unknown name, with similar ones."""
        if name in self.objects:
            return self.objects.index(name)
        from difflib import get_close_matches

        similar = get_close_matches(name, self.objects, 3) or self.objects[:5]
        raise ValueError(
            f"there is no object {name!r}; there are {', '.join(similar)}, … ({len(self.objects)} in all)"
        )


@dataclass(frozen=True)
class Counts:
    """Holds numbers of images by stratum and pair of objects; they may be those of a resample.

    Args:
        joint (`np.ndarray`): Shape (strata, objects, objects): images in z with both objects; on the diagonal, with
            the one.
        size (`np.ndarray`): Shape (strata,): images in z.
        together (`np.ndarray`): Shape (objects, objects): images with both, each counted once.
        images (`int`): In all.
        own (`np.ndarray`): As in [`Observations`].
    """

    joint: np.ndarray
    size: np.ndarray
    together: np.ndarray
    images: int
    own: np.ndarray

    @cached_property
    def weights(self) -> np.ndarray:
        """Number of images in z for each pair, 0 if z is one of its objects: shape (strata, objects, objects)."""
        count, own = len(self.together), self.own
        weights = np.repeat(self.size.astype(float), count * count).reshape(-1, count, count)
        named = np.flatnonzero(own >= 0)
        weights[own[named], named, :] = 0
        weights[own[named], :, named] = 0
        return weights


@dataclass(frozen=True)
class Effects:
    """Holds estimates for every pair [x, y]; NaN on the diagonal and if x is in no image.

    Each array has shape (objects, objects), `empty` (strata, objects).
    """

    observed: np.ndarray
    """P(y | x)."""
    intervened: np.ndarray
    """P(y | do x) over the strata with x."""
    low: np.ndarray
    """The same, with y in no image of the strata without x."""
    high: np.ndarray
    """The same, with y in all of them."""
    empty: np.ndarray
    """Strata that have images, but none with x."""

    @property
    def change(self) -> np.ndarray:
        """P(y | do x) - P(y | x)."""
        return self.intervened - self.observed


def count(observations: Observations) -> Counts:
    """Counts images by stratum and pair of objects."""
    present, member = observations.present, observations.member
    size, objects = member.sum(0), len(observations.objects)
    joint = np.zeros((len(observations.strata), objects, objects), dtype=np.int64)
    for stratum, inside in enumerate(member.T):
        joint[stratum] = _pairs(present[inside])
    return Counts(joint, size, _pairs(present), len(present), observations.own)


def effects(counts: Counts, weights: str = "normalised") -> Effects:
    """Computes P(Y | X) and P(Y | do X) of all pairs.

    Args:
        counts ([`Counts`]): As [`count`] makes them.
        weights (`str`): `normalised`, or `published` for the weights of the slides, see above.

    Raises:
        `ValueError`: For other weights.

    Example:

    ```python
    >>> present = np.array([[1, 1], [1, 1], [1, 0], [0, 0], [1, 0], [0, 0], [0, 0], [0, 0]], dtype=bool)
    >>> scene = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    >>> estimates = effects(count(Observations.in_scenes(("x", "y"), ("indoors", "outdoors"), present, scene)))
    >>> estimates.observed[0, 1], round(estimates.intervened[0, 1], 3)  # 2/4, and 2/3 · 1/2 + 0 · 1/2
    (np.float64(0.5), np.float64(0.333))

    ```
    """
    _check_weights(weights)
    with_x = counts.joint.diagonal(axis1=1, axis2=2).astype(float)
    weight = counts.weights
    seen = with_x > 0
    share = counts.joint / np.where(seen, with_x, 1)[:, :, None]
    used = np.where(seen[:, :, None], weight, 0)
    total = counts.images if weights == "published" else used.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = counts.together / counts.together.diagonal().astype(float)[:, None]
        intervened = np.where(used.sum(0) > 0, (used * share).sum(0) / total, np.nan)
        all_weight = counts.images if weights == "published" else weight.sum(0)
        low = (used * share).sum(0) / all_weight
        high = low + (weight - used).sum(0) / all_weight
    for table in (observed, intervened, low, high):
        np.fill_diagonal(table, np.nan)
        table[counts.together.diagonal() == 0] = np.nan
    return Effects(observed, intervened, low, high, (counts.size > 0)[:, None] & ~seen)


@dataclass(frozen=True)
class Intervals:
    """Holds percentile intervals of pairs; each array has shape (pairs, 2), the lower end first."""

    observed: np.ndarray
    intervened: np.ndarray
    change: np.ndarray
    replicates: int


def bootstrap(
    observations: Observations,
    pairs: Sequence[tuple[int, int]],
    replicates: int = 1000,
    seed: int = 0,
    weights: str = "normalised",
    level: float = 0.95,
) -> Intervals:
    """Computes intervals from resampling images with replacement.

    Images that agree in all relevant columns form one pattern, and a resample is a multinomial draw of the number of
    images of each pattern. For scenes these columns are the scene and the pair, so there are few patterns. If objects
    are the strata, they are all objects, and all pairs share the draws. Resamples in which x is in no image, or in no
    stratum of positive weight, are left out.

    Args:
        observations ([`Observations`]): The images.
        pairs (sequence of (x, y)): Indices of objects.
        replicates (`int`): Number of resamples.
        seed (`int`): Seed of the resamples. The result for a pair does not depend on the other pairs.
        weights (`str`): As in [`effects`].
        level (`float`): Level of the intervals.

    Raises:
        `ValueError`: If an argument is out of range.
    """
    _check_weights(weights)
    if replicates < 20:
        raise ValueError(f"`replicates` must be at least 20 to have percentiles, got {replicates}")
    if not 0 < level < 1:
        raise ValueError(f"`level` must lie between 0 and 1, got {level}")
    rows = _replicates(observations, pairs, replicates, seed, weights)
    cuts = 50 * (1 - level), 50 * (1 + level)
    both = np.array(rows).reshape(len(rows), 2, replicates)
    tables = (both[:, 0], both[:, 1], both[:, 1] - both[:, 0])
    ends = [np.array([_percentiles(row, cuts) for row in table]).reshape(-1, 2) for table in tables]
    return Intervals(ends[0], ends[1], ends[2], replicates)


def _percentiles(values: np.ndarray, cuts: tuple[float, float]) -> np.ndarray:
    """Returns percentiles of the values that are not NaN, or NaN if there are none."""
    values = values[~np.isnan(values)]
    return np.percentile(values, cuts) if len(values) else np.full(2, np.nan)


def _replicates(
    observations: Observations, pairs: Sequence[tuple[int, int]], replicates: int, seed: int, weights: str
) -> list[np.ndarray]:
    """Computes P(y | x) and P(y | do x) of each pair in each resample: arrays of shape (2, replicates)."""
    strata, own = len(observations.strata), observations.own
    rows: list[np.ndarray] = []
    if (own >= 0).any():
        patterns, times = _patterns(np.column_stack([observations.member, observations.present]))
        blocks: list[list[np.ndarray]] = [[] for _ in pairs]
        inside = patterns[:, :strata].astype(np.float32)
        for drawn in _resamples(times, replicates, seed):
            size = drawn @ inside
            for number, (x, y) in enumerate(pairs):
                used = np.setdiff1d(np.arange(strata), own[[x, y]])
                with_x, with_y = patterns[:, strata + x], patterns[:, strata + y]
                blocks[number].append(_resampled(drawn, size[:, used], inside[:, used], with_x, with_y, weights))
        return [np.concatenate(block, axis=1) for block in blocks]
    for pair in pairs:
        patterns, times = _patterns(np.column_stack([observations.member, observations.present[:, pair]]))
        inside = patterns[:, :-2].astype(np.float32)
        columns = (inside, patterns[:, -2], patterns[:, -1])
        resampled = [
            _resampled(drawn, drawn @ inside, *columns, weights) for drawn in _resamples(times, replicates, seed)
        ]
        rows.append(np.concatenate(resampled, axis=1))
    return rows


def _resampled(
    drawn: np.ndarray, size: np.ndarray, inside: np.ndarray, with_x: np.ndarray, with_y: np.ndarray, weights: str
) -> np.ndarray:
    """Computes P(y | x) and P(y | do x) from the number of draws of each pattern: shape (2, resamples)."""
    both = with_x & with_y
    have_x, have_both = drawn[:, with_x], drawn[:, both]
    seen, joint = have_x @ inside[with_x], have_both @ inside[both]
    used = np.where(seen > 0, size, 0).astype(float)
    total = drawn[0].sum(dtype=float) if weights == "published" else used.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = have_both.sum(1, dtype=float) / have_x.sum(1, dtype=float)
        share = joint / np.where(seen > 0, seen, 1)
        return np.stack([observed, np.where(used.sum(1) > 0, (used * share).sum(1) / total, np.nan)])


def _resamples(times: np.ndarray, replicates: int, seed: int) -> Iterator[np.ndarray]:
    """Draws the number of images of each pattern: `float32` blocks of shape (replicates of the block, patterns)."""
    random = np.random.default_rng(seed)
    step = max(1, _CHUNK // len(times))
    for start in range(0, replicates, step):
        count = min(step, replicates - start)
        # Counts up to the number of images are exact in 32 bits below 2**24 images.
        yield random.multinomial(times.sum(), times / times.sum(), size=count).astype(np.float32)


def _patterns(columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the distinct rows of a boolean array and their counts."""
    packed = np.packbits(columns, axis=1)
    keys = np.ascontiguousarray(packed).view([("", f"V{packed.shape[1]}")]).ravel()
    _, first, times = np.unique(keys, return_index=True, return_counts=True)
    return columns[first], times


def _pairs(present: np.ndarray) -> np.ndarray:
    """Counts images with both objects of each pair; matrix products of integers are exact in 64 bits."""
    numbers = present.astype(np.float64)
    return np.rint(numbers.T @ numbers).astype(np.int64)


def _check_weights(weights: str) -> None:
    if weights not in WEIGHTS:
        raise ValueError(f"`weights` must be one of {', '.join(WEIGHTS)}, got {weights!r}")
