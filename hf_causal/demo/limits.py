"""What a page that anybody can reach takes at most, and the error that says so."""

from __future__ import annotations

MAX_CHARACTERS = 20_000
"""Of premises and question together."""
MAX_STATEMENTS = 300
MAX_NODES = 150
MAX_NAME_LENGTH = 80
MAX_VARIABLES = 6
"""Of a premise of correlations, whose graphs are all gone through."""

MAX_UPLOAD_BYTES = 5 * 2**20
MAX_ROWS = 20_000
MAX_COLUMNS = 64
MAX_NESTING = 8
"""Brackets within brackets, in JSON and in the columns of Parquet."""
MAX_DECODED_BYTES = 64 * 2**20
"""Of an upload once it is decompressed."""
MAX_SECONDS = 60
"""For one upload."""
MAX_MEMORY_BYTES = 3 * 2**30
"""Address space of the process that reads an upload."""

KEPT_SECONDS = 600
"""After which uploads and the corrected files that were made of them are deleted."""

MAX_HUB_BYTES = 2**30
"""Weights of a model from the Hub."""
MAX_HUB_MODELS = 2
"""Models from the Hub that are kept in memory."""


class TooMuch(ValueError):
    """Something is larger than the page takes."""


def check_text(premises: str, question: str) -> None:
    """Raises [`TooMuch`] if the texts are too long to be read."""
    size = len(premises) + len(question)
    if size > MAX_CHARACTERS:
        raise TooMuch(f"the text has {size:,} characters; this page reads up to {MAX_CHARACTERS:,}")


def check_counts(statements: int, names: list[str]) -> None:
    """Raises [`TooMuch`] if a text that was read says too much."""
    if statements > MAX_STATEMENTS:
        raise TooMuch(f"the premises make {statements:,} statements; this page takes up to {MAX_STATEMENTS}")
    if len(names) > MAX_NODES:
        raise TooMuch(f"the text names {len(names):,} nodes; this page takes up to {MAX_NODES}")
    for name in names:
        if len(name) > MAX_NAME_LENGTH:
            raise TooMuch(
                f"the name “{name[:40]}…” has {len(name)} characters; this page takes names of up to {MAX_NAME_LENGTH}"
            )
