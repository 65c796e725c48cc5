"""Limits of a public page, and the error for exceeding them."""

from __future__ import annotations

MAX_CHARACTERS = 20_000
"""Characters of premises and question together."""
MAX_STATEMENTS = 300
MAX_NODES = 150
MAX_NAME_LENGTH = 80
MAX_VARIABLES = 6
"""Variables of a premise of correlations, whose compatible graphs are all enumerated."""

MAX_UPLOAD_BYTES = 5 * 2**20
MAX_ROWS = 20_000
MAX_COLUMNS = 64
MAX_NESTING = 8
"""Nested brackets of JSON, and nested types of Parquet columns."""
MAX_DECODED_BYTES = 64 * 2**20
"""Size of a decompressed upload."""
MAX_SECONDS = 60
"""Time for one upload."""
MAX_MEMORY_BYTES = 3 * 2**30
"""Address space of the process that reads an upload."""

KEPT_SECONDS = 600
"""Time after which uploads and corrected files are deleted."""

MAX_HUB_BYTES = 2**30
"""Size of the weights of a model from the Hub."""
MAX_HUB_MODELS = 2
"""Models from the Hub that are kept in memory."""


class TooMuch(ValueError):
    """A text or file exceeds a limit of the page."""


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
