"""Parts that the proofs of all tasks share: the exact answer, the error, graph search."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

State = TypeVar("State", bound=Hashable)


class CertificateError(ValueError):
    """A certificate that does not prove its row's label."""


@dataclass(frozen=True)
class Proof:
    """The exact answer to a prompt."""

    answer: str
    """`"Yes"` or `"No"`."""
    certificate: str
    """The JSON text that proves it."""
    hops: int
    """Edges on the shortest path that the question is about, -1 where there is none."""


class ReadPrompt(Protocol):
    """A prompt as a grammar has read it; `str()` is its canonical text."""

    @property
    def premise(self) -> str: ...

    @property
    def asked(self) -> str: ...


class Facts(NamedTuple):
    """What a prompt's text says about its graph and its question, for looking beyond the answer."""

    edges: tuple[tuple[str, str], ...] | None = None
    """The stated (cause, effect) pairs in the order of the text; `None` where a premise states no graph."""
    asked: tuple[str, ...] = ()
    """The nodes that the question is about."""
    given: tuple[str, ...] = ()
    """The nodes that the question conditions on."""


def stated_facts(prompt: Any) -> Facts:
    """The `edges`, `question` and `given` of a prompt that was read, where its grammar has them."""
    edges = getattr(prompt, "edges", None)
    if edges is None:
        return Facts()
    return Facts(edges, prompt.question, getattr(prompt, "given", ()))


def node_list(certificate: Mapping[str, Any], key: str, answer: str) -> list[str]:
    """The node names under a key of a decoded certificate; raises [`CertificateError`] where there are none."""
    if not isinstance(certificate, Mapping) or key not in certificate:
        raise CertificateError(f"the certificate of a {answer!r} must be JSON with {key!r}, got {certificate!r}")
    nodes = certificate[key]
    if not isinstance(nodes, list) or not all(isinstance(node, str) for node in nodes):
        raise CertificateError(f"{key!r} must be a list of node names, got {nodes!r}")
    return nodes


def search(
    start: State, successors: Callable[[State], Iterable[State]], found: Callable[[State], bool]
) -> tuple[list[State] | None, Collection[State]]:
    """Breadth-first search by at least one step.

    Args:
        start (hashable): Where the search begins; it counts as entered only if a step leads back to it.
        successors (callable): The states that one step leads to.
        found (callable): Whether a state is what is looked for.

    Returns:
        `tuple`: A shortest path from `start` to the first state that was found, or `None`; and all entered states.
    """
    before: dict[State, State] = {}
    waiting = [start]
    for state in waiting:  # grows while it is walked through
        for following in successors(state):
            if following not in before:
                before[following] = state
                if found(following):
                    return _walk(before, start, following), before.keys()
                waiting.append(following)
    return None, before.keys()


def find_cycle(edges: Iterable[tuple[str, str]]) -> list[str] | None:
    """A shortest directed cycle through some node as a list that ends where it begins, or `None` for a DAG."""
    incoming: dict[str, int] = {}
    effects: dict[str, list[str]] = {}
    for cause, effect in edges:
        incoming.setdefault(cause, 0)
        incoming[effect] = incoming.get(effect, 0) + 1
        effects.setdefault(cause, []).append(effect)
    # Kahn's algorithm: what is left after taking away nodes without causes lies on a cycle or behind one.
    free = [node for node, count in incoming.items() if not count]
    for node in free:
        for effect in effects.get(node, ()):
            incoming[effect] -= 1
            if not incoming[effect]:
                free.append(effect)
    if len(free) == len(incoming):
        return None
    left = (node for node, count in incoming.items() if count)
    cycles = (search(node, lambda one: effects.get(one, ()), node.__eq__)[0] for node in left)
    return next(cycle for cycle in cycles if cycle)


def _walk(before: Mapping[State, State], start: State, end: State) -> list[State]:
    walk = [end, before[end]]
    while walk[-1] != start:
        walk.append(before[walk[-1]])
    return walk[::-1]
