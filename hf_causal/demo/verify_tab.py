"""The tab that verifies a file: its defects, and the corrected file."""

from __future__ import annotations

import json
from functools import cache
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from hf_causal.demo.cards import error_card
from hf_causal.demo.kept import Kept
from hf_causal.demo.limits import KEPT_SECONDS, MAX_COLUMNS, MAX_ROWS, MAX_UPLOAD_BYTES
from hf_causal.demo.uploads import SUFFIXES, FileQueue, verify_upload
from hf_causal.verification import fix, verify
from hf_causal.verification.finding_types import FINDING_TYPES, FindingType

_FIRST_ROWS, _FIRST_REASONS, _LONGEST_REASON = 8, 3, 300
_TITLES = {
    "wrong_label": "Why the first wrong labels are wrong",
    "underdetermined_label": "Why no answer follows",
    "contradictory_derivation": "What contradicts its derivation",
    "unreadable_row": "What cannot be read",
    "ambiguous_label": "Which other answers are right",
    "imprecise_label": "What is rounded wrongly",
    "out_of_scope": "What is not covered",
}
"""The findings whose reasons are shown."""
_EXAMPLE = (
    {"prompt": "A causes B. B causes C. Does A cause C?", "completion": "Yes"},
    {"prompt": "A causes B. B causes C. Does C cause A?", "completion": "Yes"},
    {"prompt": "A causes B. C causes B. Are A and C d-separated given {B}?", "completion": "No"},
)
"""Rows of which the second has a wrong label."""
_INTRODUCTION = f"""
<div class="hc-intro"><p>Is every label of a data set right? Each row is read, its answer is proved from its text and
compared with its label. Rows have a text (<code>prompt</code>, or <code>premise</code> and <code>question</code>)
and a label (<code>completion</code>, <code>label</code>, <code>answer</code>), or are those of CLEAR, CaLM, CauGym,
Corr2Cause, Corr2Cause++, CLadder, RLCausal or Causal_Axioms as they were published, but for pickles.</p>
<p>{", ".join(SUFFIXES)} of up to {MAX_UPLOAD_BYTES // 2**20} MiB, {MAX_ROWS:,} rows and {MAX_COLUMNS} columns. Files
are not kept: the upload is deleted after it has been read, the corrected file after {KEPT_SECONDS // 60} minutes.</p>
</div>
"""


class VerifyTab:
    """The components of the tab.

    Args:
        files ([`FileQueue`][hf_causal.demo.uploads.FileQueue]): Where files wait for their turn.
        kept ([`Kept`][hf_causal.demo.kept.Kept]): Where corrected files are kept for a while.
    """

    def __init__(self, files: FileQueue, kept: Kept) -> None:
        self.files, self.kept = files, kept
        gr.HTML(_INTRODUCTION, padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                self.file = gr.File(label="File", file_types=list(SUFFIXES), elem_id="hc-file", height=150)
                self.button = gr.Button("Verify", variant="primary", elem_id="hc-verify")
            with gr.Column(scale=7, min_width=320):
                self.card = gr.HTML(example_card(), elem_id="hc-report", padding=False)
                self.twin = gr.File(label="Corrected file", visible=False, interactive=False, elem_id="hc-twin")

    def connect(self) -> None:
        """Connects the components to their functions."""
        self.button.click(
            self.verify_file, self.file, [self.card, self.twin, self.file],
            api_visibility="private", concurrency_id="files", concurrency_limit=None, show_progress_on=self.card,
        )  # fmt: skip

    async def verify_file(
        self,
        path: str | None,
        request: gr.Request | None = None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, Any, None]:
        """Verifies an upload and deletes it."""
        if not path:
            return error_card("choose a file first"), gr.update(visible=False), None
        upload = Path(path)
        twin = self.kept.new_folder() / f"corrected-{upload.name}"
        work = verify_upload(upload, twin, lambda share, step: progress(share, desc=step))
        try:
            result = await self.files.run(work, visits_of(request))
        except ValueError as error:
            return error_card(str(error)), gr.update(visible=False), None
        finally:
            upload.unlink(missing_ok=True)
        return report_card(result, upload.name), gr.update(value=str(twin), visible=True), None


def visits_of(request: gr.Request | None) -> tuple[str | None, ...]:
    """Returns the session and the call that a function was called for."""
    from gradio.context import LocalContext

    return (request.session_hash if request else None), LocalContext.event_id.get(None)


@cache
def example_card() -> str:
    """Returns the report on a small file with a wrong label, and the rows of the file."""
    text = "".join(json.dumps(row) + "\n" for row in _EXAMPLE)
    with TemporaryDirectory() as folder:
        path = Path(folder, "rows.jsonl")
        path.write_text(text, encoding="utf-8")
        report = verify(path).tables[0].to_dict()
        (twin,) = fix(path, path.with_stem("corrected"))
    counts = {"num_changed": twin.num_changed, "num_marked": twin.num_marked}
    card = report_card({"report": report, "twin": counts}, "An example, until you choose a file: rows.jsonl")
    rows = (
        f'<details open=""><summary>The rows of the example</summary><pre class="hc-answer-text">{escape(text)}</pre>'
    )
    return card.removesuffix("</section>") + f"{rows}</details></section>"


def report_card(result: dict[str, Any], name: str) -> str:
    """Returns the findings as a table, the most serious types first."""
    report, twin = result["report"], result["twin"]
    findings = report["findings"]
    rows = "".join(_row(entry, findings[entry.name]) for entry in FINDING_TYPES if entry.name in findings)
    head = "<thead><tr><th></th><th>what</th><th>rows</th><th>first ones, from 0</th></tr></thead>"
    twins = (
        f"In the corrected file, rows changed: {twin['num_changed']:,}; "
        f"rows marked as defective: {twin['num_marked']:,}."
    )
    return (
        f'<section class="hc-card" aria-label="Report"><h3>{escape(name)}</h3>'
        f'<p class="hc-verdict">{_verdict(report)}.</p>'
        f"<p>{_contents(report)} {twins}</p>"
        f"{f'<table>{head}<tbody>{rows}</tbody></table>' if rows else ''}{_reasons(report)}</section>"
    )


def _verdict(report: dict[str, Any]) -> str:
    """Returns in a few words whether the rows are right."""
    rows, defective, findings = report["num_rows"], report["num_defective_rows"], report["findings"]
    if defective:
        return f"{defective:,} of {rows:,} rows have defects"
    if "out_of_scope" in findings:
        return "No row that could be checked has a defect"
    return f"All {rows:,} rows are right{' but for rounding' * ('imprecise_label' in findings)}"


def _contents(report: dict[str, Any]) -> str:
    """Returns what the rows are: those of a published data set with their verdicts, or of tasks with their labels."""
    tasks = ", ".join(f"{escape(task)} ({count:,})" for task, count in report["tasks"].items()) or "none"
    if report["dataset"]:
        counts = (f"{count:,} {escape(name.replace('_', ' '))}" for name, count in report["verdicts"].items())
        return f"Rows of {escape(report['dataset'])}: {', '.join(counts)}. Questions: {tasks}."
    return f"Labels: {report['num_yes']:,} Yes, {report['num_no']:,} No. Tasks: {tasks}."


def _row(finding_type: FindingType, finding: dict[str, Any]) -> str:
    name = "defect" if finding_type.is_defect else "note"
    return (
        f'<tr class="hc-row-{name}"><td>{name}</td>'
        f"<td><b>{finding_type.name.replace('_', ' ')}</b><br>{escape(finding_type.description)}</td>"
        f"<td>{finding['count']:,}</td><td>{_first(finding['rows'])}</td></tr>"
    )


def _first(rows: list[int]) -> str:
    return ", ".join(map(str, rows[:_FIRST_ROWS])) + (" …" if len(rows) > _FIRST_ROWS else "")


def _reasons(report: dict[str, Any]) -> str:
    """Returns the reasons of the first rows with each of the findings that have some."""
    return "".join(
        f"<h4>{title}</h4><ul>{_items(report['findings'][name])}</ul>"
        for name, title in _TITLES.items()
        if name in report["findings"]
    )


def _items(finding: dict[str, Any]) -> str:
    first = list(zip(finding["rows"], finding["reasons"], strict=False))[:_FIRST_REASONS]
    return "".join(f"<li>Row {row}: {escape(_shorten(reason))}</li>" for row, reason in first)


def _shorten(reason: str) -> str:
    return reason if len(reason) <= _LONGEST_REASON else f"{reason[:_LONGEST_REASON]} …"
