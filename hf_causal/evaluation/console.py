"""Prints scores as tables on the command line."""

from __future__ import annotations

from collections.abc import Mapping

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hf_causal.evaluation.report import endpoint_remarks, unparsable_remark
from hf_causal.evaluation.report_files import AnyScores
from hf_causal.evaluation.scores import ERRORS_TITLE, FileScore, Scores, SplitScore, errors_table
from hf_causal.evaluation.variant_scores import variant_remarks, variant_table
from hf_causal.systems import evaluation_of_model_type

_LISTED_ROWS = 20
"""Most contradicted rows that a remark lists."""

Columns = list[str]
Rows = list[list[str]]


def print_scores(scores: AnyScores) -> None:
    """Prints the splits with their shortcuts, the files, and remarks on labels and answers."""
    console = Console()
    if not isinstance(scores, Scores):
        if evaluation := evaluation_of_model_type(scores.get("kind")):
            print_table(console, f"{scores['model']} on {scores['config']}", *evaluation.table(dict(scores)))
        return
    for on_config in scores.by_config:
        _print_config(console, on_config)


def print_table(console: Console, title: str | None, columns: Columns, rows: Rows) -> None:
    """Prints one table."""
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.replace(" ", "\n"), no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _print_config(console: Console, scores: Scores) -> None:
    if scores.splits:
        print_table(console, f"{scores.model} on {scores.config}", *_split_table(scores))
    if (errors := errors_table(scores))[1]:
        print_table(console, ERRORS_TITLE, *errors)
    if scores.files:
        print_table(console, None, *_file_table(scores.files))
    if scores.variants and scores.variants.scores:
        print_table(console, None, *variant_table(scores.variants))
    remarks = [remark for name, score in scores.splits.items() for remark in _answer_remarks(name, score)]
    for name, score in scores.files.items():
        remarks += [*_label_remarks(name, score), *_answer_remarks(name, score)]
    remarks += [f"{remark}." for remark in endpoint_remarks(scores.prompting or {})]
    remarks += [f"{name}: {text}." for name, texts in scores.weaknesses.items() for text in texts]
    remarks += variant_remarks(scores.variants) if scores.variants else []
    for remark in remarks:
        console.print(remark, markup=False, highlight=False, soft_wrap=True)


def _split_table(scores: Scores) -> tuple[Columns, Rows]:
    rows = [
        [split, f"{score.n:,}", str(score), *(f"{base[split].accuracy:.3f}" for base in scores.baselines.values())]
        for split, score in scores.splits.items()
    ]
    return ["split", "n", "accuracy", *scores.baselines], rows


def _file_table(files: Mapping[str, FileScore]) -> tuple[Columns, Rows]:
    rows = [
        [name, f"{score.n:,}", str(score), str(len(score.contradicted_rows)), str(score.correct_rows or "")]
        for name, score in files.items()
    ]
    return ["file", "n", "accuracy", "wrong labels", "other rows"], rows


def _label_remarks(name: str, score: FileScore) -> list[str]:
    remarks = []
    if rows := score.contradicted_rows:
        listed = ", ".join(map(str, rows[:_LISTED_ROWS])) + (" …" if len(rows) > _LISTED_ROWS else "")
        remarks.append(f"{name}: the label contradicts the row's own text in rows {listed} (counted from 0).")
    if score.unreadable:
        remarks.append(f"{name}: no task reads {score.unreadable} rows; their labels were not checked.")
    return remarks


def _answer_remarks(name: str, score: SplitScore | FileScore) -> list[str]:
    return [f"{name}: {unparsable_remark(score.unparsable)}."] if score.unparsable else []
