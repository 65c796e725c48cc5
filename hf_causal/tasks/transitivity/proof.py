"""Proofs of transitivity answers.

For the question "Does X cause Y?" a certificate is a JSON object:

- Yes: `{"path": [X, …, Y]}`, nodes each of which causes the next in some stated sentence.
- No: `{"reachable": […]}`, exactly the nodes that X reaches, each once, in any order. The set proves the answer, since
  every stated sentence whose cause is X or in the set has its effect in the set, and Y is not in it. A larger closed
  set would prove it too, but it would say of some node that X reaches it, which is untrue, so it is refused.

Keys other than these promise nothing and are not looked at.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.shared.proofs import (
    CertificateError,
    Proof,
    check_nothing_more,
    check_stated_path,
    distinct,
    neighbours,
    node_list,
    search,
)
from hf_causal.tasks.transitivity.text import Prompt


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; a node causes itself only where a stated cycle leads back to it.

    Example:

    ```python
    >>> prove(Prompt((("A", "B"), ("B", "C")), ("A", "C")))
    Proof(answer='Yes', certificate='{"path": ["A", "B", "C"]}', hops=2)
    >>> prove(Prompt((("A", "B"), ("B", "C")), ("B", "A")))
    Proof(answer='No', certificate='{"reachable": ["C"]}', hops=-1)

    ```
    """
    cause, effect = prompt.question
    _, effects = neighbours(prompt.edges)
    path, reached = search(cause, lambda node: effects.get(node, ()), effect.__eq__)
    if path is None:
        return Proof("No", json.dumps({"reachable": sorted(reached)}), -1)
    return Proof("Yes", json.dumps({"path": path}), len(path) - 1)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Example:

    ```python
    >>> check(Prompt((("A", "B"),), ("A", "B")), "Yes", {"path": ["A", "B"]})
    >>> check(Prompt((("A", "B"),), ("B", "A")), "Yes", {"path": ["B", "A"]})
    Traceback (most recent call last):
        ...
    hf_causal.tasks.shared.proofs.CertificateError: the premise does not state 'B causes A.'

    ```
    """
    if answer == "Yes":
        _check_path(prompt, node_list(certificate, "path", answer))
    else:
        _check_reached(prompt, node_list(certificate, "reachable", answer))


def _check_path(prompt: Prompt, path: list[str]) -> None:
    if len(path) < 2 or (path[0], path[-1]) != prompt.question:
        raise CertificateError(f"the path {path} does not lead from {prompt.question[0]!r} to {prompt.question[1]!r}")
    check_stated_path(path, set(prompt.edges))


def _check_reached(prompt: Prompt, nodes: list[str]) -> None:
    cause, effect = prompt.question
    reached = distinct(nodes, "reachable")
    if effect in reached:
        raise CertificateError(f"the set of a No contains the effect {effect!r}")
    for source, target in prompt.edges:
        if (source == cause or source in reached) and target not in reached:
            raise CertificateError(
                f"the set leaves out {target!r}, which the stated '{source} causes {target}.' reaches"
            )
    _, effects = neighbours(prompt.edges)
    _, entered = search(cause, lambda node: effects.get(node, ()), lambda node: False)
    check_nothing_more(reached, set(entered), "reachable", f"{cause!r} does not reach")
