"""Verifies uploaded files, in a separate process with limits on memory and time.

A file is JSON lines, CSV or Parquet, never a pickle or an archive. What cannot be known beforehand, such as the
decompressed size of a column, is bounded by the limits of the process; when it is killed, the page says so and goes on
to serve others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hf_causal.demo.limits import MAX_MEMORY_BYTES, MAX_SECONDS, MAX_UPLOAD_BYTES, TooMuch

SUFFIXES = (".jsonl", ".csv", ".parquet")
Progress = Callable[[float, str], Any]
"""Called with a fraction from 0 to 1 and the current step."""


def check_upload(path: Path) -> None:
    """Raises `ValueError` unless a file has a known type and is not too large."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"the file must end in {', '.join(SUFFIXES)}, got {path.name[-80:]!r}")
    size = path.stat().st_size
    if size > MAX_UPLOAD_BYTES:
        raise TooMuch(f"the file has {size / 2**20:.1f} MiB; this page reads up to {MAX_UPLOAD_BYTES / 2**20:.0f} MiB")
    if size == 0:
        raise ValueError("the file is empty")


def verify_upload(path: Path, twin: Path, progress: Progress | None = None) -> dict[str, Any]:
    """Verifies an uploaded file and writes its corrected twin.

    Args:
        path (`Path`): The file; it is only read.
        twin (`Path`): Where the corrected file goes, with the suffix of the original.
        progress (callable, *optional*): See [`Progress`].

    Returns:
        `dict`: `report`, as `hf_causal.verification` makes it for one table, and `twin` with the counts of what was
        changed.

    Raises:
        `ValueError`: If the file has an unknown type or exceeds a limit.
    """
    check_upload(path)
    command = [sys.executable, "-m", "hf_causal.demo.upload_process", str(path), str(twin)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"},
    ) as process:  # fmt: skip
        try:
            return _follow(process, progress)
        finally:
            process.kill()


def _follow(process: subprocess.Popen[str], progress: Progress | None) -> dict[str, Any]:
    """Reads the messages of the process, one JSON object a line; the process ends by its own alarm."""
    assert process.stdout is not None
    for line in process.stdout:
        message = json.loads(line)
        if "error" in message:
            raise ValueError(message["error"])
        if "report" in message:
            return message
        if progress:
            progress(message["share"], message["doing"])
    raise TooMuch(
        f"the file could not be read with {MAX_MEMORY_BYTES / 2**30:.0f} GiB of memory within {MAX_SECONDS} seconds; "
        "give a smaller one"
    )


def verify_text(rows: str, format: str) -> dict[str, Any]:
    """Verifies the content of a JSON-lines or CSV file; returns the report of its one table."""
    if format not in ("jsonl", "csv"):
        raise ValueError(f"`format` must be 'jsonl' or 'csv', got {format[:40]!r}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"rows.{format}")
        path.write_text(rows, encoding="utf-8", errors="replace")
        return verify_upload(path, Path(folder, f"corrected.{format}"))["report"]
