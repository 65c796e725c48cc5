"""d-separation proofs in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.shared.explanations import Explanation, Naming, draw_proof, keep_name, path_edges, quote_names


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.d_separation.text import parse_prompt
    >>> prompt = parse_prompt("A causes B. B causes C. Are A and C d-separated?")
    >>> explain(prompt, {"path": ["A", "B", "C"], "open": [{"node": "B", "type": "chain"}]}).steps
    ('“B” is a chain and not given, so it lets the path pass.',)

    ```
    """
    given = list(map(naming, prompt.given))
    condition = f" given {quote_names(given)}" if given else ""
    if "path" in certificate:
        return _explain_open_path(prompt, certificate, naming, condition)
    return _explain_blocked_paths(prompt, certificate, naming, given, condition)


def _explain_open_path(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming, condition: str) -> Explanation:
    first, second = map(naming, prompt.question)
    path = list(map(naming, certificate["path"]))
    summary = f"A path between “{first}” and “{second}” is open{condition}: {' – '.join(path)}."
    steps = tuple(_explain_node(reason, naming) for reason in certificate["open"])
    stated = certificate["path"]
    drawing = draw_proof("The open path", summary, prompt.edges, naming, stated, path_edges(stated), prompt.given)
    return Explanation(summary, steps, (drawing,))


def _explain_node(reason: Mapping[str, Any], naming: Naming) -> str:
    node = naming(reason["node"])
    if reason["type"] != "collider":
        return f"“{node}” is a {reason['type']} and not given, so it lets the path pass."
    descendant = naming(reason["descendant"])
    because = "given" if descendant == node else f"a cause of “{descendant}”, which is given"
    return f"“{node}” is a collider and {because}, so it lets the path pass."


def _explain_blocked_paths(
    prompt: Prompt, certificate: Mapping[str, Any], naming: Naming, given: list[str], condition: str
) -> Explanation:
    first, second = map(naming, prompt.question)
    entered = {*certificate["from_child"], *certificate["from_parent"]} - {prompt.question[0]}
    reached = sorted(map(naming, entered))
    summary = f"Every path between “{first}” and “{second}” is blocked{condition}."
    steps = [f"The Bayes ball that starts at “{first}” gets to {quote_names(reached)}, and not to “{second}”."]
    if given:
        ancestors = quote_names(list(map(naming, certificate["ancestors"])))
        steps.append(f"Colliders let it pass where they are among {ancestors}.")
    description = " ".join((summary, *steps))
    drawing = draw_proof("What the Bayes ball enters", description, prompt.edges, naming, entered, given=prompt.given)
    return Explanation(summary, tuple(steps), (drawing,))
