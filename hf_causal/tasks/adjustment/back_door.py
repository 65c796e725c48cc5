"""What matters for an effect in a stated graph: the nodes that no adjustment set may have, and what is not causal."""

from __future__ import annotations

from typing import NamedTuple

from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.shared.criteria.separations import Separation
from hf_causal.tasks.shared.mixed_prompts import MixedPrompt
from hf_causal.tasks.shared.proofs import neighbours, reachable


class EffectNodes(NamedTuple):
    """The nodes that matter for the effect of a treatment on an outcome."""

    causal: set[str]
    """On directed paths from the treatment to the outcome, without the treatment."""
    forbidden: set[str]
    """These nodes and all that they lead to: no adjustment set has one of them."""


def effect_nodes(prompt: MixedPrompt) -> EffectNodes:
    """Returns the nodes on the causal paths of a question, and the forbidden ones."""
    causes, effects = neighbours(prompt.edges)
    x, y = prompt.question
    causal = (reachable((x,), effects) & reachable((y,), causes)) - {x}
    return EffectNodes(causal, reachable(causal, effects))


def stated_paths(prompt: Prompt) -> Separation:
    """Returns the question whether the set separates treatment and outcome, by which open paths are checked."""
    x, y = prompt.question
    return Separation(prompt, x, (y,), prompt.given)


def back_door(prompt: Prompt) -> Separation:
    """Returns the question of [`stated_paths`] without the first edge of each causal path."""
    (x, y), causal = prompt.question, effect_nodes(prompt).causal
    removed = frozenset(edge for edge in prompt.edges if edge[0] == x and edge[1] in causal)
    return Separation(prompt, x, (y,), prompt.given, removed)
