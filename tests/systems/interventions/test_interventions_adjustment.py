"""P(Y | X) and P(Y | do X) from counts, against counting image by image."""

import numpy as np
import pytest

from hf_causal.systems.interventions import adjustment
from hf_causal.systems.interventions.adjustment import Observations, bootstrap, count, effects


def random_observations(among_objects: bool, images: int = 60, seed: int = 0) -> Observations:
    random, objects = np.random.default_rng(seed), 5
    present = random.random((images, objects)) < random.uniform(0.1, 0.7, objects)
    names = tuple("abcdefgh"[:objects])
    if among_objects:
        return Observations.among_objects(names, present)
    return Observations.in_scenes(names, ("s", "t", "u"), present, random.integers(3, size=images))


def by_hand(seen: Observations, x: int, y: int) -> dict[str, float]:
    """The formulas, one image at a time."""
    images = [({*np.flatnonzero(row)}, {*np.flatnonzero(inside)}) for row, inside in zip(seen.present, seen.member)]  # noqa: B905
    having = [objects for objects, _ in images if x in objects]
    total = weight_sum = empty = low = 0.0
    for z in range(len(seen.strata)):
        if z in (seen.own[x], seen.own[y]):
            continue
        inside = [objects for objects, strata in images if z in strata]
        with_x = [objects for objects in inside if x in objects]
        if not with_x:
            empty += len(inside)
            continue
        share = sum(y in objects for objects in with_x) / len(with_x)
        total += share * len(inside)
        weight_sum += len(inside)
    low = total / (weight_sum + empty)
    return {
        "observed": sum(y in objects for objects in having) / len(having),
        "intervened": total / weight_sum,
        "published": total / len(images),
        "low": low,
        "high": low + empty / (weight_sum + empty),
    }


@pytest.mark.parametrize("among_objects", [False, True])
def test_effects_are_what_counting_image_by_image_gives(among_objects):
    for seed in range(6):
        seen = random_observations(among_objects, seed=seed)
        counts = count(seen)
        found, published = effects(counts), effects(counts, "published")
        for x in range(5):
            for y in set(range(5)) - {x}:
                expected = by_hand(seen, x, y)
                assert published.intervened[x, y] == pytest.approx(expected.pop("published"))
                for name, value in expected.items():
                    assert getattr(found, name)[x, y] == pytest.approx(value), name
                assert found.change[x, y] == pytest.approx(found.intervened[x, y] - found.observed[x, y])


def test_published_weights_differ_only_where_strata_overlap():
    scenes = count(random_observations(False, 400))
    assert np.allclose(effects(scenes).intervened, effects(scenes, "published").intervened, equal_nan=True)
    everywhere = count(Observations.among_objects("abcdef", np.ones((7, 6), dtype=bool)))
    # Each of the four other objects is in every image, so the shares of images add up to four.
    assert effects(everywhere).intervened[0, 1] == 1 and effects(everywhere, "published").intervened[0, 1] == 4


def test_strata_without_the_cause_are_named_left_out_and_bounded():
    """x is in `indoors` alone, where y follows it in one of two images; half of all images are elsewhere."""
    present = np.array([[1, 1], [1, 0], [0, 1], [0, 0]], dtype=bool)
    seen = Observations.in_scenes(("x", "y"), ("indoors", "outdoors"), present, np.array([0, 0, 1, 1]))
    found = effects(count(seen))
    assert found.empty.tolist() == [[False, False], [True, False]]
    assert (found.intervened[0, 1], found.low[0, 1], found.high[0, 1]) == (0.5, 0.25, 0.75)
    assert found.low[1, 0] == found.intervened[1, 0] == found.high[1, 0]


def test_an_object_in_no_image_has_no_effects():
    seen = Observations.in_scenes(("x", "y"), ("s",), np.array([[False, True], [False, True]]), np.zeros(2, dtype=int))
    found = effects(count(seen))
    assert np.isnan(found.observed[0]).all() and np.isnan(found.intervened[0]).all()
    assert np.isnan(bootstrap(seen, [(0, 1)], 20).intervened).all()
    assert found.intervened[1, 0] == 0


@pytest.mark.parametrize("among_objects", [False, True])
def test_intervals_are_those_of_resampled_images(among_objects):
    seen = random_observations(among_objects, 300)
    intervals, random = bootstrap(seen, [(0, 1), (2, 3)], 1500, seed=1, level=0.9), np.random.default_rng(1)
    drawn = {"observed": [], "intervened": [], "change": []}
    for _ in range(1500):
        rows = random.integers(len(seen.present), size=len(seen.present))
        again = Observations(seen.objects, seen.strata, seen.present[rows], seen.member[rows], seen.own)
        found = effects(count(again))
        for name, values in drawn.items():
            values.append([getattr(found, name)[pair] for pair in ((0, 1), (2, 3))])
    for name, values in drawn.items():
        expected = np.percentile(values, (5, 95), axis=0).T
        width = np.diff(expected, axis=1)
        assert np.abs(getattr(intervals, name) - expected).max() < 0.12 * width.max(), name
    half = bootstrap(seen, [(0, 1)], 1500, seed=1, level=0.5)
    assert 0.3 < np.diff(half.change)[0, 0] / np.diff(intervals.change)[0, 0] < 0.5


@pytest.mark.parametrize("among_objects", [False, True])
def test_a_pair_s_interval_depends_on_nothing_but_the_pair_and_the_seed(among_objects, monkeypatch):
    seen = random_observations(among_objects)
    both, alone = bootstrap(seen, [(0, 1), (2, 3)], 50, seed=3), bootstrap(seen, [(2, 3)], 50, seed=3)
    assert (both.change[1] == alone.change[0]).all()
    assert (bootstrap(seen, [(2, 3)], 50, seed=4).change != alone.change).any()
    monkeypatch.setattr(adjustment, "_CHUNK", 100)
    assert (bootstrap(seen, [(2, 3)], 50, seed=3).change == alone.change).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda seen: effects(count(seen), "slides"), "`weights` must be one of normalised, published, got 'slides'"),
        (lambda seen: bootstrap(seen, [(0, 1)], 3), "`replicates` must be at least 20"),
        (lambda seen: bootstrap(seen, [(0, 1)], 20, level=95), "`level` must lie between 0 and 1, got 95"),
        (lambda seen: seen.index("aa"), "there is no object 'aa'; there are a"),
        (lambda seen: Observations.in_scenes((), (), seen.present[:, :0], np.zeros(60)), "at least one image"),
        (lambda seen: Observations.among_objects("ab", seen.present), "must have the shapes"),
    ],
)
def test_mistakes_are_reported(call, message):
    with pytest.raises(ValueError, match=message):
        call(random_observations(False))
