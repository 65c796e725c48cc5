"""The tab that compares observing an object with putting one there."""

from __future__ import annotations

from typing import Any

import gradio as gr

from hf_causal.demo.cards import error_card
from hf_causal.systems.interventions.comparison_card import compare_pair, comparison_card
from hf_causal.systems.interventions.scene_model import HOMES

_INTRODUCTION = """
<div class="hc-intro"><p>Cups and sinks appear together, since both are in kitchens. Would a sink appear if somebody
put a cup down? Pick two objects of the generated scenes, and how much the scene decides what is in it.</p></div>
"""
_FIRST = ("cup", "sink", 1.0)
_EXAMPLES = {
    "Common cause": _FIRST,
    "Direct effect": ("dog", "bed", 1.0),
    "Effect backward": ("hair drier", "person", 1.0),
    "No confounder": ("cup", "sink", 0.0),
}


class InterveneTab:
    """Holds the components of the tab."""

    def __init__(self) -> None:
        gr.HTML(_INTRODUCTION, padding=False)
        names = sorted(HOMES)
        with gr.Row():
            self.cause = gr.Dropdown(
                names, value=_FIRST[0], label="Seen, or put there", elem_id="hc-cause", min_width=150
            )
            self.effect = gr.Dropdown(
                names, value=_FIRST[1], label="Is there one of", elem_id="hc-effect", min_width=150
            )
            self.strength = gr.Slider(
                0, 3, value=_FIRST[2], step=0.25, label="Strength of the scene", elem_id="hc-strength", min_width=200
            )
        with gr.Row(elem_id="hc-cases"):
            self.examples = [(gr.Button(name, size="sm"), values) for name, values in _EXAMPLES.items()]
        self.card = gr.HTML(self.show(*_FIRST), elem_id="hc-comparison", padding=False)

    def connect(self) -> None:
        """Connects changes and clicks to [`show`]."""
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        pickers = [self.cause, self.effect, self.strength]
        for picker in (self.cause, self.effect):
            picker.change(self.show, pickers, self.card, **private)
        self.strength.change(self.show, pickers, self.card, trigger_mode="always_last", **private)
        for button, values in self.examples:
            button.click(lambda values=values: values, None, pickers, **private)

    def show(self, cause: str, effect: str, strength: float) -> str:
        """Returns the comparison of two objects as HTML."""
        if cause == effect:
            return error_card("choose two different objects")
        try:
            return comparison_card(compare_pair(cause, effect, float(strength)))
        except ValueError as error:
            return error_card(str(error))


def add_tab() -> None:
    """Adds the tab to the page under construction."""
    with gr.Tab("Observe or intervene", id="intervene"):
        InterveneTab().connect()
