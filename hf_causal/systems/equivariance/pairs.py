"""Certifies pairs of images and captions, and checks them against the pixels."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hf_causal.systems.equivariance.captions import is_true
from hf_causal.systems.equivariance.drawing import Thing, decode_image, read


def certificate(scenes: tuple[list[Thing], list[Thing]]) -> str:
    """Returns both scenes as JSON: colour, shape, center from the left and the top, and radius of every thing."""
    return json.dumps({f"scene_{number}": [list(thing) for thing in scene] for number, scene in enumerate(scenes)})


def check_pair(row: Mapping[str, Any]) -> tuple[list[Thing], list[Thing]]:
    """Proves a row of `shapes`: each caption is true of its image and false of the other one.

    Args:
        row (mapping): Has `image_0` and `image_1` (PNG files as bytes, or as `{"bytes": …}`), `caption_0`,
            `caption_1` and `certificate`.

    Returns:
        `tuple`: The two scenes, read from the pixels.

    Raises:
        `ValueError`: If the certificate or a caption contradicts the pixels.
    """
    scenes = read(_pixels(row["image_0"])), read(_pixels(row["image_1"]))
    stored = json.loads(row["certificate"])
    for number, scene in enumerate(scenes):
        if sorted(tuple(thing) for thing in stored[f"scene_{number}"]) != sorted(tuple(thing) for thing in scene):
            raise ValueError(f"`certificate` does not say what is on `image_{number}`: {stored[f'scene_{number}']}")
        for caption in (0, 1):
            truth = is_true(row[f"caption_{caption}"], scene)
            if truth != (caption == number):
                word = "true" if truth else "not true"
                raise ValueError(f"`caption_{caption}` {row[f'caption_{caption}']!r} is {word} of `image_{number}`")
    return scenes


def _pixels(image: Any) -> Any:
    return decode_image(image["bytes"] if isinstance(image, Mapping) else image)
