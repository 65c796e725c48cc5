"""Shortcuts of the d-separation task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hf_causal.tasks.d_separation.proof import prove
from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.shared.proofs import search
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def not_adjacent(prompt: Prompt) -> int:
    """Answers Yes exactly where the premise states neither node as the cause of the other."""
    x, y = prompt.question
    return int(not {(x, y), (y, x)} & set(prompt.edges))


def no_conditions(prompt: Prompt) -> int:
    """Answers Yes exactly where the nodes are d-separated given nothing, and ignores the conditioning set."""
    return int(prove(replace(prompt, given=())).answer == "Yes")


def no_collider_descendants(prompt: Prompt) -> int:
    """Answers by d-separation except for one rule: a collider is open only if it is itself in the conditioning set.

    Yes means that no walk leads from one node to the other that never goes straight back and is open at each inner
    node, judged by the two edges there. Where the graph has no undirected cycle and no collider has effects, as in
    chains, that is d-separation. Chains determine no more than this rule, so it is what to expect of a model that has
    learned them perfectly.
    """
    (x, y), stated, given = prompt.question, set(prompt.edges), set(prompt.given)
    adjacent: dict[str, list[str]] = {}
    for cause, effect in stated:
        adjacent.setdefault(cause, []).append(effect)
        adjacent.setdefault(effect, []).append(cause)

    def steps_after(step: tuple[str | None, str]) -> list[tuple[str | None, str]]:
        before, node = step
        return [
            (node, after)
            for after in adjacent.get(node, ())
            if after != before
            and (before is None or (node in given) == ((before, node) in stated and (after, node) in stated))
        ]

    start: tuple[str | None, str] = (None, x)
    walk, _ = search(start, steps_after, lambda step: step[1] == y)
    return int(walk is None)


SHORTCUTS: Mapping[str, Shortcut] = {
    "not adjacent": for_each_prompt(not_adjacent),
    "no conditions": for_each_prompt(no_conditions),
    "no collider descendants": for_each_prompt(no_collider_descendants),
}
"""By name; plots show the last one."""
