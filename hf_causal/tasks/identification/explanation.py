"""Proofs about identification in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.identification.text import Prompt
from hf_causal.tasks.shared.explanations import Explanation, Naming, keep_name, quote_names
from hf_causal.tasks.shared.mixed_drawings import draw_mixed


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.identification.text import parse_prompt
    >>> prompt = parse_prompt("A causes B. A and B share a hidden cause. Is the effect of A on B identifiable?")
    >>> explain(prompt, {"outer": ["A", "B"], "inner": ["B"], "roots": ["B"], "edges": [["A", "B"]]}).steps[0]
    'Hidden causes connect “A” and “B”; the same holds for “B” alone, without “A”.'

    ```
    """
    return (_explain_factors if "factors" in certificate else _explain_hedge)(prompt, certificate, naming)


def _explain_factors(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Explanation:
    x, y = map(naming, prompt.question)
    summary = f"The effect of “{x}” on “{y}” is a sum of products of factors that observations determine."
    steps = tuple(_explain_factor(factor, naming) for factor in certificate["factors"])
    marked = [node for factor in certificate["factors"] for node in factor["district"]]
    return Explanation(summary, steps, (draw_mixed(prompt, naming, "The nodes of the factors", summary, marked),))


def _explain_factor(factor: Mapping[str, list[str]], naming: Naming) -> str:
    district = quote_names(list(map(naming, factor["district"])))
    if not factor["fixed"]:
        return f"The factor of {district} is the whole distribution."
    return f"The factor of {district} is left when these are fixed in turn: {', '.join(map(naming, factor['fixed']))}."


def _explain_hedge(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Explanation:
    x, y = map(naming, prompt.question)
    outer, inner, roots = (quote_names(list(map(naming, certificate[key]))) for key in ("outer", "inner", "roots"))
    summary = f"Two models agree about all observations and not about the effect of “{x}” on “{y}”: there is a hedge."
    steps = (
        f"Hidden causes connect {outer}; the same holds for {inner} alone, without “{x}”.",
        f"By the edges {_edges(certificate['edges'], naming)} all of them lead to {roots}, and from there to “{y}” "
        f"without “{x}”.",
    )
    edges = [(cause, effect) for cause, effect in certificate["edges"]]
    drawing = draw_mixed(prompt, naming, "The hedge", summary, certificate["outer"], edges)
    return Explanation(summary, steps, (drawing,))


def _edges(edges: list[list[str]], naming: Naming) -> str:
    return ", ".join(f"{naming(cause)} → {naming(effect)}" for cause, effect in edges)
