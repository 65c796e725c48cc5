"""Writes questions of published data sets in the sentences of the package's tasks, where a task asks the same."""

from __future__ import annotations

import re

from hf_causal.verification.adapters.stated_graphs import StatedGraph, read_graph

_CLEAR = (
    (r"Are node (\S+) and node (\S+) d-separated by nodeset (set\(\)|\{.*\})\?", "d_separation"),
    (r"Is node (\S+) one of ancestors of node (\S+)\?", "cause"),
    (r"Is node (\S+) one of descendants of node (\S+)\?", "effect"),
    (r"Is there a directed path from (\S+) to (\S+)\?", "cause"),
    (r"Can the causal effect of treatment (\S+) on outcome (\S+) be identified or not\?", "identification"),
)


def statements(graph: StatedGraph) -> str:
    """Returns the sentences of a graph."""
    edges = [f"{graph.names[i]} causes {graph.names[j]}." for i, j in graph.directed]
    hidden = [f"{graph.names[i]} and {graph.names[j]} share a hidden cause." for i, j in graph.bidirected]
    return " ".join((*edges, *hidden))


def identification(graph: StatedGraph, x: str, y: str) -> str:
    """Returns the question whether an effect is identified."""
    return f"{statements(graph)} Can the effect of {x} on {y} be computed from observations alone?"


def clear_prompt(description: str, asked: str) -> str | None:
    """Returns a question of CLEAR in the sentences of a task, or `None` where no task asks it."""
    for pattern, what in _CLEAR:
        if not (match := re.fullmatch(pattern, asked)):
            continue
        graph, x, y = read_graph(description), match[1], match[2]
        if what == "identification":
            return identification(graph, x, y)
        if what == "d_separation":
            names = ", ".join(re.findall(r"'([^']+)'", match[3]))
            return f"{statements(graph)} Are {x} and {y} d-separated{f' given {{{names}}}' if names else ''}?"
        cause, effect = (x, y) if what == "cause" else (y, x)
        return f"{statements(graph)} Does {cause} cause {effect}?" if cause != effect else None
    return None
