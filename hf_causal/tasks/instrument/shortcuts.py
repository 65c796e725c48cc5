"""Shortcuts of the instrument task."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.tasks.instrument.proof import criterion_of
from hf_causal.tasks.instrument.text import Prompt
from hf_causal.tasks.shared.proofs import neighbours, reachable
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def causes_the_treatment(prompt: Prompt) -> int:
    """Answers Yes exactly where the node leads to the treatment, and ignores the set."""
    causes, _ = neighbours(prompt.edges)
    return int(prompt.instrument in reachable((prompt.question[0],), causes))


def no_hidden_cause(prompt: Prompt) -> int:
    """Answers Yes exactly where no statement says that the node shares a hidden cause."""
    return int(not any(prompt.instrument in pair for pair in prompt.hidden))


def nothing_affected(prompt: Prompt) -> int:
    """Answers Yes exactly where the treatment causes neither the node nor a member of the set."""
    return int(criterion_of(prompt).reach.holds)


def tells_about_the_treatment(prompt: Prompt) -> int:
    """Answers Yes exactly where the first two conditions hold, and ignores other paths to the outcome."""
    criterion = criterion_of(prompt)
    return int(criterion.reach.holds and criterion.conditions[0].prove()[0])


SHORTCUTS: Mapping[str, Shortcut] = {
    "leads to the treatment": for_each_prompt(causes_the_treatment),
    "no hidden cause": for_each_prompt(no_hidden_cause),
    "not affected": for_each_prompt(nothing_affected),
    "not affected and not separated": for_each_prompt(tells_about_the_treatment),
}
"""By name; plots show the last one."""
