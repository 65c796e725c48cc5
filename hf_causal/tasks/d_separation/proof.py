"""Proofs of d-separation answers.

For the question "Are X and Y d-separated given {Z, W}?" a certificate is a JSON object:

- No: `{"path": [X, …, Y], "open": […]}`, a path on which the conditioning set blocks no inner node. `open` has a
  reason for each inner node, in order: `{"node": …, "type": "chain"}` or `"fork"` for a node outside the set, and
  `{"node": …, "type": "collider", "descendant": …, "path": […]}` for a collider, with a directed path that leads from
  it to a node of the set; for a collider in the set that is the node itself.
- Yes: `{"from_child": […], "from_parent": […], "ancestors": […]}`, the nodes that the Bayes ball from X enters from a
  child and from a parent, and the conditioning set with its ancestors (`hf_causal.graphs.d_separation` has the rules
  and their sources). The sets prove the answer because no stated sentence leads out of them and Y is in neither of the
  first two. They are exactly these nodes, each once, in any order: larger sets out of which no sentence leads would
  prove the answer too, but what they say about some node would be untrue, so they are refused.

Keys other than these promise nothing and are not looked at.

A node that no sentence states has no edges, so it is d-separated from every other. A premise with a cycle, a question
about a node and itself and a conditioning set that holds one of the two nodes have no answer: `ValueError`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from hf_causal.tasks.d_separation.text import Prompt
from hf_causal.tasks.shared.proofs import (
    CertificateError,
    Proof,
    check_nothing_more,
    check_stated_path,
    distances,
    distinct,
    find_cycle,
    neighbours,
    node_list,
    reachable,
    search,
)

State = tuple[str, bool]
"""A node and whether the ball entered it from a child."""

_BALL_SETS = {
    "from_child": "the ball does not enter from a child",
    "from_parent": "the ball does not enter from a parent",
    "ancestors": "is neither in the conditioning set nor an ancestor of it",
}
"""From the key of a Yes to what is untrue about a node that its set must not have."""


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; `hops` are the edges of a shortest open path.

    Raises:
        `ValueError`: If the premise is not a DAG, or the question has no answer.

    Example:

    ```python
    >>> prove(Prompt((("A", "B"), ("C", "B")), ("A", "C"), ("B",))).certificate
    '{"path": ["A", "B", "C"], "open": [{"node": "B", "type": "collider", "descendant": "B", "path": ["B"]}]}'
    >>> prove(Prompt((("A", "B"), ("C", "B")), ("A", "C"))).certificate
    '{"from_child": ["A"], "from_parent": ["B"], "ancestors": []}'

    ```
    """
    require_answerable(prompt)
    walk, entered = _enter_states(prompt)
    if walk is not None:
        path = [node for node, _ in walk]
        return Proof("No", json.dumps({"path": path, "open": _reasons(prompt, path)}), len(path) - 1)
    sets = zip(_BALL_SETS, map(sorted, _ball_sets(prompt, entered)), strict=True)
    return Proof("Yes", json.dumps(dict(sets)), -1)


def ball_moves(prompt: Prompt) -> Callable[[State], list[State]]:
    """Returns the rules of the Bayes ball: from a state to those that it moves to next, each once."""
    given = set(prompt.given)
    parents, children = neighbours(dict.fromkeys(prompt.edges))
    ancestors = reachable(given, parents)

    def next_states(state: State) -> list[State]:
        node, from_child = state
        upward = node not in given if from_child else node in ancestors
        states = [(parent, True) for parent in parents.get(node, ())] if upward else []
        if node not in given:
            states += [(child, False) for child in children.get(node, ())]
        return states

    return next_states


def _enter_states(prompt: Prompt) -> tuple[list[State] | None, Collection[State]]:
    """Sends the Bayes ball from the first node: returns a shortest walk to the second, and all entered states."""
    x, y = prompt.question
    return search((x, True), ball_moves(prompt), lambda state: state[0] == y)


def ball_sets(prompt: Prompt) -> tuple[set[str], set[str], set[str]]:
    """Returns the sets of a Yes, in the order of `_BALL_SETS`; those of a No end where the second node is entered."""
    return _ball_sets(prompt, _enter_states(prompt)[1])


def _ball_sets(prompt: Prompt, entered: Collection[State]) -> tuple[set[str], set[str], set[str]]:
    parents, _ = neighbours(prompt.edges)
    from_child = {prompt.question[0], *(node for node, from_child in entered if from_child)}
    return from_child, {node for node, from_child in entered if not from_child}, reachable(prompt.given, parents)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Raises:
        `ValueError`: If the premise is not a DAG, or the question has no answer.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B"), ("B", "C")), ("A", "C"))
    >>> check(prompt, "No", {"path": ["A", "B", "C"], "open": [{"node": "B", "type": "chain"}]})

    ```
    """
    require_answerable(prompt)
    if answer == "Yes":
        sets = [distinct(node_list(certificate, key, answer), key) for key in _BALL_SETS]
        _check_closed(prompt, *sets)
        for nodes, true, (key, why) in zip(sets, ball_sets(prompt), _BALL_SETS.items(), strict=True):
            check_nothing_more(nodes, true, key, why)
    else:
        path = node_list(certificate, "path", answer)
        check_path(prompt, path)
        check_reasons(prompt, path, certificate.get("open"))


def require_answerable(prompt: Prompt) -> None:
    """Raises `ValueError` if the premise is not a DAG, or the question has no answer."""
    x, y = prompt.question
    if x == y:
        raise ValueError(f"the question is about {x!r} and itself; it should be about two different nodes")
    for node in prompt.question:
        if node in prompt.given:
            raise ValueError(f"the conditioning set holds {node!r}, which the question is about; it should not")
    if cycle := find_cycle(prompt.edges):
        raise ValueError(f"the premise is no DAG: its statements close the cycle {' -> '.join(cycle)}")


def _reasons(prompt: Prompt, path: list[str]) -> list[dict[str, Any]]:
    """Returns why each inner node of an open path is open."""
    parents, children = neighbours(prompt.edges)
    steps = distances(prompt.given, parents)
    stated = set(prompt.edges)
    reasons: list[dict[str, Any]] = []
    for before, node, after in zip(path, path[1:], path[2:], strict=False):
        reason: dict[str, Any] = {"node": node, "type": _node_type(stated, before, node, after)}
        if reason["type"] == "collider":
            descent = [node]
            while steps[descent[-1]]:
                descent.append(
                    next(child for child in children[descent[-1]] if steps.get(child) == steps[descent[-1]] - 1)
                )
            reason |= {"descendant": descent[-1], "path": descent}
        reasons.append(reason)
    return reasons


def _node_type(stated: set[tuple[str, str]], before: str, node: str, after: str) -> str:
    incoming = ((before, node) in stated) + ((after, node) in stated)
    return ("fork", "chain", "collider")[incoming]


def check_path(prompt: Prompt, path: list[str]) -> None:
    """Raises [`CertificateError`] unless a path leads from the first node to the second along stated edges."""
    x, y = prompt.question
    if len(path) < 2 or (path[0], path[-1]) != (x, y) or len(set(path)) < len(path):
        raise CertificateError(f"the path {path} does not lead from {x!r} to {y!r} without meeting a node twice")
    stated = set(prompt.edges)
    for step in zip(path, path[1:], strict=False):
        if step not in stated and step[::-1] not in stated:
            raise CertificateError(f"the premise states nothing between {step[0]!r} and {step[1]!r}")


def check_reasons(prompt: Prompt, path: list[str], reasons: Any) -> None:
    """Raises [`CertificateError`] unless each inner node of a stated path has a reason, in order, that holds."""
    stated, given = set(prompt.edges), set(prompt.given)
    if not isinstance(reasons, list) or len(reasons) != len(path) - 2:
        raise CertificateError(
            f"'open' must give a reason for each of the {len(path) - 2} inner nodes, got {reasons!r}"
        )
    for before, node, after, reason in zip(path, path[1:], path[2:], reasons, strict=False):
        node_type = _node_type(stated, before, node, after)
        if not isinstance(reason, Mapping) or (reason.get("node"), reason.get("type")) != (node, node_type):
            raise CertificateError(f"the inner node {node!r} is a {node_type}, 'open' says {reason!r}")
        if node_type == "collider":
            _check_descent(stated, given, node, reason)
        elif node in given:
            raise CertificateError(f"the {node_type} {node!r} is in the conditioning set, which blocks the path")


def _check_descent(stated: set[tuple[str, str]], given: set[str], node: str, reason: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the reason shows that a collider or a descendant of it is given."""
    descent = node_list(reason, "path", "No")
    if not descent or (descent[0], descent[-1]) != (node, reason.get("descendant")):
        raise CertificateError(
            f"the directed path {descent} does not lead from the collider {node!r} to its descendant"
        )
    if descent[-1] not in given:
        raise CertificateError(
            f"{descent[-1]!r}, the descendant of the collider {node!r}, is not in the conditioning set"
        )
    check_stated_path(descent, stated)


def _check_closed(prompt: Prompt, from_child: set[str], from_parent: set[str], ancestors: set[str]) -> None:
    """Raises [`CertificateError`] unless the ball's sets are closed under its rules and leave out the second node."""
    (x, y), given = prompt.question, set(prompt.given)
    if x not in from_child:
        raise CertificateError(f"'from_child' must hold {x!r}, where the ball starts")
    if y in from_child or y in from_parent:
        raise CertificateError(f"the sets of a Yes contain {y!r}, which the question is about")
    if missing := given - ancestors:
        raise CertificateError(f"'ancestors' leaves out {min(missing)!r} of the conditioning set")
    for cause, effect in prompt.edges:
        goes_up = (effect in from_child and effect not in given) or (effect in from_parent and effect in ancestors)
        goes_down = (cause in from_child or cause in from_parent) and cause not in given
        for leads, node, name, nodes in (
            (effect in ancestors, cause, "ancestors", ancestors),
            (goes_up, cause, "from_child", from_child),
            (goes_down, effect, "from_parent", from_parent),
        ):
            if leads and node not in nodes:
                raise CertificateError(
                    f"{name!r} leaves out {node!r}, where the stated '{cause} causes {effect}.' leads"
                )
