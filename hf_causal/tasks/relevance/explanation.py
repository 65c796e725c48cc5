"""Relevance proofs in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.relevance.text import Prompt
from hf_causal.tasks.shared.explanations import (
    Explanation,
    Naming,
    explain_path,
    explain_reached,
    keep_name,
    quote_names,
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
    if "path" in certificate:
        path = certificate["path"]
        of = quote_names(targets).replace("” and “", "” or “")
        summary = f"{condition} {either} can affect {of}: {' → '.join(map(naming, path))}."
        return explain_path(summary, path, prompt.edges, naming, prompt.given)
    reached = certificate["reached"]
    only = f"{quote_names(sorted(map(naming, reached)))} only" if reached else "nothing"
    summary = f"{condition} {either} affects {only}, and so not {quote_names(targets)}."
    return explain_reached(
        "All that is affected",
        summary,
        prompt.changed,
        reached,
        prompt.edges,
        naming,
        marked=(*prompt.changed, *reached),
        held=prompt.given,
    )
