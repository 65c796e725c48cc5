"""Builds configs of the causal ladder at a large size: `python benchmarks/large_builds.py [--rows 1000000]`.

Each config is built with one process and with two, and at a tenth of the size, each time in a fresh interpreter;
`--two-rows` compares the two at a smaller size. Prints a line for each config: the rows at which both numbers of
processes wrote the same bytes, rows per second of processor time, text and proofs included, and the largest resident
memory of a process at each size, which should be the same.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

from hf_causal.corpora.build import build
from hf_causal.utils.hardware import describe_hardware

CORPUS = "causal_ladder"
CONFIGS = (
    *("relevance", "adjustment", "identifiable", "front_door", "instrument"),
    *("relevance_axioms", "relevance_semantics", "comparisons", "quantities"),
)
VALIDATION = 0.02
"""Rows of the split `validation` for each of `train`."""
TEST_CELLS = {"identifiable": 20, "relevance_axioms": 20, "relevance_semantics": 20, "comparisons": 20}
"""Rows of a cell of the other splits, for the configs that have some."""


def build_one(config: str, rows: int, processes: int, folder: Path) -> dict[str, Any]:
    """Builds a config and returns its digests, times and the largest memory of a process."""
    validation = max(600, 2 * int(rows * VALIDATION / 2))
    options = {"rows": rows, "validation_rows": validation}
    options |= {"rows_per_cell": TEST_CELLS[config]} if config in TEST_CELLS else {}
    started = time.perf_counter()
    summaries = build(CORPUS, folder, [config], processes, **options)[config]
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "digests": {split: summary.sha256 for split, summary in summaries.items()},
        "rows": sum(summary.rows for summary in summaries.values()),
        "bytes": sum(summary.bytes for summary in summaries.values()),
        "wall": time.perf_counter() - started,
        "processor": sum(one.ru_utime + one.ru_stime for one in usage),
        "megabytes": max(one.ru_maxrss for one in usage) / 1024,
    }


def in_fresh_process(config: str, rows: int, processes: int) -> dict[str, Any]:
    """Runs [`build_one`] in an interpreter of its own, and removes what it wrote."""
    folder = Path(tempfile.mkdtemp())
    try:
        command = [sys.executable, __file__, "--one", config, str(rows), str(processes), str(folder)]
        finished = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        result: dict[str, Any] = json.loads(finished.stdout.splitlines()[-1])
        return result
    finally:
        shutil.rmtree(folder)


def measure(config: str, rows: int, two_rows: int) -> str:
    """Returns the line of a config: `rows` with one process, and `two_rows` with one and with two."""
    small, one = (in_fresh_process(config, count, 1) for count in (rows // 10, rows))
    two = in_fresh_process(config, two_rows, 2)
    alone = one if two_rows == rows else in_fresh_process(config, two_rows, 1)
    cells = (
        f"`{config}`",
        f"{one['rows']:,}",
        f"{two['rows']:,}" if alone["digests"] == two["digests"] else "DIFFERENT",
        f"{one['rows'] / one['processor']:,.0f}",
        f"{small['megabytes']:.0f}",
        f"{one['megabytes']:.0f}",
        f"{two['megabytes']:.0f}",
        f"{one['bytes'] / one['rows']:.0f}",
        one["digests"]["train"][:12],
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the training split")
    parser.add_argument("--two-rows", type=int, help="rows that two processes build; `rows` without it")
    parser.add_argument("--configs", nargs="+", default=list(CONFIGS), choices=CONFIGS)
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        config, rows, processes, folder = options.one
        print(json.dumps(build_one(config, int(rows), int(processes), Path(folder))))
        return
    print(f"{date.today()}, {describe_hardware()}, seed 0\n")
    print(
        "| config | rows | same bytes from 1 and 2 processes at rows | rows/s of processor time | MB at a tenth "
        "| MB | MB of each of two processes | bytes a row | SHA-256 |"
    )
    print("|" + "---|" * 9, flush=True)
    for config in options.configs:
        print(measure(config, options.rows, options.two_rows or options.rows), flush=True)


if __name__ == "__main__":
    main()
