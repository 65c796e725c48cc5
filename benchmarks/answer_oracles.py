"""What is a valid answer, by networkx and a small strict reader of the canonical layouts: an oracle for `score`.

Nothing here is code of `hf_causal`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, combinations
from typing import Any

import networkx as nx

_LABELS = r"(?:path|reached|open|together|set|relation|because|answer|ancestors|from child|from parent)"
_AFTER_MARK = re.compile(rf"([.;,!]\s*|\b(?:yes|no)\s+)(?={_LABELS}\s*:)", re.IGNORECASE)
_MARKS = " .,;|!'\""


class Malformed(Exception):
    """A text that has not the canonical layout."""


class Graph:
    """What a prompt states, for networkx."""

    def __init__(self, prompt: Any) -> None:
        self.edges = nx.DiGraph(prompt.edges)
        self.edges.add_nodes_from(prompt.question)
        self.x, self.y = prompt.question
        self.given = set(getattr(prompt, "given", ()))
        self.together = {frozenset(pair) for pair in getattr(prompt, "together", ())}
        self.names = {*self.edges, *self.given, *chain.from_iterable(self.together)}
        self.edges.add_nodes_from(self.given)

    def reached(self) -> set[str]:
        return set().union(*({child, *nx.descendants(self.edges, child)} for child in self.edges.successors(self.x)))

    def ancestors_of_given(self) -> set[str]:
        return self.given.union(*(nx.ancestors(self.edges, node) for node in self.given))

    def is_path(self, nodes: Sequence[str], start: str, end: str) -> bool:
        return len(nodes) > 1 and (nodes[0], nodes[-1]) == (start, end) and nx.is_path(self.edges, nodes)

    def separated(self, nodes: set[str]) -> bool:
        return nx.is_d_separator(self.edges, {self.x}, {self.y}, nodes)

    def ball_moves(self, node: str, up: bool) -> set[tuple[str, bool]]:
        """The rules of Shachter (1998), written from the paper."""
        blocked = node in self.given
        moves: set[tuple[str, bool]] = set()
        if up and not blocked:
            moves |= {(parent, True) for parent in self.edges.predecessors(node)}
        if not up and self.given & {node, *nx.descendants(self.edges, node)}:
            moves |= {(parent, True) for parent in self.edges.predecessors(node)}
        if not blocked:
            moves |= {(child, False) for child in self.edges.successors(node)}
        return moves

    def ball_entered(self) -> set[tuple[str, bool]]:
        entered, queue = {(self.x, True)}, [(self.x, True)]
        while queue:
            new = self.ball_moves(*queue.pop()) - entered
            entered |= new
            queue += new
        return entered


# The strict reader


def fields(text: str) -> tuple[str | None, dict[str, str]]:
    """Returns the answer and the labelled lines of a canonical text."""
    answers, found = set[str](), dict[str, str]()
    for line in _lines(text):
        label, colon, content = line.partition(":")
        if not colon:
            answers.add(line.rstrip(".").capitalize())
        elif found.setdefault(label.strip().capitalize(), content.strip()) != content.strip():
            raise Malformed(line)
    answers |= {found.pop("Answer").rstrip(".").capitalize()} if "Answer" in found else set()
    if len(answers) > 1 or not answers <= {"Yes", "No"}:
        raise Malformed(text)
    return (answers.pop() if answers else None), found


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def without_noise(text: str, steps: bool) -> str:
    """Returns a text without what a reader may skip: markers of lists, marks, and words around a Yes or No."""
    lines: list[str] = []
    text = text.rpartition("</think>")[2].partition("<think>")[0].replace("\u200b", " ").replace("\\", "")
    for line in _lines(_AFTER_MARK.sub("\\1\n", text)):
        line = re.sub(r"^(?:(?:\d+[.)]|[-*+>#]+)(?:\s+|$)|[\s,.;:!|]+)*", "", line)
        label, colon, content = line.rstrip(" :").partition(":")
        words = re.findall(r"[A-Za-z]+", (content or label).lower())
        answers = {"No" if word == "non" else word.capitalize() for word in words} & {"Yes", "No"}
        if (not colon or label.strip(_MARKS).lower() == "answer") and len(answers) == 1:
            line = f"Answer: {answers.pop()}"
        elif colon:
            line = f"{label.strip(_MARKS)}:{content.rstrip(_MARKS)}"
        elif not steps or not line:
            continue
        if lines[-1:] != [line] and (lines or not steps or not line.startswith("Answer:")):
            lines.append(line)
    return "\n".join(lines)


def node_list(text: str, names: set[str], empty: tuple[str, ...] = ("none", "{}")) -> list[str]:
    text = text.strip().rstrip(".").strip()
    separator = r"\s*[,;]\s*" if "and" in names else r"\s*[,;]\s*(?:and\s+)?|\s+and\s+"
    nodes = re.split(separator, text)
    if text not in names and text.lower() in empty and text.lower() not in map(str.lower, names):
        return []
    if not set(nodes) <= names:
        raise Malformed(text)
    return nodes


def same(nodes: list[str], right: set[str]) -> bool:
    return sorted(nodes) == sorted(right)


def arrows(text: str, names: set[str]) -> tuple[list[str], list[str]]:
    """Returns the nodes and arrows of `A -> B <- C`."""
    pieces = re.split(r"\s*(->|<-)\s*", text.strip().rstrip(".").strip())
    if not set(pieces[::2]) <= names:
        raise Malformed(text)
    return pieces[::2], pieces[1::2]


def directed(text: str, names: set[str]) -> list[str]:
    nodes, marks = arrows(text, names)
    if "<-" in marks:
        raise Malformed(text)
    return nodes


def directed_paths(text: str, names: set[str]) -> list[list[str]]:
    """Reads `C -> A; C -> B`; a path that begins where the one before ends goes on with it, and a fork is two."""
    if text not in names and text.strip(" .").lower() in ("none", "{}"):
        return []
    chains: list[tuple[list[str], list[str]]] = []
    separator = r"\s*[,;]\s*|\.\s+" if "and" in names else r"\s*[;,]\s*(?:and\s+)?|\s+and\s+|\.\s+"
    for piece in re.split(separator, text.strip().rstrip(". ")):
        if piece.endswith("."):
            raise Malformed(text)
        nodes, marks = arrows(piece, names)
        if chains and marks and chains[-1][1] and chains[-1][0][-1] == nodes[0]:
            before = chains.pop()
            nodes, marks = before[0] + nodes[1:], before[1] + marks
        chains.append((nodes, marks))
    paths = []
    for nodes, marks in chains:
        turn = marks.index("->") if "->" in marks else len(marks)
        if "<-" in marks[turn:]:
            raise Malformed(text)
        paths += [path for path in (nodes[turn::-1], nodes[turn:]) if len(path) > 1] or [nodes]
    return paths


# What is valid, form by form


def transitivity_proof(graph: Graph, text: str) -> float:
    answer, found = fields(text)
    if answer == "Yes" and found.keys() == {"Path"}:
        path = directed(found["Path"], graph.names)
        return graph.is_path(path, graph.x, graph.y) and len(set(path)) == len(path)
    if answer == "No" and found.keys() == {"Reached"}:
        reached = graph.reached()
        return graph.y not in reached and same(node_list(found["Reached"], graph.names), reached)
    return 0


def d_separation_proof(graph: Graph, text: str) -> float:
    answer, found = fields(text)
    if answer == "Yes" and found.keys() == {"From child", "From parent", "Ancestors"}:
        entered = graph.ball_entered()
        rights = [{node for node, up in entered if up is way} for way in (True, False)] + [graph.ancestors_of_given()]
        lists = [node_list(found[label], graph.names) for label in ("From child", "From parent", "Ancestors")]
        return graph.separated(graph.given) and all(map(same, lists, rights))
    if answer == "No" and found.keys() == {"Path", "Open"}:
        return is_open_path(graph, *arrows(found["Path"], graph.names), found["Open"])
    return 0


def is_open_path(graph: Graph, nodes: list[str], marks: list[str], text: str) -> bool:
    if (nodes[0], nodes[-1]) != (graph.x, graph.y) or len(set(nodes)) < len(nodes) or len(nodes) < 2:
        return False
    for first, mark, second in zip(nodes, marks, nodes[1:], strict=False):
        if not graph.edges.has_edge(*((first, second) if mark == "->" else (second, first))):
            return False
    right = {}
    for before, node, after in zip(marks, nodes[1:], marks[1:], strict=False):
        right[node] = {"-><-": "collider", "<-->": "fork"}.get(before + after, "chain")
    reasons = dict[str, str]()
    text = text.strip().rstrip(".")
    for item in [] if text.lower() in ("none", "{}") else re.split(r"\s*[;,]\s*", text):
        match = re.fullmatch(r"(\w+)[\s:(]+(chain|fork|collider)(?:\s+(?:via|by)\s+(.+))?", item, re.IGNORECASE)
        if match is None or match[1] in reasons:
            raise Malformed(text)
        reasons[match[1]] = match[2].lower()
        if (match[2].lower() == "collider") != (match[3] is not None):
            raise Malformed(text)
        if match[3]:
            descent = directed(match[3], graph.names)
            if descent[0] != match[1] or descent[-1] not in graph.given or not nx.is_path(graph.edges, descent):
                return False
        elif match[1] in graph.given:
            return False
    return reasons == right


def co_occurrence_proof(graph: Graph, text: str) -> float:
    answer, found = fields(text)
    together = found.pop("Together", None)
    if (together is not None) != (answer == "No"):
        return 0
    rest = f"{answer}\n" + "\n".join(f"{label}: {content}" for label, content in found.items())
    return transitivity_proof(graph, rest) and (
        answer == "Yes" or explains_together(graph, directed_paths(together or "", graph.names))
    )


def explains_together(graph: Graph, paths: list[list[str]]) -> bool:
    stated = graph.x != graph.y and {graph.x, graph.y} in graph.together
    ancestors = nx.ancestors(graph.edges, graph.x), nx.ancestors(graph.edges, graph.y)
    common = (ancestors[0] & ancestors[1]) - {graph.x, graph.y}
    if not paths:
        return not (stated and (graph.y in ancestors[0] or common))
    if len(paths) == 1:
        return stated and graph.is_path(paths[0], graph.y, graph.x)
    start = paths[0][0]
    ends = sorted([graph.x, graph.y]) == sorted(path[-1] for path in paths)
    return stated and ends and start in common and all(graph.is_path(path, start, path[-1]) for path in paths)


def relation(graph: Graph, text: str) -> float:
    _, found = fields(text)
    if found.keys() != {"Relation", "Because"}:
        return 0
    paths, pair = directed_paths(found["Because"], graph.names), {graph.x, graph.y}
    if any(len(path) < 2 or len(set(path)) < len(path) or not nx.is_path(graph.edges, path) for path in paths):
        return 0
    ends = [{path[0], path[-1]} for path in paths]
    name = found["Relation"].strip(" .'\"").lower()
    if name in ("direct", "mediated"):
        return ends == [pair] and (len(paths[0]) == 2) == (name == "direct")
    if name != "confounded" or len(paths) != 2:
        return 0
    inside = {node for path in paths for node in path[:-1]}
    return paths[0][0] == paths[1][0] and {path[-1] for path in paths} == pair and not inside & pair


def transitivity_trace(graph: Graph, text: str) -> float:
    steps, answer = trace_lines(text)
    reached, looked_up, met = {graph.x}, set[str](), set[str]()
    for line in steps:
        match = re.fullmatch(r"from\s+(\w+)\s*:(.+)", line, re.IGNORECASE)
        if match is None or match[1] not in reached - looked_up:
            return 0
        listed = node_list(match[2], graph.names)
        if not same(listed, set(graph.edges.successors(match[1]))):
            return 0
        looked_up.add(match[1])
        met.update(listed)
        reached.update(listed)
    return graph.y in met if answer == "Yes" else graph.y not in met and looked_up == reached and bool(steps)


def trace_lines(text: str) -> tuple[list[str], str]:
    lines = _lines(text)
    match = re.fullmatch(r"answer\s*:\s*(yes|no)\.?", lines[-1] if lines else "", re.IGNORECASE)
    if match is None:
        raise Malformed(text)
    return lines[:-1], match[1].capitalize()


def d_separation_trace(graph: Graph, text: str) -> float:
    steps, answer = trace_lines(text)
    match = re.fullmatch(r"ancestors\s*:(.+)", steps[0] if steps else "", re.IGNORECASE)
    if match is None or not same(node_list(match[1], graph.names), graph.ancestors_of_given()):
        return 0
    entered, looked_up = {(graph.x, True)}, set[tuple[str, bool]]()
    for line in steps[1:]:
        match = re.fullmatch(r"(up|down)\s+(\w+)\s*:\s*(.+)", line, re.IGNORECASE)
        if match is None:
            return 0
        state, right = (match[2], match[1].lower() == "up"), set[tuple[str, bool]]()
        items = [] if match[3].strip(" .").lower() in ("none", "{}") else re.split(r"\s*[,;]\s*", match[3].strip(" ."))
        for item in items:
            move = re.fullmatch(r"(up|down)\s+(\w+)", item, re.IGNORECASE)
            if move is None or move[2] not in graph.names or (move[2], move[1].lower() == "up") in right:
                return 0
            right.add((move[2], move[1].lower() == "up"))
        if state not in entered - looked_up or right != graph.ball_moves(*state):
            return 0
        looked_up.add(state)
        entered |= right
    met = any(node == graph.y for node, _ in entered)
    return met if answer == "No" else not met and looked_up == entered


def separating_set(least: str) -> Callable[[Graph, str], float]:
    """Returns the value of a set by the definitions, which looks at all smaller sets."""

    def value(graph: Graph, text: str) -> float:
        _, found = fields(text)
        if found.keys() != {"Set"}:
            return 0
        edges, content = graph.edges, found["Set"].strip().rstrip(".")
        visible = {*chain.from_iterable(edges.edges), graph.x, graph.y}
        adjacent = edges.has_edge(graph.x, graph.y) or edges.has_edge(graph.y, graph.x)
        if content.lower() == "impossible":
            return float(adjacent)
        if content.lower() == "none" and content not in visible:
            return 0
        inner = content[1:-1] if content[:1] + content[-1:] == "{}" else content
        if inner != content and inner.strip().endswith("."):
            raise Malformed(text)
        nodes = node_list(inner, visible) if inner.strip() or content != "{}" else []
        if len(set(nodes)) < len(nodes) or {graph.x, graph.y} & set(nodes) or not graph.separated(set(nodes)):
            return 0
        return 1.0 if is_least(graph, visible - {graph.x, graph.y}, set(nodes), least) else 0.5

    return value


def is_least(graph: Graph, others: set[str], nodes: set[str], least: str) -> bool:
    if least == "any":
        return True
    pool = nodes if least == "minimal" else others
    smaller = chain.from_iterable(combinations(sorted(pool), size) for size in range(len(nodes)))
    return not any(graph.separated(set(candidate)) for candidate in smaller)


ORACLES: Mapping[tuple[str, str], Callable[[Graph, str], float]] = {
    ("transitivity", "proof"): transitivity_proof,
    ("transitivity", "trace"): transitivity_trace,
    ("d_separation", "proof"): d_separation_proof,
    ("d_separation", "trace"): d_separation_trace,
    ("d_separation", "separating-set"): separating_set("any"),
    ("d_separation", "minimal-separating-set"): separating_set("minimal"),
    ("d_separation", "minimum-separating-set"): separating_set("minimum"),
    ("co_occurrence", "proof"): co_occurrence_proof,
    ("co_occurrence", "trace"): transitivity_trace,
    ("co_occurrence", "relation"): relation,
}


def expected_value(graph: Graph, task: str, form: str, text: str) -> float:
    """Returns the value of a text in the canonical layout, and 0 for any other."""
    try:
        return float(ORACLES[task, form](graph, text))
    except (Malformed, nx.NetworkXError):
        return 0.0


def highest_value(graph: Graph, task: str, form: str, text: str) -> float:
    """Returns the value of a text without noise, which a reader need not see through and may not exceed."""
    return expected_value(graph, task, form, without_noise(text, form == "trace"))
