"""Reads and writes rows in batches: Parquet, JSON lines, JSON, CSV, and pickles of plain containers.

A row is a `dict`; a line of a text file that is not a row is kept as a [`BrokenRow`].
"""

from __future__ import annotations

import csv
import json
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from hf_causal.utils.files import partial_path
from hf_causal.utils.locks import lock
from hf_causal.verification.io.json_lists import read_items, starts_list
from hf_causal.verification.io.pickles import read_pickle


@dataclass(frozen=True)
class BrokenRow:
    """A line or value that is not a row, with the reason."""

    text: str
    reason: str


Row = dict[str, Any] | BrokenRow
T = TypeVar("T")

BATCH_ROWS = 2000
MAX_DIGITS = 4300
"""Python's own limit on the digits of an integer."""
_COMPRESSED = (b"PK\x03\x04", b"\x1f\x8b", b"BZh", b"\xfd7zX", b"(\xb5/\xfd")
"""How files of zip, gzip, bzip2, xz and zstd begin."""
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_SCALARS = frozenset({str, int, float, bool, type(None)})


def read_rows(path: Path, columns: Sequence[str] | None = None) -> Iterator[list[Row]]:
    """Reads a file in batches.

    Args:
        path (`Path`): Whose suffix is one of `SUFFIXES`.
        columns (sequence of `str`, *optional*): The columns that are needed; others may be left out.

    Raises:
        `ValueError`: If the file is not of the format that its suffix names, or has two columns of one name.
    """
    _check_start(path)
    try:
        yield from _READERS[path.suffix.lower()](path, columns)
    except PermissionError:
        raise
    except (UnicodeDecodeError, csv.Error, pa.ArrowException, OSError, RecursionError) as error:
        raise ValueError(f"cannot read {str(path)!r} as {path.suffix} file: {error}") from error


def _check_start(path: Path) -> None:
    """Raises `ValueError` for a file that is empty, compressed, or text in another encoding than UTF-8."""
    with path.open("rb") as file:
        start = file.read(4)
    if not start and path.suffix.lower() not in (".jsonl", ".ndjson", ".csv"):  # without rows these are empty
        raise ValueError(f"{str(path)!r} holds no rows: the file is empty")
    if start.startswith(_COMPRESSED):
        raise ValueError(f"{str(path)!r} is compressed, whatever its suffix says: unpack it first")
    if start == b"PAR1" and path.suffix.lower() != ".parquet":
        raise ValueError(f"{str(path)!r} is a Parquet file: give it the suffix .parquet")
    if start.startswith(_UTF_16):
        raise ValueError(f"{str(path)!r} is UTF-16 text: save it as UTF-8 (iconv -f UTF-16 -t UTF-8)")


def require_distinct(names: Sequence[str], where: str) -> None:
    """Raises `ValueError` if two columns have the same name, since a row could keep only one of them."""
    if repeated := [name for name, count in Counter(names).items() if count > 1]:
        raise ValueError(f"{where} has more than one column {repeated[0]!r}; rename or remove one")


def _batched(items: Iterable[T]) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH_ROWS)):
        yield batch


def table_rows(batch: pa.RecordBatch) -> list[Row]:
    """Returns the rows of a batch of Arrow columns."""
    names = batch.schema.names
    return [dict(zip(names, row, strict=True)) for row in zip(*(c.to_pylist() for c in batch.columns), strict=True)]


def _read_parquet(path: Path, columns: Sequence[str] | None) -> Iterator[list[Row]]:
    with pq.ParquetFile(path) as file:
        names = file.schema_arrow.names
        require_distinct(names, repr(str(path)))
        needed = [name for name in names if columns is None or name in columns]
        for batch in file.iter_batches(BATCH_ROWS, columns=needed):
            yield table_rows(batch)


def _read_lines(path: Path, columns: Sequence[str] | None) -> Iterator[list[Row]]:
    # A line that is not UTF-8 is a broken row: an error of the decoder would name a position in its buffer.
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
        for lines in _batched(filter(str.strip, file)):
            yield [_json_row(line.rstrip("\n")) for line in lines]


def _json_row(line: str) -> Row:
    if reason := _not_utf8(line):
        return BrokenRow(line.encode(errors="surrogateescape").decode(errors="replace"), reason)
    try:
        row = _row_or_broken(load_json(line))
    except json.JSONDecodeError as error:
        return BrokenRow(line, f"the line is not JSON: {error.msg} at character {error.pos + 1}")
    except RecursionError:
        return BrokenRow(line, "the line is not JSON that can be read: it is nested too deeply")
    return row if isinstance(row, dict) else BrokenRow(line, row.reason)


def _not_utf8(line: str) -> str | None:
    """Returns the reason why a line that was decoded with `surrogateescape` is broken, or `None`."""
    if line.isascii():
        return None
    escaped = next((index for index, character in enumerate(line) if "\udc80" <= character <= "\udcff"), None)
    return None if escaped is None else f"the line is not UTF-8 at character {escaped + 1}"


def load_json(text: str) -> Any:
    """Decodes JSON; what Python's reader would change silently or refuse becomes an object of this module.

    An object with a key twice, of which it keeps the last, becomes a [`BrokenRow`], and an integer that is too long
    for it becomes a [`LongInteger`].

    Raises:
        `json.JSONDecodeError`: If the text is not JSON.
        `RecursionError`: If it is nested too deeply.

    Example:

    ```python
    >>> load_json('{"label": "Yes", "label": "No"}').reason
    "the key 'label' occurs twice"

    ```
    """
    return _DECODER.decode(text)


class LongInteger(str):
    """The digits of an integer that Python does not convert."""


def _integer_or_text(digits: str) -> int | LongInteger:
    return int(digits) if len(digits) <= MAX_DIGITS else LongInteger(digits)


def _object_or_broken(pairs: list[tuple[str, Any]]) -> dict[str, Any] | BrokenRow:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    repeated = next(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    return BrokenRow(json.dumps(value, default=str), f"the key {repeated!r} occurs twice")


_DECODER = json.JSONDecoder(object_pairs_hook=_object_or_broken, parse_int=_integer_or_text)


def _row_or_broken(value: Any) -> Row:
    if isinstance(value, BrokenRow):
        return value
    reason = _reason_within(value) if isinstance(value, dict) else "the row is not a JSON object"
    return value if reason is None else BrokenRow(json.dumps(value, default=str), reason)


def _reason_within(row: dict[str, Any]) -> str | None:
    """Returns why a decoded object is not a row, for the first value that [`load_json`] could not decode."""
    values = [value for value in row.values() if type(value) not in _SCALARS]
    for value in values:  # the loop appends to the list
        if isinstance(value, BrokenRow):
            return value.reason
        if isinstance(value, LongInteger):
            return f"the integer {value[:20]}… has {len(value):,} digits, more than {MAX_DIGITS:,}"
        values += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return None


def _read_json(path: Path, columns: Sequence[str] | None) -> Iterator[list[Row]]:
    with path.open(encoding="utf-8-sig") as file:
        if starts_list(file):
            file.seek(0)
            yield from _read_list(path, file)
            return
    if file_holds_lines(path):
        yield from _read_lines(path, columns)
        return
    text = path.read_text(encoding="utf-8-sig")
    try:
        value = load_json(text)
    except json.JSONDecodeError as error:
        if not holds_lines(text):
            raise ValueError(f"cannot read {str(path)!r} as .json file, it is not JSON: {error}") from None
        yield from _read_lines(path, columns)
        return
    if isinstance(value, dict):
        value = value["data"] if isinstance(value.get("data"), list) else [value]
    if not isinstance(value, list):
        raise ValueError(f"{str(path)!r} must hold a list of rows, got {type(value).__name__}")
    for rows in _batched(value):
        yield [_row_or_broken(row) for row in rows]


def _read_list(path: Path, file: IO[str]) -> Iterator[list[Row]]:
    try:
        yield from _batched(map(_row_or_broken, read_items(file, _DECODER)))
    except UnicodeDecodeError:
        raise
    except ValueError as error:
        raise ValueError(f"cannot read {str(path)!r} as .json file, it is not JSON: {error}") from None


def file_holds_lines(path: Path) -> bool:
    """Returns whether the first two lines of a file are an object each, so that it can be read line by line."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape") as file:
        if starts_list(file):
            return False
        file.seek(0)
        lines = list(islice(filter(str.strip, file), 2))
    return len(lines) == 2 and all(map(holds_lines, lines))


def holds_lines(text: str) -> bool:
    """Returns whether the first line of a text is an object; many a .json file holds JSON lines."""
    first = next(filter(str.strip, text.splitlines()), "")
    try:
        return isinstance(load_json(first), dict | BrokenRow)
    except (json.JSONDecodeError, RecursionError):
        return False


def _read_csv(path: Path, columns: Sequence[str] | None) -> Iterator[list[Row]]:
    csv.field_size_limit(2**30)
    with path.open(encoding="utf-8-sig", newline="", errors="surrogateescape") as file:
        reader = csv.reader(file)
        try:
            header = next(reader, [])
            require_distinct(header, repr(str(path)))
            for lines in _batched(filter(None, reader)):
                yield [_csv_row(header, values) for values in lines]
        except csv.Error as error:
            raise csv.Error(f"line {reader.line_num}: {error}") from error


def _csv_row(header: list[str], values: list[str]) -> Row:
    reason = next(filter(None, map(_not_utf8, values)), None)
    if reason is None and len(values) == len(header):
        return dict(zip(header, values, strict=True))
    text = ",".join(json.dumps(value, ensure_ascii=False) for value in values)
    reason = reason or f"the line has {len(values)} values, the header {len(header)}"
    return BrokenRow(text.encode(errors="surrogateescape").decode(errors="replace"), reason)


def _read_pickle(path: Path, columns: Sequence[str] | None) -> Iterator[list[Row]]:
    yield from _batched(_row_or_broken(row) for row in read_pickle(path))


_READERS: dict[str, Callable[[Path, Sequence[str] | None], Iterator[list[Row]]]] = {
    ".parquet": _read_parquet,
    ".jsonl": _read_lines,
    ".ndjson": _read_lines,
    ".json": _read_json,
    ".csv": _read_csv,
    ".pkl": _read_pickle,
    ".pickle": _read_pickle,
}
SUFFIXES = tuple(_READERS)


def write_rows(
    path: Path,
    batches: Iterable[list[dict[str, Any]]],
    columns: Sequence[str] = (),
    schema: pa.Schema | None = None,
    lines: bool = False,
) -> Path:
    """Writes rows under a temporary name and renames the file when it is complete.

    Args:
        path (`Path`): Whose suffix is one of `SUFFIXES`.
        batches (iterable of lists of `dict`): The rows.
        columns (sequence of `str`): Of a CSV file: its header.
        schema (`pa.Schema`, *optional*): Of a Parquet file, which must have one.
        lines (`bool`): Whether a JSON file holds JSON lines.

    Raises:
        [`InUse`]: If another process writes the file.
        `ValueError`: If a value does not have the type of its column.
    """
    lock_file = path.with_name(f".{path.name}.lock")
    with lock(lock_file, f"another process writes {str(path)!r}; wait until it has finished, or choose another name"):
        try:
            return _write_rows(path, batches, columns, schema, lines)
        except (pa.ArrowException, TypeError) as error:
            raise ValueError(f"cannot write {str(path)!r}: {error}") from error
        finally:
            lock_file.unlink(missing_ok=True)


def _write_rows(
    path: Path, batches: Iterable[list[dict[str, Any]]], columns: Sequence[str], schema: pa.Schema | None, lines: bool
) -> Path:
    partial, suffix = partial_path(path), path.suffix.lower()
    try:
        if suffix == ".parquet":
            with pq.ParquetWriter(partial, schema, compression="zstd") as writer:
                for rows in batches:
                    writer.write_batch(pa.RecordBatch.from_pylist(rows, schema=schema))
        elif suffix in (".pkl", ".pickle"):
            partial.write_bytes(pickle.dumps(list(chain.from_iterable(batches)), protocol=4))
        else:
            with partial.open("w", encoding="utf-8", newline="") as file:
                _write_text(file, ".jsonl" if lines else suffix, chain.from_iterable(batches), columns)
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
