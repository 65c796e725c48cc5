"""Proofs about instruments in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.instrument.proof import AFFECTED, EFFECT_PATH, TO_OUTCOME, TO_TREATMENT
from hf_causal.tasks.instrument.text import Prompt
from hf_causal.tasks.shared.criteria.explanation import draw_path, explain_ball, explain_reasons, proof_edges
from hf_causal.tasks.shared.explanations import Explanation, Naming, keep_name, path_edges, quote_names
from hf_causal.tasks.shared.mixed_drawings import draw_mixed


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.instrument.text import parse_prompt
    >>> prompt = parse_prompt("A -> B, A -> Z. Is Z an instrument for the effect of A on B?")
    >>> str(explain(prompt, {"effect_path": ["A", "Z"]}))
    '“Z” is no instrument for the effect of “A” on “B”. “A” causes “Z”, which it must not: A → Z.'

    ```
    """
    if AFFECTED in certificate:
        return _explain_instrument(prompt, certificate, naming)
    if EFFECT_PATH in certificate:
        return _explain_effect(prompt, certificate[EFFECT_PATH], naming)
    if TO_TREATMENT in certificate:
        return _explain_separated(prompt, certificate[TO_TREATMENT], naming)
    return _explain_open_path(prompt, certificate[TO_OUTCOME], naming)


def _verdict(prompt: Prompt, naming: Naming, verdict: str) -> str:
    x, y, z = map(naming, (*prompt.question, prompt.instrument))
    return f"“{z}” is {verdict} for the effect of “{x}” on “{y}”{_given(prompt, naming)}."


def _given(prompt: Prompt, naming: Naming) -> str:
    return f" given {quote_names(list(map(naming, prompt.given)))}" if prompt.given else ""


def _explain_effect(prompt: Prompt, path: list[str], naming: Naming) -> Explanation:
    names, summary = list(map(naming, path)), _verdict(prompt, naming, "no instrument")
    step = f"“{names[0]}” causes “{names[-1]}”, which it must not: {' → '.join(names)}."
    drawing = draw_mixed(prompt, naming, "What the treatment causes", step, path, path_edges(path), prompt.given)
    return Explanation(summary, (step,), (drawing,))


def _explain_separated(prompt: Prompt, evidence: Mapping[str, Any], naming: Naming) -> Explanation:
    x, z, summary = prompt.question[0], prompt.instrument, _verdict(prompt, naming, "no instrument")
    ball = explain_ball(evidence, z, f"“{naming(x)}”", naming)
    step = f"It tells nothing about “{naming(x)}”: {ball}."
    entered = {*evidence["from_child"], *evidence["from_parent"]}
    drawing = draw_mixed(prompt, naming, "What the Bayes ball enters", step, entered, (), prompt.given)
    return Explanation(summary, (step,), (drawing,))


def _explain_open_path(prompt: Prompt, evidence: Mapping[str, Any], naming: Naming) -> Explanation:
    x, y = map(naming, prompt.question)
    summary = _verdict(prompt, naming, "no instrument")
    path = f"A path to “{y}” that does not go into “{x}” is open: {draw_path(evidence, naming)}."
    steps = (path, *explain_reasons(evidence, naming, "in the set"))
    edges = proof_edges(evidence)
    drawing = draw_mixed(prompt, naming, "The open path", path, evidence["path"], edges, prompt.given)
    return Explanation(summary, steps, (drawing,))


def _explain_instrument(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Explanation:
    (x, y), z, evidence = prompt.question, prompt.instrument, certificate[TO_TREATMENT]
    ball = explain_ball(certificate[TO_OUTCOME], z, f"“{naming(y)}”", naming)
    steps = (
        f"“{naming(x)}” causes {quote_names(list(map(naming, certificate[AFFECTED])))}, and nothing else.",
        f"A path to “{naming(x)}” is open: {draw_path(evidence, naming)}.",
        *explain_reasons(evidence, naming, "in the set"),
        f"Without the edges into “{naming(x)}”, {ball}.",
    )
    edges, description = proof_edges(evidence), " ".join(steps)
    drawing = draw_mixed(prompt, naming, "The open path", description, evidence["path"], edges, prompt.given)
    return Explanation(_verdict(prompt, naming, "an instrument"), steps, (drawing,))
