"""Shortcuts of the front-door task."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.tasks.front_door.proof import criterion_of
from hf_causal.tasks.front_door.text import Prompt
from hf_causal.tasks.shared.proofs import neighbours, reachable
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def on_causal_paths(prompt: Prompt) -> int:
    """Answers Yes exactly where every member is on a directed path from the treatment to the outcome."""
    (x, y), (causes, effects) = prompt.question, neighbours(prompt.edges)
    return int((reachable((x,), effects) & reachable((y,), causes)).issuperset(prompt.given))


def no_hidden_cause(prompt: Prompt) -> int:
    """Answers Yes exactly where no statement says that a member shares a hidden cause."""
    return int(not {node for pair in prompt.hidden for node in pair} & set(prompt.given))


def meets_causal_paths(prompt: Prompt) -> int:
    """Answers Yes exactly where the set meets every directed path, and ignores back-door paths."""
    return int(criterion_of(prompt).reach.holds)


SHORTCUTS: Mapping[str, Shortcut] = {
    "members on causal paths": for_each_prompt(on_causal_paths),
    "no hidden cause of a member": for_each_prompt(no_hidden_cause),
    "meets every causal path": for_each_prompt(meets_causal_paths),
}
"""By name; plots show the last one."""
