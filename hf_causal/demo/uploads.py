"""Verifies uploaded files, in separate processes with limits on memory and time.

A file is JSON lines, CSV or Parquet, never a pickle or an archive. What cannot be known beforehand, such as the
decompressed size of a column, is bounded by the limits of the process; when it is killed, the page says so and goes on
to serve others. Few files are read at once, at a low priority, so that questions are answered in the meantime.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

from hf_causal.demo.limits import (
    MAX_CPU_SECONDS,
    MAX_FILES_AT_ONCE,
    MAX_FILES_WAITING,
    MAX_MEMORY_BYTES,
    MAX_SECONDS,
    MAX_UPLOAD_BYTES,
    Busy,
    TooMuch,
)

SUFFIXES = (".jsonl", ".json", ".csv", ".parquet")
Progress = Callable[[float, str], Any]
"""Called with a fraction from 0 to 1 and the current step."""


class Left(ValueError):
    """The visitor left before their file was read."""


class FileQueue:
    """Runs a few verifications at once and lets some wait; the work for visitors who leave is ended."""

    def __init__(self, at_once: int = MAX_FILES_AT_ONCE, waiting: int = MAX_FILES_WAITING):
        self.at_once, self.waiting = at_once, waiting
        self._turns = asyncio.Semaphore(at_once)
        self._tasks: dict[asyncio.Task[Any], frozenset[str]] = {}

    async def run(self, work: Awaitable[Any], visits: Iterable[str | None]) -> Any:
        """Waits for a turn and for some work.

        Args:
            work (awaitable): What to do.
            visits (iterable of `str`): Sessions or calls that the work is for; it is ended when one of them leaves.

        Raises:
            [`Busy`][hf_causal.demo.limits.Busy]: If too many files are waiting.
            [`Left`]: If the visitor has left.
        """
        if len(self._tasks) >= self.at_once + self.waiting:
            _close(work)
            raise Busy("many files are being verified; try again in a minute")
        task = asyncio.ensure_future(self._take_turn(work))
        self._tasks[task] = frozenset(filter(None, visits))
        try:
            return await task
        except asyncio.CancelledError:
            if not task.cancelled():
                task.cancel()
                raise  # somebody ends the caller, not the work
            raise Left("the visitor has left") from None
        finally:
            del self._tasks[task]

    async def leave(self, visit: str) -> None:
        """Ends the work for a visitor."""
        for task, visits in self._tasks.items():
            if visit in visits:
                task.cancel()

    async def _take_turn(self, work: Awaitable[Any]) -> Any:
        try:
            async with self._turns:
                return await work
        finally:
            _close(work)


def _close(work: Any) -> None:
    if asyncio.iscoroutine(work):
        work.close()  # where it was never begun


def check_upload(path: Path) -> None:
    """Raises `ValueError` unless a file has a known type and is not too large."""
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"the file must end in {', '.join(SUFFIXES)}, got {path.name[-80:]!r}")
    size = path.stat().st_size
    if size > MAX_UPLOAD_BYTES:
        raise TooMuch(f"the file has {size / 2**20:.1f} MiB; this page reads up to {MAX_UPLOAD_BYTES / 2**20:.0f} MiB")
    if size == 0:
        raise ValueError("the file is empty")


async def verify_upload(path: Path, twin: Path | None = None, progress: Progress | None = None) -> dict[str, Any]:
    """Verifies an uploaded file and writes its corrected twin.

    Args:
        path (`Path`): The file; it is only read.
        twin (`Path`, *optional*): Where the corrected file goes, with the suffix of the original.
        progress (callable, *optional*): See [`Progress`].

    Returns:
        `dict`: `report`, as `hf_causal.verification` makes it for one table, and with a twin `twin`, the counts of
        what was changed.

    Raises:
        `ValueError`: If the file has an unknown type or exceeds a limit.
    """
    check_upload(path)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hf_causal.demo.upload_process", str(path), *([str(twin)] if twin else []),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"},
        limit=MAX_UPLOAD_BYTES,
    )  # fmt: skip
    try:
        return await _follow(process, progress)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _follow(process: asyncio.subprocess.Process, progress: Progress | None) -> dict[str, Any]:
    """Reads the messages of the process, one JSON object a line; the process ends by its own alarm."""
    assert process.stdout is not None
    async for line in process.stdout:
        message = json.loads(line)
        if "error" in message:
            raise ValueError(message["error"])
        if "report" in message:
            return message
        if progress:
            progress(message["share"], message["doing"])
    raise TooMuch(
        f"the file could not be read with {MAX_MEMORY_BYTES / 2**30:.0f} GiB of memory within {MAX_CPU_SECONDS} "
        f"seconds of a processor and {MAX_SECONDS} seconds in all; give a smaller one"
    )


async def verify_text(rows: str, format: str) -> dict[str, Any]:
    """Verifies the content of a JSON-lines or CSV file; returns the report of its one table."""
    if format not in ("jsonl", "csv"):
        raise ValueError(f"`format` must be 'jsonl' or 'csv', got {format[:40]!r}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"rows.{format}")
        path.write_text(rows, encoding="utf-8", errors="replace")
        return (await verify_upload(path))["report"]
