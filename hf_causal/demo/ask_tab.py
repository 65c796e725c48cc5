"""The tab for questions: two text fields, a menu of models, the answers, and how the model computes its answer."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import gradio as gr

from hf_causal.demo.answers import Answer, answer_question
from hf_causal.demo.cards import WELCOME, answer_card, error_card, trouble_card
from hf_causal.demo.examples import EXAMPLES
from hf_causal.demo.insides import attention_view, loop_view
from hf_causal.demo.models import Models
from hf_causal.demo.share import LINK_KEYS, python_code, query_string
from hf_causal.demo.traces import AttentionTrace, LoopTrace
from hf_causal.reading import ReadingError

KEPT_ANSWERS = 256
"""Answers in the cache, so that moving a slider does not run the model again."""

# The browser sets link and address bar: the server does not know its public address.
SHARE_JS = """(query) => {
    const link = location.origin + location.pathname + query;
    if (query) { history.replaceState(null, '', link); }
    return query ? link : '';
}"""


class AskTab:
    """The components of the tab and their functions."""

    def __init__(self, models: Models):
        self.models = models
        self._answer = lru_cache(maxsize=KEPT_ANSWERS)(lambda *asked: answer_question(models, *asked))
        with gr.Row(equal_height=False):
            with gr.Column(scale=5, min_width=320, elem_id="hc-fields"):
                self._build_fields()
            with gr.Column(scale=7, min_width=320):
                self.card = gr.HTML(WELCOME, elem_id="hc-answer", padding=False)
                self._build_insides()
                self._build_share()

    def _build_fields(self) -> None:
        self.premises = gr.Textbox(
            EXAMPLES[0].premises, label="Premises", lines=6, max_lines=14, elem_id="hc-premises",
            placeholder="smoking causes tar deposits\n…",
            info="One statement a line, or running text. “leads to”, “is caused by”, →, commas and “and” are fine.",
        )  # fmt: skip
        self.question = gr.Textbox(
            EXAMPLES[0].question,
            label="Question",
            elem_id="hc-question",
            placeholder="Does smoking cause lung cancer?",
            submit_btn=False,
        )
        self.model = gr.Dropdown(
            self.models.names,
            value=self.models.names[0],
            label="Model",
            elem_id="hc-model",
            allow_custom_value=self.models.allow_hub,
            info="A released model, or the name of one on the Hub." if self.models.allow_hub else None,
        )
        self.button = gr.Button("Ask", variant="primary", elem_id="hc-ask")
        gr.HTML('<h3 class="hc-label">Examples</h3>', padding=False)
        with gr.Row(elem_id="hc-examples"):
            self.examples = [gr.Button(example.name, size="sm", min_width=80) for example in EXAMPLES]

    def _build_insides(self) -> None:
        self.asked = gr.State(None)
        with gr.Accordion("How the model got there", open=True, visible=False, elem_id="hc-insides") as self.insides:
            self.loop = gr.Slider(0, 1, 1, step=1, label="Loop", elem_id="hc-loop", visible=False)
            with gr.Row(visible=False) as self.looks:
                self.layer = gr.Slider(1, 2, 1, step=1, label="Layer", elem_id="hc-layer")
                self.head = gr.Slider(0, 1, 0, step=1, label="Head (0 is the mean of all)", elem_id="hc-head")
            self.view = gr.HTML("", elem_id="hc-view", padding=False)

    def _build_share(self) -> None:
        with gr.Accordion("Take it with you", open=False, visible=False, elem_id="hc-share") as self.share:
            self.query = gr.Textbox("", visible="hidden", elem_id="hc-query")  # states are not seen by the browser
            self.link = gr.Textbox(
                label="Link to this question", interactive=False, buttons=["copy"], elem_id="hc-link"
            )
            self.code = gr.Code(label="As Python", language="python", interactive=False, elem_id="hc-code")

    def connect(self, page: gr.Blocks) -> None:
        """Connects the components to their functions, and answers the question of a link when the page is opened."""
        fields = [self.premises, self.question, self.model]
        shown = [self.card, self.asked, self.insides, self.loop, self.looks, self.layer, self.head, self.view]
        shown += [self.share, self.query, self.code]
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        events = [self.button.click, self.question.submit]
        asks = [event(self.ask, fields, shown, concurrency_id="ask", **quiet) for event in events]
        for example, button in zip(EXAMPLES, self.examples, strict=True):
            filled = button.click(
                lambda example=example: (example.premises, example.question),
                None, fields[:2], queue=False, **quiet,
            )  # fmt: skip
            asks.append(filled.then(self.ask, fields, shown, concurrency_id="ask", **quiet))
        asks.append(page.load(self.open_link, None, [*fields, *shown], concurrency_id="ask", **quiet))
        for asked in asks:
            asked.then(None, self.query, self.link, js=SHARE_JS, api_visibility="private")
        for slider in (self.loop, self.layer, self.head):
            slider.change(
                self.look, [self.asked, self.loop, self.layer, self.head], self.view,
                trigger_mode="always_last", concurrency_id="ask", **quiet,
            )  # fmt: skip

    def answer(self, premises: str, question: str, model: str) -> Answer:
        """Returns the answer to a question, from the cache where it is there."""
        return self._answer(premises, question, model)

    def ask(self, premises: str, question: str, model: str) -> list[Any]:
        """Returns the new values of all components after a question."""
        asked = ((premises or "").strip("\n"), (question or "").strip(), (model or "").strip())
        try:
            answer = self.answer(*asked)
        except ReadingError as error:
            return self._nothing(trouble_card(error.problems, *asked[:2]))
        except (ValueError, FileNotFoundError) as error:
            return self._nothing(error_card(str(error)))
        trace = answer.opinion.trace if answer.opinion else None
        loops = len(trace.answer) if isinstance(trace, LoopTrace) else 0
        layers, heads = trace.weights.shape[:2] if isinstance(trace, AttentionTrace) else (0, 0)
        view = loop_view(answer, loops) or attention_view(answer, layers, 0)
        return [
            answer_card(answer),
            asked,
            gr.Accordion(visible=bool(view)),
            # A hidden slider keeps its range: the browser may still send the value that it had before.
            gr.Slider(maximum=loops, value=loops, visible=True) if loops else gr.Slider(visible=False),
            gr.Row(visible=layers > 0),
            gr.Slider(maximum=max(layers, 2), value=layers) if layers else gr.skip(),
            gr.Slider(maximum=max(heads, 1), value=0) if layers else gr.skip(),
            view,
            gr.Accordion(visible=True),
            query_string(*asked),
            python_code(*asked),
        ]

    def look(self, asked: tuple[str, str, str] | None, loop: int, layer: int, head: int) -> str:
        """Returns the view that the sliders select of the last answer."""
        if asked is None:
            return ""
        answer = self.answer(*asked)
        return loop_view(answer, int(loop)) or attention_view(answer, int(layer), int(head))

    def open_link(self, request: gr.Request) -> Any:
        """Returns the question in the address of the page with its answer; without one, the first example."""
        premises, question, model = (str(request.query_params.get(key, "")) for key in LINK_KEYS)
        if not premises and not question:
            example = (EXAMPLES[0].premises, EXAMPLES[0].question, self.models.names[0])
            *shown, _, _, code = self.ask(*example)
            # The fields have the example already, and the address of the page stays short.
            return [gr.skip()] * 3 + [*shown, gr.Accordion(visible=False), "", code]
        known = model in self.models.names or (self.models.allow_hub and model)
        asked = (premises, question, model if known else self.models.names[0])
        return [*asked, *self.ask(*asked)]

    def _nothing(self, card: str) -> list[Any]:
        hidden = [gr.Slider(visible=False), gr.Row(visible=False), gr.skip(), gr.skip()]
        return [card, None, gr.Accordion(visible=False), *hidden, "", gr.Accordion(visible=False), "", ""]
