"""Proofs of relevance answers.

By Galles and Pearl (1997), under stability, changing X cannot affect Y while Z is held fixed if and only if every
directed path from X to Y meets Z; that holds for graphs with cycles too. A certificate is a JSON object:

- Yes: `{"path": [x, …, y]}`, from a changed node to a node that may be affected; each node of it causes the next in
  some stated sentence, and none is held fixed.
- No: `{"reached": […]}`, exactly the nodes that the changed ones reach without those that are held fixed, each once,
  in any order, and without the changed nodes themselves. The effects of every node that is changed or in the set are
  in the set, changed or held fixed, and no node that may be affected is in it.

Keys other than these promise nothing and are not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.relevance.text import Prompt
from hf_causal.tasks.shared.proofs import (
    CertificateError,
    Proof,
    check_nothing_more,
    check_stated_path,
    distinct,
    neighbours,
    node_list,
)


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; `hops` are the edges of a shortest path.

    Raises:
        `ValueError`: If a node is in two of the question's sets, or twice in one.

    Example:

    ```python
    >>> edges = (("A", "B"), ("B", "C"))
    >>> prove(Prompt(edges, ("A", "C")))
    Proof(answer='Yes', certificate='{"path": ["A", "B", "C"]}', hops=2)
    >>> prove(Prompt(edges, ("A", "C"), given=("B",)))
    Proof(answer='No', certificate='{"reached": []}', hops=-1)

    ```
    """
    require_answerable(prompt)
    previous = search_paths(prompt)
    target = next((node for node in previous if node in prompt.targets), None)
    if target is None:
        return Proof("No", json.dumps({"reached": sorted(reached_nodes(prompt))}), -1)
    path = [target]
    while (before := previous[path[-1]]) is not None:
        path.append(before)
    return Proof("Yes", json.dumps({"path": path[::-1]}), len(path) - 1)


def search_paths(prompt: Prompt) -> dict[str, str | None]:
    """Returns the changed nodes and all that they reach, nearest first, each with the node before it on a path."""
    _, effects = neighbours(prompt.edges)
    held = set(prompt.given)
    previous: dict[str, str | None] = dict.fromkeys(prompt.changed)
    queue = list(previous)
    for node in queue:  # the loop appends to the queue
        for effect in effects.get(node, ()):
            if effect not in previous and effect not in held:
                previous[effect] = node
                queue.append(effect)
    return previous


def reached_nodes(prompt: Prompt) -> set[str]:
    """Returns the nodes that the changed ones can affect, without themselves."""
    return set(search_paths(prompt)) - set(prompt.changed)


def require_answerable(prompt: Prompt) -> None:
    """Raises `ValueError` if a node is in two of the question's sets, or twice in one."""
    nodes = [*prompt.question, *prompt.given]
    if len(set(nodes)) < len(nodes):
        twice = next(node for node in nodes if nodes.count(node) > 1)
        raise ValueError(
            f"the question has {twice!r} twice; what is changed, what may be affected and what is held fixed should "
            "be different nodes"
        )


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Raises:
        `ValueError`: If a node is in two of the question's sets, or twice in one.

    Example:

    ```python
    >>> prompt = Prompt((("A", "B"), ("B", "C")), ("A", "C"))
    >>> check(prompt, "Yes", {"path": ["A", "B", "C"]})
    >>> check(prompt, "No", {"reached": ["B"]})
    Traceback (most recent call last):
        ...
    hf_causal.tasks.shared.proofs.CertificateError: the set leaves out 'C', which the stated 'B causes C.' reaches

    ```
    """
    require_answerable(prompt)
    if answer == "Yes":
        _check_path(prompt, node_list(certificate, "path", answer))
    else:
        _check_reached(prompt, node_list(certificate, "reached", answer))


def _check_path(prompt: Prompt, path: list[str]) -> None:
    if len(path) < 2 or path[0] not in prompt.changed or path[-1] not in prompt.targets:
        raise CertificateError(
            f"the path {path} does not lead from one of {list(prompt.changed)} to one of {list(prompt.targets)}"
        )
    if held := [node for node in path if node in prompt.given]:
        raise CertificateError(f"the path meets {held[0]!r}, which is held fixed")
    check_stated_path(path, set(prompt.edges))


def _check_reached(prompt: Prompt, nodes: list[str]) -> None:
    reached, held, changed = distinct(nodes, "reached"), set(prompt.given), set(prompt.changed)
    if targets := reached & set(prompt.targets):
        raise CertificateError(f"the set of a No contains {min(targets)!r}, which may not be affected")
    if fixed := reached & (held | changed):
        why = "held fixed" if fixed & held else "changed"
        raise CertificateError(f"the set contains {min(fixed)!r}, which is {why}")
    sources, covered = reached | changed, reached | changed | held
    for cause, effect in prompt.edges:
        if cause in sources and effect not in covered:
            raise CertificateError(
                f"the set leaves out {effect!r}, which the stated '{cause} causes {effect}.' reaches"
            )
    check_nothing_more(reached, reached_nodes(prompt), "reached", "nothing that is changed reaches")
