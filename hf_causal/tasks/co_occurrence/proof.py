"""Proofs of answers where things also appear together.

That things appear together proves nothing, so the question "Does X cause Y?" is proved by the causal statements alone,
as in `hf_causal.tasks.transitivity.proof`:

- Yes: `{"path": [X, …, Y]}`.
- No: `{"reachable": […], "together": […]}`. The first is the closed set of what X reaches, which is the proof. The
  second explains why X and Y appear together, where the premise states that they do and has a reason: one directed
  path from Y to X, or two from a third node that causes both, the first to X and the second to Y. It is empty only
  where the premise does not state it or gives no such reason; where there are several, any of them is accepted.

Keys other than these promise nothing and are not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.co_occurrence.text import Prompt
from hf_causal.tasks.shared.proofs import CertificateError, Proof, check_stated_path, distances, neighbours, search
from hf_causal.tasks.transitivity import proof as transitivity


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate, which explains why the two appear together without causing.

    Example:

    ```python
    >>> statements = (("A", "B", False), ("C", "A", True), ("C", "B", True))
    >>> proof = prove(Prompt(statements, ("A", "B")))
    >>> proof.answer, proof.certificate
    ('No', '{"reachable": [], "together": [["C", "A"], ["C", "B"]]}')

    ```
    """
    proof = transitivity.prove(prompt.causal)
    if proof.answer == "Yes":
        return proof
    certificate = {**json.loads(proof.certificate), "together": _explain_together(prompt)}
    return Proof("No", json.dumps(certificate), proof.hops)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B", False), ("B", "A", True)), ("A", "B"))
    >>> check(prompt, "No", {"reachable": [], "together": [["B", "A"]]})

    ```
    """
    transitivity.check(prompt.causal, answer, certificate)
    if answer == "No":
        check_together(prompt, certificate.get("together"))


def _explain_together(prompt: Prompt) -> list[list[str]]:
    cause, effect = prompt.question
    if cause == effect or {cause, effect} not in map(set, prompt.together):
        return []
    causes, effects = neighbours(prompt.edges)

    def path(start: str, end: str) -> list[str]:
        return search(start, lambda node: effects.get(node, ()), end.__eq__)[0] or []

    if backward := path(effect, cause):
        return [backward]
    to_cause, to_effect = distances([cause], causes), distances([effect], causes)
    common = [node for node in effects if node in to_cause and node in to_effect and node not in (cause, effect)]
    nearest = min(common, key=lambda node: to_cause[node] + to_effect[node], default=None)
    return [] if nearest is None else [path(nearest, cause), path(nearest, effect)]


def check_together(prompt: Prompt, paths: Any) -> None:
    """Raises [`CertificateError`] unless paths explain why the two appear together, or none is stated to."""
    if not isinstance(paths, list) or not all(
        isinstance(path, list) and all(isinstance(node, str) for node in path) for path in paths
    ):
        raise CertificateError(f"'together' must be a list of paths, got {paths!r}")
    if not paths:
        if explanation := _explain_together(prompt):
            raise CertificateError(f"'together' is empty although the premise explains it by the paths {explanation}")
        return
    cause, effect = prompt.question
    ends = [(path[0], path[-1]) if len(path) > 1 else (None, None) for path in paths]
    start = ends[0][0]
    if ends not in ([(effect, cause)], [(start, cause), (start, effect)]) or (start == effect and len(ends) > 1):
        raise CertificateError(
            f"the paths {paths} lead neither from {effect!r} to {cause!r} nor from a common cause to both"
        )
    if {cause, effect} not in map(set, prompt.together):
        raise CertificateError(f"the premise does not state that {cause!r} and {effect!r} appear together")
    stated = set(prompt.edges)
    for path in paths:
        check_stated_path(path, stated)
