"""Checks the graph that a premise states."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hf_causal.tasks.shared.proofs import find_cycle

Edges = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PremiseFacts:
    """Facts about the stated graph, which all rows with these statements share."""

    key: int
    """Hash of the statements, independent of their order."""
    nodes: frozenset[str]
    findings: tuple[tuple[str, str], ...]
    """Pairs of finding type and reason."""


@lru_cache(maxsize=4096)
def premise_facts(edges: Edges) -> PremiseFacts:
    """Checks the graph that a premise states; the result is cached, since many rows share a premise.

    Args:
        edges (`tuple`): The stated (cause, effect) pairs in the order of the text.

    Example:

    ```python
    >>> for finding, reason in premise_facts((("A", "B"), ("B", "C"), ("C", "A"))).findings:
    ...     print(f"{finding}: {reason}")
    cyclic_premise: A -> B -> C -> A
    revisited_name: the path A, B, C, A comes back to 'A'

    ```
    """
    nodes = frozenset(name for edge in edges for name in edge)
    findings = []
    if cycle := find_cycle(edges):
        findings.append(("cyclic_premise", " -> ".join(cycle)))
    if loops := [cause for cause, effect in edges if cause == effect]:
        findings.append(("self_loop", f"'{loops[0]} causes {loops[0]}.'"))
    stated = frozenset(edges)
    if len(stated) < len(edges):
        cause, effect = edges[first_repetition(edges)]
        findings.append(("repeated_statement", f"'{cause} causes {effect}.'"))
    if walk := find_revisit(edges):
        findings.append(("revisited_name", f"the path {', '.join(walk)} comes back to {walk[-1]!r}"))
    if pair := case_variants(nodes):
        findings.append(("case_variants", " and ".join(pair)))
    return PremiseFacts(hash(stated), nodes, tuple(findings))


def find_revisit(edges: Sequence[tuple[str, str]]) -> list[str] | None:
    """Returns the path that the statements form, up to the first node it returns to; `None` if it returns to none.

    Statements form a path if each shares a node with the next, in either direction, so that it can be followed from
    one end of the first statement to an end of the last. The path of a chain, flipped or reversed, visits each node
    once; it returns to a node if two nodes of the chain have the same name. It also returns in a graph that was never
    a chain and has an undirected cycle, so a returning path is a hint and not a proof.
    """
    revisits = []
    for start in dict.fromkeys(edges[0]) if edges else ():
        walk = [start]
        for cause, effect in edges:
            if walk[-1] not in (cause, effect):
                break
            walk.append(effect if walk[-1] == cause else cause)
        else:
            first = first_repetition(walk)
            if first < 0:
                return None
            revisits.append(walk[: first + 1])
    return revisits[0] if revisits else None


def first_repetition(items: Sequence[Hashable]) -> int:
    """Returns the index of the first item that is equal to an earlier item, or -1."""
    seen = set[Hashable]()
    for index, item in enumerate(items):
        if item in seen:
            return index
        seen.add(item)
    return -1


def case_variants(names: frozenset[str]) -> list[str]:
    """Returns two different names that are equal in lower case, or an empty list."""
    seen: dict[str, str] = {}
    for name in sorted(names):
        if seen.setdefault(name.lower(), name) != name:
            return [seen[name.lower()], name]
    return []
