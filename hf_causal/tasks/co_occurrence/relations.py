"""Why two things that are stated to appear together do so: directly caused, mediated or confounded.

Several of these hold at once where the premise states several reasons. Nodes X and Y that appear together are

- `direct`: the premise states that one causes the other;
- `mediated`: a chain of two or more statements leads from one to the other, in either direction;
- `confounded`: some third node causes both: a chain leads from it to X that does not pass through Y, and one leads
  from it to Y that does not pass through X.

The chains meet no node twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

from hf_causal.tasks.co_occurrence.text import Prompt
from hf_causal.tasks.shared.proofs import CertificateError, check_stated_path, distances, neighbours, search

Relation = Literal["direct", "mediated", "confounded"]
Paths = Sequence[Sequence[str]]


def explain_relation(prompt: Prompt) -> tuple[Relation, Paths] | None:
    """Returns the first relation that holds, in the order above, with shortest paths; `None` where none holds.

    Example:

    ```python
    >>> explain_relation(Prompt((("A", "B", False), ("C", "A", True), ("C", "B", True)), ("A", "B")))
    ('confounded', [['C', 'A'], ['C', 'B']])

    ```
    """
    x, y = prompt.question
    if x == y or {x, y} not in map(set, prompt.together):
        return None
    for pair in ((x, y), (y, x)):
        if pair in prompt.edges:
            return "direct", [list(pair)]
    for start, end in ((x, y), (y, x)):
        if path := _path(prompt.edges, start, end):
            return "mediated", [path]
    paths = _shortest_confounding(prompt)
    return None if paths is None else ("confounded", paths)


def check_relation(prompt: Prompt, relation: str, paths: Paths) -> None:
    """Raises [`CertificateError`] unless a relation holds by the paths that show it."""
    pair, stated = set(prompt.question), set(prompt.edges)
    count = 2 if relation == "confounded" else 1
    if len(paths) != count:
        raise CertificateError(
            f"the relation {relation!r} is shown by {count} path{'s' * (count > 1)}, got {len(paths)}"
        )
    for path in paths:
        if len(path) < 2 or len(set(path)) < len(path):
            raise CertificateError(f"the path {list(path)} has no arrow, or meets a node twice")
        check_stated_path(path, stated)
    if relation == "confounded":
        _check_confounding(pair, paths)
        return
    if {paths[0][0], paths[0][-1]} != pair:
        raise CertificateError(f"the path {list(paths[0])} does not lead from one of {sorted(pair)} to the other")
    if (len(paths[0]) == 2) != (relation == "direct"):
        raise CertificateError(f"a path of {len(paths[0]) - 1} statements does not make the relation {relation!r}")


def _check_confounding(pair: set[str], paths: Paths) -> None:
    (start, *_), (other, *_) = paths
    if start != other or start in pair or {path[-1] for path in paths} != pair:
        raise CertificateError(f"the paths {list(map(list, paths))} do not lead from one third node to both")
    for path in paths:
        if crossed := pair.intersection(path[:-1]):
            raise CertificateError(f"the path {list(path)} passes through {min(crossed)!r}")


def _path(edges: Collection[tuple[str, str]], start: str, end: str) -> list[str] | None:
    effects = neighbours(edges)[1]
    return search(start, lambda node: effects.get(node, ()), end.__eq__)[0]


def _shortest_confounding(prompt: Prompt) -> list[list[str]] | None:
    """Returns the paths from the nearest node that causes both, or `None`."""
    without = [[edge for edge in prompt.edges if other not in edge] for other in prompt.question[::-1]]
    steps = [distances([node], neighbours(edges)[0]) for node, edges in zip(prompt.question, without, strict=True)]
    common = steps[0].keys() & steps[1].keys()
    if not common:
        return None
    nearest = min(common, key=lambda node: (steps[0][node] + steps[1][node], node))
    return [_path(edges, nearest, node) or [] for node, edges in zip(prompt.question, without, strict=True)]
