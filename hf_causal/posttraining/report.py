"""The report on scores before and after fine-tuning, with figures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hf_causal.artifacts import REPORT_FILE
from hf_causal.evaluation.metrics import Accuracy
from hf_causal.evaluation.plots import plot_before_and_after
from hf_causal.evaluation.report import F1_TITLE, PLOTS, render_config, yes_cells
from hf_causal.evaluation.scores import OtherModel, Scores
from hf_causal.evaluation.titles import TITLES
from hf_causal.posttraining.evaluations import Record, write_records
from hf_causal.tasks.registry import task_of_config
from hf_causal.utils.files import write_text

COLUMNS = ("questions", "n", "before", "after", "change")
_TITLE = "**Before and after fine-tuning**, accuracy ± one standard error; chance is .500"


def write_before_and_after(folder: str | Path, records: Sequence[Record]) -> Path:
    """Writes `report.md`, `finetuning.json` and a figure for each evaluation into `plots/`.

    Args:
        folder (`str` or `Path`): Folder of the fine-tuned model.
        records (sequence of [`Record`]): With `after`.

    Returns:
        `Path`: The report.
    """
    folder = Path(folder)
    write_records(folder, records)
    for record in records:
        if record.after and record.after.splits:
            plot_before_and_after(record.before, record.after, folder / _figure(record))
    return write_text(folder / REPORT_FILE, render_before_and_after(records))


def render_before_and_after(records: Sequence[Record]) -> str:
    """Renders the report as Markdown."""
    lines = [_TITLE, "", *_accuracy_table(records)]
    if rare := [record for record in records if _yes_is_rare(record)]:
        lines += ["", F1_TITLE, "", *_f1_table(rare)]
    for record in records:
        if record.after and record.after.splits:
            scores = _with_before(record.before, record.after)
            lines += ["", f"### `{record.title}`", "", render_config(scores, _figure(record))]
    return "\n".join([*lines, ""])


def table_rows(records: Sequence[Record]) -> list[tuple[str, str, str, str, str]]:
    """Returns the cells of `COLUMNS` for everything that was scored."""
    return [
        (name, f"{after.n:,}", str(before) if before else "no head for it", str(after), _change(before, after))
        for record in records
        for name, before, after in _score_pairs(record)
    ]


def _figure(record: Record) -> str:
    return f"{PLOTS}/{record.slug}.png"


def _accuracy_table(records: Sequence[Record]) -> list[str]:
    lines = ["| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in table_rows(records))]


def _score_pairs(record: Record) -> list[tuple[str, Accuracy | None, Accuracy]]:
    """Returns name, accuracy before and accuracy after: over all questions, of each split and of each file."""
    before, after = (_accuracies(record, scores) for scores in (record.before, record.after))
    return [(name, before.get(name), accuracy) for name, accuracy in after.items()]


def _accuracies(record: Record, scores: Scores | None) -> dict[str, Accuracy]:
    if scores is None:
        return {}
    overall = {f"`{record.title}`, all": scores.overall} if scores.overall else {}
    splits = {TITLES.get(name, name): score for name, score in scores.splits.items()}
    return {**overall, **splits, **scores.files}


def _f1_table(records: Sequence[Record]) -> list[str]:
    lines = ["| questions | before: precision | recall | F1 | after: precision | recall | F1 |", "|---|" + "---|" * 6]
    for record in records:
        for name, score in record.after.splits.items() if record.after else ():
            before = record.before.splits.get(name) if record.before else None
            before_yes = before.yes if before else None
            lines.append(f"| `{record.title}`, {name} | {yes_cells(before_yes)} | {yes_cells(score.yes)} |")
    return lines


def _yes_is_rare(record: Record) -> bool:
    """Returns whether Yes is so rare that its F1 is reported."""
    corpus, _, config = record.title.partition(",")[0].partition("/")
    task = task_of_config(corpus, config)
    return task is not None and task.rare_yes


def _with_before(before: Scores | None, after: Scores) -> Scores:
    """Returns the scores after fine-tuning, with those before it as another model."""
    rows = {"before": OtherModel(before.splits, before.date)} if before else None
    return replace(after, other_models=rows)


def _change(before: Accuracy | None, after: Accuracy) -> str:
    """Formats the difference, with the standard error of a difference of independent answers."""
    if before is None:
        return ""
    stderr = math.hypot(before.stderr, after.stderr)
    return f"{after.accuracy - before.accuracy:+.3f} ± {stderr:.3f}"
