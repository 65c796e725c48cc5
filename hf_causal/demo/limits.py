"""Limits of a public page, and the error for exceeding them.

An environment variable `HF_CAUSAL_DEMO_<NAME>` changes a limit for the page and its processes.
"""

from __future__ import annotations

import os


def _limit(name: str, default: int) -> int:
    """Returns a limit, or its value in the environment.

    Raises:
        `ValueError`: If that is not a positive integer.
    """
    variable = f"HF_CAUSAL_DEMO_{name}"
    value = os.environ.get(variable, str(default))
    if not value.isdecimal() or not 0 < int(value[:18]) < 2**53:
        raise ValueError(f"`{variable}` must be a positive integer, got {value[:40]!r}")
    return int(value)


MAX_CHARACTERS = _limit("MAX_CHARACTERS", 20_000)
"""Characters of premises and question together."""
MAX_STATEMENTS = _limit("MAX_STATEMENTS", 300)
MAX_NODES = _limit("MAX_NODES", 150)
MAX_NAME_LENGTH = _limit("MAX_NAME_LENGTH", 80)
MAX_VARIABLES = _limit("MAX_VARIABLES", 6)
"""Variables of a premise of correlations, whose compatible graphs are all enumerated."""
READING_SECONDS = _limit("READING_SECONDS", 5)
"""Time to read and prove a question, or to lay out a graph, after which the process that does it is ended."""
READING_PROCESSES = _limit("READING_PROCESSES", 2)

MAX_UPLOAD_BYTES = _limit("MAX_UPLOAD_BYTES", 5 * 2**20)
MAX_ROWS = _limit("MAX_ROWS", 20_000)
MAX_COLUMNS = _limit("MAX_COLUMNS", 64)
MAX_NESTING = 8
"""Nested brackets of JSON, and nested types of Parquet columns."""
MAX_DECODED_BYTES = _limit("MAX_DECODED_BYTES", 64 * 2**20)
"""Size of a decompressed upload."""
MAX_CPU_SECONDS = _limit("MAX_CPU_SECONDS", 10)
"""Processor time to verify a file, and again to correct it."""
MAX_SECONDS = _limit("MAX_SECONDS", 30)
"""Time for a file from the start of its process to the end."""
MAX_MEMORY_BYTES = _limit("MAX_MEMORY_BYTES", 3 * 2**30)
"""Address space of a process that reads a file or a question."""
MAX_FILES_AT_ONCE = _limit("MAX_FILES_AT_ONCE", 2)
MAX_FILES_WAITING = _limit("MAX_FILES_WAITING", 30)
"""Files that wait for their turn; further ones are refused."""

MAX_BODY_BYTES = _limit("MAX_BODY_BYTES", 2 * 2**20)
"""Size of the body of a request that is not an upload."""
MAX_BODIES_BYTES = _limit("MAX_BODIES_BYTES", 64 * 2**20)
"""Size of the bodies of all requests that are being received."""
MAX_STORED_BYTES = _limit("MAX_STORED_BYTES", 500 * 2**20)
"""Size of all uploads and corrected files that are kept."""
KEPT_SECONDS = _limit("KEPT_SECONDS", 600)
"""Time after which uploads and corrected files are deleted."""

CALLS_AT_ONCE = _limit("CALLS_AT_ONCE", 30)
"""Calls that a session may make without a pause; an address may make four times as many."""
CALLS_A_MINUTE = _limit("CALLS_A_MINUTE", 120)
"""Calls of a session in the long run; an address may make four times as many."""
UPLOADED_AT_ONCE = _limit("UPLOADED_AT_ONCE", 30 * 2**20)
"""Bytes that an address may upload without a pause."""
UPLOADED_A_MINUTE = _limit("UPLOADED_A_MINUTE", 10 * 2**20)
"""Bytes that an address may upload a minute in the long run."""
TRUSTED_PROXIES = int(os.environ.get("HF_CAUSAL_DEMO_TRUSTED_PROXIES", "1" if "SPACE_ID" in os.environ else "0"))
"""Proxies before the page, each of which appends an address to `X-Forwarded-For`."""

REQUEST_SECONDS = _limit("REQUEST_SECONDS", 20)
"""Time in which a request with its body must have arrived; each 64 KiB of the body gives another second."""
IDLE_SECONDS = _limit("IDLE_SECONDS", 15)
"""Time without a request after which a connection is closed."""
MAX_CONNECTIONS = _limit("MAX_CONNECTIONS", 2_000)
MAX_WAITING = _limit("MAX_WAITING", 500)
"""Questions in the queue; further ones are refused."""

MAX_HUB_BYTES = _limit("MAX_HUB_BYTES", 2**30)
"""Size of all files that are loaded for a model from the Hub, its base model included."""
MAX_HUB_MODELS = _limit("MAX_HUB_MODELS", 2)
"""Models from the Hub that are kept in memory."""


class TooMuch(ValueError):
    """A text or file exceeds a limit of the page."""


class Busy(ValueError):
    """Too many requests at once."""


def check_text(premises: str, question: str) -> None:
    """Raises [`TooMuch`] if the texts are too long."""
    size = len(premises) + len(question)
    if size > MAX_CHARACTERS:
        raise TooMuch(f"the text has {size:,} characters; this page reads up to {MAX_CHARACTERS:,}")


def check_counts(statements: int, names: list[str]) -> None:
    """Raises [`TooMuch`] if a text has too many statements or nodes, or too long names."""
    if statements > MAX_STATEMENTS:
        raise TooMuch(f"the premises make {statements:,} statements; this page takes up to {MAX_STATEMENTS}")
    if len(names) > MAX_NODES:
        raise TooMuch(f"the text names {len(names):,} nodes; this page takes up to {MAX_NODES}")
    for name in names:
        if len(name) > MAX_NAME_LENGTH:
            raise TooMuch(
                f"the name “{name[:40]}…” has {len(name)} characters; this page takes names of up to {MAX_NAME_LENGTH}"
            )
