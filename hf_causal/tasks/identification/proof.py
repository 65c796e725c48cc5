"""Proofs that observations determine an effect, or do not.

The algorithm and its sources are those of `hf_causal.graphs.identification`. A certificate is a JSON object:

- Yes: `{"factors": [{"district": […], "fixed": […]}, …]}`. Of the nodes that lead to the outcome without the
  treatment, each district (nodes that hidden causes connect) is listed, with all other nodes of the graph in an order
  in which each can be fixed: when its turn comes, no other node of its district that is not fixed yet descends from
  it.
- No: `{"outer": […], "inner": […], "roots": […], "edges": [[cause, effect], …]}`, a hedge: two sets of nodes, the
  smaller one inside of the larger one, which alone has the treatment. Hidden causes connect each of them, every node
  has one child by the edges except the roots, which both sets share, and the roots lead to the outcome without the
  treatment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hf_causal.graphs.identification import Factor, Hedge, check_factors, check_hedge, factors_or_hedge
from hf_causal.tasks.identification.text import Prompt
from hf_causal.tasks.shared.mixed_prompts import NumberedGraph, numbered_graph, require_effect
from hf_causal.tasks.shared.proofs import CertificateError, Proof, distinct, node_list


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; `hops` are the nodes fixed for the longest factor, -1 for a No.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.

    Example:

    ```python
    >>> bow = Prompt((("A", "B", True), ("A", "B", False)), ("A", "B"))
    >>> prove(bow).certificate
    '{"outer": ["A", "B"], "inner": ["B"], "roots": ["B"], "edges": [["A", "B"]]}'

    ```
    """
    require_effect(prompt)
    stated = numbered_graph(prompt.statements)
    x, y = (stated.set_of([node]) for node in prompt.question)
    result = factors_or_hedge(stated.graph, x, y)
    if isinstance(result, Hedge):
        nodes = {key: stated.names_of(getattr(result, key)) for key in ("outer", "inner", "roots")}
        edges = [[stated.names[node] for node in edge] for edge in result.edges]
        return Proof("No", json.dumps({**nodes, "edges": edges}), -1)
    factors = [
        {"district": stated.names_of(factor.district), "fixed": [stated.names[node] for node in factor.fixed]}
        for factor in result
    ]
    return Proof("Yes", json.dumps({"factors": factors}), max(len(factor.fixed) for factor in result))


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Raises:
        `ValueError`: If the premise is no acyclic graph, or the question has no answer.

    Example:

    ```python
    >>> chain = Prompt((("A", "B", True),), ("A", "B"))
    >>> check(chain, "Yes", {"factors": [{"district": ["B"], "fixed": ["A"]}]})

    ```
    """
    require_effect(prompt)
    stated = numbered_graph(prompt.statements)
    x, y = (stated.set_of([node]) for node in prompt.question)
    try:
        if answer == "Yes":
            check_factors(stated.graph, x, y, read_factors(stated, certificate))
        else:
            check_hedge(stated.graph, x, y, read_hedge(stated, certificate))
    except ValueError as error:
        # The checks of graphs raise `ValueError`, which would mean that the question has no answer.
        raise CertificateError(str(error)) from error


def read_factors(stated: NumberedGraph, certificate: Mapping[str, Any]) -> tuple[Factor, ...]:
    """Returns the factors of a certificate; raises [`CertificateError`] if it has none that can be read."""
    factors = certificate.get("factors") if isinstance(certificate, Mapping) else None
    if not isinstance(factors, list):
        raise CertificateError(f"the certificate of a 'Yes' must be JSON with 'factors', got {certificate!r:.80}")
    return tuple(read_factor(stated, factor) for factor in factors)


def read_factor(stated: NumberedGraph, factor: Any) -> Factor:
    """Returns a factor of a certificate; raises [`CertificateError`] where it names what is not in the graph."""
    district, fixed = (node_list(factor, key, "Yes") for key in ("district", "fixed"))
    numbers = [_number(stated, node) for node in fixed]
    return Factor(_set(stated, district, "district"), tuple(numbers))


def read_hedge(stated: NumberedGraph, certificate: Mapping[str, Any]) -> Hedge:
    """Returns the hedge of a certificate; raises [`CertificateError`] where it names what is not in the graph."""
    outer, inner, roots = (_set(stated, node_list(certificate, key, "No"), key) for key in ("outer", "inner", "roots"))
    edges = certificate.get("edges")
    if not isinstance(edges, list) or not all(isinstance(edge, list) and len(edge) == 2 for edge in edges):
        raise CertificateError(f"'edges' must be a list of pairs of nodes, got {edges!r:.80}")
    pairs = [(_number(stated, cause), _number(stated, effect)) for cause, effect in edges]
    return Hedge(outer, inner, roots, tuple(pairs))


def _set(stated: NumberedGraph, nodes: list[str], key: str) -> int:
    return sum(1 << _number(stated, node) for node in distinct(nodes, key))


def _number(stated: NumberedGraph, node: Any) -> int:
    if not isinstance(node, str) or node not in stated.number:
        raise CertificateError(f"no statement mentions {node!r:.60}")
    return stated.number[node]
