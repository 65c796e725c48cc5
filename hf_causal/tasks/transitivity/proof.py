"""Proofs of transitivity answers.

For the question "Does X cause Y?" a certificate is a JSON object:

- Yes: `{"path": [X, …, Y]}`, nodes of which each causes the next in some stated sentence.
- No: `{"reachable": […]}`, the nodes that X reaches. The set proves the answer because every stated sentence whose
  cause is X or in the set has its effect in the set, and Y is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hf_causal.tasks.shared.proofs import CertificateError, Proof, node_list, search
from hf_causal.tasks.transitivity.text import Prompt


def prove(prompt: Prompt) -> Proof:
    """The exact answer to a transitivity prompt; a node causes itself only where a stated cycle leads back to it."""
    cause, effect = prompt.question
    successors = _successors(prompt.edges)
    path, reached = search(cause, lambda node: successors.get(node, ()), effect.__eq__)
    if path is None:
        return Proof("No", json.dumps({"reachable": sorted(reached)}), -1)
    return Proof("Yes", json.dumps({"path": path}), len(path) - 1)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer."""
    if answer == "Yes":
        _check_path(prompt, node_list(certificate, "path", answer))
    else:
        _check_closed(prompt, node_list(certificate, "reachable", answer))


def _check_path(prompt: Prompt, path: list[str]) -> None:
    if len(path) < 2 or (path[0], path[-1]) != prompt.question:
        raise CertificateError(f"the path {path} does not lead from {prompt.question[0]!r} to {prompt.question[1]!r}")
    stated = set(prompt.edges)
    for step in zip(path, path[1:], strict=False):
        if step not in stated:
            raise CertificateError(f"the premise does not state '{step[0]} causes {step[1]}.'")


def _check_closed(prompt: Prompt, nodes: list[str]) -> None:
    cause, effect = prompt.question
    reached = set(nodes)
    if effect in reached:
        raise CertificateError(f"the set of a No contains the effect {effect!r}")
    for source, target in prompt.edges:
        if (source == cause or source in reached) and target not in reached:
            raise CertificateError(
                f"the set leaves out {target!r}, which the stated '{source} causes {target}.' reaches"
            )


def _successors(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    successors: dict[str, list[str]] = {}
    for source, target in edges:
        successors.setdefault(source, []).append(target)
    return successors
