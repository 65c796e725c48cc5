"""Known systems of scenes and objects, against enumerating every image that there can be."""

from itertools import product

import numpy as np
import pytest

from hf_causal.systems.interventions.scene_model import HOMES, RELATIONS, SCENES, SceneSystem, scene_system
from hf_causal.utils.randomness import Stream

RANDOM = np.random.default_rng(0)
# a -> b -> d, and c -> e.
PARENT = np.array([-1, 0, -1, 1, 2])
OBJECTS = 5


@pytest.fixture(scope="module")
def small() -> SceneSystem:
    probability = np.repeat(RANDOM.uniform(0.05, 0.95, (3, OBJECTS, 1)), 2, axis=2)
    probability[:, PARENT >= 0, 1] = RANDOM.uniform(0.05, 0.95, (3, 3))
    return SceneSystem(("s", "t", "u"), tuple("abcde"), np.array([0.2, 0.5, 0.3]), PARENT, probability)


def enumerate_images(system: SceneSystem, do: int | None = None):
    """Every (image, probability), by the factors of each object but that of the one that is put there."""
    for scene, image in product(range(len(system.scenes)), product((0, 1), repeat=OBJECTS)):
        weight = system.scene_probability[scene]
        for node, value in enumerate(image):
            parent = system.parent[node]
            chance = system.probability[scene, node, image[parent] if parent >= 0 else 0]
            weight *= float(value) if node == do else (chance if value else 1 - chance)
        yield image, weight


def test_what_is_seen_and_done_is_what_enumeration_gives(small):
    seen = list(enumerate_images(small))
    assert sum(weight for _, weight in seen) == pytest.approx(1)
    for x in range(OBJECTS):
        done = list(enumerate_images(small, do=x))
        with_x = sum(weight for image, weight in seen if image[x])
        for y in range(OBJECTS):
            both = sum(weight for image, weight in seen if image[x] and image[y])
            assert small.observed[x, y] == pytest.approx(both / with_x)
            assert small.intervened[x, y] == pytest.approx(sum(weight for image, weight in done if image[y]))


def test_relations_are_read_off_the_chains(small):
    assert small.hops(0, 3) == 2 and small.hops(3, 0) == -1
    pairs = {"direct": (0, 1), "mediated": (0, 3), "reversed": (3, 0), "none": (0, 2)}
    assert {relation: small.relation(*pair) for relation, pair in pairs.items()} == {one: one for one in RELATIONS}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("confounding", [0.0, 1.0, 2.0])
def test_adjusting_for_the_scene_is_right_unless_the_effect_runs_backward(seed, confounding):
    system = scene_system(seed, confounding)
    weights, count = system.scene_probability, len(system.objects)
    for x, y in product(range(count), repeat=2):
        if x == y:
            continue
        first, second = sorted((x, y))
        both = system.alone[:, first] * system.given[:, first, second]
        adjusted = (weights * both / system.alone[:, x]).sum()
        assert system.observed[x, y] == pytest.approx((weights * both).sum() / (weights * system.alone[:, x]).sum())
        backward = system.relation(x, y) == "reversed"
        assert (abs(adjusted - system.intervened[x, y]) > 1e-4) == backward
        if confounding == 0 and not backward:
            assert system.observed[x, y] == pytest.approx(system.intervened[x, y], abs=1e-9)


def test_a_system_is_complete_and_its_numbers_are_short():
    system = scene_system(3)
    assert system.scenes == SCENES and sorted(system.objects) == sorted(HOMES)
    assert system.scene_probability.sum() == pytest.approx(1, abs=1e-12)
    assert (np.round(system.probability, 4) == system.probability).all()
    relations = [system.relation(x, y) for x in range(24) for y in range(24) if x != y]
    assert {one: relations.count(one) for one in RELATIONS} == {
        "direct": 8,
        "mediated": 2,
        "reversed": 10,
        "none": 532,
    }
    assert scene_system(3, 2.0).objects == system.objects != scene_system(4).objects


def test_samples_follow_the_system(small):
    images = 40_000
    scene, present = small.sample(images, Stream(0, "test"))
    for number, share in enumerate(small.scene_probability):
        inside = scene == number
        assert abs(inside.mean() - share) < 4 * (share * (1 - share) / images) ** 0.5
        error = 4 * (0.25 / inside.sum()) ** 0.5
        assert np.abs(present[inside].mean(0) - small.alone[number]).max() < error
        for x, y in ((0, 1), (1, 3), (0, 3), (2, 4), (0, 4)):
            chosen = inside & present[:, x]
            assert abs(present[chosen, y].mean() - small.given[number, x, y]) < 4 * (0.25 / chosen.sum()) ** 0.5


def test_mistakes_are_reported(small):
    with pytest.raises(ValueError, match="`confounding` must lie in 0 ... 4, got -1"):
        scene_system(confounding=-1)
    for parent, message in (([-1, 0, 0, -1, -1], "at most one effect"), ([1, -1, -1, -1, -1], "before its effect")):
        with pytest.raises(ValueError, match=message):
            SceneSystem(small.scenes, small.objects, small.scene_probability, np.array(parent), small.probability)
