"""Before and after fine-tuning, in one report with pictures."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from hf_causal.artifacts import FINETUNING_FILE, REPORT_FILE
from hf_causal.evaluation.plots import plot_before_and_after
from hf_causal.evaluation.report import PLOTS, render_report
from hf_causal.evaluation.titles import TITLES
from hf_causal.tasks.registry import task_of_config
from hf_causal.utils.files import write_json, write_text

Record = dict[str, Any]
"""`title`, `slug`, and the scores `before` (or `None`) and `after` (or `None`) of one evaluation."""


def read_records(folder: str | Path) -> list[Record]:
    """What was scored so far, in order; empty where nothing was."""
    path = Path(folder) / FINETUNING_FILE
    return json.loads(path.read_text(encoding="utf-8"))["evaluations"] if path.is_file() else []


def write_records(folder: str | Path, records: list[Record]) -> Path:
    """Keeps what was scored in `finetuning.json`."""
    return write_json(Path(folder) / FINETUNING_FILE, {"evaluations": records})


def write_before_and_after(folder: str | Path, records: list[Record]) -> Path:
    """Writes `report.md`, `finetuning.json` and a picture for each evaluation into `plots/`.

    Args:
        folder (`str` or `Path`): Of the fine-tuned model.
        records (`list`): See `Record`; with `after`.

    Returns:
        `Path`: Of the report.
    """
    folder = Path(folder)
    write_records(folder, records)
    lines = ["**Before and after fine-tuning**, accuracy ± one standard error; chance is .500", "", *_table(records)]
    if any(_detects(record) for record in records):
        lines += ["", "**F1 of Yes**, which accuracy does not show where most answers are No", ""]
        lines += _f1_table([record for record in records if _detects(record)])
    for record in records:
        if not record["after"]["splits"]:
            continue
        picture = f"{PLOTS}/{record['slug']}.png"
        plot_before_and_after(record["before"], record["after"], folder / picture)
        lines += ["", f"### `{record['title']}`", "", render_report(_with_before(record), picture)]
    return write_text(folder / REPORT_FILE, "\n".join([*lines, ""]))


def _table(records: list[Record]) -> list[str]:
    lines = ["| questions | n | before | after | change |", "|---|---|---|---|---|"]
    return [*lines, *("| " + " | ".join(row) + " |" for row in table_rows(records))]


def table_rows(records: list[Record]) -> list[tuple[str, str, str, str, str]]:
    """Questions, n, before, after and change of everything that was scored, as text."""
    rows = []
    for record in records:
        for name, before, after in _scored(record):
            old = _accuracy(before) if before else "no head for it"
            rows.append((name, f"{after['n']:,}", old, _accuracy(after), _change(before, after)))
    return rows


def _scored(record: Record) -> list[tuple[str, dict[str, Any] | None, dict[str, Any]]]:
    """Name, scores before and scores after of everything that an evaluation scored: all, each split, each file."""
    after, before = record["after"], record["before"]
    rows = []
    if after["splits"]:
        rows.append((f"`{record['title']}`, all", before and before["overall"], after["overall"]))
    for part in ("splits", "files"):
        for name, score in after[part].items():
            rows.append((TITLES.get(name, name), before and before[part].get(name), score))
    return rows


def _f1_table(records: list[Record]) -> list[str]:
    lines = ["| questions | before: precision | recall | F1 | after: precision | recall | F1 |", "|---|" + "---|" * 6]
    for record in records:
        for name, score in record["after"]["splits"].items():
            before = record["before"]["splits"].get(name) if record["before"] else None
            lines.append(f"| `{record['title']}`, {name} | {_shares(before)} | {_shares(score)} |")
    return lines


def _shares(score: dict[str, Any] | None) -> str:
    return " | ".join(f"{score['yes'][key]:.3f}" if score else "" for key in ("precision", "recall", "f1"))


def _detects(record: Record) -> bool:
    """Whether Yes is so rare that its F1 matters."""
    corpus, _, config = record["title"].partition("/")
    task = task_of_config(corpus, config)
    return task is not None and task.rare_yes


def _with_before(record: Record) -> dict[str, Any]:
    """The scores after, with those before as rows beside them."""
    before = record["before"]
    if before is None:
        return record["after"]
    return {**record["after"], "beside": {"before": {"splits": before["splits"], "date": before["date"]}}}


def _change(before: dict[str, Any] | None, after: dict[str, Any]) -> str:
    """The difference, with the standard error that independent answers would give it."""
    if before is None:
        return ""
    error = math.hypot(before["stderr"], after["stderr"])
    return f"{after['accuracy'] - before['accuracy']:+.3f} ± {error:.3f}"


def _accuracy(score: dict[str, Any]) -> str:
    return f"{score['accuracy']:.3f} ± {score['stderr']:.3f}"
