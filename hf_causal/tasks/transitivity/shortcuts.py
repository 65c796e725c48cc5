"""Shortcuts of the transitivity task."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.tasks.shared.shortcuts import Shortcut, direct_edge, for_each_prompt
from hf_causal.tasks.transitivity.text import Prompt


def left_to_right_sweep(prompt: Prompt) -> int:
    """Reads the premise once, from left to right, and follows each sentence whose cause was reached before.

    Right on every sequential chain; wrong where the path runs against the order of the sentences.
    """
    cause, effect = prompt.question
    reached = {cause}
    for source, target in prompt.edges:
        if source in reached:
            reached.add(target)
    return int(effect in reached and effect != cause)


SHORTCUTS: Mapping[str, Shortcut] = {
    "direct edge": for_each_prompt(direct_edge),
    "left-to-right sweep": for_each_prompt(left_to_right_sweep),
}
"""By name; plots show the last one."""
