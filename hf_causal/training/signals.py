"""Requests to stop: SIGTERM, SIGINT, and a launcher that is gone."""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequests:
    """Notes requests to stop, so that a run can end its step and save. A second signal of a kind ends it at once.

    Used as a context; handlers are those of before when it is left. Only the main thread can have handlers.
    """

    def __init__(self, launched: bool = False):
        self.terminate = self.interrupt = False
        # A launcher that is killed leaves its workers behind, and nobody would know that they go on.
        self._launcher = os.getppid() if launched else None
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> StopRequests:
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._before[number] = signal.signal(number, self._note) or signal.SIG_DFL
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            if signal.getsignal(number) == self._note:
                signal.signal(number, handler)  # type: ignore[arg-type]

    def look(self) -> tuple[bool, bool]:
        """Whether to terminate and whether to interrupt."""
        if self._launcher is not None and os.getppid() != self._launcher:
            self.terminate = True
        return self.terminate, self.interrupt

    def _note(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            self.interrupt = True
        else:
            self.terminate = True
        signal.signal(number, self._before[signal.Signals(number)])  # type: ignore[arg-type]
