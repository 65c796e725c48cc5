"""How many replies a second `hf_causal.score` judges on one core: `python benchmarks/score_speed.py [--rows 2000]`.

Each line is a form of answer to rows of a task's training split. `answers` are those of the exact solver, `prose`
the same after a sentence and with Markdown, and `wrong` those of the next row. Every row is of another prompt, and the
prompts have not been read before. The speed goes by processor time, which busy neighbours disturb the least; of
several runs the fastest counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

from hf_causal import score
from hf_causal.tasks import answering
from hf_causal.tasks.answering import applicable_form, form_names, read_row, write_answer
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.task import Task
from hf_causal.utils.hardware import describe_hardware


def rows_of(task: Task, count: int) -> list[dict[str, Any]]:
    """Returns rows of a small training split, each of another prompt."""
    config = task.small_config(task.few_shot_config)
    return task.generate_shard(config, "train", 0).slice(0, count).to_pylist()


def speed(replies: Sequence[str], rows: Sequence[dict[str, Any]], form: str, repeats: int) -> float:
    """Returns replies per second of processor time, with no prompt read beforehand."""
    best = float("inf")
    for _ in range(repeats):
        answering._read.cache_clear()
        started = time.process_time()
        for reply, row in zip(replies, rows, strict=True):
            score(reply, row, form=form)
        best = min(best, time.process_time() - started)
    return len(rows) / best


def in_prose(reply: str) -> str:
    """Returns an answer as chat models write it."""
    first, *rest = reply.split("\n")
    return "\n".join(["Let me look at the statements first.", "", f"**{first}**", *(f"- {line}" for line in rest)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=400)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(f"{describe_hardware()}, {date.today()}, {options.rows:,} rows of each task\n")
    print("| task | form | answers | prose | wrong |\n|---|---|---|---|---|")
    for task in tasks().values():
        rows = rows_of(task, options.rows)
        for form in form_names(task):
            asked = [row for row in rows if form == "yes-no" or _applies(task, row, form)]
            answers = [write_answer(row, form) for row in asked]
            replies = (answers, [in_prose(answer) for answer in answers], [*answers[1:], answers[0]])
            speeds = [f"{speed(texts, asked, form, options.repeats):,.0f}" for texts in replies]
            print(f"| {task.name} | {form} | {' | '.join(speeds)} |", flush=True)


def _applies(task: Task, row: dict[str, Any], form: str) -> bool:
    try:
        return applicable_form(task, read_row(row)[1], form) is not None
    except ValueError:
        return False


if __name__ == "__main__":
    main()
