"""`python -m hf_causal.demo.upload_process FILE [TWIN]` verifies a file within limits and prints JSON lines."""

from __future__ import annotations

import csv
import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hf_causal.demo.limits import (
    MAX_COLUMNS,
    MAX_CPU_SECONDS,
    MAX_DECODED_BYTES,
    MAX_MEMORY_BYTES,
    MAX_NESTING,
    MAX_ROWS,
    MAX_SECONDS,
    MAX_UPLOAD_BYTES,
    TooMuch,
)

NICENESS = 10
"""Added to the niceness of the process, so that questions go first."""
SMALL_BATCH = 100
"""Rows that are decoded at once before their size is known."""


def check_content(path: Path) -> int:
    """Reads a file once and counts its rows, before anything else is done with it.

    Raises:
        `ValueError`: If its content is not of the type of its suffix, or exceeds a limit.
    """
    return _CHECKS[path.suffix.lower()](path)


def _check_rows(rows: int) -> None:
    if rows > MAX_ROWS:
        raise TooMuch(f"the file has more than {MAX_ROWS:,} rows, the most that this page takes")


def _check_columns(columns: int) -> None:
    if columns > MAX_COLUMNS:
        raise TooMuch(f"the file has {columns:,} columns; this page takes up to {MAX_COLUMNS}")


def _check_lines(path: Path) -> int:
    rows = 0
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if line.strip():
            rows += 1
            _check_rows(rows)
            _check_nesting(line, rows)
    return rows


def _check_nesting(line: str, row: int, rows: int = 1) -> None:
    """Counts brackets before the line is parsed, since parsing recurses into them."""
    depth, inside, escaped = 0, False, False
    for letter in line:
        if inside:
            inside = escaped or letter != '"'
            escaped = letter == "\\" and not escaped
        elif letter == '"':
            inside = True
        elif letter in "[{":
            depth += 1
            if depth > MAX_NESTING:
                raise TooMuch(f"row {row} has brackets nested deeper than {MAX_NESTING} levels")
        elif letter in "]}":
            depth -= 1
    if line.count('":') > MAX_COLUMNS * MAX_NESTING * rows:
        raise TooMuch(f"row {row} has too many fields; this page takes up to {MAX_COLUMNS} columns")


def _check_csv(path: Path) -> int:
    csv.field_size_limit(MAX_UPLOAD_BYTES)
    rows = 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            for values in csv.reader(file):
                _check_columns(len(values))
                _check_rows(rows)
                rows += 1
        except csv.Error as error:
            raise ValueError(f"the file is not a CSV file: {error}") from error
    return max(rows - 1, 0)


def _check_parquet(path: Path) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    limits = {"thrift_string_size_limit": MAX_UPLOAD_BYTES, "thrift_container_size_limit": 100_000}
    try:
        with pq.ParquetFile(path, **limits) as file:
            _check_rows(file.metadata.num_rows)
            _check_columns(file.metadata.num_columns)
            if max((_depth(field.type) for field in file.schema_arrow), default=0) > MAX_NESTING:
                raise TooMuch(f"the columns are nested deeper than {MAX_NESTING} levels")
            size = rows = 0
            for batch in file.iter_batches(SMALL_BATCH):
                size, rows = size + batch.nbytes, rows + len(batch)
                if size > MAX_DECODED_BYTES:
                    raise TooMuch(f"the file decompresses to more than {MAX_DECODED_BYTES / 2**20:.0f} MiB")
            if rows != file.metadata.num_rows:
                raise ValueError(f"the file is damaged: it states {file.metadata.num_rows:,} rows and has {rows:,}")
            return rows
    except (pa.ArrowException, OSError, OverflowError, UnicodeDecodeError) as error:
        raise ValueError(f"the file cannot be read as Parquet: {str(error)[:200]}") from error


def _depth(dtype: Any) -> int:
    """Returns how deep an Arrow type is nested."""
    return 1 + max((_depth(dtype.field(index).type) for index in range(dtype.num_fields)), default=0)


def _check_json(path: Path) -> int:
    """Counts the rows of JSON lines, or of a list of objects by their brackets, before it is parsed."""
    text = path.read_text(encoding="utf-8-sig")
    if not text.lstrip().startswith("["):
        return _check_lines(path)
    _check_nesting(text, 1, MAX_ROWS)
    return text.count("{")


_CHECKS: dict[str, Callable[[Path], int]] = {
    ".jsonl": _check_lines,
    ".json": _check_json,
    ".csv": _check_csv,
    ".parquet": _check_parquet,
}


def _limit_this_process() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, 3 * MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (4 * MAX_DECODED_BYTES, 4 * MAX_DECODED_BYTES))
    signal.alarm(MAX_SECONDS)
    os.nice(NICENESS)


def _give_more_time() -> None:
    """Gives the next step as much processor time as the first had."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(int(used) + MAX_CPU_SECONDS, hard), hard))


def _send(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _work(path: Path, twin: Path | None = None) -> None:
    rows = max(check_content(path), 1)
    from hf_causal.verification import fix, verify

    def report_progress(begin: float, doing: str) -> Any:
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            _send(share=begin + min(done / rows, 1) / (2 if twin else 1), doing=doing)

        return lambda name, total: advance

    report = verify(path, progress=report_progress(0, "verifying"))
    if twin is None:
        _send(report=report.tables[0].to_dict())
        return
    _give_more_time()
    (summary,) = fix(path, twin, progress=report_progress(0.5, "correcting"))
    counts = {name: getattr(summary, name) for name in ("num_rows", "num_changed", "num_marked")}
    _send(report=report.tables[0].to_dict(), twin=counts)


def main(arguments: list[str]) -> int:
    """Verifies the file that the first argument names, and writes the twin that the second one names."""
    _limit_this_process()
    path, *twins = map(Path, arguments)
    try:
        _work(path, *twins)
    except (MemoryError, RecursionError):
        _send(error="the file takes more memory than this page has for it; give a smaller one")
    except (ValueError, OSError) as error:
        # The path under which the page stores a file is meaningless to the user.
        _send(error=str(error).replace(str(path), path.name)[:500])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
