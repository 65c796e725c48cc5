"""Data sets of variants of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import datasets as hf_datasets
import pyarrow as pa
from datasets.table import InMemoryTable

from hf_causal.tasks.shared.schema import LABELS, table_schema
from hf_causal.tasks.varying import vary

_SCHEMA = table_schema(
    *((name, pa.string()) for name in ("premise", "question", "prompt", "completion")),
    ("label", pa.int64()),
    ("certificate", pa.string()),
    ("hops", pa.int32()),
    ("num_nodes", pa.int32()),
    *((name, pa.string()) for name in ("structure", "graph_id", "variant", "original")),
    classes=(("label", LABELS),),
)
"""`original` is the prompt that a variant was made of."""
_MOST_DRAWS = 4
"""Draws of rows, each twice as large as the one before, until enough have the variant."""


def create_variants(
    variant: str, rows: int, seed: int, draw: Callable[[int], hf_datasets.Dataset]
) -> hf_datasets.Dataset:
    """Returns a number of variants.

    Args:
        variant (`str`): See [`vary`].
        rows (`int`): Their number.
        seed (`int`): Of the random numbers.
        draw (callable): From a number to as many rows.

    Raises:
        `ValueError`: If too few rows have the variant, with the reason of the last one.
    """
    made: list[dict[str, Any]] = []
    reason: ValueError | None = None
    for attempt in range(_MOST_DRAWS):
        made, reason = _vary_all(draw(rows << attempt), variant, seed)
        if len(made) >= rows:
            return hf_datasets.Dataset(InMemoryTable(pa.Table.from_pylist(made[:rows], schema=_SCHEMA)))
    raise ValueError(f"only {len(made)} of {rows << (_MOST_DRAWS - 1)} rows have the variant {variant!r}: {reason}")


def _vary_all(
    rows: Iterator[Mapping[str, Any]], variant: str, seed: int
) -> tuple[list[dict[str, Any]], ValueError | None]:
    """Returns the variants of the rows that have one, and why the last other row has none."""
    made: list[dict[str, Any]] = []
    reason: ValueError | None = None
    for row in rows:
        try:
            made.append({**vary(row, variant, seed), "original": row["prompt"]})
        except ValueError as error:
            reason = error
    return made, reason
