"""Proofs about the notions of relevance in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.relevance_semantics.text import Prompt
from hf_causal.tasks.shared.explanations import Explanation, Naming, draw_proof, keep_name, path_edges, quote_names


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.relevance_semantics.text import parse_prompt
    >>> text = "u is a fair coin. A is never 1. B depends on A and u: it is 1 for 01 and 10."
    >>> prompt = parse_prompt(f"{text} Can setting A change the probability of B?")
    >>> explain(prompt, {"probabilities": {"": "1/2"}}).summary
    'The probability of “B” is the same whatever “A” is set to.'

    ```
    """
    summary, steps = _SENTENCES[next(key for key in _SENTENCES if key in certificate)](prompt, certificate, naming)
    edges = dict.fromkeys(prompt.edges)
    path = path_edges(certificate.get("path", ()))
    marked = certificate.get("reached", (prompt.x, prompt.y))
    drawing = draw_proof("What depends on what", summary, edges, naming, marked, path, prompt.held)
    return Explanation(summary, steps, (drawing,) if edges else ())


Words = tuple[str, tuple[str, ...]]


def _path(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Words:
    return f"A causal path leads from “{naming(prompt.x)}” to “{naming(prompt.y)}”.", (
        " → ".join(map(naming, certificate["path"])),
    )


def _reached(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Words:
    reached = quote_names(list(map(naming, certificate["reached"])))
    return f"Causal paths lead from “{naming(prompt.x)}” to {reached}, and not to “{naming(prompt.y)}”.", ()


def _unchanged(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Words:
    return (
        f"In none of {certificate['unchanged']:,} combinations of coins and of values that are held fixed does "
        f"“{naming(prompt.y)}” change with “{naming(prompt.x)}”."
    ), ()


def _change(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Words:
    first, second = certificate["values"]
    summary = f"“{naming(prompt.y)}” changes from {first} to {second} when “{naming(prompt.x)}” is set to 0 and to 1."
    return summary, tuple(_assign(certificate[key], naming, words) for key, words in _GIVEN if certificate[key])


def _probabilities(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Words:
    x, y, stated = naming(prompt.x), naming(prompt.y), certificate["probabilities"]
    if isinstance(stated, list):
        summary = f"The probability of “{y}” is {stated[0]} if “{x}” is set to 0, and {stated[1]} if it is set to 1."
        return summary, ((_assign(certificate["held"], naming, "Held fixed"),) if certificate["held"] else ())
    held = quote_names(list(map(naming, prompt.held)))
    steps = tuple(f"{held} at {key}: {value}" if key else f"It is {value}" for key, value in stated.items())
    return f"The probability of “{y}” is the same whatever “{x}” is set to.", steps


def _assign(values: Mapping[str, int], naming: Naming, words: str) -> str:
    return f"{words}: {', '.join(f'“{naming(name)}” at {value}' for name, value in values.items())}"


_GIVEN = (("coins", "Coins"), ("held", "Held fixed"))
_SENTENCES = {
    "path": _path,
    "reached": _reached,
    "unchanged": _unchanged,
    "values": _change,
    "probabilities": _probabilities,
}
"""From a key that only certificates of one type have to the function that writes it in words."""
