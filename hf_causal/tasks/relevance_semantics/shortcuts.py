"""Shortcuts of the notions of relevance: answers under another notion, or by one sentence."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.graphs.relevance_notions import Notion, is_relevant
from hf_causal.tasks.relevance_semantics.text import Prompt
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def stated_source(prompt: Prompt) -> int:
    """Answers Yes exactly where the affected variable is stated to depend on the one that is set."""
    return int(any(one.variable == prompt.y and prompt.x in one.sources for one in prompt.statements))


def _by(prompt: Prompt, notion: Notion) -> int:
    numbered = prompt.numbered
    held = frozenset(numbered.number[name] for name in prompt.held)
    return int(is_relevant(numbered.model, notion, numbered.number[prompt.x], numbered.number[prompt.y], held))


def path(prompt: Prompt) -> int:
    """Answers as if the question were about a causal path."""
    return _by(prompt, "graphical")


def probability(prompt: Prompt) -> int:
    """Answers as if the question were about a probability."""
    return _by(prompt, "probabilistic")


SHORTCUTS: Mapping[str, Shortcut] = {
    "stated source": for_each_prompt(stated_source),
    "probability": for_each_prompt(probability),
    "path": for_each_prompt(path),
}
"""By name; plots show the last one."""
