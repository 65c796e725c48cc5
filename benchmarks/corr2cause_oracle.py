"""Decides by enumeration of all DAGs whether answers about correlation and causation are valid.

It shares no code with the scores: networkx finds the DAGs that d-separate exactly what a premise says, and answers are
read with other patterns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import combinations, permutations
from typing import Any

import networkx as nx
from row_oracles import graphs_by_independences

NAMES = "ABCD"
HYPOTHESES = {
    "{} directly causes {}.": ">",
    "{} causes something else which causes {}.": ">>+",
    "There exists at least one collider (i.e., common effect) of {} and {}.": ">+<+",
    "There exists at least one confounder (i.e., common cause) of {} and {}.": "<+>+",
}
"""From hypothesis to the directions on a path that makes it true."""

Edge = tuple[str, str]


@dataclass(frozen=True)
class Question:
    """A hypothesis about a class of DAGs, with what the oracle knows of it."""

    dags: tuple[frozenset[Edge], ...]
    """All members of the class."""
    independences: frozenset[tuple[frozenset[str], frozenset[str]]]
    variables: tuple[str, ...]
    hypothesis: str
    pair: tuple[str, str]

    @cached_property
    def row(self) -> dict[str, str]:
        names = f"{', '.join(self.variables[:-1])} and {self.variables[-1]}"
        marginal = {pair for pair, given in self.independences if not given}
        pairs = list(combinations(self.variables, 2))
        correlated = " ".join(f"{a} correlates with {b}." for a, b in pairs if frozenset((a, b)) not in marginal)
        independent = " ".join(map(self._sentence, sorted(self.independences, key=lambda item: _sorted(*item))))
        statements = " However, ".join(filter(None, (correlated, independent)))
        size = len(self.variables)
        premise = (
            f"Suppose there is a closed system of {size} variables, {names}. "
            f"All the statistical relations among these {size} variables are as follows: {statements}"
        )
        return {"prompt": f"Premise: {premise}\nHypothesis: {self.hypothesis.format(*self.pair)}"}

    @staticmethod
    def _sentence(independence: tuple[frozenset[str], frozenset[str]]) -> str:
        (a, b), given = (sorted(nodes) for nodes in independence)
        names = " and ".join(filter(None, (", ".join(given[:-1]), given[-1]))) if given else ""
        return f"{a} and {b} are independent given {names}." if given else f"{a} is independent of {b}."

    def holds(self, dag: frozenset[Edge]) -> bool:
        """Returns whether the hypothesis holds in a DAG, by looking at every path."""
        graph = nx.Graph(list(dag))
        if not all(node in graph for node in self.pair):
            return False
        return any(self.shows(path, dag) for path in nx.all_simple_paths(graph, *self.pair))

    def shows(self, path: list[str], dag: frozenset[Edge]) -> bool:
        marks = "".join(">" if step in dag else "<" for step in zip(path, path[1:], strict=False))
        return re.fullmatch(HYPOTHESES[self.hypothesis], marks) is not None

    @cached_property
    def counter_models(self) -> list[frozenset[Edge]]:
        return [dag for dag in self.dags if not self.holds(dag)]

    @cached_property
    def directed(self) -> frozenset[Edge]:
        return frozenset.intersection(*self.dags)

    @cached_property
    def skeleton(self) -> frozenset[frozenset[str]]:
        return frozenset(map(frozenset, self.dags[0]))

    @cached_property
    def v_structures(self) -> set[tuple[frozenset[str], str]]:
        dag = self.dags[0]
        pairs = [(a, b, c) for a, c in dag for b, d in dag if c == d and a < b]
        return {(frozenset((a, b)), c) for a, b, c in pairs if frozenset((a, b)) not in self.skeleton}

    @property
    def verdict(self) -> str:
        refuting = len(self.counter_models)
        return "entailment" if not refuting else "contradiction" if refuting == len(self.dags) else "neutral"


def questions(sizes: tuple[int, ...] = (2, 3, 4)) -> Iterator[Question]:
    """Yields every hypothesis about every labelled class of these numbers of variables."""
    for size in sizes:
        variables = tuple(NAMES[:size])
        for independences, graphs in graphs_by_independences(size).items():
            named = frozenset(
                tuple(frozenset(variables[i] for i in nodes) for nodes in item) for item in independences
            )
            dags = tuple(frozenset((variables[i], variables[j]) for i, j in graph.edges) for graph in graphs)
            for pair in permutations(variables, 2):
                for hypothesis in HYPOTHESES:
                    yield Question(dags, named, variables, hypothesis, pair)


@cache
def all_dags(size: int) -> list[frozenset[Edge]]:
    """Returns all DAGs over the first names."""
    graphs = [graph for graphs in graphs_by_independences(size).values() for graph in graphs]
    return [frozenset((NAMES[i], NAMES[j]) for i, j in graph.edges) for graph in graphs]


def is_valid(question: Question, answer: str, form: str) -> bool:
    """Returns whether an answer is valid, by the oracle; marks of a list may open its lines."""
    return _JUDGES[form](question, re.sub(r"^[ \t]*(?:- )+", "", answer, flags=re.MULTILINE))


def _judge_proof(question: Question, answer: str) -> bool:
    before, fields = _fields(answer, ("Counter-model", "Directed", "Undirected"))
    words = set(re.findall(r"\w+", before.lower()))  # a word too many cannot make a proof of it
    if "no" in words and "Counter-model" in fields:
        return _read(fields["Counter-model"], "->") in question.counter_models
    return "yes" in words and not question.counter_models and _judge_cpdag(question, answer)


def _judge_cpdag(question: Question, answer: str) -> bool:
    fields = _fields(answer, ("Directed", "Undirected"))[1]
    if fields.keys() != {"Directed", "Undirected"}:
        return False
    undirected = _read(fields["Undirected"], "-")
    if undirected is None or _read(fields["Directed"], "->") != question.directed:
        return False
    pairs = [frozenset(edge) for edge in undirected]
    return len(set(pairs)) == len(pairs) and set(pairs) == question.skeleton - set(map(frozenset, question.directed))


def _judge_verdict(question: Question, answer: str) -> bool:
    before, fields = _fields(answer, ("Verdict",))
    lines = [fields["Verdict"]] if fields else answer.split("\n")
    line = r"\s*(?:(?:verdict|answer):? )?(entailment|neutral|contradiction)\.?\s*"
    matches = [re.fullmatch(line, text, re.IGNORECASE) for text in lines]
    said = before.strip(" .,:\n").lower() if fields else ""
    agrees = said not in ("yes", "no") or (said == "no") == bool(question.counter_models)
    return agrees and {match[1].lower() for match in matches if match} == {question.verdict}


def _fields(answer: str, labels: tuple[str, ...]) -> tuple[str, dict[str, str]]:
    """Returns the text before the first label, and the last content of each label, up to the end of its line."""
    opening = r"(?:^\s*|[.,;]\s*|(?<=yes)\s+|(?<=no)\s+)"
    pieces = re.split(rf"{opening}({'|'.join(labels)}):", answer, flags=re.IGNORECASE | re.MULTILINE)
    contents = zip(pieces[1::2], pieces[2::2], strict=True)
    return pieces[0], {label.capitalize(): content.strip().split("\n")[0] for label, content in contents}


def _read(text: str, mark: str) -> frozenset[Edge] | None:
    """Returns edges that all have a mark, or `None` for a text that is no list of such edges without repetitions."""
    if text.strip().rstrip(".").strip() == "none":
        return frozenset()
    edges: list[Edge] = []
    for chain in re.split(r"\s*(?:,|\band\b)\s*", text.strip().rstrip(".").strip()):
        tokens = re.findall(r"\w+|->|<-|-", chain)
        if len(tokens) < 3 or len(tokens) % 2 == 0 or "".join(tokens) != re.sub(r"\s", "", chain):
            return None
        for first, joint, second in zip(tokens[::2], tokens[1::2], tokens[2::2], strict=False):
            if not (first in NAMES and second in NAMES and (joint == mark or (joint, mark) == ("<-", "->"))):
                return None
            edges.append((second, first) if joint == "<-" else (first, second))
    return frozenset(edges) if len(set(edges)) == len(edges) else None


def _judge_trace(question: Question, answer: str) -> bool:
    lines = [line.strip() for line in answer.strip().split("\n") if line.strip()]
    start = next((number for number, line in enumerate(lines) if _TRACE_STEP.match(line)), None)
    answered = re.fullmatch(r"Answer:\W*(Yes|No)(?:\W+\1)*\W*", lines[-1], re.IGNORECASE) if lines else None
    if start is None or answered is None:
        return False
    trace = _Trace(question)
    return all(map(trace.accepts, lines[start:-1])) and trace.proves(answered[1].capitalize())


class _Trace:
    """The steps of a trace so far, as the oracle judges them."""

    def __init__(self, question: Question):
        self.question = question
        self.removed: list[frozenset[str]] = []
        self.v_structures: list[tuple[frozenset[str], str]] = []
        self.directed: set[Edge] = set()
        self.seen: list[str] = []
        self.refuted = False
        self.covered: set[frozenset[Edge]] = set()

    def accepts(self, line: str) -> bool:
        """Returns whether a line is a right next step."""
        for pattern, step in _TRACE_STEPS.items():
            if match := re.fullmatch(pattern, line.rstrip(". "), re.IGNORECASE):
                return bool(step(self, *match.groups()))
        return False

    def proves(self, answer: str) -> bool:
        return {"Directed", "Undirected"} <= set(self.seen) and (
            self.refuted if answer == "No" else self.covered == set(self.question.dags)
        )

    def remove(self, edge: str, given: str | None) -> bool:
        pairs = _read(edge, "-") or ()
        pair = next((frozenset(item) for item in pairs), frozenset())
        fresh = pair not in self.removed and "Skeleton" not in self.seen
        self.removed.append(pair)
        return len(pairs) == 1 and fresh and (pair, _set(given)) in self.question.independences

    def skeleton(self, edges: str) -> bool:
        every = set(map(frozenset, combinations(self.question.variables, 2)))
        return self._lists("Skeleton", edges, every - set(self.removed)) and (
            every - set(self.removed) == self.question.skeleton
        )

    def v_structure(self, edges: str, given: str | None) -> bool:
        arrows = sorted(_read(edges, "->") or ())
        if len(arrows) != 2 or arrows[0][1] != arrows[1][1] or "Skeleton" not in self.seen:
            return False
        stated = frozenset(cause for cause, _ in arrows), arrows[0][1]
        self.directed |= set(arrows)
        self.v_structures.append(stated)
        separated = (stated[0], _set(given)) in self.question.independences and stated[1] not in (_set(given) or ())
        return stated in self.question.v_structures and self.v_structures.count(stated) == 1 and separated

    def rule(self, number: str, edges: str, edge: str) -> bool:
        used, concluded = _mixed(edges), list(_read(edge, "->") or ())
        if used is None or len(concluded) != 1 or set(self.v_structures) != self.question.v_structures:
            return False
        (a, b), arrows, pairs = concluded[0], *used
        undirected = self.question.skeleton - set(map(frozenset, self.directed))
        state = arrows <= self.directed and pairs <= undirected and frozenset((a, b)) in undirected
        self.directed.add((a, b))
        if number == "1":
            causes = [c for c, d in arrows if d == a and c != b and frozenset((c, b)) not in self.question.skeleton]
            return state and len(arrows) == len(causes) == 1 and pairs == {frozenset((a, b))}
        if number == "2":
            paths = nx.all_simple_paths(nx.DiGraph(list(arrows)), a, b) if {a, b} <= set().union(*arrows) else ()
            return state and not pairs and any(len(path) - 1 == len(arrows) for path in paths)
        middles = [c for c, d in arrows if d == b]
        return (
            state
            and len(arrows) == len(middles) == 2
            and pairs == {frozenset((a, c)) for c in middles}
            and frozenset(middles) not in self.question.skeleton
        )

    def list_directed(self, edges: str) -> bool:
        fresh = "Directed" not in self.seen and "Skeleton" in self.seen
        self.seen.append("Directed")
        return fresh and self._complete() and _read(edges, "->") == self.question.directed

    def list_undirected(self, edges: str) -> bool:
        undirected = self.question.skeleton - set(map(frozenset, self.question.directed))
        return "Skeleton" in self.seen and self._complete() and self._lists("Undirected", edges, set(undirected))

    def path(self, edges: str) -> bool:
        arrows = _read(edges, "->")
        nodes = re.findall(r"\w+", edges)
        ends = (nodes[0], nodes[-1]) if nodes else ()
        if (
            not arrows
            or len(set(nodes)) < len(nodes)
            or "," in edges
            or not {"Directed", "Undirected"} <= set(self.seen)
        ):
            return False
        nodes = nodes if ends == self.question.pair else nodes[::-1]
        having = {dag for dag in self.question.dags if arrows <= dag}
        self.covered |= having
        joins = (nodes[0], nodes[-1]) == self.question.pair
        return joins and bool(having) and self.question.shows(nodes, arrows)

    def counter_model(self, edges: str) -> bool:
        self.refuted = _read(edges, "->") in self.question.counter_models
        return self.refuted and {"Directed", "Undirected"} <= set(self.seen)

    def _complete(self) -> bool:
        return self.directed == self.question.directed and set(self.v_structures) == self.question.v_structures

    def _lists(self, label: str, edges: str, true: set[frozenset[str]]) -> bool:
        listed, fresh = _read(edges, "-"), label not in self.seen
        self.seen.append(label)
        return fresh and listed is not None and len(listed) == len(true) and set(map(frozenset, listed)) == true


def _mixed(text: str) -> tuple[set[Edge], set[frozenset[str]]] | None:
    """Returns the edges with and without direction of a list, or `None` for a text that is none."""
    arrows: list[Edge] = []
    pairs: list[frozenset[str]] = []
    for chain in re.split(r"\s*(?:,|\band\b)\s*", text.strip()):
        tokens = re.findall(r"\w+|->|<-|-", chain)
        if len(tokens) < 3 or len(tokens) % 2 == 0:
            return None
        for first, joint, second in zip(tokens[::2], tokens[1::2], tokens[2::2], strict=False):
            edge = _read(f"{first} {joint} {second}", "-" if joint == "-" else "->")
            if edge is None:
                return None
            if joint == "-":
                pairs += map(frozenset, edge)
            else:
                arrows += edge
    distinct = len(set(arrows)) == len(arrows) and len(set(pairs)) == len(pairs)
    return (set(arrows), set(pairs)) if distinct else None


def _set(text: str | None) -> frozenset[str] | None:
    """Returns the names of a list, or `None` for a text that is none."""
    if text is None or text.strip() == "none":
        return frozenset()
    names = re.split(r"\s*(?:,|\band\b)\s*", text.strip())
    return frozenset(names) if all(name in NAMES and name for name in names) else None


_GIVEN = r"\s*independent(?: given (.+))?"
_TRACE_STEPS: Mapping[str, Any] = {
    rf"Remove ([^:]+):{_GIVEN}": _Trace.remove,
    r"Skeleton:(.*)": _Trace.skeleton,
    rf"V-structure ([^:]+):{_GIVEN}": _Trace.v_structure,
    r"Rule ([123]): (.+), so (.+)": _Trace.rule,
    r"Directed:(.*)": _Trace.list_directed,
    r"Undirected:(.*)": _Trace.list_undirected,
    r"Path:(.*)": _Trace.path,
    r"Counter-model:(.*)": _Trace.counter_model,
}
_TRACE_STEP = re.compile(
    r"(?:Remove [^:]+|V-structure [^:]+):\s*independent"
    r"|(?:Skeleton|Rule [123]|Directed|Undirected|Path|Counter-model):",
    re.IGNORECASE,
)
_JUDGES = {"proof": _judge_proof, "cpdag": _judge_cpdag, "verdict": _judge_verdict, "trace": _judge_trace}


def _sorted(*sets: frozenset[str]) -> tuple[list[str], ...]:
    return tuple(map(sorted, sets))
