"""Shortcuts of the co-occurrence task."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.tasks.co_occurrence.text import Prompt
from hf_causal.tasks.shared.shortcuts import Shortcut, direct_edge, for_each_prompt


def appear_together(prompt: Prompt) -> int:
    """Takes two things that are stated to appear together for cause and effect, in either direction."""
    return int(set(prompt.question) in map(set, prompt.together))


def no_common_cause(prompt: Prompt) -> int:
    """Answers No exactly where the premise states, in two sentences, that some node causes both."""
    causes = [{cause for cause, effect in prompt.edges if effect == node} for node in prompt.question]
    return int(not causes[0] & causes[1])


SHORTCUTS: Mapping[str, Shortcut] = {
    "appear together": for_each_prompt(appear_together),
    "no common cause": for_each_prompt(no_common_cause),
    "direct edge": for_each_prompt(direct_edge),
}
"""By name; plots show the last one."""
