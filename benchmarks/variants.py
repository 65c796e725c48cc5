"""Speed and invariants of the variants of rows, for every task.

python benchmarks/variants.py [--rows 300] [--level 1] [--seed 0] [--tasks transitivity …]
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from typing import Any

import hf_causal
from hf_causal.corpora.levels import rows_by_index
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import get_task, tasks
from hf_causal.tasks.varying import VARIANTS

Row = dict[str, Any]
OTHER_ANSWER = ("omitted", "insufficient")


def check_variant(task_name: str, row: Row, varied: Row) -> None:
    """Raises unless a variant is proved, has the right answer for its type, and is read back as the row."""
    hf_causal.check(varied)
    same = varied["completion"] == row["completion"]
    if same == (varied["variant"] in OTHER_ANSWER):
        raise AssertionError(f"{varied['variant']}: {row['prompt']} has the answer {varied['completion']}")
    if varied["variant"] in (*OTHER_ANSWER, "redundant", "shuffled"):
        return
    composition = get_task(task_name).composition
    before, after = (composition.take_apart(read(one["prompt"])[1]) for one in (row, varied))
    if before.rename(dict(zip(before.names, after.names, strict=True))) != after:
        raise AssertionError(f"{varied['prompt']} is not read back as {row['prompt']}")


def measure(task_name: str, rows: list[Row], variant: str, seed: int) -> str:
    """Makes a variant of rows and checks each; returns a line of the table."""
    made: list[tuple[Row, Row]] = []
    reasons = Counter[str]()
    start = time.process_time()
    for row in rows:
        try:
            made.append((row, hf_causal.vary(row, variant, seed)))
        except ValueError as error:
            reasons[str(error).partition(":")[0]] += 1
    seconds = time.process_time() - start
    for row, varied in made:
        check_variant(task_name, row, varied)
    left_out = "; ".join(f"{count} {reason}" for reason, count in reasons.items())
    return f"| {task_name} | {variant} | {len(made):,} | {len(rows) / seconds:,.0f} | {left_out} |"


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--level", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tasks", nargs="+", default=list(tasks()))
    options = parser.parse_args()
    print("| task | variant | checked | rows/s | left out |\n|---|---|---|---|---|")
    for name in options.tasks:
        rows = rows_by_index(name, options.seed, level=options.level).table(options.rows).to_pylist()
        for variant in VARIANTS:
            print(measure(name, rows, variant, options.seed), flush=True)


if __name__ == "__main__":
    main()
