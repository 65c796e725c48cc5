"""Shortcuts of the axioms of relevance."""

from __future__ import annotations

from collections.abc import Mapping

from hf_causal.graphs.relevance import derive
from hf_causal.tasks.relevance_axioms.derivations import Nodes
from hf_causal.tasks.relevance_axioms.text import Prompt
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def same_nodes(prompt: Prompt) -> int:
    """Answers Yes exactly where one statement has the question's changed and affected nodes in these roles."""
    question = prompt.question
    return int(
        any(
            set(question.changed) <= set(claim.changed) and set(question.targets) <= set(claim.targets)
            for claim in prompt.statements
        )
    )


def one_statement(prompt: Prompt) -> int:
    """Answers Yes exactly where the conclusion follows from one statement by decompositions and strong union."""
    question = prompt.question
    return int(
        any(
            set(question.changed) <= set(claim.changed)
            and set(question.targets) <= set(claim.targets)
            and set(claim.held) <= set(question.held)
            for claim in prompt.statements
        )
    )


def without_cases(prompt: Prompt) -> int:
    """Answers by all axioms but transitivity."""
    nodes = Nodes(prompt.names)
    premises = [nodes.statement(claim) for claim in prompt.statements]
    return int(derive(premises, nodes.statement(prompt.question), len(nodes.names), splits=0) is not None)


SHORTCUTS: Mapping[str, Shortcut] = {
    "same nodes": for_each_prompt(same_nodes),
    "one statement": for_each_prompt(one_statement),
    "no cases": for_each_prompt(without_cases),
}
"""By name; plots show the last one."""
