"""The graph that a reply is about, with what its proof says in it and what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import combinations

from hf_causal.demo.checking import Checked
from hf_causal.demo.pictures import Picture
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.edge_lists import Edge, find_edges, find_names
from hf_causal.tasks.shared.explanations import both_directions

_REMOVES = re.compile(r"\s*remove\b", re.IGNORECASE)
_FROM = re.compile(r"\s*from\s+(?P<node>\S+)\s*:(?P<effects>.*)", re.IGNORECASE)
_SO = ", so "
"""What a rule concludes follows it; what it is concluded from has been judged before."""


def proof_picture(checked: Checked) -> Picture | None:
    """Returns the graph of a judged reply, or `None` for a form without a proof or a reply that cannot be read.

    A premise that states no graph has none to draw: then it is the graph that the reply describes, line by line.
    """
    score, number = checked.score, checked.score.first_wrong_line or 0
    if not score.right_lines and not number:
        return None
    task = get_task(checked.question.task)
    parsed = task.parse(checked.question.prompt)
    facts = task.facts(parsed)
    variables = parsed.system.variables if hasattr(parsed, "system") else ()
    nodes = list(dict.fromkeys(name for names in (*(facts.edges or ()), variables, facts.question) for name in names))
    names = frozenset(nodes)
    lines = checked.reply.split("\n")
    right = [lines[right - 1] for right in score.right_lines]
    wrong = lines[number - 1] if 0 < number <= len(lines) else ""
    if facts.edges is None:
        drawn = _described([*right, wrong], variables, names)
        shown = [edge for line in right for edge in _edges_of(line, names) if edge.mark == "->"]
    else:
        drawn = [Edge(cause, effect, "->") for cause, effect in dict.fromkeys(facts.edges)]
        shown = [edge for line in right for edge in _edges_of(line, names)]
    return _picture(checked, nodes, drawn, shown, wrong, facts.question, facts.given, facts.edges is not None)


def _picture(
    checked: Checked,
    nodes: list[str],
    drawn: list[Edge],
    shown: list[Edge],
    wrong: str,
    question: tuple[str, ...],
    given: tuple[str, ...],
    is_stated: bool,
) -> Picture:
    names, pairs = frozenset(nodes), {edge[:2] for edge in drawn}
    written = _edges_of(wrong.rpartition(_SO)[2], names)
    # What the reason names is what is wrong; without it, the edges of the line that are not there, or all of them.
    faulty = find_edges(checked.score.reason, names) if wrong else []
    # Where it names what should be there, only the edges that are not.
    faulty = [edge for edge in faulty if edge not in drawn] or faulty
    faulty = faulty or [edge for edge in written if edge[:2] not in pairs] or written
    is_written = {frozenset(edge[:2]) for edge in (*written, *drawn)}
    missing = {edge for edge in faulty if frozenset(edge[:2]) not in is_written}
    added = [edge for edge in dict.fromkeys(faulty) if edge[:2] not in pairs and edge[1::-1] not in pairs]
    edges = [*drawn, *added]
    if is_stated:
        shown = [*shown, *(edge for edge in written if edge[:2] in pairs and edge not in faulty)]
    wrong_nodes = frozenset() if faulty or not wrong else frozenset(find_names(wrong, names))
    return Picture(
        nodes,
        [edge[:2] for edge in edges],
        asked=frozenset(question),
        marked=frozenset(name for edge in shown for name in edge[:2]),
        path=both_directions(edge[:2] for edge in shown),
        given=frozenset(given),
        undirected=frozenset(edge[:2] for edge in edges if edge.mark == "-"),
        faulty=both_directions(edge[:2] for edge in faulty if edge not in missing),
        missing=both_directions(edge[:2] for edge in missing),
        wrong=wrong_nodes,
        description=f"The graph of the proof; {checked.score.reason}",
    )


def _edges_of(line: str, names: frozenset[str]) -> list[Edge]:
    """Returns the edges that a line of a proof mentions; `From A: B, C` mentions those from A."""
    if (match := _FROM.match(line)) and match["node"] in names:
        return [Edge(match["node"], effect, "->") for effect in find_names(match["effects"], names)]
    return find_edges(line, names)


def _described(lines: Iterable[str], variables: tuple[str, ...], names: frozenset[str]) -> list[Edge]:
    """Returns the graph that lines describe: each line changes the edges that it mentions."""
    lines = list(lines)
    removes = any(map(_REMOVES.match, lines))
    edges = {frozenset(pair): Edge(*pair, "-") for pair in combinations(variables, 2)} if removes else {}
    for line in lines:
        for edge in find_edges(line, names):
            if _REMOVES.match(line):
                edges.pop(frozenset(edge[:2]), None)
            elif not edge_is_known(edges, edge):
                edges[frozenset(edge[:2])] = edge
    return list(edges.values())


def edge_is_known(edges: dict[frozenset[str], Edge], edge: Edge) -> bool:
    """Returns whether an edge without direction repeats one that has a direction already."""
    known = edges.get(frozenset(edge[:2]))
    return known is not None and known.mark == "->" and edge.mark == "-"
