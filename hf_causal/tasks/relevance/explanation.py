"""Relevance proofs in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.relevance.text import Prompt
from hf_causal.tasks.shared.explanations import (
    Drawing,
    Explanation,
    Naming,
    both_directions,
    keep_name,
    path_edges,
    quote_names,
    rename_edges,
)


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance.text import parse_prompt
    >>> prompt = parse_prompt("A causes B. B causes C. Can changing A affect C if B is held fixed?")
    >>> str(explain(prompt, {"reached": []}))
    'If “B” is held fixed, changing “A” affects nothing, and so not “C”.'

    ```
    """
    changed, targets, held = (list(map(naming, nodes)) for nodes in (prompt.changed, prompt.targets, prompt.given))
    verb = "is" if len(held) == 1 else "are"
    condition = f"If {quote_names(held)} {verb} held fixed, changing" if held else "Changing"
    either = quote_names(changed).replace("” and “", "” or “")
    edges = rename_edges(prompt.edges, naming)
    if "path" in certificate:
        path = list(map(naming, certificate["path"]))
        steps = path_edges(path)
        of = quote_names(targets).replace("” and “", "” or “")
        summary = f"{condition} {either} can affect {of}: {' → '.join(path)}."
        drawing = Drawing("The path", edges, summary, frozenset(path), both_directions(steps), frozenset(held))
        return Explanation(summary, tuple(f"{first} → {second}" for first, second in steps), (drawing,))
    reached = sorted(map(naming, certificate["reached"]))
    only = f"{quote_names(reached)} only" if reached else "nothing"
    summary = f"{condition} {either} affects {only}, and so not {quote_names(targets)}."
    inside = [edge for edge in edges if edge[0] in {*changed, *reached} and edge[1] not in held]
    marked = frozenset({*changed, *reached})
    drawing = Drawing("All that is affected", edges, summary, marked, both_directions(inside), frozenset(held))
    return Explanation(summary, (), (drawing,))
