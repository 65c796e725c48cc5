"""Shortcuts: rules that answer some questions right without reasoning.

A model that does not beat the shortcuts of a task has not learned the task. Some are fitted to the scored questions
themselves: their accuracy is an upper bound for any rule that uses as little information.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

Shortcut = Callable[[Sequence[Any], Sequence[int]], list[int]]
"""From parsed prompts of one task and their references to answers, 0 for No and 1 for Yes; where answers are neither,
to whether the rule's answer is right."""


def majority(references: Sequence[int]) -> list[int]:
    """Returns the more frequent answer for every question; Yes where both are equally frequent."""
    return [int(2 * sum(references) >= len(references))] * len(references)


def for_each_prompt(rule: Callable[[Any], int]) -> Shortcut:
    """Returns the shortcut that applies a rule to each prompt."""
    return lambda prompts, references: [rule(prompt) for prompt in prompts]


def direct_edge(prompt: Any) -> int:
    """Returns Yes exactly where one sentence of the premise states the question's cause and effect."""
    return int(prompt.question in prompt.edges)
