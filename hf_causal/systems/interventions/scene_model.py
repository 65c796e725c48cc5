"""Defines a causal system of scenes and objects: a confounder, direct effects, and exact probabilities.

An image has a scene (bathroom, kitchen, …), and the scene makes objects likely or unlikely. Objects may also have
direct effects on one another; these form chains, in which each object has at most one object as cause and at most one
as effect. So for every pair the scene is the only common cause of the two objects, and adjusting for it gives the
effect of one on the other, unless the direct effects run the other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hf_causal.utils.randomness import Stream

SCENES = ("bathroom", "kitchen", "bedroom", "office", "street", "park")
HOMES = {
    "toilet": "bathroom",
    "toothbrush": "bathroom",
    "hair drier": "bathroom",
    "sink": "kitchen",
    "oven": "kitchen",
    "cup": "kitchen",
    "knife": "kitchen",
    "bed": "bedroom",
    "lamp": "bedroom",
    "clock": "bedroom",
    "book": "bedroom",
    "laptop": "office",
    "mouse": "office",
    "chair": "office",
    "phone": "office",
    "car": "street",
    "bus": "street",
    "traffic light": "street",
    "bicycle": "street",
    "bench": "park",
    "dog": "park",
    "frisbee": "park",
    "kite": "park",
    "person": "street",
}
"""From each object to the scene in which the confounder makes it most likely."""

_CHAINS = (3, 3, 2, 2, 2, 2)
"""Number of objects of each chain of direct effects; all others have no cause and no effect among the objects."""
_DIGITS = 4
"""Decimals of probabilities, so that they are equal on every machine."""

RELATIONS = ("direct", "mediated", "reversed", "none")


@dataclass(frozen=True)
class SceneSystem:
    """Holds scenes with probabilities, and objects that depend on the scene and on at most one object each.

    Args:
        scenes, objects (`tuple[str, ...]`): Names.
        scene_probability (`np.ndarray`): Shape (scenes,); sums to one.
        parent (`np.ndarray`): Shape (objects,): the object that has a direct effect on each, -1 for none. A parent
            stands before its effect.
        probability (`np.ndarray`): Shape (scenes, objects, 2): of an object in a scene, without and with its parent;
            both are the same where there is no parent.
        seed (`int`), confounding (`float`): What it was drawn with.

    Raises:
        `ValueError`: If an object has two effects, or does not stand behind its cause.
    """

    scenes: tuple[str, ...]
    objects: tuple[str, ...]
    scene_probability: np.ndarray
    parent: np.ndarray
    probability: np.ndarray
    seed: int = 0
    confounding: float = 1.0

    def __post_init__(self) -> None:
        causes = self.parent[self.parent >= 0]
        if len(set(causes.tolist())) < len(causes):
            raise ValueError(f"`parent` must give each object at most one effect, got {self.parent.tolist()}")
        if (self.parent >= np.arange(len(self.parent))).any():
            raise ValueError(f"`parent` must stand before its effect, got {self.parent.tolist()}")

    @cached_property
    def alone(self) -> np.ndarray:
        """P(object | scene), shape (scenes, objects)."""
        marginal = np.zeros(self.probability.shape[:2])
        for node, parent in enumerate(self.parent):
            without, given = self.probability[:, node, 0], self.probability[:, node, 1]
            marginal[:, node] = without if parent < 0 else without + (given - without) * marginal[:, parent]
        return marginal

    @cached_property
    def given(self) -> np.ndarray:
        """P(y | x, scene) by [x, y], shape (scenes, objects, objects), for x that comes before y or is y.

        Inside a scene an object has an effect along its chain and on nothing else.
        """
        count = len(self.objects)
        given = np.repeat(self.alone[:, None, :], count, axis=1)
        for node, parent in enumerate(self.parent):
            given[:, node, node] = 1
            if parent >= 0:
                earlier = [before for before in range(node) if self.hops(before, node) > 0]
                without, step = self.probability[:, node, 0], np.diff(self.probability[:, node])[:, 0]
                given[:, earlier, node] = without[:, None] + step[:, None] * given[:, earlier, parent]
        return given

    @cached_property
    def together(self) -> np.ndarray:
        """P(x, y), shape (objects, objects)."""
        count = np.arange(len(self.objects))
        forward = self.alone[:, :, None] * self.given
        joint = np.where(count[:, None] <= count, forward, forward.transpose(0, 2, 1))
        return np.einsum("z,zxy->xy", self.scene_probability, joint)

    @cached_property
    def observed(self) -> np.ndarray:
        """P(y | x) by [x, y], exact: the share of y among images with x."""
        return self.together / np.diag(self.together)[:, None]

    @cached_property
    def intervened(self) -> np.ndarray:
        """P(y | do x) by [x, y], exact: the share of y if x were put into every image.

        Under do(x), x no longer depends on its parents, so the scenes keep their probabilities and the objects before
        x in its chain do not change.
        """
        return np.einsum("z,zxy->xy", self.scene_probability, self.given)

    def hops(self, cause: int, effect: int) -> int:
        """Returns the number of direct effects from one object to another, -1 if there is no path."""
        node, steps = int(self.parent[effect]), 1
        while node >= 0 and node != cause:
            node, steps = int(self.parent[node]), steps + 1
        return steps if node >= 0 else -1

    def relation(self, cause: int, effect: int) -> str:
        """Returns one of `RELATIONS`."""
        forward = self.hops(cause, effect)
        if forward > 0:
            return "direct" if forward == 1 else "mediated"
        return "reversed" if self.hops(effect, cause) > 0 else "none"

    def sample(self, images: int, stream: Stream) -> tuple[np.ndarray, np.ndarray]:
        """Draws images.

        Args:
            images (`int`): Number of images.
            stream ([`Stream`]): Source of randomness.

        Returns:
            `tuple`: The scene of each image, shape (images,), and which objects are in it, boolean (images, objects).
        """
        ends = np.round(np.cumsum(self.scene_probability), 2 * _DIGITS)
        scene = np.minimum(np.searchsorted(ends, stream.uniform((images,)), side="right"), len(self.scenes) - 1)
        chance = stream.uniform((images, len(self.objects)))
        present = np.zeros(chance.shape, dtype=bool)
        for node, parent in enumerate(self.parent):
            with_parent = present[:, parent].astype(int) if parent >= 0 else 0
            present[:, node] = chance[:, node] < self.probability[scene, node, with_parent]
        return scene, present


def scene_system(seed: int = 0, confounding: float = 1.0) -> SceneSystem:
    """Draws the system of a seed: how likely scenes and objects are, and which objects have direct effects.

    Log-odds of an object are a level of its own, plus `confounding` times what its scene adds or takes away, plus a
    direct effect of one to two and a half, up or down, where the object that has it is there.

    Args:
        seed (`int`): Of everything that is drawn. The draws are the same for every `confounding`.
        confounding (`float`, defaults to 1): Strength of the scenes. At 0 they have no influence, and P(y | x) is
            P(y | do x) but for pairs of which y has a direct effect on x.

    Raises:
        `ValueError`: If `confounding` is not a number from 0 to 4.

    Example:

    ```python
    >>> system = scene_system(confounding=0.0)
    >>> x, y = 0, 23
    >>> bool(abs(system.observed[x, y] - system.intervened[x, y]) < 1e-9)
    True

    ```
    """
    if not 0 <= confounding <= 4:
        raise ValueError(f"`confounding` must lie in 0 ... 4, got {confounding}")
    stream = Stream(seed, "scene system")
    names = list(HOMES)
    objects = tuple(names[place] for place in stream.permutations(1, len(names))[0])
    shares = 0.5 + stream.uniform((len(SCENES),))
    home = np.array([SCENES.index(HOMES[name]) for name in objects])
    level = -2.2 + 1.6 * stream.uniform((len(objects),))
    at_home = 1.8 + 1.2 * stream.uniform((len(objects),))
    elsewhere = -2.0 * stream.uniform((len(SCENES), len(objects)))
    effect = (1.0 + 1.5 * stream.uniform((len(objects),))) * np.where(stream.uniform((len(objects),)) < 0.6, 1, -1)
    parent = np.full(len(objects), -1)
    starts = np.cumsum((0, *_CHAINS))
    for start, length in zip(starts[:-1], _CHAINS, strict=True):
        parent[start + 1 : start + length] = np.arange(start, start + length - 1)
    scene_part = np.where(np.arange(len(SCENES))[:, None] == home, at_home, elsewhere)
    logits = level + confounding * scene_part
    both = np.stack([logits, logits + np.where(parent >= 0, effect, 0)], axis=-1)
    scene_probability = np.round(shares / shares.sum(), _DIGITS)
    scene_probability[-1] = round(1 - scene_probability[:-1].sum(), _DIGITS)
    probability = np.clip(np.round(1 / (1 + np.exp(-both)), _DIGITS), 10.0**-_DIGITS, 1 - 10.0**-_DIGITS)
    return SceneSystem(SCENES, objects, scene_probability, parent, probability, seed, confounding)
