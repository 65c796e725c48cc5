"""What decides whether a set adjusts for an effect, as walks that pass from edge to edge and only ever add edges.

The back-door graph takes edges away and then asks for an open path, so that the answer for one edge depends on which
others are absent. The same sets are valid by rules that never ask for an absence: a set Z is valid for the effect of
X on Y exactly if

1. no first edge of a causal path leads to a member of Z, which would be forbidden: on a causal path after X, or a
   descendant of such a node, and
2. no walk from X to Y that is open given Z turns round, where a walk never passes X again.

A walk goes down (with the arrows) and up, and is open as the Bayes ball is (Shachter, 1998): it goes on through a node
outside of Z, and turns from down to up at an ancestor of Z. One that leaves X downwards along a causal path and turns
round at an ancestor of Z makes that member of Z forbidden; so where rule 1 holds, the walks of rule 2 are open in the
back-door graph of van der Zander, Liśkiewicz and Textor (2014) too. A hidden cause is a node that no set has.
"""

from __future__ import annotations

import numpy as np

WALKS = (
    "the effect is Y or leads to it",
    "the effect leads to the set",
    "a walk that has only gone down passes it",
    "a walk that has gone up passes it downwards",
    "a walk passes it upwards",
)
"""What holds for an edge, in the order of [`adjustment_walks`]."""


def adjustment_walks(
    edges: np.ndarray, num_nodes: int, x: np.ndarray, y: np.ndarray, given: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Finds which edges the walks of several questions about one graph pass, and whether each set is valid.

    Args:
        edges (`np.ndarray`): (cause, effect) of shape (edges, 2), with the hidden causes as nodes.
        num_nodes (`int`): With these.
        x, y (`np.ndarray`): Treatment and outcome of each question, shape (questions,).
        given (`np.ndarray`): Sets, boolean of shape (questions, nodes).

    Returns:
        `tuple[np.ndarray, np.ndarray]`: Boolean of shape (questions, edges, 5), see [`WALKS`], and (questions,).

    Example:

    ```python
    >>> confounded = np.array([[2, 0], [2, 1], [0, 1]])
    >>> sets = np.array([[False, False, True], [False, False, False]])
    >>> adjustment_walks(confounded, 3, np.array([0, 0]), np.array([1, 1]), sets)[1].tolist()
    [True, False]

    ```
    """
    cause, effect = edges.T
    nodes = np.eye(num_nodes, dtype=bool)
    at_x, at_y = nodes[x], nodes[y]
    leads = _closed(at_y, effect, cause)
    before_set = _closed(given, effect, cause)
    free = ~given
    descent = _closed(at_x, cause, effect, free | at_x)
    straight = (descent & (free | at_x))[:, cause]
    turns = _into(straight, effect, num_nodes) & before_set
    down = np.zeros_like(straight)
    up = (at_x | turns)[:, effect]
    while True:
        above, below = _into(down, effect, num_nodes), _into(up, cause, num_nodes)
        next_up = up | (below & free | above & before_set)[:, effect]
        next_down = down | ((below | above) & free & ~at_x)[:, cause]
        if (next_up == up).all() and (next_down == down).all():
            break
        up, down = next_up, next_down
    opened = (below | above)[np.arange(len(y)), y]
    has_forbidden = (at_x[:, cause] & (leads & before_set)[:, effect]).any(1)
    flags = [leads[:, effect], before_set[:, effect], straight, down, up]
    return np.stack(flags, axis=-1), ~(opened | has_forbidden)


def _closed(start: np.ndarray, tail: np.ndarray, head: np.ndarray, through: np.ndarray | None = None) -> np.ndarray:
    """Adds to each set, (questions, nodes), what edges lead to from its nodes, only through some of them."""
    reached = start
    while True:
        passing = reached if through is None else reached & through
        more = reached | _into(passing[:, tail], head, start.shape[1])
        if (more == reached).all():
            return reached
        reached = more


def _into(passed: np.ndarray, head: np.ndarray, num_nodes: int) -> np.ndarray:
    """Returns the nodes at the heads of edges that are passed: (questions, edges) to (questions, nodes)."""
    return passed @ (head[:, None] == np.arange(num_nodes))
