"""Shortcuts of the identification task."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.graphs.adjustment import AdjustmentSets
from hf_causal.tasks.identification.text import Prompt
from hf_causal.tasks.shared.mixed_prompts import numbered_graph
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def not_confounded(prompt: Prompt) -> int:
    """Answers Yes exactly where treatment and outcome are not stated to share a hidden cause."""
    return int(set(prompt.question) not in map(set, prompt.hidden))


def no_hidden_cause_of_the_treatment(prompt: Prompt) -> int:
    """Answers Yes exactly where no statement says that the treatment shares a hidden cause."""
    return int(not any(prompt.question[0] in pair for pair in prompt.hidden))


def adjustment(prompt: Prompt) -> int:
    """Answers Yes exactly where adjusting for some set gives the effect, and knows no other way."""
    stated = numbered_graph(prompt.statements)
    return int(AdjustmentSets(stated.graph, *(stated.set_of([node]) for node in prompt.question)).exists())


SHORTCUTS: Mapping[str, Shortcut] = {
    "not confounded": for_each_prompt(not_confounded),
    "no hidden cause of the treatment": for_each_prompt(no_hidden_cause_of_the_treatment),
    "some adjustment set": for_each_prompt(adjustment),
}
"""By name; plots show the last one."""
