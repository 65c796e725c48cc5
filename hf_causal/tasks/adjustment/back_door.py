"""What matters for an effect in a stated graph: the nodes that no adjustment set may have, and what is not causal."""

from __future__ import annotations

from typing import NamedTuple

from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.d_separation.text import Prompt as Separation
from hf_causal.tasks.shared.mixed_prompts import MixedPrompt, require_effect
from hf_causal.tasks.shared.proofs import neighbours, reachable

_HIDDEN = "~"
"""Joins two names to that of their hidden cause, which no name of a prompt can be."""


def require_answerable(prompt: Prompt) -> None:
    """Raises `ValueError` if the statements are no acyclic graph, or the question has no answer in it."""
    for node in prompt.question:
        if node in prompt.given:
            raise ValueError(f"the set holds {node!r}, the treatment or the outcome; it should hold other nodes")
    if len(set(prompt.given)) < len(prompt.given):
        raise ValueError(f"the set {list(prompt.given)} holds a node twice")
    require_effect(prompt, *prompt.given)


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


def hidden_node(first: str, second: str) -> str:
    """Returns the name of the hidden cause of two nodes, the same in either order."""
    return _HIDDEN.join(sorted((first, second)))


def is_hidden(node: str) -> bool:
    """Returns whether a node is a hidden cause."""
    return _HIDDEN in node


def observed(nodes: set[str]) -> list[str]:
    """Returns the nodes that are not hidden causes, sorted."""
    return sorted(node for node in nodes if _HIDDEN not in node)


def whole_graph(prompt: Prompt) -> Separation:
    """Returns the question whether the set d-separates treatment and outcome; each hidden cause is a node."""
    return Separation((*prompt.edges, *_hidden_edges(prompt)), prompt.question, prompt.given)


def back_door_graph(prompt: Prompt) -> Separation:
    """Returns the question of [`whole_graph`] without the first edge of each causal path."""
    causal, x = effect_nodes(prompt).causal, prompt.question[0]
    edges = [(cause, effect) for cause, effect in prompt.edges if cause != x or effect not in causal]
    return Separation((*edges, *_hidden_edges(prompt)), prompt.question, prompt.given)


def _hidden_edges(prompt: MixedPrompt) -> list[tuple[str, str]]:
    pairs = dict.fromkeys(tuple(sorted(pair)) for pair in prompt.hidden)
    return [(hidden_node(*pair), node) for pair in pairs for node in pair]
