"""Proofs in words where things also appear together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hf_causal.tasks.co_occurrence.text import Prompt
from hf_causal.tasks.shared.explanations import Drawing, Explanation, Naming, keep_name, rename_edges
from hf_causal.tasks.transitivity.explanation import explain as explain_transitivity


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words; to a No it adds why the two things appear together.

    Example:

    ```python
    >>> from hf_causal.tasks.co_occurrence.text import parse_prompt
    >>> prompt = parse_prompt("A and B often appear together. B causes A. Does A cause B?")
    >>> str(explain(prompt, {"reachable": [], "together": [["B", "A"]]}))
    'The statements lead from “A” to nothing, and not to “B”. They appear together because “B” causes “A”: B → A.'

    ```
    """
    explanation = explain_transitivity(prompt.causal, certificate, naming)
    explanation = replace(explanation, drawings=tuple(_with_together(d, prompt, naming) for d in explanation.drawings))
    paths = [list(map(naming, path)) for path in certificate.get("together", ())]
    if not paths:
        return explanation
    ends = " and ".join(f"“{path[-1]}”" for path in paths)
    routes = ", ".join(" → ".join(path) for path in paths)
    step = f"They appear together because “{paths[0][0]}” causes {ends}: {routes}."
    return replace(explanation, steps=(*explanation.steps, step))


def _with_together(drawing: Drawing, prompt: Prompt, naming: Naming) -> Drawing:
    """Adds the pairs that appear together, except where one is stated to cause the other."""
    causal = {frozenset(edge) for edge in drawing.edges}
    pairs = {frozenset(pair): pair for pair in rename_edges(prompt.together, naming) if frozenset(pair) not in causal}
    together = tuple(pairs.values())
    caption = f"{drawing.caption}; dotted lines join what appears together" if together else drawing.caption
    return replace(drawing, caption=caption, edges=(*drawing.edges, *together), associated=frozenset(together))
