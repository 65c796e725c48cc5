"""Where the nodes and edges of a graph are drawn: layers from cause to effect, wrapped like lines of text."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

Edge = tuple[str, str]
Stop = str | tuple[str, str, int]
"""A node, or a bend of an edge in one of the layers between its ends."""
Point = tuple[float, float]

NODE_HEIGHT = 42.0
ROW = 60.0
GAP = 44.0
"""Between the columns, where the arrows are."""
BAND_GAP = 30.0
MARGIN = 10.0
TURN = 34.0
"""How far an edge swings out where it goes on in the band below."""
MAX_LINE = 13
"""Letters of a line of a label; longer names are broken into two lines and cut, and whole in their tooltip."""
_SWEEPS = 4


@dataclass
class Layout:
    """A picture's geometry, in pixels."""

    width: float = 0
    height: float = 0
    centres: dict[str, Point] = field(default_factory=dict)
    sizes: dict[str, float] = field(default_factory=dict)
    """Width of each node."""
    routes: dict[Edge, list[Point]] = field(default_factory=dict)
    """Points that an edge passes through, from centre to centre."""
    turns: dict[tuple[Point, Point], float] = field(default_factory=dict)
    """Between two of them, how far to the right (or to the left, below zero) an edge swings around other nodes."""


def label_of(name: str) -> list[str]:
    """The one or two lines of a name's label.

    Example:

    ```python
    >>> label_of("high blood pressure")
    ['high blood', 'pressure']

    ```
    """
    if len(name) <= MAX_LINE:
        return [name]
    spaces = [place for place, letter in enumerate(name) if letter == " "]
    middle = min(spaces, key=lambda place: abs(place - len(name) / 2), default=MAX_LINE)
    return [_cut(name[:middle].strip()), _cut(name[middle:].strip())]


def _cut(line: str) -> str:
    return line if len(line) <= MAX_LINE else line[: MAX_LINE - 1] + "…"


def text_width(text: str) -> float:
    """About how wide a label is; letters of East Asian scripts are twice as wide as others."""
    return sum(14.5 if unicodedata.east_asian_width(letter) in "WF" else 7.7 for letter in text)


def lay_out(nodes: Sequence[str], edges: Sequence[Edge], width: float) -> Layout:
    """Places the nodes of a graph so that most edges go forward.

    Layers are the longest ways from a node without causes; each is a column. Columns that do not fit beside each other
    go on in a band below, in which they run back, so that a chain winds through the picture.

    Args:
        nodes (sequence of `str`): In the order of the text.
        edges (sequence of pairs): Cause and effect; cycles and self-loops are allowed.
        width (`float`): Pixels that the picture should fit into.
    """
    plain = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    forward = _forward(nodes, plain)
    layer = _layers(nodes, forward)
    chains = {edge: _through(edge, layer) for edge in forward}
    columns = _ordered(layer, chains)
    placed, stops = _place(columns, {node: max(map(text_width, label_of(node))) + 24 for node in nodes}, width)
    for edge in plain:
        route = chains.get(edge) or chains[edge[::-1]][::-1]
        placed.routes[edge] = [stops[stop] for stop in route]
    _swing_out(placed, columns, stops)
    placed.centres = {node: stops[node] for node in nodes}
    return placed


def _forward(nodes: Sequence[str], edges: Sequence[Edge]) -> list[Edge]:
    """The edges with those turned around that close a cycle."""
    successors: dict[str, list[str]] = {node: [] for node in nodes}
    for cause, effect in edges:
        successors[cause].append(effect)
    state: dict[str, int] = {}
    turned: set[Edge] = set()
    for root in nodes:
        stack = [(root, iter(successors[root]))] if root not in state else []
        if stack:
            state[root] = 1
        while stack:
            node, rest = stack[-1]
            following = next(rest, None)
            if following is None:
                state[node] = 2
                stack.pop()
            elif following not in state:
                state[following] = 1
                stack.append((following, iter(successors[following])))
            elif state[following] == 1:
                turned.add((node, following))
    return list(dict.fromkeys(edge[::-1] if edge in turned else edge for edge in edges))


def _layers(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[Stop, int]:
    layer: dict[Stop, int] = dict.fromkeys(nodes, 0)
    waiting = dict.fromkeys(nodes, 0)
    successors: dict[str, list[str]] = {node: [] for node in nodes}
    for cause, effect in edges:
        waiting[effect] += 1
        successors[cause].append(effect)
    free = [node for node in nodes if not waiting[node]]
    for node in free:  # grows while it is walked through
        for effect in successors[node]:
            layer[effect] = max(layer[effect], layer[node] + 1)
            waiting[effect] -= 1
            if not waiting[effect]:
                free.append(effect)
    for node in reversed(free):  # causes stand right before their effects, not all at the beginning
        if successors[node] and not any(node == effect for _, effect in edges):
            layer[node] = min(layer[effect] for effect in successors[node]) - 1
    return layer


def _through(edge: Edge, layer: dict[Stop, int]) -> list[Stop]:
    """The stops of an edge: a bend in each layer between its ends."""
    cause, effect = edge
    bends = [(cause, effect, step) for step in range(layer[cause] + 1, layer[effect])]
    layer.update({bend: bend[2] for bend in bends})
    return [cause, *bends, effect]


def _ordered(layer: dict[Stop, int], chains: dict[Edge, list[Stop]]) -> list[list[Stop]]:
    """The stops of each layer, ordered so that edges cross little: each near the mean of its neighbours."""
    columns: list[list[Stop]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for stop in layer:
        columns[layer[stop]].append(stop)
    before: dict[Stop, list[Stop]] = {}
    after: dict[Stop, list[Stop]] = {}
    for chain in chains.values():
        for first, second in zip(chain, chain[1:], strict=False):
            before.setdefault(second, []).append(first)
            after.setdefault(first, []).append(second)
    for sweep in range(_SWEEPS):
        neighbours, steps = (after, reversed(columns)) if sweep % 2 else (before, iter(columns))
        for column in steps:
            rank = _ranks(columns)
            keys = {stop: _mean([rank[other] for other in neighbours.get(stop, ())], rank[stop]) for stop in column}
            column.sort(key=keys.__getitem__)
    return columns


def _ranks(columns: list[list[Stop]]) -> dict[Stop, float]:
    return {stop: place - (len(column) - 1) / 2 for column in columns for place, stop in enumerate(column)}


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _swing_out(layout: Layout, columns: list[list[Stop]], stops: dict[Stop, Point]) -> None:
    """Leads edges that go on in the band below around the other nodes of their columns."""
    crowded = {stops[stop] for column in columns if len(column) > 1 for stop in column}
    for route in layout.routes.values():
        for here, there in zip(route, route[1:], strict=False):
            if here[0] == there[0] and (here in crowded or there in crowded):
                side = 1 if here[0] > layout.width / 2 else -1
                layout.turns[here, there] = side * (max(layout.sizes.values()) / 2 + TURN)


def _place(columns: list[list[Stop]], sizes: dict[str, float], width: float) -> tuple[Layout, dict[Stop, Point]]:
    """The size of the picture, and the centre of each stop."""
    step = max(sizes.values(), default=0) + GAP
    across = max(2, int((width - 2 * MARGIN + GAP) // step))
    across = math.ceil(len(columns) / math.ceil(len(columns) / across)) if columns else 1
    winds = any(
        len(before) > 1 or len(after) > 1
        for before, after in zip(columns[across - 1 :: across], columns[across::across], strict=False)
    )
    margin = MARGIN + (TURN if winds else 0)
    layout = Layout(width=across * step - GAP + 2 * margin, sizes=sizes)
    stops: dict[Stop, Point] = {}
    top = MARGIN
    for start in range(0, len(columns), across):
        band = columns[start : start + across]
        rows = max(map(len, band))
        for index, column in enumerate(band):
            turn = across - 1 - index if start // across % 2 else index
            for place, stop in enumerate(column):
                down = top + NODE_HEIGHT / 2 + (place + (rows - len(column)) / 2) * ROW
                stops[stop] = (margin + turn * step + (step - GAP) / 2, down)
        top += (rows - 1) * ROW + NODE_HEIGHT + BAND_GAP
    layout.height = top - BAND_GAP + MARGIN
    return layout, stops
