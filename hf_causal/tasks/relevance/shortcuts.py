"""Shortcuts of the relevance task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hf_causal.tasks.relevance.proof import prove
from hf_causal.tasks.relevance.text import Prompt
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def direct_edge(prompt: Prompt) -> int:
    """Answers Yes exactly where one sentence states a changed node as the cause of a node of the question."""
    return int(any(cause in prompt.changed and effect in prompt.targets for cause, effect in prompt.edges))


def nothing_held(prompt: Prompt) -> int:
    """Answers as if nothing were held fixed."""
    return int(prove(replace(prompt, given=())).answer == "Yes")


def left_to_right_sweep(prompt: Prompt) -> int:
    """Reads the premise once, from left to right, and follows each sentence whose cause was reached before.

    It does not enter what is held fixed. It is right on every sequential chain, and wrong where the path runs against
    the order of the sentences.
    """
    reached = set(prompt.changed)
    for cause, effect in prompt.edges:
        if cause in reached and effect not in prompt.given:
            reached.add(effect)
    return int(not reached.isdisjoint(prompt.targets))


SHORTCUTS: Mapping[str, Shortcut] = {
    "direct edge": for_each_prompt(direct_edge),
    "nothing held fixed": for_each_prompt(nothing_held),
    "left-to-right sweep": for_each_prompt(left_to_right_sweep),
}
"""By name; plots show the last one."""
