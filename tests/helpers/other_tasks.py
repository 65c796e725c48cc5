"""Two small tasks in addition to the package's, to test the verifier with tasks that a registry may bring."""

import json
import re
from dataclasses import dataclass, replace

import networkx as nx

from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.tasks.shared.statements import parse_premise


@dataclass(frozen=True)
class Separation:
    """`A causes B. Are A and B d-separated given {C}?`"""

    edges: tuple[tuple[str, str], ...]
    question: tuple[str, str]
    given: tuple[str, ...]

    @property
    def premise(self):
        return " ".join(f"{cause} causes {effect}." for cause, effect in self.edges)

    @property
    def question_text(self):
        return f"Are {self.question[0]} and {self.question[1]} d-separated given {{{', '.join(self.given)}}}?"

    def __str__(self):
        return f"{self.premise} {self.question_text}"


def _parse_separation(text):
    found = re.fullmatch(r"(.*) Are (\w+) and (\w+) d-separated given \{(.*)\}\?", text)
    if found is None:
        raise ValueError(f"cannot read {text!r}")
    premise, first, second, given = found.groups()
    return Separation(parse_premise(premise), (first, second), tuple(filter(None, given.split(", "))))


def _prove_separation(prompt):
    graph = nx.DiGraph(prompt.edges)
    graph.add_nodes_from([*prompt.question, *prompt.given])
    if prompt.question[0] == prompt.question[1] or set(prompt.question) & set(prompt.given):
        return Proof("No", "{}", -1)
    separated = nx.is_d_separator(graph, {prompt.question[0]}, {prompt.question[1]}, set(prompt.given))
    return Proof("Yes" if separated else "No", "{}", -1)


def _check_by_proving(prove):
    def check(prompt, answer, certificate):
        if prove(prompt).answer != answer or json.dumps(certificate) != "{}":
            raise CertificateError("no proof")

    return check


SEPARATION = replace(
    get_task("transitivity"),
    name="separation",
    fallback=False,
    recognizes=lambda text: "d-separated" in text,
    parse=_parse_separation,
    prove=_prove_separation,
    check=_check_by_proving(_prove_separation),
)


@dataclass(frozen=True)
class Correlations:
    """`Premise: A correlates with B. Hypothesis: A correlates with B.`: true where it is a sentence of the premise."""

    premise: str
    question_text: str

    def __str__(self):
        return f"Premise: {self.premise} Hypothesis: {self.question_text}"


def _parse_correlations(text):
    found = re.fullmatch(r"Premise: (.*\.) Hypothesis: (.*\.)", text)
    if found is None or "correlates" not in text:
        raise ValueError(f"cannot read {text!r}")
    return Correlations(*found.groups())


def _prove_correlations(prompt):
    return Proof("Yes" if prompt.question_text in prompt.premise else "No", "{}", -1)


CORRELATIONS = replace(
    get_task("transitivity"),
    name="correlations",
    fallback=False,
    recognizes=lambda text: text.startswith("Premise:"),
    parse=_parse_correlations,
    prove=_prove_correlations,
    check=_check_by_proving(_prove_correlations),
    join=lambda premise, asked: f"Premise: {premise} Hypothesis: {asked}",
)
