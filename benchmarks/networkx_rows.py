"""Rows of a corpus written with networkx, as one would write them first: the yardstick of `generation.py`.

One graph at a time: names are drawn one by one, an `nx.DiGraph` is built, every pair of its nodes is a question, and
as many Yes as No are kept, with their text and certificate.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from itertools import combinations, permutations
from string import ascii_letters, digits
from typing import Any

import networkx as nx

from hf_causal.tasks.shared.schema import Cell, CorpusConfig

Row = dict[str, Any]


def transitivity_rows(cell: Cell, draw: random.Random) -> Iterator[Row]:
    """The questions about one graph: `nx.has_path` for every ordered pair of nodes."""
    graph = _draw_graph(cell, draw)
    questions = [(pair, nx.has_path(graph, *pair)) for pair in permutations(graph, 2)]
    premise = _premise(graph)
    for (cause, effect), label in _balanced(questions, cell, draw):
        if label:
            certificate = {"path": nx.shortest_path(graph, cause, effect)}
        else:
            certificate = {"reachable": sorted(nx.descendants(graph, cause))}
        yield _row(premise, f"Does {cause} cause {effect}?", label, certificate)


def d_separation_rows(cell: Cell, draw: random.Random) -> Iterator[Row]:
    """The questions about one graph: `nx.is_d_separator` for every pair of nodes given a random set of others.

    A No is proved by the shortest simple path that is open, a Yes by the nodes that are not separated from the first.
    """
    graph = _draw_graph(cell, draw)
    questions = []
    for first, second in combinations(graph, 2):
        others = sorted(set(graph) - {first, second})
        given = draw.sample(others, draw.randint(1, len(others)))
        questions.append(((first, second, given), nx.is_d_separator(graph, {first}, {second}, set(given))))
    premise = _premise(graph)
    for (first, second, given), label in _balanced(questions, cell, draw):
        others = set(graph) - {first, second, *given}
        question = f"Are {first} and {second} d-separated given {{{', '.join(sorted(given))}}}?"
        if label:
            apart = {node for node in others if nx.is_d_separator(graph, {first}, {node}, set(given))}
            certificate = {"reached": sorted(others - apart)}
        else:
            certificate = _open_path(graph, first, second, set(given))
        yield _row(premise, question, label, certificate)


def _open_path(graph: nx.DiGraph, first: str, second: str, given: set[str]) -> dict[str, Any]:
    """The first open one of the simple paths, shortest first, and why each of its inner nodes is open."""
    for path in nx.shortest_simple_paths(graph.to_undirected(), first, second):
        reasons = [_reason(graph, *step, given) for step in zip(path, path[1:], path[2:], strict=False)]
        if None not in reasons:
            return {"path": path, "open": reasons}
    raise AssertionError(f"{first} and {second} are not d-separated, so a path is open")


def _reason(graph: nx.DiGraph, before: str, node: str, after: str, given: set[str]) -> dict[str, Any] | None:
    into = graph.has_edge(before, node) + graph.has_edge(after, node)
    if into < 2:
        return None if node in given else {"node": node, "type": ("fork", "chain")[into]}
    below = given & (nx.descendants(graph, node) | {node})
    if not below:
        return None
    descent = min((nx.shortest_path(graph, node, end) for end in below), key=len)
    return {"node": node, "type": "collider", "descendant": descent[-1], "path": descent}


GRAMMARS: dict[str, Callable[[Cell, random.Random], Iterator[Row]]] = {
    "transitivity": transitivity_rows,
    "d_separation": d_separation_rows,
}
"""From the beginning of a config's name to the rows of one of its graphs."""


def write_rows(config: CorpusConfig, limit: int, seed: int = 0) -> list[Row] | None:
    """Returns at most `limit` rows of a config, from all cells in proportion; `None` for a task that is not here."""
    ask = next((ask for prefix, ask in GRAMMARS.items() if config.name.startswith(prefix)), None)
    if ask is None:
        return None
    draw, rows = random.Random(seed), []
    cells = [cell for cells in config.splits.values() for cell in cells]
    share = min(1.0, limit / sum(cell.rows for cell in cells))
    for cell in cells:
        needed = len(rows) + max(2, round(cell.rows * share))
        while len(rows) < needed:
            rows.extend(ask(cell, draw))
    return rows


def _draw_graph(cell: Cell, draw: random.Random) -> nx.DiGraph:
    names = _draw_names(cell, draw)
    if cell.branching_factor is None:
        edges = [pair if draw.random() >= _flips(cell) else pair[::-1] for pair in zip(names, names[1:], strict=False)]
        if "shuffled" in cell.structure:
            draw.shuffle(edges)
    else:
        pairs = list(combinations(names, 2))
        edges = sorted(draw.sample(pairs, int(cell.branching_factor * cell.num_nodes)))
    graph = nx.DiGraph(edges)
    # A node without an edge is not in the text.
    return graph if len(graph) == cell.num_nodes or cell.branching_factor else _draw_graph(cell, draw)


def _flips(cell: Cell) -> float:
    if "flipped" in cell.structure:
        return 0.5
    return 1.0 if cell.structure == "reversed" else 0.0


def _draw_names(cell: Cell, draw: random.Random) -> list[str]:
    names: list[str] = []
    uniform = draw.randint(*cell.name_lengths)
    while len(names) < cell.num_nodes:
        length = uniform if cell.uniform_names else draw.randint(*cell.name_lengths)
        name = "".join(draw.choices(ascii_letters + digits, k=length))
        if name not in names and name.lower() not in ("causes", "cause", "does", "yes", "no", "are", "and", "given"):
            names.append(name)
    return names


def _balanced(questions: list[tuple[Any, bool]], cell: Cell, draw: random.Random) -> list[tuple[Any, bool]]:
    yes, no = ([question for question in questions if question[1] == answer] for answer in (True, False))
    count = min(len(yes), len(no), cell.questions_per_premise // 2)
    kept = draw.sample(yes, count) + draw.sample(no, count)
    draw.shuffle(kept)
    return kept


def _premise(graph: nx.DiGraph) -> str:
    return " ".join(f"{cause} causes {effect}." for cause, effect in graph.edges)


def _row(premise: str, question: str, label: bool, certificate: dict[str, Any]) -> Row:
    return {
        "premise": premise,
        "question": question,
        "prompt": f"{premise} {question}",
        "completion": "Yes" if label else "No",
        "label": int(label),
        "certificate": json.dumps(certificate),
    }
