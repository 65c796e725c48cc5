"""Transitivity proofs in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
from hf_causal.tasks.transitivity.text import Prompt


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.transitivity.text import parse_prompt
    >>> str(explain(parse_prompt("A causes B. Does B cause A?"), {"reachable": []}))
    'The statements lead from “B” to nothing, and not to “A”.'

    ```
    """
    cause, effect = map(naming, prompt.question)
    edges = rename_edges(prompt.edges, naming)
    if "path" in certificate:
        path = list(map(naming, certificate["path"]))
        steps = path_edges(path)
        count = f"{len(steps)} step{'s' if len(steps) > 1 else ''}"
        summary = f"The statements lead from “{cause}” to “{effect}” in {count}."
        drawing = Drawing("The path", edges, summary, marked=frozenset(path), path=both_directions(steps))
        return Explanation(summary, tuple(f"{first} → {second}" for first, second in steps), (drawing,))
    reached = list(map(naming, certificate["reachable"]))
    targets = f"lead from “{cause}” to {quote_names(reached)} only" if reached else f"lead from “{cause}” to nothing"
    summary = f"The statements {targets}, and not to “{effect}”."
    inside = [edge for edge in edges if edge[0] in {cause, *reached}]
    drawing = Drawing("All that is reached", edges, summary, frozenset(reached), both_directions(inside))
    return Explanation(summary, (), (drawing,))
