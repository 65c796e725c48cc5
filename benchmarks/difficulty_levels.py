"""Accuracy of the shortcuts on every level of every task: `python benchmarks/difficulty_levels.py --plot levels.svg`.

Prints one table for each task, with standard errors, the mean of each measure and the processor time that a block of
rows takes, and draws the accuracies. Rows are those of the split `test`.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from hf_causal.corpora.levels import RowsByIndex, rows_by_index
from hf_causal.tasks.missing import says_missing
from hf_causal.tasks.registry import get_task, tasks
from hf_causal.tasks.task import Task
from hf_causal.utils.hardware import describe_hardware

MEASURED = 256
"""Rows whose measures are averaged."""
COLUMNS = 3
"""Panels side by side in the picture."""


def accuracies(task: Task, rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Returns the accuracy of each shortcut, over the rows that can be read without what is missing."""
    rows = [row for row in rows if not says_missing(row["prompt"])]
    prompts = [task.parse(row["prompt"]) for row in rows]
    # Where answers are neither Yes nor No, a shortcut says whether it is right.
    labels = [1 if row["label"] is None else row["label"] for row in rows]
    return {name: float(np.mean(np.equal(rule(prompts, labels), labels))) for name, rule in task.shortcuts.items()}


def block_seconds(rows: RowsByIndex, blocks: int = 5) -> float:
    """Returns the fastest generation of a block, by processor time."""
    times = []
    for number in range(blocks):
        started = time.process_time()
        rows.block(1000 + number)
        times.append(time.process_time() - started)
    return min(times)


def score_levels(task: Task, count: int, seed: int) -> list[dict[str, Any]]:
    """Returns accuracies, measures and time for each level."""
    results = []
    for level in task.levels:
        by_index = rows_by_index(task.name, seed, level=level.number, split="test")
        rows = by_index.table(count).to_pylist()
        readable = [row for row in rows if not says_missing(row["prompt"])]
        measures = [task.measures(row) for row in readable[:MEASURED]]
        means = {name: float(np.mean([measure[name] for measure in measures])) for name in measures[0]}
        milliseconds = 1000 * block_seconds(by_index)
        results.append(
            {"level": level, "shortcuts": accuracies(task, rows), "measures": means, "milliseconds": milliseconds}
        )
    return results


def table(results: list[dict[str, Any]], count: int) -> str:
    """Returns a Markdown table with a line for each level."""
    shortcuts = list(results[0]["shortcuts"])
    measures = [name for name in results[0]["measures"] if name != "hops"]
    header = ["level", *shortcuts, *(name.replace("_", " ") for name in measures), "ms a block", "rows"]
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    for result in results:
        cells = [f"{result['level'].number}: {result['level'].description}"]
        for name in shortcuts:
            accuracy = result["shortcuts"][name]
            cells.append(f"{accuracy:.3f} ± {math.sqrt(accuracy * (1 - accuracy) / count):.3f}")
        cells += [f"{result['measures'][name]:.1f}" for name in measures]
        cells += [f"{result['milliseconds']:.0f}", str(result["level"].block_rows)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def rises(results: list[dict[str, Any]], count: int) -> list[str]:
    """Returns where a shortcut rises above chance from a level to the next by more than three standard errors."""
    bound = 3 * math.sqrt(2 * 0.25 / count)
    return [
        f"{name} from level {easier['level'].number} to {harder['level'].number}"
        for easier, harder in zip(results, results[1:], strict=False)
        for name, accuracy in easier["shortcuts"].items()
        if harder["shortcuts"][name] > max(accuracy, 0.5) + bound
    ]


def draw(results: dict[str, list[dict[str, Any]]], count: int, path: Path) -> None:
    """Draws a panel for each task, with bars of one standard error."""
    rows = -(-len(results) // COLUMNS)
    figure = Figure(figsize=(5 * COLUMNS, 3.25 * rows), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, squeeze=False).flat
    for axes in panels[len(results) :]:
        axes.set_visible(False)
    for axes, (name, levels) in zip(panels, results.items(), strict=False):
        numbers = [result["level"].number for result in levels]
        lowest = min(accuracy for result in levels for accuracy in result["shortcuts"].values())
        for shortcut in levels[0]["shortcuts"]:
            values = np.array([result["shortcuts"][shortcut] for result in levels])
            axes.errorbar(numbers, values, np.sqrt(values * (1 - values) / count), marker="o", ms=4, label=shortcut)
        if lowest > 0.3:  # answers are Yes and No
            axes.axhline(0.5, color="0.6", lw=1, ls=":")
        axes.set(title=name, xlabel="level", ylabel="accuracy", ylim=(min(0.4, lowest - 0.04), 1.03), xticks=numbers)
        axes.legend(frameon=False, fontsize=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2048, help="rows of each level")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tasks", nargs="+", default=list(tasks()), choices=list(tasks()))
    parser.add_argument("--plot", type=Path, help="picture to write")
    options = parser.parse_args()
    print(f"{describe_hardware()}, {date.today()}, seed {options.seed}, {options.rows:,} rows of each level\n")
    results: dict[str, list[dict[str, Any]]] = {}
    risen: list[str] = []
    for task in map(get_task, options.tasks):
        results[task.title] = score_levels(task, options.rows, options.seed)
        print(f"### {task.title}\n\n{table(results[task.title], options.rows)}\n", flush=True)
        risen += [f"{task.title}: {rise}" for rise in rises(results[task.title], options.rows)]
    if options.plot:
        draw(results, options.rows, options.plot)
    if risen:
        raise SystemExit(f"shortcuts that rise: {'; '.join(risen)}")


if __name__ == "__main__":
    main()
