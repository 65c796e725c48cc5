"""Proofs of answers where things also appear together.

What appears together proves nothing, so the question "Does X cause Y?" is proved by the causal statements alone, as in
`hf_causal.tasks.transitivity.proof`:

- Yes: `{"path": [X, …, Y]}`.
- No: `{"reachable": […], "together": […]}`. The first is the closed set of what X reaches, which is the proof. The
  second says what else makes X and Y appear together, where they are stated to and the statements explain it: one
  directed path from Y to X, or two from a common cause, the first to X and the second to Y. It is empty otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.co_occurrence.text import Prompt
from hf_causal.tasks.shared.proofs import CertificateError, Proof, search
from hf_causal.tasks.transitivity import proof as transitivity


def prove(prompt: Prompt) -> Proof:
    """The exact answer to a prompt, with an explanation of what appears together without causing."""
    proof = transitivity.prove(prompt.causal)
    if proof.answer == "Yes":
        return proof
    certificate = {**json.loads(proof.certificate), "together": _explanation(prompt)}
    return Proof("No", json.dumps(certificate), proof.hops)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer."""
    transitivity.check(prompt.causal, answer, certificate)
    if answer == "No":
        _check_explanation(prompt, certificate.get("together"))


def _explanation(prompt: Prompt) -> list[list[str]]:
    cause, effect = prompt.question
    if cause == effect or {cause, effect} not in map(set, prompt.together):
        return []
    successors: dict[str, list[str]] = {}
    for source, target in prompt.edges:
        successors.setdefault(source, []).append(target)

    def path(start: str, end: str) -> list[str] | None:
        return search(start, lambda node: successors.get(node, ()), end.__eq__)[0]

    if backward := path(effect, cause):
        return [backward]
    pairs = [(path(node, cause), path(node, effect)) for node in successors if node not in (cause, effect)]
    found = [[first, second] for first, second in pairs if first and second]
    return min(found, key=lambda both: sum(map(len, both)), default=[])


def _check_explanation(prompt: Prompt, paths: Any) -> None:
    if not isinstance(paths, list) or not all(
        isinstance(path, list) and all(isinstance(node, str) for node in path) for path in paths
    ):
        raise CertificateError(f"'together' must be a list of paths, got {paths!r}")
    cause, effect = prompt.question
    if not paths:
        return
    ends = [(path[0], path[-1]) if len(path) > 1 else (None, None) for path in paths]
    start = ends[0][0]
    if ends not in ([(effect, cause)], [(start, cause), (start, effect)]):
        raise CertificateError(
            f"the paths {paths} lead neither from {effect!r} to {cause!r} nor from a common cause to both"
        )
    if {cause, effect} not in map(set, prompt.together):
        raise CertificateError(f"the premise does not state that {cause!r} and {effect!r} appear together")
    stated = set(prompt.edges)
    for path in paths:
        for step in zip(path, path[1:], strict=False):
            if step not in stated:
                raise CertificateError(f"the premise does not state '{step[0]} causes {step[1]}.'")
