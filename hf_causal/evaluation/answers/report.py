"""The report on answers in a form: shares of each split and cell, and the failures that teach most."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from hf_causal.artifacts import REPORT_FILE
from hf_causal.evaluation.answers.failures import RULE
from hf_causal.evaluation.answers.scores import MEASURES, AnswerScore, AnswerScores, AnswerSplit, Failure
from hf_causal.evaluation.console import print_table
from hf_causal.evaluation.plots import structure_name
from hf_causal.evaluation.report import endpoint_remarks, prompting_words
from hf_causal.evaluation.scores import Cell
from hf_causal.evaluation.titles import TITLES
from hf_causal.utils.files import write_json, write_text

ANSWERS_FILE = "answers.json"
"""The scores, in the folder of the report."""
_MOST_LINES = 40
"""Lines of a reply that the report shows; the JSON file has all."""
_MARK = "←"


def write_answer_report(folder: str | Path, scores: AnswerScores) -> Path:
    """Writes `report.md` and `answers.json` into a folder, and returns the report's path."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / ANSWERS_FILE, scores.to_json())
    return write_text(folder / REPORT_FILE, render_answers(scores))


def render_answers(scores: AnswerScores) -> str:
    """Renders the report as Markdown."""
    n = sum(split.total.n for split in scores.splits.values())
    lines = [
        f"Answers in the form `{scores.form}` ({scores.title}), asked by {prompting_words(scores.prompting)}, on "
        f"{scores.date} with {scores.hardware}: {n:,} questions of `{scores.source}`. ± is one standard error.",
        *(f"\n{remark}." for remark in endpoint_remarks(scores.prompting)),
        "",
        *_split_table(scores),
    ]
    for name, split in scores.splits.items():
        lines += ["", f"**{TITLES.get(name, name)}**", "", *_cell_table(split)]
    if scores.failures:
        lines += ["", "## Failures", "", RULE]
        for number, failure in enumerate(scores.failures, 1):
            lines += ["", *_failure(number, failure)]
    return "\n".join([*lines, ""])


def print_answers(scores: AnswerScores) -> None:
    """Prints the shares of each split, and how many questions were left out."""
    console, measures = Console(), _measures(scores)
    rows = [
        [name, f"{split.total.n:,}", *_short_shares(split.total, measures)] for name, split in scores.splits.items()
    ]
    print_table(
        console, f"{scores.model} on {scores.source}, {scores.title}", ["split", "n", *measures.values()], rows
    )
    if shortcuts := _shortcuts(scores):
        rows = [[name, *_accuracies(split, shortcuts)] for name, split in scores.splits.items()]
        print_table(console, "Yes/No by shortcuts", ["split", *shortcuts], rows)
    remarks = [
        f"{name}: {split.left_out:,} questions cannot be put in the form {scores.form!r}."
        for name, split in scores.splits.items()
        if split.left_out
    ]
    for remark in [*remarks, *(f"{remark}." for remark in endpoint_remarks(scores.prompting))]:
        console.print(remark, markup=False, highlight=False, soft_wrap=True)


def _split_table(scores: AnswerScores) -> list[str]:
    measures, shortcuts = _measures(scores), _shortcuts(scores)
    columns = ["split", "n", *measures.values(), "left out", *(f"{name} (Yes/No)" for name in shortcuts)]
    rows = [
        [
            TITLES.get(name, name),
            f"{split.total.n:,}",
            *_shares(split.total, measures),
            f"{split.left_out:,}",
            *_accuracies(split, shortcuts),
        ]
        for name, split in scores.splits.items()
    ]
    return markdown_table(columns, rows)


def _cell_table(split: AnswerSplit) -> list[str]:
    measures = {name: MEASURES[name] for name in split.total.shares()}
    rows = [[_cell_name(cell), f"{score.n:,}", *_shares(score, measures)] for cell, score in split.cells.items()]
    return markdown_table(["cell", "n", *measures.values()], rows)


def _failure(number: int, failure: Failure) -> list[str]:
    split = TITLES.get(failure.split, failure.split)
    verdict = f"{failure.depth} lines hold" if failure.depth != 1 else "1 line holds"
    lines = _reply_lines(failure)
    marked = any(_MARK in line for line in lines)
    return [
        f"### {number}. {split}, {_cell_name(failure.cell)}: {verdict}",
        *([] if marked else ["", f"{failure.reason[:1].upper()}{failure.reason[1:]}."]),
        *("", "The question:", "", *fenced(failure.prompt)),
        *("", "The reply:", "", *fenced("\n".join(lines))),
        *("", "An answer that holds:", "", *fenced(failure.solver)),
    ]


def _reply_lines(failure: Failure) -> list[str]:
    """Returns the lines of a reply around the first wrong one, which is marked with the reason."""
    if failure.reply is None:
        return ["(no reply)"]
    lines, wrong = failure.reply.split("\n"), failure.first_wrong_line or 0
    if 0 < wrong <= len(lines):
        lines[wrong - 1] += f"    {_MARK} {failure.reason}"
    first = max(0, min(wrong - _MOST_LINES // 2, len(lines) - _MOST_LINES))
    after = len(lines) - first - _MOST_LINES
    return [
        *([f"… {first:,} lines"] if first else []),
        *lines[first : first + _MOST_LINES],
        *([f"… {after:,} lines"] if after > 0 else []),
    ]


def fenced(text: str) -> list[str]:
    """Returns a text as a block that the text itself cannot end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}text", text, fence]


def _measures(scores: AnswerScores) -> dict[str, str]:
    present = {name for split in scores.splits.values() for name in split.total.shares()}
    return {name: title for name, title in MEASURES.items() if name in present}


def _shortcuts(scores: AnswerScores) -> list[str]:
    return list(dict.fromkeys(name for split in scores.splits.values() for name in split.shortcuts))


def _shares(score: AnswerScore, measures: Mapping[str, str]) -> list[str]:
    shares = score.shares()
    return [str(shares[name]) if name in shares else "" for name in measures]


def _short_shares(score: AnswerScore, measures: Mapping[str, str]) -> list[str]:
    """Returns the shares with one standard error, so that a table fits on a terminal."""
    shares = score.shares()
    texts = {name: str(share) if name == "both" else f"{share.value:.3f}" for name, share in shares.items()}
    return [texts.get(name, "") for name in measures]


def _accuracies(split: AnswerSplit, shortcuts: list[str]) -> list[str]:
    return [f"{split.shortcuts[name].accuracy:.3f}" if name in split.shortcuts else "" for name in shortcuts]


def _cell_name(cell: Cell) -> str:
    factor = f", factor {cell.branching_factor}" if cell.branching_factor else ""
    return f"{structure_name(cell.structure)}{factor}, {cell.num_nodes} nodes"


def markdown_table(columns: list[str], rows: list[list[str]]) -> list[str]:
    """Returns the lines of a table."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return [*lines, *("| " + " | ".join(row) + " |" for row in rows)]
