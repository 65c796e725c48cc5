"""Draws random numbers whose values are a contract.

The corpora promise the same bytes for the same seed on every machine and NumPy version. NumPy guarantees that for the
raw output of its bit generators, not for the methods of `numpy.random.Generator`, so the few distributions that the
corpora need are derived here from raw 64-bit words.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from typing import TypeVar

import numpy as np

T = TypeVar("T")


class Stream:
    """A reproducible stream of random arrays, addressed by a key.

    Args:
        *key (`str` or `int`): Identifies the stream, for example `(seed, version, config, split, shard)`. Two
            different keys give independent streams; the same key always gives the same stream.

    Example:

    ```python
    >>> Stream(0, "demo").integers(10, (5,)).tolist() == Stream(0, "demo").integers(10, (5,)).tolist()
    True

    ```
    """

    def __init__(self, *key: str | int):
        digest = hashlib.sha256("\x1f".join(str(item) for item in key).encode()).digest()
        self._bits = np.random.Philox(key=np.frombuffer(digest[:16], dtype="<u8"))

    def words(self, shape: tuple[int, ...]) -> np.ndarray:
        """Draws uniform `uint64` words of a shape."""
        return self._bits.random_raw(math.prod(shape)).reshape(shape)

    def uniform(self, shape: tuple[int, ...]) -> np.ndarray:
        """Draws uniform `float64` in [0, 1) with 53 random bits."""
        return (self.words(shape) >> np.uint64(11)) * 2.0**-53

    def integers(self, high: int, shape: tuple[int, ...]) -> np.ndarray:
        """Draws uniform `int64` in [0, high); the bias of the 32-bit multiply-shift is below `high / 2**32`."""
        if not 0 < high < 2**31:
            raise ValueError(f"`high` must lie in 1 ... 2**31 - 1, got {high}")
        return (((self.words(shape) >> np.uint64(32)) * np.uint64(high)) >> np.uint64(32)).astype(np.int64)

    def permutations(self, count: int, size: int) -> np.ndarray:
        """Draws `count` independent uniform permutations of `size` items: `int64` of shape (count, size)."""
        return np.argsort(self.words((count, size)), axis=1, kind="stable")

    def normals(self, shape: tuple[int, ...]) -> np.ndarray:
        """Draws standard normal `float64`, by Box and Muller's method, as multiples of `2**-12`.

        Machines may differ in the last bits of a logarithm or cosine; rounding removes them.
        """
        pair = self.uniform((2, *shape))
        radius = np.sqrt(-2 * np.log1p(-pair[0]))
        return np.round(radius * np.cos(2 * np.pi * pair[1]) * 2**12) * 2.0**-12


class Draws:
    """A stream of single random numbers, for loops over the graphs of a batch; seeded by a word of a [`Stream`].

    The words are those of splitmix64 (Steele, Lea and Flood 2014).

    Example:

    ```python
    >>> draws = Draws(7)
    >>> draws.below(10) == Draws(7).below(10), sorted(draws.shuffled("abc"))
    (True, ['a', 'b', 'c'])

    ```
    """

    def __init__(self, seed: int):
        self._state = seed

    def below(self, high: int) -> int:
        """Draws an integer in [0, high); the bias of the 32-bit multiply-shift is below `high / 2**32`."""
        self._state = self._state + 0x9E3779B97F4A7C15 & _WORD
        word = (self._state ^ self._state >> 30) * 0xBF58476D1CE4E5B9 & _WORD
        word = (word ^ word >> 27) * 0x94D049BB133111EB & _WORD
        return ((word ^ word >> 31) >> 32) * high >> 32

    def shuffled(self, items: Iterable[T]) -> list[T]:
        """Returns the items in random order."""
        items = list(items)
        for last in range(len(items) - 1, 0, -1):
            other = self.below(last + 1)
            items[last], items[other] = items[other], items[last]
        return items


_WORD = 2**64 - 1
