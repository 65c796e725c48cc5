"""How many rows a second are verified, and how much memory that takes as rows grow.

    python benchmarks/verify_speed.py                                # built data of 175,000 and 1,000,000 rows
    python benchmarks/verify_speed.py --rows 175000 --data FILE …    # and your files

Each measurement is a separate process; reading the file is part of it. A file is verified again and again until half
a second has passed. The speed goes by the processor time of all threads, which busy neighbours disturb the least. Peak
memory is the largest resident set, libraries included.
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

from hf_causal.utils.hardware import describe_hardware


def measure(source: str) -> dict[str, float]:
    """Verifies a source in this process; called in a fresh interpreter."""
    from hf_causal.verification import verify

    verify(source)  # imports and caches of the file system are not what is measured
    started, started_cpu, rounds = time.perf_counter(), time.process_time(), 0
    while rounds == 0 or time.perf_counter() - started < 0.5:
        report = verify(source)
        rounds += 1
    return {
        "rows": report.num_rows,
        "seconds": (time.perf_counter() - started) / rounds,
        "cpu_seconds": (time.process_time() - started_cpu) / rounds,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def run(*arguments: str) -> str:
    """What a fresh interpreter prints; this one stays small, since a new process inherits its peak of memory."""
    return subprocess.run([sys.executable, *arguments], check=True, capture_output=True, text=True).stdout


def show(name: str, source: Path, repeats: int) -> None:
    """Prints a line of the table: of several measurements, the fastest counts."""
    runs = [json.loads(run(str(Path(__file__)), "--measure", str(source))) for _ in range(repeats)]
    best = min(runs, key=lambda run: run["cpu_seconds"])
    speed = best["rows"] / best["cpu_seconds"]
    seconds = f"{best['seconds']:.2f} | {best['cpu_seconds']:.2f}"
    print(f"| {name} | {best['rows']:,} | {seconds} | {speed:,.0f} | {best['peak_mb']:.0f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", nargs="+", default=["transitivity_ts2"], help="configs to build and verify")
    parser.add_argument("--rows", type=int, nargs="*", default=[175_000, 1_000_000])
    parser.add_argument("--data", type=Path, nargs="*", default=[], help="files and folders to verify as they are")
    parser.add_argument("--repeats", type=int, default=3, help="the fastest counts")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.measure)))
        return
    print(f"{describe_hardware()}, {time.strftime('%Y-%m-%d')}, one process\n")
    print("| data | rows | seconds | CPU seconds | rows per CPU second | peak MB |")
    print("|---|---|---|---|---|---|")
    for config in options.config:
        for rows in options.rows:
            with tempfile.TemporaryDirectory() as folder:
                build = ["build", "axiomatic", "--out", folder, "--config", config, "--num-proc", "1"]
                run("-m", "hf_causal.cli", *build, "--rows", str(rows))
                show(config, Path(folder), options.repeats)
    for path in options.data:
        show(path.stem, path, options.repeats)


if __name__ == "__main__":
    main()
