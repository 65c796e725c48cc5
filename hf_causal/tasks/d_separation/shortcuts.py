"""Shortcuts of the d-separation task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hf_causal.tasks.d_separation.proof import prove
from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.shared.proofs import search
from hf_causal.tasks.shared.shortcuts import Shortcut, each


def not_adjacent(prompt: Prompt) -> int:
    """Separated exactly where the premise states neither node as the cause of the other."""
    x, y = prompt.question
    return int(not {(x, y), (y, x)} & set(prompt.edges))


def no_conditions(prompt: Prompt) -> int:
    """Separated exactly where the nodes are d-separated given nothing, whatever the conditioning set is."""
    return int(prove(replace(prompt, given=())).answer == "Yes")


def no_collider_descendants(prompt: Prompt) -> int:
    """d-separation but for one rule: a collider is open only where it is in the conditioning set itself.

    Separated where no walk that never turns back on its last step leads from one node to the other and is open at each
    inner node, judged by the two edges there. Where the graph has no undirected cycle and no collider has effects, as
    in chains, that is d-separation: it is all that chains determine, and so what to expect of a model that has learned
    them perfectly.
    """
    (x, y), stated, given = prompt.question, set(prompt.edges), set(prompt.given)
    beside: dict[str, list[str]] = {}
    for cause, effect in stated:
        beside.setdefault(cause, []).append(effect)
        beside.setdefault(effect, []).append(cause)

    def steps_after(step: tuple[str | None, str]) -> list[tuple[str | None, str]]:
        before, node = step
        return [
            (node, after)
            for after in beside.get(node, ())
            if after != before
            and (before is None or (node in given) == ((before, node) in stated and (after, node) in stated))
        ]

    start: tuple[str | None, str] = (None, x)
    walk, _ = search(start, steps_after, lambda step: step[1] == y)
    return int(walk is None)


SHORTCUTS: Mapping[str, Shortcut] = {
    "not adjacent": each(not_adjacent),
    "no conditions": each(no_conditions),
    "no collider descendants": each(no_collider_descendants),
}
"""By name; plots show the last one."""
