"""A cache that keeps many small results and few large ones, so that memory does not grow with the largest of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def cache_by_size(
    is_large: Callable[P, bool], most: int = 4096, most_large: int = 128
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Returns a decorator that keeps the latest results of a function.

    Args:
        is_large (callable): Tells from the function's arguments whether its result is large.
        most, most_large (`int`): Results that are kept, of small ones and of large ones.

    Example:

    ```python
    >>> @cache_by_size(lambda text: len(text) > 3, most_large=1)
    ... def read(text: str) -> str:
    ...     print("read", text)
    ...     return text.upper()
    >>> [read(text) for text in ("a", "b", "a", "long", "longer", "long")]
    read a
    read b
    read long
    read longer
    read long
    ['A', 'B', 'A', 'LONG', 'LONGER', 'LONG']

    ```
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        small, large = lru_cache(maxsize=most)(function), lru_cache(maxsize=most_large)(function)

        @wraps(function)
        def cached(*args: P.args, **kwargs: P.kwargs) -> R:
            return (large if is_large(*args, **kwargs) else small)(*args, **kwargs)  # type: ignore[arg-type]

        return cached

    return decorate
