"""Proofs of what follows from statements of irrelevance, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import permutations
from typing import Any

from hf_causal.tasks.relevance_axioms.derivations import CASE, OTHER_CASE
from hf_causal.tasks.relevance_axioms.proof import violation
from hf_causal.tasks.relevance_axioms.text import Claim, Prompt, read_claim
from hf_causal.tasks.shared.explanations import (
    Edge,
    Explanation,
    Naming,
    draw_proof,
    keep_name,
    path_edges,
)


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance_axioms.text import parse_prompt
    >>> prompt = parse_prompt("Changing A cannot affect B. Does it follow that changing B cannot affect A?")
    >>> explain(prompt, {"graph": [["B", "A"]]}).summary
    'It does not follow that changing “B” cannot affect “A”: every statement holds in a graph where B → A.'

    ```
    """

    def words(claim: Claim) -> str:
        return str(claim.rename(lambda name: f"“{naming(name)}”"))

    if "graph" in certificate:
        edges = [(cause, effect) for cause, effect in certificate["graph"]]
        path = violation(prompt.question, edges) or ()
        summary = (
            f"It does not follow that {words(prompt.question)}: every statement holds in a graph where "
            f"{' → '.join(map(naming, path))}."
        )
        caption, held = "A graph in which every statement holds", prompt.question.held
        return Explanation(summary, (), (draw_proof(caption, summary, edges, naming, path, path_edges(path), held),))
    summary = f"It follows that {words(prompt.question)}."
    steps = tuple(_write_line(line, words) for line in certificate["derivation"])
    drawing = draw_proof("Direct causes that the statements allow", summary, allowed_edges(prompt), naming)
    return Explanation(summary, steps, (drawing,))


def _write_line(line: str, words: Any) -> str:
    label, _, text = line.partition(":")
    claim = words(read_claim(text))
    if label in (CASE, OTHER_CASE):
        return f"By transitivity, the {'first' if label == CASE else 'other'} case: {claim}."
    return f"By {label.replace('-', ' ')}, {claim}."


def allowed_edges(prompt: Prompt) -> Iterable[Edge]:
    """Yields the edges that no statement excludes alone."""
    for edge in permutations(prompt.names, 2):
        if not any(edge[0] in claim.changed and edge[1] in claim.targets for claim in prompt.statements):
            yield edge
