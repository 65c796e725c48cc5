"""Proofs about adjustment sets in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.shared.criteria.explanation import draw_path, explain_reasons
from hf_causal.tasks.shared.explanations import Explanation, Naming, keep_name, path_edges, quote_names
from hf_causal.tasks.shared.mixed_drawings import draw_mixed


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.adjustment.text import parse_prompt
    >>> prompt = parse_prompt("A causes B. B causes C. Is {C} a valid adjustment set for the effect of A on B?")
    >>> str(explain(prompt, {"causal_path": ["A", "B"], "descent": ["B", "C"]}))
    'No adjustment set for the effect of “A” on “B” has “C”. A → B is a causal path. “B” on it leads to “C”: B → C.'

    ```
    """
    if "descent" in certificate:
        return _explain_forbidden(prompt, certificate, naming)
    if "path" in certificate:
        return _explain_open_path(prompt, certificate, naming)
    return _explain_valid(prompt, certificate, naming)


def _explain_forbidden(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Explanation:
    causal, descent = (list(map(naming, certificate[key])) for key in ("causal_path", "descent"))
    pair = f"“{naming(prompt.question[0])}” on “{naming(prompt.question[1])}”"
    summary = f"No adjustment set for the effect of {pair} has “{descent[-1]}”."
    steps = [f"{' → '.join(causal)} is a causal path."]
    if len(descent) > 1:
        steps.append(f"“{descent[0]}” on it leads to “{descent[-1]}”: {' → '.join(descent)}.")
    else:
        steps.append(f"“{descent[0]}” is on it.")
    edges = [*path_edges(certificate["causal_path"]), *path_edges(certificate["descent"])]
    marked = [*certificate["causal_path"], *certificate["descent"]]
    drawing = draw_mixed(prompt, naming, "The causal path and what it leads to", summary, marked, edges, prompt.given)
    return Explanation(summary, tuple(steps), (drawing,))


def _explain_open_path(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Explanation:
    condition = f" given {quote_names(list(map(naming, prompt.given)))}" if prompt.given else ""
    summary = f"A path that is not causal is open{condition}: {draw_path(certificate, naming)}."
    steps = explain_reasons(certificate, naming, "in the set")
    drawing = draw_mixed(
        prompt, naming, "The open path", summary, certificate["path"], path_edges(certificate["path"]), prompt.given
    )
    return Explanation(summary, steps, (drawing,))


def _explain_valid(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Explanation:
    x, y = map(naming, prompt.question)
    forbidden = quote_names(sorted(map(naming, certificate["forbidden"])))
    entered = {*certificate["from_child"], *certificate["from_parent"]} - {prompt.question[0]}
    summary = f"The set blocks every path between “{x}” and “{y}” that is not causal, and has no forbidden node."
    steps = (
        f"Forbidden are the nodes on causal paths and what they lead to: {forbidden}.",
        f"Without the first edges of the causal paths, the Bayes ball that starts at “{x}” gets to "
        f"{quote_names(sorted(map(naming, entered)))}, and not to “{y}”.",
    )
    description = " ".join((summary, *steps))
    drawing = draw_mixed(prompt, naming, "What the Bayes ball enters", description, entered, (), prompt.given)
    return Explanation(summary, steps, (drawing,))
