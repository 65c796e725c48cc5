"""Reading and writing rows in batches: Parquet, JSON lines, JSON and CSV.

A row is a `dict`; a line of a text file that is no row is kept as a [`BrokenRow`].
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq


@dataclass(frozen=True)
class BrokenRow:
    """What stands where a row should be."""

    text: str
    reason: str


Row = dict[str, Any] | BrokenRow
T = TypeVar("T")

BATCH_ROWS = 2000


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[list[Row]]:
    """Reads a file in batches.

    Args:
        path (`Path`): Whose suffix is one of `SUFFIXES`.
        columns (sequence of `str`, *optional*): The columns that are needed; others may be left out.

    Raises:
        `ValueError`: If the file as a whole is not what its suffix says.
    """
    try:
        yield from _READERS[path.suffix.lower()](path, columns)
    except PermissionError:
        raise
    except (UnicodeDecodeError, csv.Error, pa.ArrowException, OSError) as error:
        raise ValueError(f"cannot read {str(path)!r} as {path.suffix} file: {error}") from error


def _batched(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH_ROWS)):
        yield batch


def table_rows(batch: pa.RecordBatch) -> list[Row]:
    """The rows of a batch of Arrow columns."""
    names = batch.schema.names
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)]


def _read_parquet(path: Path, columns: Sequence[str] | None) -> Iterator[list[Row]]:
    with pq.ParquetFile(path) as file:
        wanted = [name for name in file.schema_arrow.names if columns is None or name in columns]
        for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
            yield table_rows(batch)


def _read_lines(path: Path, columns: Sequence[str] | None) -> Iterator[list[Row]]:
    with path.open(encoding="utf-8-sig") as file:
        for lines in _batched(filter(str.strip, file)):
            yield [_json_row(line) for line in lines]


def _json_row(line: str) -> Row:
    try:
        return _row_or_broken(json.loads(line))
    except (json.JSONDecodeError, RecursionError) as error:
        return BrokenRow(line.rstrip("\n"), f"the line is not JSON: {error}")


def _row_or_broken(value: Any) -> Row:
    return value if isinstance(value, dict) else BrokenRow(json.dumps(value), "the row is no JSON object")


def _read_json(path: Path, columns: Sequence[str] | None) -> Iterator[list[Row]]:
    try:
        value = json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError:
        yield from _read_lines(path, columns)  # many a .json file holds JSON lines
        return
    if isinstance(value, dict):
        value = value["data"] if isinstance(value.get("data"), list) else [value]
    if not isinstance(value, list):
        raise ValueError(f"{str(path)!r} must hold a list of rows, got {type(value).__name__}")
    for rows in _batched(value):
        yield [_row_or_broken(row) for row in rows]


def _read_csv(path: Path, columns: Sequence[str] | None) -> Iterator[list[Row]]:
    csv.field_size_limit(2**30)
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file)
        header = next(reader, [])
        for lines in _batched(filter(None, reader)):
            yield [_csv_row(header, values) for values in lines]


def _csv_row(header: list[str], values: list[str]) -> Row:
    if len(values) == len(header):
        return dict(zip(header, values, strict=True))
    reason = f"the line has {len(values)} values, the header {len(header)}"
    return BrokenRow(",".join(json.dumps(value, ensure_ascii=False) for value in values), reason)


_READERS: dict[str, Callable[[Path, Sequence[str] | None], Iterator[list[Row]]]] = {
    ".parquet": _read_parquet,
    ".jsonl": _read_lines,
    ".ndjson": _read_lines,
    ".json": _read_json,
    ".csv": _read_csv,
}
SUFFIXES = tuple(_READERS)


def write_rows(
    path: Path, batches: Iterable[list[dict[str, Any]]], columns: Sequence[str] = (), schema: pa.Schema | None = None
) -> Path:
    """Writes rows under a temporary name and renames the file when it is whole.

    Args:
        path (`Path`): Whose suffix is one of `SUFFIXES`.
        batches (iterable of lists of `dict`): The rows.
        columns (sequence of `str`): Of a CSV file: its header.
        schema (`pa.Schema`, *optional*): Of a Parquet file, which must have one.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    suffix = path.suffix.lower()
    try:
        if suffix == ".parquet":
            with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
                for rows in batches:
                    writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
        else:
            with partial.open("w", encoding="utf-8", newline="") as file:
                _write_text(file, suffix, chain.from_iterable(batches), columns)
        return partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_text(file: IO[str], suffix: str, rows: Iterable[dict[str, Any]], columns: Sequence[str]) -> None:
    if suffix == ".csv":
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    elif suffix == ".json":
        file.write("[")
        file.writelines(f"{',' if number else ''}\n{json.dumps(row)}" for number, row in enumerate(rows))
        file.write("\n]\n")
    else:
        file.writelines(json.dumps(row) + "\n" for row in rows)
