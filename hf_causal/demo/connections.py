"""Connections to the page that end when nothing arrives: for uvicorn, whose own time-out begins after a response."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from hf_causal.demo import limits

_BYTES_A_SECOND = 64 * 2**10
_STATES_OF_A_REQUEST = (h11.IDLE, h11.SEND_BODY)


class TimedProtocol(H11Protocol):
    """HTTP/1.1 with a time limit for each request, and a limit on the connections of an address."""

    counts: Counter[str] = Counter()
    """Open connections of each address."""

    def __init__(self, *arguments: Any, **options: Any):
        super().__init__(*arguments, **options)
        self._timer: asyncio.TimerHandle | None = None
        self._begun, self._received = 0.0, 0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.counts[self._address()] += 1
        self._begin()
        if not limits.TRUSTED_PROXIES and self.counts[self._address()] > limits.MAX_CONNECTIONS // 4:
            transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        super().data_received(data)
        if self.conn.their_state not in _STATES_OF_A_REQUEST:
            self._stop()
        elif self._timer is None:
            self._begin(len(data))

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop()
        address = self._address()
        self.counts[address] -= 1
        if self.counts[address] <= 0:
            del self.counts[address]
        super().connection_lost(exc)

    def _address(self) -> str:
        return self.client[0] if self.client else "unknown"

    def _begin(self, received: int = 0) -> None:
        self._begun, self._received = self.loop.time(), received
        self._timer = self.loop.call_later(limits.REQUEST_SECONDS, self._check)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        """Ends the connection unless enough of the request has arrived."""
        left = self._begun + limits.REQUEST_SECONDS + self._received / _BYTES_A_SECOND - self.loop.time()
        self._timer = None
        if left <= 0:
            self.transport.abort()
        else:
            self._timer = self.loop.call_later(left, self._check)
