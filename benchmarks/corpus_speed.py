"""How fast `transitivity_ts2` is generated to Parquet, and how much memory that takes as rows grow.

    python benchmarks/corpus_speed.py                     # 175,000 rows, 1 and 2 processes
    python benchmarks/corpus_speed.py --rows 10000000     # ten million

Each measurement is a process of its own; peak memory is the largest resident set of it or of any of its workers.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from hf_causal.hardware import describe_hardware


def measure(rows: int, num_proc: int) -> dict[str, float]:
    """Builds once in this process; called in a fresh interpreter."""
    started = time.perf_counter()
    from hf_causal.corpora import get_config
    from hf_causal.corpora.parquet import write_config

    config = get_config("axiomatic", "transitivity_ts2", rows=rows)
    with tempfile.TemporaryDirectory() as folder:
        written = write_config("axiomatic", config, folder, num_proc)
    seconds = time.perf_counter() - started
    usage = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {"seconds": seconds, "peak_mb": max(usage), "parquet_mb": sum(s.bytes for s in written.values()) / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[175_000])
    parser.add_argument("--num-proc", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=3, help="the fastest counts")
    parser.add_argument("--measure", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return
    print(f"{describe_hardware()}, {time.strftime('%Y-%m-%d')}\n")
    print("| rows | processes | seconds | rows per second | peak MB of a process | Parquet MB |")
    print("|---|---|---|---|---|---|")
    for rows in options.rows:
        for num_proc in options.num_proc:
            command = [sys.executable, str(Path(__file__)), "--measure", str(rows), str(num_proc)]
            runs = [
                json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                for _ in range(options.repeats)
            ]
            best = min(runs, key=lambda run: run["seconds"])
            print(
                f"| {rows:,} | {num_proc} | {best['seconds']:.1f} | {rows / best['seconds']:,.0f} "
                f"| {best['peak_mb']:.0f} | {best['parquet_mb']:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
