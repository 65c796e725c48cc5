"""Shortcuts of the adjustment task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hf_causal.tasks.adjustment.proof import prove
from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.shared.proofs import neighbours, reachable
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def needs_nothing(prompt: Prompt) -> int:
    """Answers Yes exactly where the effect needs no adjustment, and ignores the set."""
    return int(prove(replace(prompt, given=())).answer == "Yes")


def has_a_cause(prompt: Prompt) -> int:
    """Answers Yes exactly where a statement says that a member of the set causes the treatment."""
    return int(any((node, prompt.question[0]) in prompt.edges for node in prompt.given))


def causes_of_the_treatment(prompt: Prompt) -> int:
    """Answers Yes exactly where the set has all stated causes of the treatment: enough where none is hidden."""
    causes, _ = neighbours(prompt.edges)
    return int(set(causes.get(prompt.question[0], ())) <= set(prompt.given))


def no_descendants(prompt: Prompt) -> int:
    """Answers Yes exactly where no member of the set descends from the treatment, and ignores open paths."""
    _, effects = neighbours(prompt.edges)
    return int(reachable((prompt.question[0],), effects).isdisjoint(prompt.given))


SHORTCUTS: Mapping[str, Shortcut] = {
    "needs no adjustment": for_each_prompt(needs_nothing),
    "a cause of the treatment": for_each_prompt(has_a_cause),
    "all causes of the treatment": for_each_prompt(causes_of_the_treatment),
    "no descendants of the treatment": for_each_prompt(no_descendants),
}
"""By name; plots show the last one."""
