"""The tab with the generalization reports: curves, numbers, and the hardest questions of a cell."""

from __future__ import annotations

from html import escape
from typing import Any

import gradio as gr

from hf_causal.demo.cards import error_card, percent
from hf_causal.demo.charts import cell_table, chart, lines_of
from hf_causal.demo.explore import Cell, HardQuestion, cells_of, hardest_questions, read_reports
from hf_causal.demo.models import Models
from hf_causal.evaluation.titles import TITLES

_INTRODUCTION = """
<div class="hc-intro"><p>Models learn from chains of 3 to 6 nodes. How far do they generalize? Each point is a cell of
500 questions, next to the published results of arXiv 2407.07612.</p></div>
"""
_SHOWN_CHARACTERS = 400


class ExploreTab:
    """The components of the tab."""

    def __init__(self, models: Models):
        self.models = models
        self.reports = read_reports(models.folders)
        splits = list(dict.fromkeys(split for report in self.reports.values() for split in report["splits"]))
        gr.HTML(_INTRODUCTION, padding=False)
        if not splits:
            gr.HTML('<p class="hc-note">No model here has a generalization report.</p>', padding=False)
        first = "branching" if "branching" in splits else next(iter(splits), None)
        with gr.Row(visible=bool(splits)):
            self.axis = gr.Dropdown(
                [(TITLES.get(split, split), split) for split in splits],
                value=first,
                label="Axis",
                elem_id="hc-axis",
                min_width=230,
            )
            self.selected = gr.CheckboxGroup(
                list(self.reports), value=list(self.reports), label="Models", elem_id="hc-models"
            )
        self.curves = gr.HTML(
            self.show(first, list(self.reports)) if first else "", elem_id="hc-curves", padding=False
        )
        with gr.Row(visible=bool(splits), equal_height=True):
            self.cell = gr.Dropdown(self._labels(first), label="Cell", elem_id="hc-cell", scale=3, min_width=230)
            names = list(self.reports)
            worst = min(names, key=lambda name: self.reports[name]["overall"]["accuracy"]) if names else None
            self.asked_model = gr.Dropdown(
                names, value=worst, label="Model to ask", elem_id="hc-asked", scale=3, min_width=230
            )
            self.button = gr.Button("Show its hardest questions", elem_id="hc-hardest", scale=2, min_width=230)
        self.questions = gr.HTML("", elem_id="hc-questions", padding=False)

    def connect(self, page: gr.Blocks) -> None:
        """Connects the components to their functions."""
        private: dict[str, Any] = {"api_visibility": "private"}
        for picker in (self.axis, self.selected):
            picker.change(self.show, [self.axis, self.selected], self.curves, show_progress="hidden", **private)
        self.axis.change(lambda axis: gr.Dropdown(self._labels(axis), value=self._labels(axis)[0]), self.axis,
                         self.cell, show_progress="hidden", **private)  # fmt: skip
        self.button.click(
            self.hardest, [self.axis, self.cell, self.asked_model], self.questions, concurrency_id="explore",
            concurrency_limit=1, **private,
        )  # fmt: skip

    def show(self, axis: str, selected: list[str]) -> str:
        """Returns the curves and numbers of an axis."""
        lines = lines_of({name: self.reports[name] for name in selected if name in self.reports}, axis)
        return chart(lines, TITLES.get(axis, axis)) + (cell_table(lines) if lines else "")

    def hardest(self, axis: str, label: str, model: str) -> str:
        """Returns the hardest questions of a cell for a model."""
        cell = next((cell for cell in self._cells(axis) if cell.label == label), None)
        if cell is None or model not in self.reports:
            return error_card("choose a cell and a model")
        questions = hardest_questions(self.models.get(model), cell)
        right = sum(question.probability > 0.5 for question in questions)
        summary = (
            f"{escape(model)} answers all questions of this cell correctly; it was least certain of these."
            if right == len(questions)
            else "Questions to whose right answers it gave the least probability:"
        )
        rows = "".join(map(_question, questions))
        content = f'<p>{summary}</p><ol class="hc-hard">{rows}</ol>'
        return f'<section class="hc-card" aria-label="Hardest questions">{content}</section>'

    def _cells(self, axis: str | None) -> list[Cell]:
        return cells_of(self.reports, axis) if axis else []

    def _labels(self, axis: str | None) -> list[str]:
        return [cell.label for cell in self._cells(axis)]


def _question(question: HardQuestion) -> str:
    missed = "" if question.probability > 0.5 else ' class="hc-missed"'
    probability = percent(question.probability)
    return (
        f"<li{missed}><div>{_shortened(question.prompt)}</div>"
        f"<div>Right: <b>{question.right_answer}</b>, to which it gives {probability}.</div></li>"
    )


def _shortened(prompt: str) -> str:
    if len(prompt) <= _SHOWN_CHARACTERS:
        return escape(prompt)
    head, tail = prompt[: _SHOWN_CHARACTERS - 100], prompt[-100:]
    return f"{escape(head)} … {escape(tail)}"
