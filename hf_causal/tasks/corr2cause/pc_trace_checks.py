"""Judges the PC algorithm step by step, and names the first step that does not hold.

Each step is judged by what the premise lists and by the steps before it, and each phase has to be complete before the
next one: the skeleton, the v-structures, Meek's rules, the class, the hypothesis. Within a phase any order is right,
and so is any listed set that separates two variables. Rule 2 may use a longer path (acyclicity).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping

from hf_causal.tasks.corr2cause.pc_traces import SHAPES, derivations, path_edges
from hf_causal.tasks.corr2cause.proof import prove
from hf_causal.tasks.corr2cause.stated_class import (
    Arrow,
    Pair,
    VStructure,
    check_counter_model,
    stated_class,
    write_v_structure,
)
from hf_causal.tasks.corr2cause.text import Prompt, independence_sentence
from hf_causal.tasks.forms import Score
from hf_causal.tasks.shared.edge_lists import read_chain, read_directed, read_edges, read_undirected, write_edges
from hf_causal.tasks.shared.proofs import CertificateError
from hf_causal.tasks.shared.structured_replies import Reply, UnreadableReply, read_nodes
from hf_causal.tasks.shared.traces import judge_steps


def judge_trace(prompt: Prompt, reply: Reply) -> Score:
    """Judges the steps of a reply."""
    steps = _Steps(prompt)
    return judge_steps(reply, is_step, steps.take, steps.conclude, prove(prompt).answer)


def is_step(line: str) -> bool:
    """Returns whether a line has the form of a step."""
    return _match(line) is not None


def _match(line: str) -> tuple[str, re.Match[str]] | None:
    """Returns the name of the step that a line is, and its match; `None` if it is no step."""
    name = line.lstrip().partition(" ")[0].partition(":")[0].lower()
    match = _PATTERNS[name].fullmatch(line.strip()) if name in _PATTERNS else None
    return None if match is None else (name, match)


class _Steps:
    """The steps that have been taken."""

    def __init__(self, prompt: Prompt):
        self.prompt, self.stated = prompt, stated_class(prompt.system)
        self.removed = set[Pair]()
        self.v_structures = set[VStructure]()
        self.directed = set[Arrow]()
        self.listed = set[str]()
        """Which of the lines that list edges the steps have."""
        self.paths: list[list[Arrow]] = []
        """The edges of each path."""
        self.has_counter_model = False

    def take(self, line: str) -> None:
        """Takes a step; raises `ValueError` if it is none or does not hold."""
        step = _match(line)
        if step is None:
            raise UnreadableReply(f"{line!r:.80} is no step of the form")
        name, match = step
        _STEPS[name](self, match)

    def conclude(self, answer: str) -> None:
        """Raises [`CertificateError`] unless the steps prove an answer."""
        self._require_class()
        if answer == "No" and not self.has_counter_model:
            raise CertificateError("a No needs a line 'Counter-model: …'")
        if answer == "Yes" and (member := self.stated.member_without(self.paths, self.prompt.pair)) is not None:
            edges = write_edges(member, self.stated.names)
            raise CertificateError(f"no 'Path: …' is in this graph of the class: {edges}")

    def remove(self, match: re.Match[str]) -> None:
        if "Skeleton" in self.listed:
            raise CertificateError("the skeleton has been listed before")
        edges = read_undirected(match["edge"], self.stated.names, "Remove")
        if len(edges) != 1:
            raise UnreadableReply("'Remove' should have one edge like 'a - c'")
        if edges[0] in self.removed:
            raise CertificateError(f"{' - '.join(sorted(edges[0]))} has been removed before")
        self._read_independent(edges[0], match)
        self.removed.add(edges[0])

    def list_skeleton(self, match: re.Match[str]) -> None:
        self._list("Skeleton")
        for pair in map(frozenset, self.stated.pairs()):
            if pair not in self.stated.skeleton | self.removed:
                sentence = independence_sentence(self.stated.independences[pair][0])
                raise CertificateError(
                    f"{' - '.join(sorted(pair))} is not removed yet, and the premise says {sentence!r}"
                )
        pairs = read_undirected(match["edges"], self.stated.names, "Skeleton")
        _check_listed(set(pairs), self.stated.skeleton, " - ")

    def add_v_structure(self, match: re.Match[str]) -> None:
        self._require("Skeleton")
        v_structure = self._read_v_structure(match["edges"])
        pair, middle = v_structure
        if v_structure in self.v_structures:
            raise CertificateError(f"{write_v_structure(v_structure)} has been stated before")
        if middle in self._read_independent(pair, match):
            raise CertificateError(f"the set that separates {' and '.join(sorted(pair))} has {middle}")
        self.v_structures.add(v_structure)
        self.directed |= {(cause, middle) for cause in pair}

    def apply_rule(self, match: re.Match[str]) -> None:
        self._require_v_structures()
        conclusion = read_directed(match["edge"], self.stated.names, "so")
        if len(conclusion) != 1:
            raise UnreadableReply("a rule directs one edge, like 'so b -> c'")
        edges = read_edges(match["edges"], self.stated.names, "Rule")
        arrows = {(edge.first, edge.second) for edge in edges if edge.mark == "->"}
        lines = {frozenset(edge[:2]) for edge in edges if edge.mark == "-"}
        if len(arrows) + len(lines) < len(edges):
            raise UnreadableReply("a rule has edges like 'a -> b' and 'b - c'")
        self._check_state(arrows, lines | set(map(frozenset, conclusion)))
        _RULES[match["number"]](self, arrows, lines, conclusion[0])
        self.directed.add(conclusion[0])

    def list_directed(self, match: re.Match[str]) -> None:
        self._require_directions()
        self._list("Directed")
        arrows = read_directed(match["edges"], self.stated.names, "Directed")
        _check_listed(set(arrows), self.stated.directed, " -> ")

    def list_undirected(self, match: re.Match[str]) -> None:
        self._require_directions()
        self._list("Undirected")
        pairs = read_undirected(match["edges"], self.stated.names, "Undirected")
        _check_listed(set(pairs), self.stated.undirected, " - ")

    def add_path(self, match: re.Match[str]) -> None:
        self._require_class()
        nodes, marks = read_chain(match["edges"], self.stated.names, "Path")
        if (nodes[-1], nodes[0]) == self.prompt.pair:
            nodes, marks = nodes[::-1], marks[::-1].translate(_REVERSE)
        if (nodes[0], nodes[-1]) != self.prompt.pair:
            raise CertificateError(f"the path does not join {' and '.join(self.prompt.pair)}")
        if not SHAPES[self.prompt.relation].fullmatch(marks):
            raise CertificateError(f"the path does not make {self.prompt.question_text!r} true")
        edges = path_edges(nodes, marks)
        if not self.stated.is_possible(edges):
            raise CertificateError("no graph of the class has this path")
        self.paths.append(edges)

    def add_counter_model(self, match: re.Match[str]) -> None:
        self._require_class()
        check_counter_model(self.prompt, read_directed(match["edges"], self.stated.names, "Counter-model"))
        self.has_counter_model = True

    def _read_independent(self, pair: Pair, match: re.Match[str]) -> Collection[str]:
        """Returns the set that separates two variables; raises [`CertificateError`] if it is not listed."""
        given = read_nodes(match["given"], self.stated.names, "given") if match["given"] else []
        if not self.stated.separates(pair, given):
            first, second = sorted(pair)
            sentence = independence_sentence((first, second, tuple(given)))
            raise CertificateError(f"the premise does not say {sentence!r}")
        return given

    def _read_v_structure(self, text: str) -> VStructure:
        arrows = read_directed(text, self.stated.names, "V-structure")
        if len(arrows) != 2 or arrows[0][1] != arrows[1][1]:
            raise UnreadableReply("'V-structure' should have two edges like 'a -> b <- c'")
        (first, middle), (second, _) = arrows
        for cause in (first, second):
            if frozenset((cause, middle)) not in self.stated.skeleton:
                raise CertificateError(f"the skeleton has no edge {cause} - {middle}")
        return frozenset((first, second)), middle

    def _list(self, name: str) -> None:
        if name in self.listed:
            raise CertificateError(f"a line '{name}: …' has been written before")
        self.listed.add(name)

    def _require(self, name: str) -> None:
        if name not in self.listed:
            raise CertificateError(f"a line '{name}: …' has to come before")

    def _require_v_structures(self) -> None:
        self._require("Skeleton")
        if missing := self.stated.v_structures - self.v_structures:
            first = min(map(write_v_structure, missing))
            raise CertificateError(f"the v-structure {first} has to come before")

    def _require_directions(self) -> None:
        self._require_v_structures()
        if self.directed != self.stated.directed:
            number, reason, (cause, effect) = next(derivations(self.stated, self.directed))
            raise CertificateError(f"'Rule {number}: {reason}, so {cause} -> {effect}' has to come before")

    def _require_class(self) -> None:
        self._require("Directed")
        self._require("Undirected")

    def _check_state(self, arrows: Collection[Arrow], lines: Collection[Pair]) -> None:
        """Raises [`CertificateError`] unless the steps before have directed the arrows and left the lines."""
        for cause, effect in sorted(arrows):
            if (cause, effect) not in self.directed:
                raise CertificateError(f"{cause} -> {effect} is not directed yet")
        for first, second in sorted(map(sorted, lines)):
            if frozenset((first, second)) not in self.stated.skeleton:
                raise CertificateError(f"the skeleton has no edge {first} - {second}")
            if not self.directed.isdisjoint({(first, second), (second, first)}):
                raise CertificateError(f"{first} - {second} has been directed before")

    def rule_1(self, arrows: Collection[Arrow], lines: Collection[Pair], conclusion: Arrow) -> None:
        first, second = conclusion
        causes = [cause for cause, effect in arrows if effect == first and self.stated.apart(cause, second)]
        if len(arrows) != 1 or not causes or set(lines) != {frozenset(conclusion)}:
            raise CertificateError("rule 1 has edges like 'a -> b - c, so b -> c', with a and c not adjacent")

    def rule_2(self, arrows: Collection[Arrow], lines: Collection[Pair], conclusion: Arrow) -> None:
        if lines or len(arrows) < 2 or not _is_path(arrows, *conclusion):
            raise CertificateError("rule 2 has a path like 'a -> b -> c, so a -> c'")

    def rule_3(self, arrows: Collection[Arrow], lines: Collection[Pair], conclusion: Arrow) -> None:
        first, second = conclusion
        middles = [cause for cause, effect in arrows if effect == second]
        needed = {frozenset((first, middle)) for middle in middles}
        if len(middles) != 2 or len(arrows) != 2 or set(lines) != needed or not self.stated.apart(*middles):
            raise CertificateError(
                "rule 3 has edges like 'a - b -> d, a - c -> d, so a -> d', with b and c not adjacent"
            )


def _is_path(arrows: Collection[Arrow], first: str, last: str) -> bool:
    """Returns whether edges are one path from a node to another, with nothing more."""
    effects = dict(arrows)
    node, length = first, 0
    while node in effects and length < len(arrows):
        node, length = effects[node], length + 1
    return node == last and length == len(arrows) == len(effects)


def _check_listed(listed: Collection[Arrow | Pair], true: Collection[Arrow | Pair], mark: str) -> None:
    """Raises [`CertificateError`] unless a line lists exactly the edges that the steps before it leave."""
    if extra := set(listed) - set(true):
        raise CertificateError(f"{min(_write(edge, mark) for edge in extra)} does not follow from the steps before")
    if missing := set(true) - set(listed):
        raise CertificateError(f"{min(_write(edge, mark) for edge in missing)} is missing")


def _write(edge: Arrow | Pair, mark: str) -> str:
    return mark.join(edge if isinstance(edge, tuple) else sorted(edge))


_INDEPENDENT = r"independent(?:\s+given\s+(?P<given>.+?))?\s*\.?"
_PATTERNS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern, re.IGNORECASE)
    for name, pattern in {
        "remove": rf"remove\s+(?P<edge>[^:]+?)\s*:\s*{_INDEPENDENT}",
        "skeleton": r"skeleton\s*:(?P<edges>.*)",
        "v-structure": rf"v-structure\s+(?P<edges>[^:]+?)\s*:\s*{_INDEPENDENT}",
        "rule": r"rule\s+(?P<number>[123])\s*:\s*(?P<edges>.+),\s*so\s+(?P<edge>.+)",
        "directed": r"directed\s*:(?P<edges>.*)",
        "undirected": r"undirected\s*:(?P<edges>.*)",
        "path": r"path\s*:(?P<edges>.*)",
        "counter-model": r"counter-model\s*:(?P<edges>.*)",
    }.items()
}
_STEPS: Mapping[str, Callable[[_Steps, re.Match[str]], None]] = {
    "remove": _Steps.remove,
    "skeleton": _Steps.list_skeleton,
    "v-structure": _Steps.add_v_structure,
    "rule": _Steps.apply_rule,
    "directed": _Steps.list_directed,
    "undirected": _Steps.list_undirected,
    "path": _Steps.add_path,
    "counter-model": _Steps.add_counter_model,
}
_RULES: Mapping[str, Callable[[_Steps, Collection[Arrow], Collection[Pair], Arrow], None]] = {
    "1": _Steps.rule_1,
    "2": _Steps.rule_2,
    "3": _Steps.rule_3,
}
_REVERSE = str.maketrans("<>", "><")
