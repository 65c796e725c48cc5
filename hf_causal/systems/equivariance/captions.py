"""Writes and checks captions of scenes: the relation of two things, or the number of equal things."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import permutations

from hf_causal.systems.equivariance.drawing import COLORS, SHAPES, Thing

RELATIONS = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
"""From each relation to its opposite."""

NUMBERS = ("one", "two", "three", "four")

_PLURALS = {shape: f"{shape}es" if shape.endswith("s") else f"{shape}s" for shape in SHAPES}
_THING = rf"a ({'|'.join(COLORS)}) ({'|'.join(SHAPES)})"
_RELATED = re.compile(rf"{_THING} ({'|'.join(RELATIONS)}) {_THING}")
_COUNTED = re.compile(rf"({'|'.join(NUMBERS)}) ({'|'.join(COLORS)}) ({'|'.join([*SHAPES, *_PLURALS.values()])})")

CAPTION_WORDS = tuple(
    dict.fromkeys(
        ["a", "of", *(word for name in RELATIONS for word in name.split())]
        + [*COLORS, *SHAPES, *_PLURALS.values(), *NUMBERS]
    )
)
"""All words of captions."""


def relation_caption(first: Thing, relation: str, second: Thing) -> str:
    """Returns a caption such as `a red square left of a blue circle`."""
    return f"a {first.color} {first.shape} {relation} a {second.color} {second.shape}"


def count_caption(number: int, color: str, shape: str) -> str:
    """Returns a caption such as `two red crosses`.

    Raises:
        `ValueError`: For a number outside 1 to 4.
    """
    if not 1 <= number <= len(NUMBERS):
        raise ValueError(f"`number` must lie in 1 ... {len(NUMBERS)}, got {number}")
    return f"{NUMBERS[number - 1]} {color} {shape if number == 1 else _PLURALS[shape]}"


def is_true(caption: str, things: Sequence[Thing]) -> bool:
    """Returns whether a caption is true of a scene.

    A thing is left of another if its centre is further to the left, and so on; a number is exact.

    Args:
        caption (`str`): As [`relation_caption`] or [`count_caption`] writes it.
        things (sequence of [`Thing`]): The scene, see [`hf_causal.systems.equivariance.drawing.read`].

    Raises:
        `ValueError`: For another caption.

    Example:

    ```python
    >>> scene = [Thing("red", "square", 8, 16, 3), Thing("blue", "circle", 24, 16, 3)]
    >>> is_true("a red square left of a blue circle", scene), is_true("two red squares", scene)
    (True, False)

    ```
    """
    if counted := _COUNTED.fullmatch(caption):
        number, color, shape = counted.groups()
        matching_things = [
            thing for thing in things if thing.color == color and shape in (thing.shape, _PLURALS[thing.shape])
        ]
        plural = NUMBERS.index(number) > 0
        if plural == (shape in SHAPES):
            raise ValueError(f"`caption` has a wrong number of its noun: {caption!r}")
        return len(matching_things) == NUMBERS.index(number) + 1
    if not (related := _RELATED.fullmatch(caption)):
        raise ValueError(
            f"`caption` must be like 'a red square left of a blue circle' or 'two red squares', got {caption!r}"
        )
    color, shape, relation, other_color, other_shape = related.groups()
    return any(
        (first.color, first.shape) == (color, shape)
        and (second.color, second.shape) == (other_color, other_shape)
        and _in_relation(first, relation, second)
        for first, second in permutations(things, 2)
    )


def _in_relation(first: Thing, relation: str, second: Thing) -> bool:
    if relation in ("left of", "right of"):
        return first.x < second.x if relation == "left of" else first.x > second.x
    return first.y < second.y if relation == "above" else first.y > second.y
