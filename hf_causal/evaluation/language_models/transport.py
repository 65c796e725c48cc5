"""Posts JSON to one server, with limits on the time and the size of a response."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx

LARGEST_RESPONSE = 8 * 2**20
"""Bytes."""
_MOST_REDIRECTS = 3
_SHORTEST_TOKEN = 4
"""Characters; shorter values are no tokens, and would be found in any text."""


class TransportError(Exception):
    """No complete response arrived; the next attempt may succeed."""


@dataclass(frozen=True)
class Response:
    """A complete response, in which the token is replaced wherever the server repeats it."""

    status: int
    headers: Mapping[str, str]
    text: str


class Transport:
    """Connections to one server, open while a `with` block lasts; threads may share them.

    Args:
        url (`str`): URL of every request.
        token (`str`, *optional*): Sent as a bearer token, and never to another host.
        timeout (`float`): Seconds within which a response must be complete, counted from the start of the request.
    """

    def __init__(self, url: str, token: str | None, timeout: float):
        self.url, self.timeout, self._token = url, timeout, token

    def __enter__(self) -> Transport:
        # `httpx` limits the time between two bytes only; a task of an event loop can be cancelled at any time.
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        headers = {"accept-encoding": "identity"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        # An explicit `auth` keeps the passwords of `.netrc` from being sent.
        self._client = httpx.AsyncClient(headers=headers, timeout=None, auth=httpx.Auth(), follow_redirects=False)
        return self

    def __exit__(self, *error: object) -> None:
        asyncio.run_coroutine_threadsafe(self._client.aclose(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def post(self, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
        """Posts a body and returns the response, of any status.

        Raises:
            [`TransportError`]: If no complete response arrived in time.
            `ValueError`: If the server redirects to another host.
        """
        request = asyncio.wait_for(self._post(dict(body), dict(headers or {})), self.timeout)
        try:
            return asyncio.run_coroutine_threadsafe(request, self._loop).result()
        except TimeoutError:
            raise TransportError(f"no complete response within {self.timeout:g} s") from None
        except httpx.HTTPError as error:
            raise TransportError(type(error).__name__) from error

    async def _post(self, body: dict[str, Any], headers: dict[str, str]) -> Response:
        url = self.url
        for _ in range(_MOST_REDIRECTS + 1):
            async with self._client.stream("POST", url, json=body, headers=headers) as response:
                if not response.is_redirect:
                    return Response(response.status_code, response.headers, self.redact(await _read(response)))
                url = self._redirected(url, response.headers["location"])
        raise TransportError(f"more than {_MOST_REDIRECTS} redirects")

    def _redirected(self, url: str, location: str) -> str:
        target = urljoin(url, location)
        if urlsplit(target)[:2] != urlsplit(url)[:2]:
            host = self.redact(f"{urlsplit(target).scheme}://{urlsplit(target).hostname}")
            raise ValueError(
                f"the endpoint redirects to another host, {host!r}: name that as the endpoint if it is the right one"
            )
        return target

    def redact(self, text: str) -> str:
        """Returns a text without the token."""
        if self._token and len(self._token) >= _SHORTEST_TOKEN:
            return text.replace(self._token, "[token]")
        return text


async def _read(response: httpx.Response) -> str:
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        parts.append(part)
        size += len(part)
        if size > LARGEST_RESPONSE:
            raise TransportError(f"a response of more than {LARGEST_RESPONSE // 2**20} MiB")
    return b"".join(parts).decode("utf-8", errors="replace")
