"""Shortcuts that answer some questions right without reasoning; a model that does not beat them has not learned to."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hf_causal.language import Prompt


def direct_edge(prompt: Prompt) -> int:
    """Yes exactly where the premise states the asked cause and effect in one sentence."""
    return int(prompt.question in prompt.edges)


def left_to_right_sweep(prompt: Prompt) -> int:
    """Reads the premise once, left to right, and follows each sentence whose cause was reached before.

    Right on every sequential chain; wrong where the path runs against the order of the sentences.
    """
    cause, effect = prompt.question
    reached = {cause}
    for source, target in prompt.edges:
        if source in reached:
            reached.add(target)
    return int(effect in reached and effect != cause)


def majority(references: Sequence[int]) -> list[int]:
    """The more frequent answer for every question; Yes where both are equally frequent."""
    return [int(2 * sum(references) >= len(references))] * len(references)


BASELINES: dict[str, Callable[[Prompt], int]] = {
    "direct edge": direct_edge,
    "left-to-right sweep": left_to_right_sweep,
}
"""Baselines that look at one prompt at a time."""
