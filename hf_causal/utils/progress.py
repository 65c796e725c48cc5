"""The one signature of progress callbacks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Advance = Callable[[int], Any]
"""Takes the number of items that were finished since the last call."""


class Progress(Protocol):
    """Starts the display of one piece of work."""

    def __call__(self, title: str, total: int | None, /) -> Advance:
        """Starts a display.

        Args:
            title (`str`): What is done, for example `"building default"`.
            total (`int`, *optional*): Number of items, where it is known.

        Returns:
            `Advance`: Takes the number of items that were finished since the last call.
        """
        ...


def start(progress: Progress | None, title: str, total: int | None) -> Advance:
    """Starts a display, or returns a function that does nothing where there is no display.

    Example:

    ```python
    >>> start(None, "building", 10)(3)
    >>> start(lambda title, total: print, "building", 10)(3)
    3

    ```
    """
    return progress(title, total) if progress else lambda finished: None
