"""Simple paths and cycles of small graphs, listed one by one, and whether a set of nodes blocks a path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set

MOST_STEPS = 200_000
"""Steps of a search after which it gives up."""


class TooManyStepsError(ValueError):
    """Raised where a search takes more than [`MOST_STEPS`]."""


class Path(NamedTuple):
    """A path, with the mark of each of its edges: `->`, `<-` or `<->`, read from the left."""

    nodes: tuple[int, ...]
    marks: tuple[str, ...]

    def spell(self, names: Sequence[str]) -> str:
        """Returns the path as text.

        Example:

        ```python
        >>> Path((0, 2, 1), ("->", "<-")).spell("ABC")
        'A->C<-B'

        ```
        """
        edges = zip(self.marks, self.nodes[1:], strict=True)
        return names[self.nodes[0]] + "".join(mark + names[node] for mark, node in edges)


def steps(graph: MixedGraph, node: int) -> Iterator[tuple[str, int]]:
    """Yields the edges at a node, as mark and other end."""
    for mark, ends in (("->", graph.children), ("<-", graph.parents), ("<->", graph.siblings)):
        for end in bits(ends[node]):
            yield mark, end


def holds(graph: MixedGraph, path: Path) -> bool:
    """Returns whether each step of a path is an edge of the graph, and no node occurs twice."""
    if len(set(path.nodes)) < len(path.nodes):
        return False
    pairs = zip(path.nodes, path.marks, path.nodes[1:], strict=False)
    sides = {"->": graph.children, "<-": graph.parents, "<->": graph.siblings}
    return all(sides[mark][node] >> end & 1 for node, mark, end in pairs)


def simple_paths(
    graph: MixedGraph, x: int, y: int, marks: frozenset[str] = frozenset({"->", "<-", "<->"})
) -> Iterator[Path]:
    """Yields all paths from x to y that visit no node twice, each with the marks of its edges.

    Args:
        graph ([`MixedGraph`]): The graph.
        x, y (`int`): Different nodes.
        marks (`frozenset`): Only paths of these steps; `{"->"}` for directed paths.

    Raises:
        [`TooManyStepsError`]: If the search takes too long.
    """
    nodes, taken, count = [x], list[str](), 0
    stack = [steps(graph, x)]
    while stack:
        if (count := count + 1) > MOST_STEPS:
            raise TooManyStepsError(f"a search for paths took more than {MOST_STEPS:,} steps")
        mark, end = next(stack[-1], ("", -1))
        if end < 0:
            stack.pop()
            nodes.pop()
            del taken[-1:]
        elif mark in marks and end == y:
            yield Path((*nodes, y), (*taken, mark))
        elif mark in marks and end not in nodes:
            nodes.append(end)
            taken.append(mark)
            stack.append(steps(graph, end))


def back_door_paths(graph: MixedGraph, x: int, y: int) -> Iterator[Path]:
    """Yields the paths from x to y whose first edge points to x."""
    return (path for path in simple_paths(graph, x, y) if path.marks[0] != "->")


def blocks(graph: MixedGraph, path: Path, z: int) -> bool:
    """Returns whether a set of nodes, without the ends of a path, blocks it (Pearl, 1988).

    It does where a collider of the path is not an ancestor of the set, or any other inner node is in the set.
    """
    opened = graph.ancestors(z)
    inner = zip(path.marks, path.nodes[1:-1], path.marks[1:], strict=False)
    return any(
        not opened >> node & 1 if before != "<-" and after != "->" else bool(z >> node & 1)
        for before, node, after in inner
    )


def open_path(graph: MixedGraph, x: int, y: int, z: int) -> Path | None:
    """Returns a path from x to y that the set leaves open, of the fewest edges, or `None`.

    A breadth-first search over nodes and whether the last edge points to them finds a walk without blocked inner
    nodes. A shortest one is a path, see [`hf_causal.graphs.d_separation.open_paths`].
    """
    opened, start = graph.ancestors(z), (x, False)
    before: dict[tuple[int, bool], tuple[tuple[int, bool], str]] = {}
    queue = [start]
    for node, pointed in queue:
        for mark, end in steps(graph, node):
            collider = pointed and mark != "->"
            passes = node == x or (opened >> node & 1 if collider else not z >> node & 1)
            state = (end, mark != "<-")
            if passes and end != x and state not in before:
                before[state] = ((node, pointed), mark)
                if end == y:
                    return _walked(before, start, state)
                queue.append(state)
    return None


def _walked(before: dict[tuple[int, bool], tuple[tuple[int, bool], str]], start: Any, state: tuple[int, bool]) -> Path:
    """Returns the walk that a search took to a state."""
    nodes, marks = [state[0]], list[str]()
    while state != start:
        state, mark = before[state]
        nodes.append(state[0])
        marks.append(mark)
    return Path(tuple(reversed(nodes)), tuple(reversed(marks)))


def directed_cycles(children: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Yields the simple cycles of a digraph, each once, from its smallest node on and without returning to it.

    Example:

    ```python
    >>> list(directed_cycles([0b010, 0b101, 0b001]))
    [(0, 1), (0, 1, 2)]

    ```
    """
    count = 0
    for first in range(len(children)):
        later = -1 << first
        stack = [(first, bits(children[first] & later))]
        while stack:
            if (count := count + 1) > MOST_STEPS:
                raise TooManyStepsError(f"a search for cycles took more than {MOST_STEPS:,} steps")
            end = next(stack[-1][1], -1)
            if end < 0:
                stack.pop()
            elif end == first:
                yield tuple(node for node, _ in stack)
            elif all(end != node for node, _ in stack):
                stack.append((end, bits(children[end] & later)))


def is_directed_cycle(children: Sequence[int], cycle: Sequence[int]) -> bool:
    """Returns whether nodes, each once, form a cycle in their order."""
    follows = zip(cycle, [*cycle[1:], *cycle[:1]], strict=True)
    distinct = node_set(cycle).bit_count() == len(cycle) > 0
    return distinct and all(children[node] >> end & 1 for node, end in follows)
