"""Measures the memory that reading a large JSON list takes.

    python benchmarks/large_json.py [--megabytes 200]

Writes a list of rows of CLEAR into a temporary file, on one line, reads it in batches and prints the peak of the
resident memory before and after.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from hf_causal.verification.io import open_tables

ROW = {
    "description": "Given a DAG (directed acyclic graph) with nodes A, B, C and directed edges A->B, B->C.",
    "question": "Are node A and node C d-separated by nodeset {'B'}?",
    "answer": "Yes.",
    "question_type": "YN",
    "task_type": "d-separation",
}


def peak() -> float:
    """Returns the peak of the resident memory in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def main(megabytes: int) -> None:
    """Writes, reads and measures."""
    text = json.dumps(ROW)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.json")
        with path.open("w") as file:
            file.write("[")
            for _ in range(megabytes * 10**6 // (len(text) + 2)):
                file.write(f"{text}, ")
            file.write(f"{text}]")
        before, began = peak(), time.process_time()
        (table,) = open_tables(path)
        rows = sum(len(batch) for part in table.parts for batch in part.batches())
        size, seconds = path.stat().st_size / 2**20, time.process_time() - began
    memory = f"{before:.0f} MiB before, {peak():.0f} MiB after"
    sys.stdout.write(f"{rows:,} rows in {size:,.0f} MiB: {memory}, {seconds:.1f} s of a processor\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200)
    main(parser.parse_args().megabytes)
