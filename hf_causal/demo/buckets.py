"""How much each visitor may do: token buckets by address and by session."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

MAX_VISITORS = 10_000
"""Visitors that are remembered; the one that has done nothing for the longest time is forgotten first."""


class Buckets:
    """A bucket of tokens for each key, which is filled at a constant rate.

    Args:
        size (`float`): Tokens of a full bucket: what may be taken without a pause.
        per_second (`float`): Tokens that flow into a bucket each second.
        clock (callable): Returns seconds.

    Example:

    ```python
    >>> now = 0.0
    >>> buckets = Buckets(2, 0.5, lambda: now)
    >>> buckets.take("ann"), buckets.take("ann"), buckets.take("ann"), buckets.take("bob")
    (0.0, 0.0, 2.0, 0.0)
    >>> now = 2.0
    >>> buckets.take("ann")
    0.0

    ```
    """

    def __init__(self, size: float, per_second: float, clock: Callable[[], float] = time.monotonic):
        self.size, self.per_second, self.clock = size, per_second, clock
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable, tokens: float = 1.0) -> float:
        """Takes tokens; returns 0, or the seconds to wait where there are too few, of which none is taken then."""
        now = self.clock()
        level, then = self._levels.pop(key, (self.size, now))
        level = min(self.size, level + (now - then) * self.per_second)
        is_enough = level >= tokens
        self._levels[key] = (level - tokens if is_enough else level, now)
        while len(self._levels) > MAX_VISITORS:
            self._levels.popitem(last=False)
        return 0.0 if is_enough else (tokens - level) / self.per_second
