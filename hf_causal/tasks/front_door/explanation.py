"""Proofs about front-door sets in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.front_door.proof import CAUSAL_PATH, REACHED, TO_OUTCOME, TO_SET
from hf_causal.tasks.front_door.text import Prompt
from hf_causal.tasks.shared.criteria.explanation import draw_path, explain_ball, explain_reasons, proof_edges
from hf_causal.tasks.shared.explanations import Explanation, Naming, keep_name, path_edges, quote_names
from hf_causal.tasks.shared.mixed_drawings import draw_mixed


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.front_door.text import parse_prompt
    >>> prompt = parse_prompt("A -> M -> B, A -> B. Is {M} a front-door set for the effect of A on B?")
    >>> str(explain(prompt, {"causal_path": ["A", "B"]}))
    'The set does not satisfy the criterion for the effect of “A” on “B”. A directed path does not meet “M”: A → B.'

    ```
    """
    if REACHED in certificate:
        return _explain_valid(prompt, certificate, naming)
    if CAUSAL_PATH in certificate:
        return _explain_causal_path(prompt, certificate[CAUSAL_PATH], naming)
    return _explain_open_path(prompt, certificate, naming)


def _verdict(prompt: Prompt, naming: Naming, verdict: str) -> str:
    x, y = map(naming, prompt.question)
    return f"The set {verdict} the criterion for the effect of “{x}” on “{y}”."


def _explain_causal_path(prompt: Prompt, path: list[str], naming: Naming) -> Explanation:
    members = quote_names(list(map(naming, prompt.given)))
    step = f"A directed path does not meet {members}: {' → '.join(map(naming, path))}."
    drawing = draw_mixed(prompt, naming, "The path that misses the set", step, path, path_edges(path), prompt.given)
    return Explanation(_verdict(prompt, naming, "does not satisfy"), (step,), (drawing,))


def _explain_open_path(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Explanation:
    x, y = map(naming, prompt.question)
    if TO_SET in certificate:
        evidence, what = certificate[TO_SET], f"A back-door path from “{x}” to the set is open"
    else:
        evidence, what = certificate[TO_OUTCOME], f"A back-door path from the set to “{y}” is open given “{x}”"
    path = f"{what}: {draw_path(evidence, naming)}."
    steps = (path, *explain_reasons(evidence, naming, "the treatment"))
    edges = proof_edges(evidence)
    drawing = draw_mixed(prompt, naming, "The open path", path, evidence["path"], edges, prompt.given)
    return Explanation(_verdict(prompt, naming, "does not satisfy"), steps, (drawing,))


def _explain_valid(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming) -> Explanation:
    x, y = prompt.question
    reached = quote_names(list(map(naming, certificate[REACHED])))
    steps = [f"Without the set, directed paths from “{naming(x)}” lead to {reached}, and not to “{naming(y)}”."]
    if prompt.given:
        ball = explain_ball(certificate[TO_SET], x, "the set", naming)
        steps.append(f"Without the edges out of “{naming(x)}”, {ball}.")
        ball = explain_ball(certificate[TO_OUTCOME], y, "the set", naming)
        steps.append(f"Given “{naming(x)}” and without the edges out of the set, {ball}.")
    drawing = draw_mixed(prompt, naming, "The set", " ".join(steps), (), (), prompt.given)
    return Explanation(_verdict(prompt, naming, "satisfies"), tuple(steps), (drawing,))
