"""Proofs of d-separation answers.

For the question "Are X and Y d-separated given {Z, W}?" a certificate is a JSON object:

- No: `{"path": [X, …, Y], "open": […]}`, a path on which the conditioning set blocks no inner node. `open` says why of
  each inner node, in order: `{"node": …, "type": "chain"}` or `"fork"` for a node outside the set, and
  `{"node": …, "type": "collider", "descendant": …, "path": […]}` for a collider, with a directed path that leads from
  it to a node of the set; for a collider in the set that is the node itself.
- Yes: `{"from_child": […], "from_parent": […], "ancestors": […]}`, the nodes that the Bayes ball from X enters from a
  child and from a parent, and the conditioning set with its ancestors
  (`hf_causal.graphs.d_separation` has the rules and their sources). The sets prove the
  answer because no stated sentence leads out of them and Y is in neither of the first two.

A node that no sentence states stands alone, so it is d-separated from every other. A premise with a cycle, a question
about a node and itself and a conditioning set that holds one of the two nodes have no answer: `ValueError`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.shared.proofs import CertificateError, Proof, find_cycle, node_list, search

_State = tuple[str, bool]
"""A node and whether the ball entered it from a child."""


def prove(prompt: Prompt) -> Proof:
    """The exact answer to a d-separation prompt; `hops` are the edges of a shortest open path.

    Raises:
        `ValueError`: If the premise is no DAG, or the question has no answer.
    """
    _require_answerable(prompt)
    (x, y), given = prompt.question, set(prompt.given)
    parents, children = _neighbours(prompt.edges)
    ancestors = _reach(given, parents)

    def passed_on(state: _State) -> list[_State]:
        node, from_child = state
        upward = node not in given if from_child else node in ancestors
        states = [(parent, True) for parent in parents.get(node, ())] if upward else []
        if node not in given:
            states += [(child, False) for child in children.get(node, ())]
        return states

    start = (x, True)
    walk, entered = search(start, passed_on, lambda state: state[0] == y)
    if walk is not None:
        path = [node for node, _ in walk]
        return Proof("No", json.dumps({"path": path, "open": _reasons(prompt, path, children)}), len(path) - 1)
    sets = {
        "from_child": sorted({node for node, from_child in {start, *entered} if from_child}),
        "from_parent": sorted(node for node, from_child in entered if not from_child),
        "ancestors": sorted(ancestors),
    }
    return Proof("Yes", json.dumps(sets), -1)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Raises:
        `ValueError`: If the premise is no DAG, or the question has no answer.
    """
    _require_answerable(prompt)
    if answer == "Yes":
        names = ("from_child", "from_parent", "ancestors")
        _check_closed(prompt, *(set(node_list(certificate, name, answer)) for name in names))
    else:
        _check_open(prompt, node_list(certificate, "path", answer), certificate.get("open"))


def _require_answerable(prompt: Prompt) -> None:
    x, y = prompt.question
    if x == y:
        raise ValueError(f"the question is about {x!r} and itself; it should be about two different nodes")
    for node in prompt.question:
        if node in prompt.given:
            raise ValueError(f"the conditioning set holds {node!r}, which the question is about; it should not")
    if cycle := find_cycle(prompt.edges):
        raise ValueError(f"the premise is no DAG: its statements close the cycle {' -> '.join(cycle)}")


def _neighbours(edges: Iterable[tuple[str, str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    parents: dict[str, list[str]] = {}
    children: dict[str, list[str]] = {}
    for cause, effect in edges:
        parents.setdefault(effect, []).append(cause)
        children.setdefault(cause, []).append(effect)
    return parents, children


def _reach(nodes: Iterable[str], successors: Mapping[str, list[str]]) -> set[str]:
    """The nodes themselves and all that can be reached from them."""
    reached = set(nodes)
    waiting = list(reached)
    for node in waiting:
        for other in successors.get(node, ()):
            if other not in reached:
                reached.add(other)
                waiting.append(other)
    return reached


def _reasons(prompt: Prompt, path: list[str], children: Mapping[str, list[str]]) -> list[dict[str, Any]]:
    stated, given = set(prompt.edges), set(prompt.given)
    reasons: list[dict[str, Any]] = []
    for before, node, after in zip(path, path[1:], path[2:], strict=False):
        reason: dict[str, Any] = {"node": node, "type": _type(stated, before, node, after)}
        if reason["type"] == "collider":
            below, _ = search(node, lambda one: children.get(one, ()), given.__contains__)
            descent = [node] if node in given or below is None else below
            reason |= {"descendant": descent[-1], "path": descent}
        reasons.append(reason)
    return reasons


def _type(stated: set[tuple[str, str]], before: str, node: str, after: str) -> str:
    into = ((before, node) in stated) + ((after, node) in stated)
    return ("fork", "chain", "collider")[into]


def _check_open(prompt: Prompt, path: list[str], reasons: Any) -> None:
    x, y = prompt.question
    if len(path) < 2 or (path[0], path[-1]) != (x, y) or len(set(path)) < len(path):
        raise CertificateError(f"the path {path} does not lead from {x!r} to {y!r} without meeting a node twice")
    stated = set(prompt.edges)
    for step in zip(path, path[1:], strict=False):
        if step not in stated and step[::-1] not in stated:
            raise CertificateError(f"the premise states nothing between {step[0]!r} and {step[1]!r}")
    if not isinstance(reasons, list) or len(reasons) != len(path) - 2:
        raise CertificateError(
            f"'open' must give a reason for each of the {len(path) - 2} inner nodes, got {reasons!r}"
        )
    for before, node, after, reason in zip(path, path[1:], path[2:], reasons, strict=False):
        kind = _type(stated, before, node, after)
        if not isinstance(reason, Mapping) or (reason.get("node"), reason.get("type")) != (node, kind):
            raise CertificateError(f"the inner node {node!r} is a {kind}, 'open' says {reason!r}")
        if kind == "collider":
            _check_descent(prompt, stated, node, reason)
        elif node in prompt.given:
            raise CertificateError(f"the {kind} {node!r} is in the conditioning set, which blocks the path")


def _check_descent(prompt: Prompt, stated: set[tuple[str, str]], node: str, reason: Mapping[str, Any]) -> None:
    descent = node_list(reason, "path", "No")
    if not descent or (descent[0], descent[-1]) != (node, reason.get("descendant")):
        raise CertificateError(
            f"the directed path {descent} does not lead from the collider {node!r} to its descendant"
        )
    if descent[-1] not in prompt.given:
        raise CertificateError(
            f"{descent[-1]!r}, the descendant of the collider {node!r}, is not in the conditioning set"
        )
    for step in zip(descent, descent[1:], strict=False):
        if step not in stated:
            raise CertificateError(f"the premise does not state '{step[0]} causes {step[1]}.'")


def _check_closed(prompt: Prompt, from_child: set[str], from_parent: set[str], ancestors: set[str]) -> None:
    (x, y), given = prompt.question, set(prompt.given)
    if x not in from_child:
        raise CertificateError(f"'from_child' must hold {x!r}, where the ball starts")
    if y in from_child or y in from_parent:
        raise CertificateError(f"the sets of a Yes contain {y!r}, which the question is about")
    if missing := given - ancestors:
        raise CertificateError(f"'ancestors' leaves out {min(missing)!r} of the conditioning set")
    for cause, effect in prompt.edges:
        up = effect in ancestors if effect in from_parent else False
        up = up or (effect in from_child and effect not in given)
        down = (cause in from_child or cause in from_parent) and cause not in given
        for leads, node, name, held in (
            (effect in ancestors, cause, "ancestors", ancestors),
            (up, cause, "from_child", from_child),
            (down, effect, "from_parent", from_parent),
        ):
            if leads and node not in held:
                raise CertificateError(
                    f"{name!r} leaves out {node!r}, where the stated '{cause} causes {effect}.' leads"
                )
