"""Directions along paths: what more of one thing does to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hf_causal.reading.reading import Statement

STATES = ("+", "-", "?", "~")
"""More, less, some change, and some change by way of a reduction."""
_TIMES = {
    **{("+", sign): sign for sign in "+-?"},
    **{("-", "+"): "-", ("-", "-"): "+", ("-", "?"): "~"},
    **{("?", "+"): "?", ("?", "-"): "~", ("?", "?"): "?"},
    **{("~", sign): "~" for sign in "+-?"},
}

Node = tuple[str, str]
"""A name and the state in which a change arrives there."""


def signed_edges(statements: Iterable[Statement]) -> Iterator[tuple[Node, Node]]:
    """Yields the edges between changes: what each change of a cause does to its effect.

    A path in this graph from ("X", "+") to ("Y", "-") is a path from X to Y along which more X means less Y.
    """
    for statement in statements:
        for state in STATES:
            yield (statement.cause, state), (statement.effect, _TIMES[state, statement.sign])


def signs_between(statements: Iterable[Statement], cause: str, effect: str) -> set[str]:
    """Returns the states in which more of the cause can arrive at the effect; none where no path leads there.

    Example:

    ```python
    >>> one, two = Statement("rain", "mud", "+", 0, 0), Statement("mud", "speed", "-", 0, 0)
    >>> signs_between([one, two], "rain", "speed")
    {'-'}

    ```
    """
    following: dict[Node, list[Node]] = {}
    for before, after in signed_edges(statements):
        following.setdefault(before, []).append(after)
    reached: dict[Node, None] = {}
    waiting: list[Node] = [(cause, "+")]
    for node in waiting:
        for other in following.get(node, ()):
            if other not in reached:
                reached[other] = None
                waiting.append(other)
    return {state for name, state in reached if name == effect}
