"""Columns of the rows, cells and configs of a corpus, and the digest of a split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

LABELS = ("No", "Yes")

IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
"""A picture file, as `datasets` stores it."""

_COLUMNS = {
    "premise": pa.string(),
    "question": pa.string(),
    "prompt": pa.string(),
    "completion": pa.string(),
    "label": pa.int64(),
    "certificate": pa.string(),
    "structure": pa.string(),
    "num_nodes": pa.int32(),
    "num_edges": pa.int32(),
    "branching_factor": pa.float32(),
    "hops": pa.int32(),
    "name_length": pa.int32(),
    "graph_id": pa.string(),
}

CELL_COLUMNS = ("structure", "num_nodes", "branching_factor")
"""The columns that identify a cell within a split."""


@cache
def arrow_schema(
    *further: tuple[str, pa.DataType], classes: tuple[tuple[str, tuple[str, ...]], ...] = ()
) -> pa.Schema:
    """Returns the schema of the rows of a task, with the metadata by which `datasets` recognizes class labels.

    Args:
        *further (`tuple[str, pa.DataType]`): Columns of the corpus after the shared ones.
        classes (`tuple`): (column, class names) pairs of further columns that are class labels.
    """
    return table_schema(*_COLUMNS.items(), *further, classes=(("label", LABELS), *classes))


@cache
def table_schema(
    *columns: tuple[str, pa.DataType], classes: tuple[tuple[str, tuple[str, ...]], ...] = ()
) -> pa.Schema:
    """Returns the schema of any rows, with the metadata by which `datasets` recognizes their features.

    Args:
        *columns (`tuple[str, pa.DataType]`): Names and types, which may be lists and fixed-size lists of numbers, and
            pictures.
        classes (`tuple`): (column, class names) pairs of columns that are class labels.
    """
    features = {name: _feature(dtype) for name, dtype in columns}
    for name, names in classes:
        features[name] = {"names": list(names), "_type": "ClassLabel"}
    return pa.schema(list(columns), metadata={"huggingface": json.dumps({"info": {"features": features}})})


def _feature(dtype: pa.DataType) -> dict[str, Any]:
    """Returns the feature of `datasets` for an Arrow type."""
    if dtype == IMAGE:
        return {"_type": "Image"}
    if pa.types.is_fixed_size_list(dtype):
        return {"feature": _feature(dtype.value_type), "length": dtype.list_size, "_type": "List"}
    if pa.types.is_list(dtype):
        return {"feature": _feature(dtype.value_type), "_type": "List"}
    # Arrow calls a 32-bit float "float", `datasets` calls it "float32".
    names = {pa.float32(): "float32", pa.float64(): "float64"}
    return {"dtype": names.get(dtype, str(dtype)), "_type": "Value"}


FEEDBACK_STRUCTURES = ("feedback", "back_edge", "self_statements", "self_questions")
"""Structures whose premises state cycles, or whose questions are about a node and itself, on purpose."""


@dataclass(frozen=True)
class BaseCell:
    """One population of rows within a split, identified by the `CELL_COLUMNS`."""

    structure: str
    num_nodes: int
    rows: int
    branching_factor: float | None = None


@dataclass(frozen=True)
class SampleCell(BaseCell):
    """A cell of rows without questions, such as sequences or measurements; a corpus adds the fields that it needs."""

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise ValueError(f"`rows` of a cell must be at least 1, got {self.rows}")

    def rows_in_shard(self, shard: int, num_shards: int) -> int:
        """Returns this cell's rows in one shard, spread as evenly as possible."""
        return self.rows * (shard + 1) // num_shards - self.rows * shard // num_shards


@dataclass(frozen=True)
class Cell(BaseCell):
    """A cell in which half of the questions are Yes and half are No.

    Its structure is `sequential`, `flipped`, `reversed`, `shuffled`, `shuffled_flipped`, `branching`, `tree` or one
    that its task draws.
    """

    name_lengths: tuple[int, int] = (1, 3)
    uniform_names: bool = False
    """Whether all names of a graph have the same length, drawn from `name_lengths`."""
    questions_per_premise: int = 2

    def __post_init__(self) -> None:
        if self.rows < 2 or self.rows % 2:
            raise ValueError(f"`rows` of a cell must be even and at least 2, half Yes and half No; got {self.rows}")
        if self.questions_per_premise < 2 or self.questions_per_premise % 2:
            raise ValueError(f"`questions_per_premise` must be even and at least 2, got {self.questions_per_premise}")
        capacity = self.num_nodes * (self.num_nodes - 1) // 2
        if self.num_nodes < 3 or (self.branching_factor and int(self.branching_factor * self.num_nodes) > capacity):
            factor = f" at branching factor {self.branching_factor}" if self.branching_factor else ""
            raise ValueError(f"`nodes` {self.num_nodes} are too few for {self.structure} graphs{factor}")

    def rows_in_shard(self, shard: int, num_shards: int) -> int:
        """Returns this cell's rows in one shard: an even number, spread as evenly as possible."""
        pairs = self.rows // 2
        return 2 * (pairs * (shard + 1) // num_shards - pairs * shard // num_shards)


CellT = TypeVar("CellT", bound=BaseCell)


@dataclass(frozen=True)
class CorpusConfig(Generic[CellT]):
    """One config of a corpus: its splits as lists of cells, and the key of its random numbers."""

    name: str
    description: str
    splits: dict[str, tuple[CellT, ...]]
    seed: int = 0
    version: str = "1.0.0"
    rows_per_shard: int = 25_000

    def __post_init__(self) -> None:
        for split, cells in self.splits.items():
            keys = [(cell.structure, cell.num_nodes, cell.branching_factor) for cell in cells]
            if len(set(keys)) < len(keys):
                raise ValueError(f"`nodes` must be different sizes: split {split!r} has a cell twice")
        if self.rows_per_shard < 2:
            raise ValueError(f"`rows_per_shard` must be at least 2, got {self.rows_per_shard}")

    def num_rows(self, split: str) -> int:
        """Returns the number of rows of a split."""
        return sum(cell.rows for cell in self.splits[split])

    def num_shards(self, split: str) -> int:
        """Returns the number of shards, and so of Parquet files, of a split."""
        return -(-self.num_rows(split) // self.rows_per_shard)

    def check_shard(self, split: str, shard: int) -> None:
        """Raises `ValueError` unless the split and the shard exist."""
        if split not in self.splits:
            raise ValueError(f"config {self.name!r} has no split {split!r}; it has {', '.join(self.splits)}")
        if not 0 <= shard < self.num_shards(split):
            raise ValueError(f"`shard` must lie in 0 ... {self.num_shards(split) - 1}, got {shard}")


def rows_digest(table: pa.Table) -> str:
    """Returns the SHA-256 of a shard's rows, joined by tabs and newlines, however Parquet stores them."""
    digest = hashlib.sha256()
    for batch in table.to_batches(max_chunksize=10_000):
        columns = [pc.fill_null(_as_text(column), "") for column in batch.columns]
        lines = pc.binary_join_element_wise(*columns, "", "\t").to_pylist()
        digest.update("\n".join([*lines, ""]).encode())
    return digest.hexdigest()


def _as_text(column: pa.Array) -> pa.Array:
    """Returns a column as strings: lists in brackets with commas between their items, pictures as bytes in hex."""
    dtype = column.type
    if dtype == IMAGE:
        return pa.array([content and content.hex() for content in column.field("bytes").to_pylist()], pa.string())
    if not (pa.types.is_list(dtype) or pa.types.is_fixed_size_list(dtype)):
        return column.cast(pa.string())
    lists = column.cast(pa.list_(dtype.value_type))
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    offsets = pa.array(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32))
    items = pa.ListArray.from_arrays(offsets, pc.fill_null(_as_text(lists.flatten()), ""))
    return pc.binary_join_element_wise("[", pc.binary_join(items, ","), "]", "")


def split_digest(shard_digests: Iterable[str]) -> str:
    """Returns the SHA-256 of a split: over the digests of its shards, in order."""
    return hashlib.sha256("\n".join(shard_digests).encode()).hexdigest()
