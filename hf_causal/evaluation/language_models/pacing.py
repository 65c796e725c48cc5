"""The pace of requests to a server, for all threads together."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 60.0
"""Seconds."""
_LONGEST_WAIT = 300.0
"""Seconds that a server may ask to wait; a longer wait is cut, and the request fails after its repetitions."""


class Pace:
    """Decides when the next request may start.

    Args:
        requests_per_minute (`float`, *optional*): Upper limit; none if not given.

    Raises:
        `ValueError`: If the limit is not positive.
    """

    def __init__(self, requests_per_minute: float | None = None):
        if requests_per_minute is not None and requests_per_minute <= 0:
            raise ValueError(f"`requests_per_minute` must be positive, got {requests_per_minute}")
        self._interval = 60.0 / requests_per_minute if requests_per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    def wait(self) -> None:
        """Waits until this thread may start a request.

        Raises:
            `InterruptedError`: If the evaluation was stopped meanwhile.
        """
        while True:
            with self._lock:
                now = time.monotonic()
                if now >= self._next:
                    self._next = now + self._interval
                    break
                pause = self._next - now
            self.sleep(pause)
        if self._stopped.is_set():
            raise InterruptedError("the evaluation was stopped")

    def hold(self, seconds: float) -> None:
        """Delays the next request of every thread."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)

    def sleep(self, seconds: float) -> None:
        """Pauses this thread; raises `InterruptedError` if the evaluation is stopped meanwhile."""
        if self._stopped.wait(seconds):
            raise InterruptedError("the evaluation was stopped")

    def stop(self) -> None:
        """Wakes all waiting threads with `InterruptedError`."""
        self._stopped.set()


def backoff(attempt: int) -> float:
    """Returns the seconds to pause after a failure: doubled with each attempt, up to a minute, with random jitter."""
    return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt) * random.uniform(0.5, 1.0)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds of a `Retry-After` header, which holds a number or a date, up to five minutes.

    `None` without a valid header, and for one that is not finite.
    """
    value = headers.get("retry-after")
    if value is None:
        return None
    seconds = math.nan
    with suppress(ValueError):
        seconds = float(value)
    with suppress(ValueError, TypeError, OverflowError):
        seconds = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    return min(_LONGEST_WAIT, max(0.0, seconds)) if math.isfinite(seconds) else None
