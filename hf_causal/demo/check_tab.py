"""The tab that checks a model's reply: the question, what a model is asked, the reply, and its score line by line."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import gradio as gr

from hf_causal.demo.cards import error_card, trouble_card
from hf_causal.demo.check_card import check_card
from hf_causal.demo.checking import Checked, ModelQuestion, check_answer, draw_question, level_counts, put_to_model
from hf_causal.reading import ReadingError
from hf_causal.tasks.registry import get_task

_INTRODUCTION = """
<div class="hc-intro"><p>Does a model's proof hold? Copy what it is asked, paste what it replies, and see which line
breaks and why. Every valid proof scores 1, not only the one that the exact solver writes.</p></div>
"""
_KEPT = 128


@dataclass(frozen=True)
class Reply:
    """A question with somebody's reply to it."""

    name: str
    premises: str
    question: str
    form: str
    reply: str


_COLLIDER = (
    "Suppose there is a closed system of 4 variables, A, B, C and D. All the statistical relations among these 4 "
    "variables are as follows: A correlates with B. A correlates with D. B correlates with C. B correlates with D. "
    "C correlates with D. However, A is independent of C. A and D are independent given B. A and D are independent "
    "given B and C. C and D are independent given B. C and D are independent given A and B."
)
REPLIES = (
    Reply(
        "A missing step",
        "A causes B. B causes C. C causes E. A causes D. D causes F.",
        "Does A cause E?",
        "trace",
        "A leads to B and D, so let me follow both.\nFrom A: B, D\nFrom D: F\nFrom B: C, E\nAnswer: Yes",
    ),
    Reply(
        "A shortcut in a path",
        "A causes B. B causes C. C causes D. E causes D.",
        "Does A cause D?",
        "proof",
        "**Yes**\n\nPath: A -> B -> D",
    ),
    Reply(
        "Another valid path",
        "A causes B. B causes D. A causes C. C causes D.",
        "Does A cause D?",
        "proof",
        "<think>Through C as well.</think>\nYes\nPath: A -> C -> D",
    ),
    Reply(
        "A counter-model of another class",
        _COLLIDER,
        "A directly causes D.",
        "proof",
        "No\nCounter-model: A -> B, B -> C, B -> D",
    ),
    Reply(
        "PC, step by step",
        _COLLIDER,
        "A causes something else which causes D.",
        "trace",
        "Remove A - C: independent\nRemove A - D: independent given B\nRemove C - D: independent given B\n"
        "Skeleton: A - B, B - C, B - D\nV-structure A -> B <- C: independent\nRule 1: A -> B - D, so D -> B\n"
        "Directed: A -> B, C -> B, D -> B\nUndirected: none\nAnswer: No",
    ),
    Reply(
        "An adjustment set",
        "age causes exercise. age causes health. exercise causes health.",
        "Is {} a valid adjustment set for the effect of exercise on health?",
        "proof",
        "No\nPath: exercise <- age -> health\nOpen: age is a fork",
    ),
    Reply(
        "Held fixed",
        "stress causes insomnia. insomnia causes errors. stress causes fatigue. fatigue causes errors.",
        "Can changing stress affect errors if insomnia is held fixed?",
        "proof",
        "Yes\nPath: stress -> insomnia -> errors",
    ),
    Reply(
        "Both answers",
        "rain causes mud. mud causes falls.",
        "Does rain cause falls?",
        "proof",
        "Yes or No\nPath: rain -> mud -> falls",
    ),
)
"""The examples of the tab; the first one is shown when the page opens."""


class CheckTab:
    """The components of the tab and their functions."""

    def __init__(self) -> None:
        self._check = lru_cache(maxsize=_KEPT)(check_answer)
        gr.HTML(_INTRODUCTION, padding=False)
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320):
                self._build_fields(REPLIES[0])
            with gr.Column(scale=7, min_width=320):
                self.card = gr.HTML("", elem_id="hc-score", padding=False)

    def _build_fields(self, first: Reply) -> None:
        self.premises = gr.Textbox(
            first.premises, label="Premises of the question", lines=3, max_lines=10, elem_id="hc-check-premises",
            info="Or a prompt as a model read it, or a row of JSON, with an empty question.",
        )  # fmt: skip
        self.question = gr.Textbox(first.question, label="Question to the model", elem_id="hc-check-question")
        with gr.Accordion("Draw a question", open=False):
            with gr.Row():
                levels = level_counts()
                names = [(get_task(name).title, name) for name in levels]
                self.task = gr.Dropdown(names, value=names[0][1], label="Task", elem_id="hc-check-task", min_width=150)
                self.level = gr.Slider(
                    1, levels[names[0][1]], 1, step=1, label="Level", elem_id="hc-check-level", min_width=150
                )
            self.draw_button = gr.Button("Draw", size="sm", elem_id="hc-check-draw")
        self.form = gr.Dropdown(
            [first.form], value=first.form, label="Form of the answer", elem_id="hc-form", allow_custom_value=False
        )
        self.model_prompt = gr.Textbox(
            label="What a model is asked", lines=4, max_lines=8, interactive=False, buttons=["copy"],
            elem_id="hc-asked-text",
        )  # fmt: skip
        self.reply = gr.Textbox(
            first.reply, label="Reply of the model", lines=5, max_lines=20, elem_id="hc-reply",
            placeholder="Yes\nPath: A -> B -> C",
        )  # fmt: skip
        self.button = gr.Button("Check", variant="primary", elem_id="hc-check")
        gr.HTML('<h3 class="hc-label">Examples</h3>', padding=False)
        with gr.Row(elem_id="hc-check-examples"):
            self.examples = [gr.Button(example.name, size="sm", min_width=80) for example in REPLIES]

    def connect(self, page: gr.Blocks) -> None:
        """Connects the components to their functions, and checks the first example when the page is opened."""
        fields = [self.premises, self.question, self.form, self.reply]
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_id": "ask"}
        shown = [self.form, self.model_prompt, self.card]
        self.button.click(self.check, fields, shown, **quiet)
        for event in (self.premises.blur, self.question.blur, self.form.input):
            event(self.put, fields[:3], [self.form, self.model_prompt], **quiet)
        for example, button in zip(REPLIES, self.examples, strict=True):
            values = (example.premises, example.question, example.form, example.reply)
            filled = button.click(
                lambda values=values: self.fill(*values), None, [*fields, self.model_prompt], **quiet
            )
            filled.then(self.check, fields, shown, **quiet)
        self.task.change(lambda task: gr.Slider(maximum=level_counts()[task], value=1), self.task, self.level, **quiet)
        drawn = self.draw_button.click(self.draw, [self.task, self.level], fields[:2] + fields[3:], **quiet)
        drawn.then(self.put, fields[:3], [self.form, self.model_prompt], **quiet)
        page.load(self.check, fields, shown, **quiet)

    def check_reply(self, premises: str, question: str, form: str, reply: str) -> Checked:
        """Returns a judged reply, from the cache where it is there; raises as `check_answer` does."""
        return self._check(premises, question, form, reply)

    def check(self, premises: str, question: str, form: str, reply: str) -> list[Any]:
        """Returns the forms of a question, what a model is asked, and the judged reply as HTML."""
        texts = ((premises or "").strip("\n"), (question or "").strip(), form or "", (reply or "").rstrip())
        try:
            checked = self.check_reply(*texts)
        except ReadingError as error:
            return [gr.skip(), "", trouble_card(error.problems, *texts[:2])]
        except ValueError as error:
            return [gr.skip(), gr.skip(), error_card(str(error))]
        return [_forms(checked.question), checked.question.text, check_card(checked)]

    def put(self, premises: str, question: str, form: str) -> list[Any]:
        """Returns the forms of a question and what a model is asked; nothing where it cannot be read."""
        try:
            model_question = put_to_model((premises or "").strip("\n"), (question or "").strip(), form or "")
        except ValueError:
            return [gr.skip(), ""]
        return [_forms(model_question), model_question.text]

    def fill(self, premises: str, question: str, form: str, reply: str) -> list[Any]:
        """Returns the values of all fields for an example."""
        choices, text = self.put(premises, question, form)
        return [premises, question, choices, reply, text]

    def draw(self, task: str, level: int) -> list[Any]:
        """Returns a random question with an empty reply."""
        try:
            premises, question = draw_question(task, int(level), random.randrange(2**31))
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return [premises, question, ""]


def _forms(question: ModelQuestion) -> Any:
    return gr.Dropdown([(f"{title} ({name})", name) for name, title in question.forms], value=question.form)
