"""Paths that are open given a set, and what the Bayes ball enters, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.tasks.shared.explanations import Edge, Naming, path_edges, quote_names


def draw_path(certificate: Mapping[str, Any], naming: Naming) -> str:
    """Writes the path of a certificate, such as `A ← C ↔ B`."""
    first, *others = map(naming, certificate["path"])
    return first + "".join(
        f" {_ARROW[arrow]} {node}" for arrow, node in zip(certificate["arrows"], others, strict=True)
    )


def explain_reasons(certificate: Mapping[str, Any], naming: Naming, in_the_set: str) -> tuple[str, ...]:
    """Writes a sentence for each inner node of an open path; `in_the_set` says that a node is conditioned on."""
    return tuple(_explain_node(reason, naming, in_the_set) for reason in certificate["open"])


def _explain_node(reason: Mapping[str, Any], naming: Naming, in_the_set: str) -> str:
    node = naming(reason["node"])
    if reason["type"] != "collider":
        return f"“{node}” is a {reason['type']} and not {in_the_set}, so it lets the path pass."
    descendant = naming(reason["descendant"])
    because = in_the_set if descendant == node else f"a cause of “{descendant}”, which is {in_the_set}"
    return f"“{node}” is a collider and {because}, so it lets the path pass."


def explain_ball(certificate: Mapping[str, Any], start: str, missed: str, naming: Naming) -> str:
    """Writes what the Bayes ball that starts at a node enters, and what it does not get to."""
    entered = {*certificate["from_child"], *certificate["from_parent"]} - {start}
    reached = quote_names(sorted(map(naming, entered)))
    return f"the Bayes ball that starts at “{naming(start)}” gets to {reached}, and not to {missed}"


def proof_edges(certificate: Mapping[str, Any]) -> tuple[Edge, ...]:
    """Returns the edges of the path of a certificate, and of the descents of its colliders."""
    paths = [certificate["path"], *(reason["path"] for reason in certificate["open"] if "path" in reason)]
    return tuple(edge for path in paths for edge in path_edges(path))


_ARROW = {"->": "→", "<-": "←", "<->": "↔"}
