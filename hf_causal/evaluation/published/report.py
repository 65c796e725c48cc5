"""The report on published files: the shares of right answers to each type of question, and failures."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from hf_causal.evaluation.answers.report import fenced, markdown_table
from hf_causal.evaluation.console import print_table
from hf_causal.evaluation.published.scores import PublishedFile, PublishedScores, Result, TypeScore
from hf_causal.evaluation.report import endpoint_remarks, prompting_words
from hf_causal.utils.files import write_json, write_text

REPORT, SCORES, REPLIES = "published.md", "published.json", "published_replies.jsonl"
"""The report, the scores, and every question with its reply, in the folder of a report."""
_LISTED_ROWS = 20
"""Most wrong labels that a remark lists."""
_COLUMNS = ["n", "right", "rounded", "unreadable", "majority"]
_NOTE = (
    "Answers are compared with what the text of a row proves, not with its label; every right answer counts, by any "
    "definition in use. Rounded: right but for rounding. Unreadable: replies without an answer in the form that was "
    "asked for. Neither counts as right. Majority: questions to which the most frequent right answer is right."
)


def write_published_report(folder: str | Path, scores: PublishedScores) -> Path:
    """Writes `published.md`, `published.json` and all replies into a folder, and returns the report's path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / SCORES, scores.to_json())
    lines = (json.dumps(result.to_json(), ensure_ascii=False) for result in scores.results)
    write_text(folder / REPLIES, "".join(f"{line}\n" for line in lines))
    return write_text(folder / REPORT, render_published(scores))


def print_published(scores: PublishedScores) -> None:
    """Prints the scores of each type of question, and what was not asked."""
    console = Console()
    console.print(f"{scores.model} on published files", markup=False, highlight=False, soft_wrap=True)
    for name, file in scores.files.items():
        if file.types:
            rows = [[topic, form, *_cells(score, scores)] for (topic, form), score in file.types.items()]
            print_table(console, f"{name} ({file.dataset})", ["question", "answers", *_columns(scores)], rows)
    if len(scores.by_answers) > 1 or len(scores.files) > 1:
        print_table(console, "all files", ["answers", *_columns(scores)], _answer_rows(scores))
    for remark in remarks(scores):
        console.print(remark, markup=False, highlight=False, soft_wrap=True)


def render_published(scores: PublishedScores) -> str:
    """Renders the report as Markdown."""
    n = scores.total.n if scores.total else 0
    way = f", asked by {prompting_words(scores.prompting)}," if scores.prompting else ""
    lines = [
        f"`{scores.model}`{way} on {scores.date} with {scores.hardware}: {n:,} questions of published files. "
        "± is one standard error.",
        "",
        _NOTE,
        "",
        *markdown_table(*_rows(scores)),
        "",
        *markdown_table(["answers", *_columns(scores)], _answer_rows(scores)),
        *(f"\n{remark}" for remark in remarks(scores)),
    ]
    if failures := scores.failures():
        lines += ["", "## Failures", "", "One of each type of question before a second of any."]
        for number, failure in enumerate(failures, 1):
            lines += ["", *_failure(number, failure)]
    return "\n".join([*lines, ""])


def remarks(scores: PublishedScores) -> list[str]:
    """Returns sentences on wrong labels and on what was not asked."""
    lines = [remark for name, file in scores.files.items() for remark in _file_remarks(name, file)]
    return [*lines, *(f"{remark}." for remark in endpoint_remarks(scores.prompting or {}))]


def _file_remarks(name: str, file: PublishedFile) -> list[str]:
    lines = []
    if rows := file.wrong_labels:
        listed = ", ".join(map(str, rows[:_LISTED_ROWS])) + (" …" if len(rows) > _LISTED_ROWS else "")
        labels = "label is" if len(rows) == 1 else "labels are"
        lines.append(
            f"{name}: {len(rows):,} {labels} wrong, of rows {listed} (counted from 0); what is proved counts."
        )
    if file.left_out:
        reasons = "; ".join(f"{count:,}: {reason}" for reason, count in file.left_out.items())
        lines.append(f"{name}: not asked, and neither right nor wrong: {reasons}.")
    return lines


def _columns(scores: PublishedScores) -> list[str]:
    """Returns the columns, without those that would be empty."""
    total = scores.total
    empty = {name for name in ("rounded", "unreadable") if not (total and getattr(total, name))}
    return [name for name in _COLUMNS if name not in empty]


def _rows(scores: PublishedScores) -> tuple[list[str], list[list[str]]]:
    rows = [
        [name, topic, form, *_cells(score, scores)]
        for name, file in scores.files.items()
        for (topic, form), score in file.types.items()
    ]
    return ["file", "question", "answers", *_columns(scores)], rows


def _answer_rows(scores: PublishedScores) -> list[list[str]]:
    rows = [[name, *_cells(score, scores)] for name, score in scores.by_answers.items()]
    return [*rows, *([["all", *_cells(scores.total, scores)]] if scores.total else [])]


def _cells(score: TypeScore, scores: PublishedScores) -> list[str]:
    cells = {"n": f"{score.n:,}", "right": str(score.right), "rounded": f"{score.rounded:,}"}
    cells |= {"unreadable": f"{score.unreadable:,}", "majority": f"{score.majority.value:.3f}"}
    return [cells[name] for name in _columns(scores)]


def _failure(number: int, result: Result) -> list[str]:
    values = result.to_json()
    right = " or ".join(values["right"])
    return [
        f"### {number}. {result.file}, row {result.asked.row}, {values['question']}: {result.outcome.value}",
        *("", "The question:", "", *fenced(values["text"])),
        *("", "The reply:", "", *fenced("(no reply)" if result.reply is None else result.reply)),
        *("", "A right answer:", "", *fenced(right)),
    ]
