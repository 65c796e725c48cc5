"""Parts that the proofs of all tasks share: the exact answer, the error, graph search.

The graph search here is a second implementation, over names and plain dictionaries, that uses nothing of
`hf_causal.graphs`: a fault in the arrays that generate the rows cannot hide in the checker that verifies them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple, Protocol, TypeVar

State = TypeVar("State", bound=Hashable)


class CertificateError(ValueError):
    """A certificate that does not prove its row's label."""


@dataclass(frozen=True)
class Proof:
    """The exact answer to a prompt with its certificate."""

    answer: str
    """`"Yes"` or `"No"`; the answer itself in a task with other answers."""
    certificate: str
    """The JSON text that proves it."""
    hops: int
    """Edges on the shortest path that the question is about, -1 where there is none."""


class ParsedPrompt(Protocol):
    """A prompt as its task parses it; `str()` is its canonical text."""

    @property
    def premise(self) -> str: ...

    @property
    def question_text(self) -> str: ...


class Facts(NamedTuple):
    """The graph that a prompt states and the nodes of its question, which checks beyond the answer look at."""

    edges: tuple[tuple[str, str], ...] | None = None
    """The stated (cause, effect) pairs in the order of the text; `None` where a premise states no graph."""
    question: tuple[str, ...] = ()
    """The nodes that the question is about."""
    given: tuple[str, ...] = ()
    """The nodes that the question conditions on."""


def stated_facts(prompt: Any) -> Facts:
    """Returns the `edges`, `question` and `given` of a parsed prompt, where it has them."""
    edges = getattr(prompt, "edges", None)
    if edges is None:
        return Facts()
    return Facts(edges, prompt.question, getattr(prompt, "given", ()))


def no_facts(prompt: Any) -> Facts:
    """Returns nothing: premises with the same graph and other numbers or tables are different ones."""
    return Facts()


def node_list(certificate: Mapping[str, Any], key: str, answer: str) -> list[str]:
    """Returns the node names under a key of a decoded certificate; raises [`CertificateError`] if there are none."""
    if not isinstance(certificate, Mapping) or key not in certificate:
        raise CertificateError(f"the certificate of a {answer!r} must be JSON with {key!r}, got {certificate!r}")
    nodes = certificate[key]
    if not isinstance(nodes, list) or not all(isinstance(node, str) for node in nodes):
        raise CertificateError(f"{key!r} must be a list of node names, got {nodes!r}")
    return nodes


def distinct(nodes: Sequence[str], key: str) -> set[str]:
    """Returns the nodes under a key as a set; raises [`CertificateError`] if one is listed twice."""
    members = set(nodes)
    if len(members) < len(nodes):
        repeated = next(node for node, count in Counter(nodes).items() if count > 1)
        raise CertificateError(f"{key!r} lists {repeated!r} twice")
    return members


def check_nothing_more(nodes: set[str], true: set[str], key: str, why: str) -> None:
    """Raises [`CertificateError`] with the reason `why` if a set has a node that the true set does not have."""
    if extra := nodes - true:
        raise CertificateError(f"{key!r} has {min(extra)!r}, which {why}")


def check_stated_path(path: Sequence[str], edges: Collection[tuple[str, str]]) -> None:
    """Raises [`CertificateError`] unless every node of a path is stated to cause the next.

    Several paths in one graph are checked in linear time if `edges` is a set.
    """
    stated = edges if isinstance(edges, Set) else set(edges)
    for cause, effect in pairwise(path):
        if (cause, effect) not in stated:
            raise CertificateError(f"the premise does not state '{cause} causes {effect}.'")


def neighbours(edges: Iterable[tuple[str, str]]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Returns the stated causes of each node, and its stated effects."""
    causes: dict[str, list[str]] = {}
    effects: dict[str, list[str]] = {}
    for cause, effect in edges:
        causes.setdefault(effect, []).append(cause)
        effects.setdefault(cause, []).append(effect)
    return causes, effects


def search(
    start: State, successors: Callable[[State], Iterable[State]], is_target: Callable[[State], bool]
) -> tuple[list[State] | None, Collection[State]]:
    """Searches breadth first, by at least one step.

    Args:
        start (hashable): Where the search begins; it counts as entered only if a step leads back to it.
        successors (callable): The states that one step leads to.
        is_target (callable): Whether the search may end at a state.

    Returns:
        `tuple`: A shortest path from `start` to the first target, or `None`; and all entered states.

    Example:

    ```python
    >>> effects = {"A": ["B", "C"], "B": ["D"], "C": ["D"]}
    >>> search("A", lambda node: effects.get(node, ()), "D".__eq__)[0]
    ['A', 'B', 'D']

    ```
    """
    previous: dict[State, State] = {}
    queue = [start]
    for state in queue:  # the loop appends to the queue
        for successor in successors(state):
            if successor not in previous:
                previous[successor] = state
                if is_target(successor):
                    return _trace_back(previous, start, successor), previous.keys()
                queue.append(successor)
    return None, previous.keys()


def distances(targets: Iterable[str], causes: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Returns the number of edges from each node to the nearest target, for the nodes that reach one."""
    steps = dict.fromkeys(targets, 0)
    queue = list(steps)
    for node in queue:  # the loop appends to the queue
        for cause in causes.get(node, ()):
            if cause not in steps:
                steps[cause] = steps[node] + 1
                queue.append(cause)
    return steps


def reachable(nodes: Iterable[str], successors: Mapping[str, Iterable[str]]) -> set[str]:
    """Returns the nodes themselves and all that can be reached from them."""
    reached = set(nodes)
    queue = list(reached)
    for node in queue:  # the loop appends to the queue
        for successor in successors.get(node, ()):
            if successor not in reached:
                reached.add(successor)
                queue.append(successor)
    return reached


def find_cycle(edges: Iterable[tuple[str, str]]) -> list[str] | None:
    """Returns a shortest directed cycle through some node, or `None` for a DAG; the list ends where it begins."""
    causes, effects = neighbours(edges)
    num_causes = {node: len(causes.get(node, ())) for node in {**effects, **causes}}
    # Kahn's algorithm: a node that remains after repeatedly removing nodes without causes is on a cycle or behind one.
    removed = [node for node, count in num_causes.items() if not count]
    for node in removed:
        for effect in effects.get(node, ()):
            num_causes[effect] -= 1
            if not num_causes[effect]:
                removed.append(effect)
    if len(removed) == len(num_causes):
        return None
    return _shortest_cycle_behind(
        next(node for node, count in num_causes.items() if count), num_causes, causes, effects
    )


def _shortest_cycle_behind(
    node: str,
    num_causes: Mapping[str, int],
    causes: Mapping[str, list[str]],
    effects: Mapping[str, list[str]],
) -> list[str]:
    """Returns a shortest cycle through a node on a cycle that leads to `node`, which has unremoved causes."""
    # Every remaining node has a remaining cause, so going back from cause to cause meets some node twice.
    passed = set[str]()
    while node not in passed:
        passed.add(node)
        node = next(cause for cause in causes[node] if num_causes[cause])
    cycle, _ = search(node, lambda state: effects.get(state, ()), node.__eq__)
    assert cycle is not None
    return cycle


def _trace_back(previous: Mapping[State, State], start: State, end: State) -> list[State]:
    path = [end, previous[end]]
    while path[-1] != start:
        path.append(previous[path[-1]])
    return path[::-1]
