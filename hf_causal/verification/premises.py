"""What follows from the statements of a premise alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from hf_causal.tasks.shared.proofs import find_cycle

Edges = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class PremiseFacts:
    """What is true of every row with these statements."""

    key: int
    """The same for the same statements in any order."""
    nodes: frozenset[str]
    findings: tuple[tuple[str, str], ...]
    """(kind, reason) pairs."""


@lru_cache(maxsize=4096)
def premise_facts(edges: Edges) -> PremiseFacts:
    """Looks at the graph that a premise states.

    Args:
        edges (`tuple`): The stated (cause, effect) pairs in the order of the text.

    Example:

    ```python
    >>> for kind, reason in premise_facts((("A", "B"), ("B", "C"), ("C", "A"))).findings:
    ...     print(f"{kind}: {reason}")
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
        cause, effect = next(edge for place, edge in enumerate(edges) if edge in edges[:place])
        findings.append(("repeated_statement", f"'{cause} causes {effect}.'"))
    if walk := find_revisit(edges):
        findings.append(("revisited_name", f"the path {', '.join(walk)} comes back to {walk[-1]!r}"))
    if pair := case_variants(nodes):
        findings.append(("case_variants", " and ".join(pair)))
    return PremiseFacts(hash(stated), nodes, tuple(findings))


def find_revisit(edges: Sequence[tuple[str, str]]) -> list[str] | None:
    """The path that the statements draw up to the first node that it comes back to, or `None`.

    Statements draw a path where each shares a node with the next, in either direction, so that it can be followed
    from one end of the first statement to an end of the last. A chain, flipped or reversed, draws one that visits each
    of its nodes once; it comes back to a node where two nodes of a chain have been given the same name. So it does in
    a graph that was no chain and has an undirected cycle, which is why this is a hint and no proof.
    """
    revisits = []
    for start in dict.fromkeys(edges[0]) if edges else ():
        walk = [start]
        for cause, effect in edges:
            if walk[-1] not in (cause, effect):
                break
            walk.append(effect if walk[-1] == cause else cause)
        else:
            places = (place for place, node in enumerate(walk) if node in walk[:place])
            first = next(places, None)
            if first is None:
                return None
            revisits.append(walk[: first + 1])
    return revisits[0] if revisits else None


def case_variants(names: frozenset[str]) -> list[str]:
    """Two different names that are the same in lower case, or none."""
    seen: dict[str, str] = {}
    for name in sorted(names):
        if seen.setdefault(name.lower(), name) != name:
            return [seen[name.lower()], name]
    return []
