"""Proofs that a set adjusts for an effect, or does not.

A set is valid if it has no forbidden node and blocks every path from the treatment X to the outcome Y that is not
causal (Shpitser, VanderWeele and Robins 2010; Perković, Textor, Kalisch and Maathuis 2018). Forbidden are the nodes on
directed paths from X to Y, without X, and whatever they lead to. A certificate is a JSON object:

- No: `{"causal_path": [X, …, Y], "descent": [M, …, Z]}`, a directed path and one that leads from a node of it after X
  to a member of the set; or `{"path": [X, …, Y], "arrows": […], "open": […]}`, a path that is not directed from X to Y
  and that is open given the set. `arrows` has one of `"->"`, `"<-"` and `"<->"` for each step, `"<->"` being a hidden
  cause, and `open` a reason for each inner node, as in `hf_causal.tasks.d_separation.proof`.
- Yes: `{"forbidden": […], "from_child": […], "from_parent": […], "ancestors": […]}`, all forbidden nodes, and the
  nodes that the Bayes ball enters in the graph without the first edges of causal paths, where each hidden cause is a
  node that is not listed. They are exactly these nodes, in any order, and the outcome is in neither of the ball's
  sets.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.adjustment.back_door import back_door, effect_nodes, stated_paths
from hf_causal.tasks.adjustment.text import Prompt
from hf_causal.tasks.shared.criteria.separations import check_arrows
from hf_causal.tasks.shared.mixed_prompts import require_set
from hf_causal.tasks.shared.proofs import (
    CertificateError,
    Proof,
    check_nothing_more,
    check_stated_path,
    distances,
    distinct,
    neighbours,
    node_list,
    search,
)


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate.

    `hops` are the edges of the open path, or those from the treatment to the forbidden node.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.

    Example:

    ```python
    >>> prompt = Prompt((("C", "A", True), ("C", "B", True), ("A", "B", True)), ("A", "B"))
    >>> prove(prompt).certificate
    '{"path": ["A", "C", "B"], "arrows": ["<-", "->"], "open": [{"node": "C", "type": "fork"}]}'

    ```
    """
    require_set(prompt)
    forbidden = effect_nodes(prompt).forbidden
    if not forbidden.isdisjoint(prompt.given):
        return _prove_forbidden(prompt)
    separated, certificate = back_door(prompt).prove()
    if separated:
        return Proof("Yes", json.dumps({"forbidden": sorted(forbidden), **certificate}), -1)
    return Proof("No", json.dumps(certificate), len(certificate["arrows"]))


def _prove_forbidden(prompt: Prompt) -> Proof:
    """Returns a causal path with the shortest way from it to a member of the set."""
    (x, y), (causes, effects) = prompt.question, neighbours(prompt.edges)
    steps = distances(prompt.given, causes)
    start = min((steps[node], node) for node in effect_nodes(prompt).causal if node in steps)[1]
    descent = [start]
    while steps[descent[-1]]:
        descent.append(min(node for node in effects[descent[-1]] if steps.get(node) == steps[descent[-1]] - 1))
    path = _directed_path(x, start, effects)
    causal_path = path if start == y else path + _directed_path(start, y, effects)[1:]
    certificate = json.dumps({"causal_path": causal_path, "descent": descent})
    return Proof("No", certificate, len(path) + len(descent) - 2)


def _directed_path(start: str, end: str, effects: Mapping[str, list[str]]) -> list[str]:
    path, _ = search(start, lambda node: effects.get(node, ()), end.__eq__)
    assert path is not None
    return path


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B", True), ("B", "C", True)), ("A", "B"), ("C",))
    >>> check(prompt, "No", {"causal_path": ["A", "B"], "descent": ["B", "C"]})

    ```
    """
    require_set(prompt)
    if answer == "Yes":
        check_forbidden_set(prompt, node_list(certificate, "forbidden", answer))
        back_door(prompt).check(True, certificate)
    elif isinstance(certificate, Mapping) and "descent" in certificate:
        check_causal_path(prompt, node_list(certificate, "causal_path", answer))
        check_descent(prompt, certificate["causal_path"], node_list(certificate, "descent", answer))
    else:
        path, arrows = node_list(certificate, "path", answer), check_arrows(certificate.get("arrows"))
        check_path(prompt, path, arrows)
        check_reasons(prompt, path, arrows, certificate.get("open"))


def check_forbidden_set(prompt: Prompt, nodes: list[str]) -> None:
    """Raises [`CertificateError`] unless these are the forbidden nodes, and the set of the question has none."""
    listed, true = distinct(nodes, "forbidden"), effect_nodes(prompt).forbidden
    if missing := true - listed:
        raise CertificateError(f"'forbidden' leaves out {min(missing)!r}, to which a node on a causal path leads")
    check_nothing_more(listed, true, "forbidden", "is neither on a causal path nor led to by one")
    if members := listed.intersection(prompt.given):
        raise CertificateError(f"the set has {min(members)!r}, which is forbidden")


def check_causal_path(prompt: Prompt, path: list[str]) -> None:
    """Raises [`CertificateError`] unless a directed path leads from the treatment to the outcome."""
    x, y = prompt.question
    if len(path) < 2 or (path[0], path[-1]) != (x, y):
        raise CertificateError(f"the causal path {path} does not lead from {x!r} to {y!r}")
    check_stated_path(path, prompt.edges)


def check_descent(prompt: Prompt, causal_path: list[str], descent: list[str]) -> None:
    """Raises [`CertificateError`] unless a directed path leads from a causal path to a member of the set."""
    if not descent or descent[0] not in causal_path[1:]:
        raise CertificateError(f"the descent {descent} does not begin on the causal path after the treatment")
    if descent[-1] not in prompt.given:
        raise CertificateError(f"the descent {descent} does not end in the set")
    check_stated_path(descent, prompt.edges)


def check_path(prompt: Prompt, path: list[str], arrows: list[str]) -> None:
    """Raises [`CertificateError`] unless the premise states a path with these arrows, and it is not causal."""
    stated_paths(prompt).check_path(path, arrows)
    if set(arrows) == {"->"}:
        raise CertificateError("the path is causal: an adjustment set must not block it")


def check_reasons(prompt: Prompt, path: list[str], arrows: list[str], reasons: Any) -> None:
    """Raises [`CertificateError`] unless each inner node of a stated path has a reason, in order, that holds."""
    stated_paths(prompt).check_reasons(path, arrows, reasons)
