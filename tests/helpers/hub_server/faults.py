"""Faults that a test asks for: errors, cut connections and delays on chosen requests."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass


@dataclass
class Fault:
    """What happens to the requests that match, once `skip` of them have passed unharmed.

    Several effects may be combined; a fault without one only counts.
    """

    method: str
    path: str
    """Regular expression, searched in the path."""
    skip: int = 0
    times: int = 1
    status: int | None = None
    """Answer this status and do nothing."""
    cut_upload_after: int | None = None
    """Read this many bytes of the body, then close the connection."""
    cut_answer: bool = False
    """Do what was asked, then close the connection without an answer."""
    cut_download_after: int | None = None
    """Send this many bytes of the file, then close the connection."""
    wait_for: threading.Event | None = None
    """Hold the request until this is set (at most 30 seconds)."""
    seen: int = 0

    def hits(self, method: str, path: str) -> bool:
        """Counts a request; whether the fault befalls it."""
        if method != self.method or not re.search(self.path, path):
            return False
        self.seen += 1
        return self.skip < self.seen <= self.skip + self.times


class Faults:
    """The faults of a server."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, method: str, path: str, **effect) -> Fault:
        """Adds a fault, see [`Fault`]."""
        fault = Fault(method, path, **effect)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        self._faults.clear()

    def of(self, method: str, path: str) -> Fault | None:
        """The fault that befalls a request, if one does."""
        with self._lock:
            hit = [fault for fault in self._faults if fault.hits(method, path)]
        return hit[0] if hit else None
