"""One request and its answer, as far as an endpoint needs to know them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .store import HubError, User


@dataclass
class Call:
    """One request, as far as an endpoint needs to know it."""

    method: str
    parts: list[str]
    """The path, unquoted part by part, so that a revision may hold a slash."""
    query: dict[str, str]
    body: Callable[[], bytes]
    user: User | None
    base: str

    def json(self) -> Any:
        return json.loads(self.body() or b"{}")

    def signed_in(self) -> User:
        """The user; raises `HubError` where nobody has signed in."""
        if self.user is None:
            raise HubError(401, "Unauthorized", "Invalid username or password.")
        return self.user

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("1", "true")


@dataclass
class Answer:
    """What is sent back: JSON, or (a part of) a file."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
