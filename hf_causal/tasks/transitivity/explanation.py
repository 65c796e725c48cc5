"""Transitivity proofs in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.shared.explanations import (
    Explanation,
    Naming,
    explain_path,
    explain_reached,
    keep_name,
    quote_names,
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
    if "path" in certificate:
        path = certificate["path"]
        count = f"{len(path) - 1} step{'s' if len(path) > 2 else ''}"
        summary = f"The statements lead from “{cause}” to “{effect}” in {count}."
        return explain_path(summary, path, prompt.edges, naming)
    reached = certificate["reachable"]
    targets = f"to {quote_names(list(map(naming, reached)))} only" if reached else "to nothing"
    summary = f"The statements lead from “{cause}” {targets}, and not to “{effect}”."
    start = prompt.question[:1]
    return explain_reached("All that is reached", summary, start, reached, prompt.edges, naming, marked=reached)
