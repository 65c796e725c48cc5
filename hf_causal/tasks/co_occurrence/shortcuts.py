"""Shortcuts of the co-occurrence task."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.tasks.co_occurrence.text import Prompt
from hf_causal.tasks.shared.shortcuts import Shortcut, direct_edge, each


def appear_together(prompt: Prompt) -> int:
    """Takes what is stated to appear together for cause and effect, whichever of the two is asked about first."""
    return int(set(prompt.question) in map(set, prompt.together))


def no_common_cause(prompt: Prompt) -> int:
    """Yes unless the premise states of some node, in two sentences, that it causes both: a confounder explains all."""
    causes = [{cause for cause, effect in prompt.edges if effect == node} for node in prompt.question]
    return int(not causes[0] & causes[1])


SHORTCUTS: Mapping[str, Shortcut] = {
    "appear together": each(appear_together),
    "no common cause": each(no_common_cause),
    "direct edge": each(direct_edge),
}
"""By name; plots show the last one."""
