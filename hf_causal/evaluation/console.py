"""Scores as the command line shows them."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from hf_causal.artifacts import all_scores
from hf_causal.systems import evaluation_of_model_type


def print_scores(scores: dict[str, Any]) -> None:
    """Prints the splits beside their shortcuts, the files, and what is doubtful about either."""
    if system := evaluation_of_model_type(scores.get("kind")):
        _show(Console(), f"{scores['model']} on {scores['config']}", *system.table(scores))
        return
    for own in all_scores(scores):
        _print(Console(), own)


def _print(console: Console, scores: dict[str, Any]) -> None:
    if scores["splits"]:
        _show(console, f"{scores['model']} on {scores['config']}", *_split_table(scores))
    if scores["files"]:
        _show(console, None, *_file_table(scores["files"]))
    for name, score in {**scores["splits"], **scores["files"]}.items():
        for remark in _remarks(name, score):
            console.print(remark, markup=False, highlight=False, soft_wrap=True)


def _split_table(scores: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    baselines = scores["baselines"]
    rows = [
        [split, f"{score['n']:,}", _accuracy(score), *(f"{own[split]['accuracy']:.3f}" for own in baselines.values())]
        for split, score in scores["splits"].items()
    ]
    return ["split", "n", "accuracy", *baselines], rows


def _file_table(files: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    rows = [
        [name, f"{score['n']:,}", _accuracy(score), str(score["contradicted"])]
        + [_accuracy(score["correct_rows"]) if score["correct_rows"] else ""]
        for name, score in files.items()
    ]
    return ["file", "n", "accuracy", "wrong labels", "other rows"], rows


def _remarks(name: str, score: dict[str, Any]) -> list[str]:
    remarks = []
    if score.get("contradicted"):
        listed = ", ".join(map(str, score["contradicted_rows"][:20])) + (" …" if score["contradicted"] > 20 else "")
        remarks.append(f"{name}: the label contradicts the row's own text in rows {listed} (counted from 0).")
    if score.get("unreadable"):
        remarks.append(f"{name}: {score['unreadable']} rows are outside the grammar; their labels were not checked.")
    if score.get("unparsable"):
        wrong = "questions got neither a Yes nor a No, or were too long, and count as wrong"
        remarks.append(f"{name}: {score['unparsable']:,} {wrong}.")
    return remarks


def _show(console: Console, title: str | None, columns: list[str], rows: list[list[str]]) -> None:
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column.replace(" ", "\n"), no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _accuracy(score: dict[str, Any]) -> str:
    return f"{score['accuracy']:.3f} ± {score['stderr']:.3f}"
