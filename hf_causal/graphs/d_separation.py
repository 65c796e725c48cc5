"""d-separation for batches of questions about batches of DAGs, by the Bayes ball, on bitsets.

The ball starts at x and visits the nodes that are active given Z (R. D. Shachter, "Bayes-Ball: The rational pastime",
UAI 1998; D. Koller and N. Friedman, *Probabilistic Graphical Models*, 2009, Algorithm 3.1). A node is entered from a
child or from a parent:

- entered from a child and not in Z, it passes the ball to its parents and its children;
- entered from a parent and not in Z, it passes it to its children;
- entered from a parent and an ancestor of Z or in Z, it passes it back to its parents: an open collider.

x and y are d-separated given Z where the ball never enters y. Sets of nodes are the bits of one word of 8, 16, 32 or
64 bits, or of several words beyond 64 nodes, and every step is an array operation over all questions: no Python loop
runs over graphs or questions.

Questions have the form of `hf_causal.graphs.dags`: `edges` of shape (graphs, edges, 2), each graph acyclic, and for
each question the number of its `graph`, the nodes `x` and `y`, of shape (questions,), and `given`, the
conditioning set as booleans of shape (questions, num_nodes).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from hf_causal.graphs.dags import MAX_NODES

_CHUNK = 16_384
"""Questions at a time; their words fit into the processor's cache."""


@dataclass(frozen=True)
class BayesBall:
    """The nodes that the ball enters in each question; booleans of shape (questions, nodes)."""

    from_child: np.ndarray
    """Nodes entered from a child, and x itself, where the ball starts as if it came from one."""
    from_parent: np.ndarray
    """Nodes entered from a parent."""
    ancestors: np.ndarray
    """The conditioning set and its ancestors."""


def bayes_ball(edges: np.ndarray, num_nodes: int, graph: np.ndarray, x: np.ndarray, given: np.ndarray) -> BayesBall:
    """Returns all nodes that the Bayes ball enters from x given Z: all others are d-separated from x.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2).
        num_nodes (`int`): Nodes of each graph.
        graph, x (`np.ndarray`): Shape (questions,).
        given (`np.ndarray`): Boolean of shape (questions, num_nodes).

    Returns:
        [`BayesBall`]: Three boolean arrays of shape (questions, num_nodes).

    Raises:
        `ValueError`: If x is in the conditioning set, or a shape does not fit.
    """
    chunks = [_closure(ball) for ball in _balls(edges, num_nodes, graph, x, None, given)]
    sets = (np.concatenate(words, axis=1) for words in zip(*chunks, strict=True))
    return BayesBall(*(_booleans(words, num_nodes) for words in sets))


def is_d_separated(
    edges: np.ndarray, num_nodes: int, graph: np.ndarray, x: np.ndarray, y: np.ndarray, given: np.ndarray
) -> np.ndarray:
    """Returns whether x and y are d-separated given Z, for each question.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2).
        num_nodes (`int`): Nodes of each graph.
        graph, x, y (`np.ndarray`): Shape (questions,).
        given (`np.ndarray`): Boolean of shape (questions, num_nodes).

    Returns:
        `np.ndarray`: Boolean of shape (questions,).

    Raises:
        `ValueError`: If x and y are the same node, one of them is in the conditioning set, or a shape does not fit.

    Example:

    ```python
    >>> collider = np.array([[[0, 1], [2, 1]]])
    >>> given = np.array([[False, False, False], [False, True, False]])
    >>> is_d_separated(collider, 3, np.array([0, 0]), np.array([0, 0]), np.array([2, 2]), given).tolist()
    [True, False]

    ```
    """
    separated = []
    for ball in _balls(edges, num_nodes, graph, x, y, given):
        from_child, from_parent, _ = _closure(ball)
        separated.append(~_contains(from_child | from_parent, ball.y))
    return np.concatenate(separated)


def open_paths(
    edges: np.ndarray, num_nodes: int, graph: np.ndarray, x: np.ndarray, y: np.ndarray, given: np.ndarray
) -> np.ndarray:
    """Returns a shortest path from x to y that Z leaves open, for questions whose nodes are not d-separated.

    A shortest walk of the ball never enters a node twice, so it is a path. A node entered from a child passes the ball
    to all nodes that it passes it to when entered from a parent. And a ball that leaves a node downwards and returns
    from a child has met an open collider below it, so the node is an ancestor of Z and could have passed the ball up
    directly. Of several shortest paths, the one is returned whose nodes, read from y, have the lowest numbers first.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2).
        num_nodes (`int`): Nodes of each graph.
        graph, x, y (`np.ndarray`): Shape (questions,).
        given (`np.ndarray`): Boolean of shape (questions, num_nodes).

    Returns:
        `np.ndarray`: `int64` of shape (questions, longest + 1), the nodes from x to y, padded with -1.

    Raises:
        `ValueError`: If a question's nodes are d-separated, and as [`is_d_separated`] does.
    """
    chunks = [_shortest(ball) for ball in _balls(edges, num_nodes, graph, x, y, given)]
    paths = np.full((len(x), max(chunk.shape[1] for chunk in chunks)), -1, dtype=np.int64)
    start = 0
    for chunk in chunks:
        paths[start : start + len(chunk), : chunk.shape[1]] = chunk
        start += len(chunk)
    return paths


@dataclass(frozen=True)
class _Ball:
    """Questions as bit sets of shape (words, questions); parents and children have the nodes as first axis."""

    parents: np.ndarray
    """Shape (nodes, words, questions)."""
    children: np.ndarray
    x: np.ndarray
    y: np.ndarray
    free: np.ndarray
    """The nodes that are not in Z."""
    ancestors: np.ndarray


def _balls(
    edges: np.ndarray, num_nodes: int, graph: np.ndarray, x: np.ndarray, y: np.ndarray | None, given: np.ndarray
) -> Iterator[_Ball]:
    """Yields the questions in chunks."""
    _check(num_nodes, graph, x, y, given)
    parents, children = _neighbours(edges[..., ::-1], num_nodes), _neighbours(edges, num_nodes)
    for start in range(0, max(len(x), 1), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        chunk_parents, chunk_children = (words[:, :, graph[chunk]] for words in (parents, children))
        conditioned, target = _words(given[chunk]), x if y is None else y
        ancestors = _ancestors(chunk_parents, conditioned)
        yield _Ball(chunk_parents, chunk_children, x[chunk], target[chunk], ~conditioned, ancestors)


def _check(num_nodes: int, graph: np.ndarray, x: np.ndarray, y: np.ndarray | None, given: np.ndarray) -> None:
    if not 2 <= num_nodes <= MAX_NODES:
        raise ValueError(f"`num_nodes` must lie in 2 ... {MAX_NODES}, got {num_nodes}")
    if given.dtype != bool or given.shape != (len(x), num_nodes):
        raise ValueError(
            f"`given` must be boolean of shape {(len(x), num_nodes)}, got {given.dtype} of shape {given.shape}"
        )
    if len(graph) != len(x) or (y is not None and len(y) != len(x)):
        raise ValueError(f"`graph`, `x` and `y` must have one entry for each of {len(x)} questions")
    rows = np.arange(len(x))
    for name, node in (("x", x), ("y", y)):
        if node is not None and given[rows, node].any():
            raise ValueError(f"`given` contains `{name}` in question {int(np.argmax(given[rows, node]))}")
    if y is not None and (x == y).any():
        raise ValueError(f"`x` and `y` are the same node in question {int(np.argmax(x == y))}")


def _word_type(num_nodes: int) -> np.dtype:
    """Returns the smallest word type that holds all nodes, up to 64 bits; smaller words are faster."""
    return np.dtype(next((f"u{size // 8}" for size in (8, 16, 32) if num_nodes <= size), "u8"))


def _bits(dtype: np.dtype) -> int:
    return 8 * dtype.itemsize


def _word_and_bit(nodes: np.ndarray, dtype: np.dtype) -> tuple[np.ndarray, np.ndarray]:
    """Returns the index of each node's word, and the bit of the node in it."""
    return nodes // _bits(dtype), dtype.type(1) << (nodes % _bits(dtype)).astype(dtype)


def _neighbours(edges: np.ndarray, num_nodes: int) -> np.ndarray:
    """Returns the effects of each node as bit sets of shape (nodes, words, graphs)."""
    dtype = _word_type(num_nodes)
    words = np.zeros((num_nodes, -(-num_nodes // _bits(dtype)), len(edges)), dtype=dtype)
    graphs = np.arange(len(edges))
    for step in range(edges.shape[1]):
        word, bit = _word_and_bit(edges[:, step, 1], dtype)
        words[edges[:, step, 0], word, graphs] |= bit
    return words


def _words(sets: np.ndarray) -> np.ndarray:
    """Packs booleans of shape (questions, nodes) into bit sets of shape (words, questions)."""
    dtype = _word_type(sets.shape[1])
    packed = np.packbits(sets, axis=1, bitorder="little")
    padded = np.zeros((len(sets), -(-packed.shape[1] // dtype.itemsize) * dtype.itemsize), dtype=np.uint8)
    padded[:, : packed.shape[1]] = packed
    return np.ascontiguousarray(padded.view(dtype.newbyteorder("<")).astype(dtype, copy=False).T)


def _booleans(words: np.ndarray, num_nodes: int) -> np.ndarray:
    """Unpacks bit sets into booleans of shape (questions, nodes): the inverse of [`_words`]."""
    octets = np.ascontiguousarray(words.T).astype(words.dtype.newbyteorder("<"), copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=1, bitorder="little", count=num_nodes).astype(bool)


def _singletons(nodes: np.ndarray, template: np.ndarray) -> np.ndarray:
    """Returns sets of one node each, with the shape and type of the template."""
    words = np.zeros_like(template)
    word, bit = _word_and_bit(nodes, template.dtype)
    words[word, np.arange(len(nodes))] = bit
    return words


def _contains(words: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    word, bit = _word_and_bit(nodes, words.dtype)
    return words[word, np.arange(len(nodes))] & bit != 0


def _mask(words: np.ndarray, node: int) -> np.ndarray:
    """Returns words of shape (questions,): all bits set where a question's set holds the node, and none elsewhere."""
    bits, word_type = _bits(words.dtype), words.dtype.type
    return np.negative((words[node // bits] >> word_type(node % bits)) & word_type(1))


def _sweeps(num_nodes: int) -> Iterator[range]:
    """Yields orders in which nodes pass on their sets, in turn upwards and downwards; chains need one of each."""
    while True:
        yield range(num_nodes)
        yield range(num_nodes - 1, -1, -1)


def _ancestors(parents: np.ndarray, conditioned: np.ndarray) -> np.ndarray:
    reached = conditioned.copy()
    for order in _sweeps(len(parents)):
        before = reached.copy()
        for node in order:
            reached |= parents[node] & _mask(reached, node)
        if np.array_equal(before, reached):
            break
    return reached


def _closure(ball: _Ball) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the nodes entered from a child, the nodes entered from a parent, and Z with its ancestors."""
    from_child = _singletons(ball.x, ball.free)
    from_parent = np.zeros_like(from_child)
    for order in _sweeps(len(ball.parents)):
        before = from_child.copy(), from_parent.copy()
        for node in order:
            upward = (from_child & ball.free) | (from_parent & ball.ancestors)
            downward = (from_child | from_parent) & ball.free
            from_child |= ball.parents[node] & _mask(upward, node)
            from_parent |= ball.children[node] & _mask(downward, node)
        if np.array_equal(before[0], from_child) and np.array_equal(before[1], from_parent):
            break
    return from_child, from_parent, ball.ancestors


def _shortest(ball: _Ball) -> np.ndarray:
    """Returns shortest open paths: searches breadth first from x and traces back from y."""
    steps, length = _breadth_first(ball)
    paths = np.full((len(ball.x), len(steps)), -1, dtype=np.int64)
    here, upward = ball.y.astype(np.int64), np.zeros(len(ball.x), dtype=bool)
    for step in range(len(steps) - 1, 0, -1):
        ending = length == step
        upward[ending] = _contains(steps[step][0], ball.y)[ending]
        rows = np.flatnonzero(length >= step)
        paths[rows, step] = here[rows]
        here[rows], upward[rows] = _step_back(ball, steps[step - 1], rows, here[rows], upward[rows])
    paths[:, 0] = ball.x
    return paths


def _breadth_first(ball: _Ball) -> tuple[list[tuple[np.ndarray, np.ndarray]], np.ndarray]:
    """Returns for each number of edges the nodes that the ball then enters for the first time.

    Returns:
        `tuple`: A list of (from a child, from a parent) pairs of bit sets, one for each number of edges; and the
        number of edges after which the ball first enters y, shape (questions,).
    """
    new_child = _singletons(ball.x, ball.free)
    new_parent = np.zeros_like(new_child)
    seen_child, seen_parent = new_child.copy(), new_parent.copy()
    steps = [(new_child, new_parent)]
    length = np.zeros(len(ball.x), dtype=np.int64)
    while not length.all():
        upward = (new_child & ball.free) | (new_parent & ball.ancestors)
        downward = (new_child | new_parent) & ball.free
        new_child, new_parent = np.zeros_like(upward), np.zeros_like(upward)
        for node in range(len(ball.parents)):
            new_child |= ball.parents[node] & _mask(upward, node)
            new_parent |= ball.children[node] & _mask(downward, node)
        new_child &= ~seen_child
        new_parent &= ~seen_parent
        if not (new_child.any() or new_parent.any()):
            raise ValueError(f"`x` and `y` are d-separated in question {int(np.argmin(length))}: no path is open")
        seen_child |= new_child
        seen_parent |= new_parent
        length[(length == 0) & _contains(new_child | new_parent, ball.y)] = len(steps)
        steps.append((new_child, new_parent))
    return steps, length


def _step_back(
    ball: _Ball,
    before: tuple[np.ndarray, np.ndarray],
    rows: np.ndarray,
    here: np.ndarray,
    upward: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the node that passed the ball to `here`, and whether that node was itself entered from a child."""
    from_child, from_parent = (words[:, rows] for words in before)
    free, ancestors = ball.free[:, rows], ball.ancestors[:, rows]
    passed_up = ball.children[here, :, rows].T & ((from_child & free) | (from_parent & ancestors))
    passed_down = ball.parents[here, :, rows].T & (from_child | from_parent) & free
    node = _lowest(np.where(upward, passed_up, passed_down))
    return node, _contains(from_child & free, node)


def _lowest(words: np.ndarray) -> np.ndarray:
    """Returns the lowest node of each set."""
    word = np.argmax(words != 0, axis=0)
    value = words[word, np.arange(words.shape[1])]
    bit = np.bitwise_count((value & np.negative(value)) - words.dtype.type(1))
    return word * _bits(words.dtype) + bit.astype(np.int64)
