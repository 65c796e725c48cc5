"""Speed and memory of writing each config of each corpus, compared with the same rows written with networkx.

    python benchmarks/generation.py                                  # 10^5 and 10^6 rows, 1 and 2 processes
    python benchmarks/generation.py --large                          # 10^7 rows too
    python benchmarks/generation.py --config transitivity_ts2 --rows 175000
    python benchmarks/generation.py --config d_separation_generalization --split branching

Each measurement is a separate process, timed from before it imports the package until the last file is written.
Peak memory is that of the largest process. The ratio compares processor time (of all processes) for each row kept,
which other work on the machine disturbs less than elapsed time: the rows of `networkx_rows.py` are fewer, since the
time of each does not depend on their number, and are made in memory, not written.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from hf_causal.utils.hardware import describe_hardware


def published_config(corpus: str, name: str, split: str, **options: Any) -> Any:
    """A config, cut down to one split unless that is `all`."""
    from hf_causal.corpora import get_config

    config = get_config(corpus, name, **options)
    return config if split == "all" else replace(config, splits={split: config.splits[split]})


def sized(corpus: str, name: str, split: str, rows: int) -> Any:
    """Returns a config with about `rows` rows if it has an option for that, and as it is published otherwise."""
    published = published_config(corpus, name, split)
    cells = sum(len(split) for split in published.splits.values())
    rest = sum(published.num_rows(split) for split in published.splits if split != "train")
    options = [{"rows_per_cell": max(2, round(rows / cells / 2) * 2)}, {"rows": max(rows - rest, rows // 2) // 2 * 2}]
    for given in reversed(options) if "train" in published.splits else options:
        try:
            return published_config(corpus, name, split, **given)
        except ValueError:
            continue
    return published


def processor_seconds() -> float:
    """Of this process and of those that it has waited for."""
    return sum(os.times()[:4])


def measure(corpus: str, name: str, split: str, rows: int, num_proc: int) -> dict[str, float]:
    """Builds once in this process; called in a fresh interpreter."""
    started = time.perf_counter()
    from hf_causal.corpora.parquet import write_config

    config = sized(corpus, name, split, rows)
    with tempfile.TemporaryDirectory() as folder:
        written = write_config(corpus, config, folder, num_proc)
        seconds = time.perf_counter() - started
    usage = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return {
        "rows": sum(summary.rows for summary in written.values()),
        "seconds": seconds,
        "cpu_seconds": processor_seconds(),
        "peak_mb": max(usage),
        "parquet_mb": sum(summary.bytes for summary in written.values()) / 1e6,
    }


def measure_networkx(corpus: str, name: str, split: str, rows: int) -> dict[str, float]:
    """Makes rows with networkx, without the time of imports; called in a fresh interpreter."""
    from networkx_rows import write_rows

    config = published_config(corpus, name, split)
    started, before = time.perf_counter(), processor_seconds()
    written = write_rows(config, rows)
    seconds, cpu_seconds = time.perf_counter() - started, processor_seconds() - before
    return {"rows": len(written or ()), "seconds": seconds, "cpu_seconds": cpu_seconds}


def best_of(repeats: int, *arguments: Any) -> dict[str, float]:
    """The fastest of several runs, each in a fresh process."""
    command = [sys.executable, str(Path(__file__)), "--measure", *map(str, arguments)]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(repeats)
    ]
    return min(runs, key=lambda run: run["cpu_seconds"])


def print_config(corpus: str, name: str, sizes: list[int], options: argparse.Namespace) -> None:
    """The lines of one config."""
    base = best_of(options.repeats, corpus, name, options.split, options.networkx_rows, 0)
    pace = base["rows"] / base["cpu_seconds"] if base["rows"] else 0.0
    networkx_pace = f"{pace:,.0f}" if base["rows"] else "none"
    for rows in sizes:
        for num_proc in options.num_proc:
            run = best_of(options.repeats, corpus, name, options.split, rows, num_proc)
            rate, cpu_rate = run["rows"] / run["seconds"], run["rows"] / run["cpu_seconds"]
            ratio = f"{cpu_rate / pace:.1f} x" if base["rows"] else ""
            title = name if options.split == "all" else f"{name}, {options.split}"
            print(
                f"| {title} | {run['rows']:,} | {num_proc} | {run['seconds']:.1f} | {rate:,.0f} | {cpu_rate:,.0f} | "
                f"{run['peak_mb']:.0f} | {run['parquet_mb']:.1f} | {networkx_pace} | {ratio} |",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", nargs="+", help="only these; all configs of all corpora otherwise")
    parser.add_argument("--rows", type=int, nargs="+", default=[10**5, 10**6])
    parser.add_argument("--large", action="store_true", help="10^7 rows too")
    parser.add_argument("--num-proc", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--networkx-rows", type=int, default=2000, help="of each config")
    parser.add_argument("--repeats", type=int, default=3, help="the fastest counts")
    parser.add_argument("--split", default="all", help="only this split of each config, for example `branching`")
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        corpus, name, split, rows, num_proc = options.measure
        if num_proc == "0":
            print(json.dumps(measure_networkx(corpus, name, split, int(rows))))
        else:
            print(json.dumps(measure(corpus, name, split, int(rows), int(num_proc))))
        return
    from hf_causal.corpora import config_names, datasets

    print(f"{describe_hardware()}, {time.strftime('%Y-%m-%d')}, best of {options.repeats}\n")
    columns = (
        "config | rows | processes | seconds | rows per second | per CPU second | peak MB of a process | Parquet MB"
    )
    print(f"| {columns} | networkx per CPU second | ratio |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    sizes = [*options.rows, *([10**7] if options.large else [])]
    for corpus in datasets():
        for name in config_names(corpus):
            if options.config is None or name in options.config:
                print_config(corpus, name, sizes, options)


if __name__ == "__main__":
    main()
