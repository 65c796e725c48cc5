"""Proofs: of a Yes a common cause with a path to each node, of a No the causes of each node, which are disjoint."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from common_cause.text import Prompt
from hf_causal.tasks.shared.explanations import Drawing, Explanation, Naming, keep_name, quote_names, rename_edges
from hf_causal.tasks.shared.proofs import (
    CertificateError,
    Proof,
    check_stated_path,
    neighbours,
    node_list,
    reachable,
    search,
)

_SIDES = ("first", "second")


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate.

    Example:

    ```python
    >>> prove(Prompt((("C", "A"), ("C", "B")), ("A", "B"))).certificate
    '{"first": ["C", "A"], "second": ["C", "B"]}'
    >>> prove(Prompt((("A", "B"),), ("A", "B"))).certificate
    '{"causes": {"first": [], "second": ["A"]}}'

    ```
    """
    if len(set(prompt.question)) < 2:
        raise ValueError(f"the question is about {prompt.question[0]!r} and itself; it should be about two nodes")
    causes, effects = neighbours(prompt.edges)
    ancestors = [reachable(causes.get(node, ()), causes) for node in prompt.question]
    common = sorted((ancestors[0] & ancestors[1]) - set(prompt.question))
    if not common:
        sets = {side: sorted(nodes) for side, nodes in zip(_SIDES, ancestors, strict=True)}
        return Proof("No", json.dumps({"causes": sets}), -1)
    paths = [search(common[0], lambda node: effects.get(node, ()), node.__eq__)[0] or [] for node in prompt.question]
    return Proof("Yes", json.dumps(dict(zip(_SIDES, paths, strict=True))), max(map(len, paths)) - 1)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer."""
    if answer == "Yes":
        paths = [node_list(certificate, side, answer) for side in _SIDES]
        for path, node in zip(paths, prompt.question, strict=True):
            if len(path) < 2 or path[0] in prompt.question or path[0] != paths[0][0] or path[-1] != node:
                raise CertificateError(f"the paths {paths} do not lead from a third node to {prompt.question}")
            check_stated_path(path, prompt.edges)
        return
    sets = certificate.get("causes") if isinstance(certificate, Mapping) else None
    first, second = (set(node_list(sets or {}, side, answer)) for side in _SIDES)
    for nodes, node in zip((first, second), prompt.question, strict=True):
        for cause, effect in prompt.edges:
            if effect in {node, *nodes} and cause not in nodes:
                raise CertificateError(f"the causes of {node!r} leave out {cause!r}, which causes {effect!r}")
    if shared := (first & second) - set(prompt.question):
        raise CertificateError(f"{min(shared)!r} is among the causes of both nodes")


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words."""
    first, second = map(naming, prompt.question)
    edges = rename_edges(prompt.edges, naming)
    if "causes" not in certificate:
        paths = [" → ".join(map(naming, certificate[side])) for side in _SIDES]
        summary = f"“{naming(certificate['first'][0])}” causes both “{first}” and “{second}”."
        return Explanation(summary, tuple(paths), (Drawing("The common cause", edges, summary),))
    causes = [quote_names(list(map(naming, certificate["causes"][side]))) for side in _SIDES]
    summary = f"“{first}” is caused by {causes[0]}, and “{second}” by {causes[1]}: no third node causes both."
    return Explanation(summary, (), (Drawing("The statements", edges, summary),))
