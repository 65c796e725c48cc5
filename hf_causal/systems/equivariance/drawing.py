"""Draws scenes of coloured shapes as pixels, and reads them back."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from typing import NamedTuple

import numpy as np

SIZE = 32
"""Width and height of an image in pixels."""

COLORS: dict[str, tuple[int, int, int]] = {
    "red": (220, 40, 40),
    "green": (40, 180, 60),
    "blue": (40, 80, 220),
    "yellow": (240, 220, 50),
    "purple": (150, 50, 190),
    "white": (245, 245, 245),
}
SHAPES = ("square", "circle", "triangle", "cross")
RADII = (3, 4)
BACKGROUNDS = (20, 60, 100)
"""Grey levels behind a scene; no thing has one of them."""


class Thing(NamedTuple):
    """A coloured shape. `x` and `y` are its center in pixels from the left and the top, `radius` is half its width."""

    color: str
    shape: str
    x: int
    y: int
    radius: int


@cache
def shape_mask(shape: str, radius: int) -> np.ndarray:
    """Returns the pixels of a shape, boolean of shape `(2 radius + 1, 2 radius + 1)`, rows from the top.

    Args:
        shape (`str`): One of `SHAPES`.
        radius (`int`): Half the width in pixels, without the central one.
    """
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    masks = {
        "square": np.ones(x.shape, dtype=bool),
        "circle": x**2 + y**2 <= radius**2 + 1,
        # Two rows down, one pixel wider on either side.
        "triangle": 2 * abs(x) <= y + radius,
        "cross": (abs(x) <= 1) | (abs(y) <= 1),
    }
    if shape not in masks:
        raise ValueError(f"`shape` must be one of {', '.join(SHAPES)}, got {shape!r}")
    return masks[shape]


def draw(things: list[Thing], background: int) -> np.ndarray:
    """Draws a scene.

    Args:
        things (`list[Thing]`): Things of the scene; no two may touch, or they cannot be read back.
        background (`int`): Grey level behind them, 0 to 255.

    Returns:
        `np.ndarray`: `uint8` of shape `(SIZE, SIZE, 3)`: rows from the top, red, green and blue.

    Raises:
        `ValueError`: If a thing is not entirely on the image, or has an unknown colour or shape.
    """
    pixels = np.full((SIZE, SIZE, 3), background, dtype=np.uint8)
    for thing in things:
        left, top, width = thing.x - thing.radius, thing.y - thing.radius, 2 * thing.radius + 1
        if min(left, top) < 0 or max(left, top) + width > SIZE:
            raise ValueError(f"`things` must lie on the picture of {SIZE} by {SIZE} pixels, got {thing}")
        if thing.color not in COLORS:
            raise ValueError(f"`color` must be one of {', '.join(COLORS)}, got {thing.color!r}")
        area = pixels[top : top + width, left : left + width]
        area[shape_mask(thing.shape, thing.radius)] = COLORS[thing.color]
    return pixels


def read(pixels: np.ndarray) -> list[Thing]:
    """Reads the things of an image from its pixels, sorted by x and y.

    Args:
        pixels (`np.ndarray`): `uint8` of shape `(SIZE, SIZE, 3)`; the pixel in the upper left corner is background.

    Raises:
        `ValueError`: If some pixels are not a thing that [`draw`] draws.
    """
    names: dict[tuple[int, ...], str] = {color: name for name, color in COLORS.items()}
    left = (pixels != pixels[0, 0]).any(2)
    things = []
    while left.any():
        first = tuple(np.argwhere(left)[0])
        spot = _connected((pixels == pixels[first]).all(2) & left, first)
        left &= ~spot
        rows, columns = np.flatnonzero(spot.any(1)), np.flatnonzero(spot.any(0))
        cut = spot[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        radius = (cut.shape[0] - 1) // 2
        known = [shape for shape in SHAPES if radius > 0 and np.array_equal(shape_mask(shape, radius), cut)]
        color = names.get(tuple(int(value) for value in pixels[first]))
        if len(known) != 1 or color is None:
            raise ValueError(f"`pixels` show no known thing at row {first[0]}, column {first[1]}")
        things.append(Thing(color, known[0], int(columns[0]) + radius, int(rows[0]) + radius, radius))
    return sorted(things, key=lambda thing: (thing.x, thing.y))


def _connected(where: np.ndarray, first: tuple) -> np.ndarray:
    """Returns the pixels that are connected to the first one along rows and columns."""
    spot = np.zeros_like(where)
    edge = np.zeros_like(where)
    edge[first] = True
    while edge.any():
        spot |= edge
        further = np.zeros_like(where)
        further[1:] |= edge[:-1]
        further[:-1] |= edge[1:]
        further[:, 1:] |= edge[:, :-1]
        further[:, :-1] |= edge[:, 1:]
        edge = further & where & ~spot
    return spot


def encode_png(pixels: np.ndarray) -> bytes:
    """Encodes an image as a PNG file without compression.

    The bytes are part of the published data set, and compressed bytes would differ between versions of zlib. Parquet
    compresses them.

    Args:
        pixels (`np.ndarray`): `uint8` of shape `(height, width, 3)`, at most 65,535 bytes with one for each row.
    """
    height, width, _ = pixels.shape
    rows = b"".join(b"\x00" + row.tobytes() for row in pixels)
    # One stored block (RFC 1951, 3.2.4) in a zlib stream (RFC 1950).
    block = b"\x01" + struct.pack("<HH", len(rows), len(rows) ^ 0xFFFF) + rows
    stream = b"\x78\x01" + block + struct.pack(">I", zlib.adler32(rows))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", stream), (b"IEND", b"")]
    written = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(written)


def decode_image(content: bytes) -> np.ndarray:
    """Decodes an image file of any format to `uint8` pixels of shape `(height, width, 3)`."""
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
