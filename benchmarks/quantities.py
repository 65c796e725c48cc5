"""Speed and agreement of quantities, comparisons and the notions of relevance.

python benchmarks/quantities.py [--rows 2000] [--rows-per-cell 40] [--seed 0]

Rows per second of processor time of one core, text and proofs included, and rows per second that `hf_causal.check`
proves; a plain loop that answers the same questions by enumerating all responses with fractions; and for every split
the rows whose answers that enumeration confirms, invariants, and the accuracy of shortcuts.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Any

import enumerated_models as oracle
from model_oracles import MOST_UNITS, filled_in, is_partial, units

from hf_causal.tasks.proving import check
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.reply_numbers import read_answer
from hf_causal.tasks.task import Task
from hf_causal.utils.hardware import describe_hardware

Row = dict[str, Any]
_PLAIN_ROWS = 200


def close(true: Any, numbers: list[Fraction]) -> bool:
    """Returns whether a value is the stated one; bounds of linear programming are compared to six places."""
    if isinstance(true, tuple):
        return all(abs(float(number) - end) < 1e-6 for number, end in zip(numbers, true, strict=True))
    return [true] == numbers


def confirm_quantity(row: Row) -> bool | None:
    """Returns whether the enumeration confirms a row's answer; `None` where that would take too long."""
    tables, coupling = oracle.read_model(row["premise"])
    models = [{}] if row["answer_type"] != "insufficient" else json.loads(row["certificate"])["models"]
    values = []
    for model in models:
        filled = filled_in(tables, model)
        used = model.get("responses", coupling) or "threshold"
        if is_partial(filled) or units(filled, used) > MOST_UNITS:
            return None
        values.append(oracle.answer(filled, used, row["question"]))
    if row["answer_type"] == "insufficient":
        stated = [Fraction(value) for value in json.loads(row["certificate"])["values"]]
        return values == stated and values[0] != values[1]
    return close(values[0], [ways[0].value for ways in read_answer(row["completion"]).numbers])


def confirm_comparison(row: Row) -> bool | None:
    """Returns whether the enumeration confirms a row's answer; `None` where that would take too long."""
    tables, coupling = oracle.read_model(row["premise"])
    if units(tables, coupling or "threshold") > MOST_UNITS:
        return None
    sides = re.fullmatch(r"Is (.+) larger than (.+)\?", row["question"])
    assert sides is not None
    first, second = (oracle.answer(tables, coupling or "threshold", f"What is {side}?") for side in sides.groups())
    return (first > second) == (row["completion"] == "Yes")


def confirm_relevance(row: Row) -> bool | None:
    """Returns whether `check`, which takes one outcome at a time, confirms a row; `prove` takes all at once."""
    task = get_task("relevance_semantics")
    try:
        task.check(task.parse(row["prompt"]), row["completion"], json.loads(row["certificate"]))
    except ValueError:
        return False
    return True


CONFIRM: dict[str, Callable[[Row], bool | None]] = {
    "quantities": confirm_quantity,
    "comparisons": confirm_comparison,
    "relevance_semantics": confirm_relevance,
}


def measure_split(task: Task, config: Any, split: str) -> None:
    """Prints a line about the first shard of a split."""
    started = time.process_time()
    table = task.generate_shard(config, split, 0)
    generated = len(table) / (time.process_time() - started)
    rows = table.to_pylist()
    started = time.process_time()
    for row in rows:
        check(row)
    proved = len(rows) / (time.process_time() - started)
    verdicts = Counter(CONFIRM[task.name](row) for row in rows)
    different = len({row["prompt"] for row in rows}) == len(rows)
    read_back = all(str(task.parse(row["prompt"])) == row["prompt"] for row in rows)
    prompts = [task.parse(row["prompt"]) for row in rows]
    labels = [1 if row["label"] is None else row["label"] for row in rows]
    shortcuts = ", ".join(
        f"{name} {sum(map(int.__eq__, rule(prompts, labels), labels)) / len(labels):.3f}"
        for name, rule in task.shortcuts.items()
    )
    compared = verdicts[True] + verdicts[False]
    line = (config.name, split, f"{len(rows):,}", f"{generated:,.0f}", f"{proved:,.0f}",
            f"{verdicts[True]:,} of {compared:,}", "yes" if different and read_back else "NO", shortcuts)  # fmt: skip
    print(f"| {' | '.join(line)} |", flush=True)


def measure_plain_loop(rows_per_second_of: Task, rows: int, seed: int) -> None:
    """Prints how many questions a second the plain enumeration answers."""
    config = rows_per_second_of.configs["quantities"](rows=max(200, rows), validation_rows=200, seed=seed)
    answerable = []
    for row in rows_per_second_of.generate_shard(config, "train", 0).to_pylist():
        tables, coupling = oracle.read_model(row["premise"])
        if not is_partial(tables) and units(tables, coupling or "threshold") <= MOST_UNITS:
            answerable.append((tables, coupling or "threshold", row["question"]))
    started = time.process_time()
    for tables, coupling, question in answerable[:_PLAIN_ROWS]:
        oracle.answer(tables, coupling, question)
    seconds = time.process_time() - started
    print(f"A plain loop over all responses: {len(answerable[:_PLAIN_ROWS]) / seconds:,.0f} answers/s\n")


def main() -> None:
    """Runs the script."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2000, help="rows of a training split")
    parser.add_argument("--rows-per-cell", type=int, default=40, help="rows of each cell of other splits")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print(f"{date.today()}, {describe_hardware()}, seed {options.seed}\n")
    measure_plain_loop(get_task("quantities"), options.rows, options.seed)
    print("| config | split | rows | rows/s | proved/s | confirmed | different, read back | shortcuts |")
    print("|---|---|---|---|---|---|---|---|")
    sizes = {"rows": options.rows, "validation_rows": max(200, options.rows // 10)}
    cells = {"rows_per_cell": options.rows_per_cell}
    for name, config, sized in (
        ("quantities", "quantities", sizes),
        ("quantities", "quantities_generalization", cells),
        ("comparisons", "comparisons", {**sizes, **cells}),
        ("relevance_semantics", "relevance_semantics", {**sizes, **cells}),
    ):
        task = get_task(name)
        made = task.configs[config](seed=options.seed, **sized)
        for split in made.splits:
            measure_split(task, made, split)


if __name__ == "__main__":
    main()
