"""Requests to stop a run: SIGTERM, SIGINT, and the end of its launcher."""

from __future__ import annotations

import signal
import threading
from types import FrameType

from hf_causal.training.worker import launcher_watch

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class StopRequests:
    """Records requests to stop, so that a run can finish its step and save. A second signal ends the process at once.

    Used as a context, which restores the earlier handlers. Only the main thread can have handlers.
    """

    def __init__(self, launched: bool = False):
        self.terminate = self.interrupt = False
        self._watch = launcher_watch() if launched else None
        self._earlier_handlers: dict[signal.Signals, object] = {}

    def __enter__(self) -> StopRequests:
        if self._watch:
            self._watch.pauses += 1
        if threading.current_thread() is threading.main_thread():
            for number in _SIGNALS:
                self._earlier_handlers[number] = signal.signal(number, self._record) or signal.SIG_DFL
        return self

    def __exit__(self, *error: object) -> None:
        if self._watch:
            self._watch.pauses -= 1
        for number, handler in self._earlier_handlers.items():
            if signal.getsignal(number) == self._record:
                signal.signal(number, handler)  # type: ignore[arg-type]

    def poll(self) -> tuple[bool, bool]:
        """Returns whether to terminate, and whether to interrupt."""
        if self._watch and self._watch.is_gone():
            self.terminate = True
        return self.terminate, self.interrupt

    def _record(self, number: int, frame: FrameType | None) -> None:
        if number == signal.SIGINT:
            self.interrupt = True
        else:
            self.terminate = True
        signal.signal(number, self._earlier_handlers[signal.Signals(number)])  # type: ignore[arg-type]
