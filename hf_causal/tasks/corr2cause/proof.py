"""Proofs of what follows about causation from correlations.

A premise lists every independence among its variables. The DAGs with exactly these independences are a Markov
equivalence class, and a hypothesis follows ("Yes") where it holds in all of them. A certificate is a JSON object with
one of three verdicts:

- `{"verdict": "entailment", "directed": […], "undirected": […], "members": n}`, Yes: the CPDAG of the class, as pairs
  of cause and effect and as pairs without direction, and the number of its DAGs; the hypothesis holds in each.
- `{"verdict": "contradiction", …, "counter_model": […]}`, No: the same, and the edges of one of the DAGs; the
  hypothesis holds in none.
- `{"verdict": "neutral", "model": […], "counter_model": […]}`, No: the edges of a DAG of the class in which it holds,
  and of one in which it does not.

The checker derives the independences of each DAG shown and holds them against the premise. A CPDAG it takes as a
skeleton and v-structures: the class is every way to direct that skeleton that has these v-structures (Verma and Pearl,
1990), which is counted, compared with the CPDAG, and searched for the hypothesis. It uses no rule by which the proof
was found.

A premise has to be complete. In other people's data it may list independences that hold in no DAG, or leave out some
that follow from others: then no DAG has exactly these independences, and both the proof and the check raise
`ValueError` or [`CertificateError`] with a sentence that is wrong or missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from hf_causal.graphs.equivalence import (
    RELATIONS,
    EquivalenceClass,
    acyclic,
    independences,
    orientations,
    relations,
    v_structures,
)
from hf_causal.tasks.corr2cause.text import ClosedSystem, Prompt, state
from hf_causal.tasks.shared.proofs import CertificateError, Proof

VERDICTS = ("entailment", "neutral", "contradiction")
"""Whether a hypothesis holds in all, in some or in no DAG of the class."""


class ClassProofs:
    """The proofs of all hypotheses about one labelled equivalence class.

    Args:
        found ([`EquivalenceClass`]): The class.
        variables (sequence of `str`): The names of its nodes.
    """

    def __init__(self, found: EquivalenceClass, variables: Sequence[str]):
        self.found, self.variables = found, tuple(variables)
        self._edges: dict[int, str] = {}

    def prove(self, relation: int, first: int, second: int) -> tuple[str, str]:
        """The verdict on a hypothesis and the certificate of it.

        Args:
            relation (`int`): Index into `RELATIONS`.
            first, second (`int`): The nodes of which it is said to hold.

        Returns:
            `tuple[str, str]`: One of the `VERDICTS`, and a JSON text.
        """
        counter = f'"counter_model": {self._dag(self._fails[relation][first][second])}'
        held = self._held[relation][first][second]
        if held == len(self.found.members):
            return "entailment", f'{{"verdict": "entailment", {self._cpdag}}}'
        if held == 0:
            return "contradiction", f'{{"verdict": "contradiction", {self._cpdag}, {counter}}}'
        model = f'"model": {self._dag(self._holds[relation][first][second])}'
        return "neutral", f'{{"verdict": "neutral", {model}, {counter}}}'

    @cached_property
    def _held(self) -> list[list[list[int]]]:
        return self.found.relations.sum(axis=0).tolist()

    @cached_property
    def _holds(self) -> list[list[list[int]]]:
        """The first member in which each relation holds."""
        return self.found.relations.argmax(axis=0).tolist()

    @cached_property
    def _fails(self) -> list[list[list[int]]]:
        return self.found.relations.argmin(axis=0).tolist()

    @cached_property
    def _cpdag(self) -> str:
        undirected = self.found.cpdag & self.found.cpdag.T
        directed, mutual = self._pairs(self.found.cpdag & ~undirected), self._pairs(np.triu(undirected))
        return f'"directed": {directed}, "undirected": {mutual}, "members": {len(self.found.members)}'

    def _dag(self, member: int) -> str:
        if member not in self._edges:
            self._edges[member] = self._pairs(self.found.members[member])
        return self._edges[member]

    def _pairs(self, graph: np.ndarray) -> str:
        return json.dumps([[self.variables[i], self.variables[j]] for i, j in np.argwhere(graph)])


@lru_cache(maxsize=4096)
def class_proofs(system: ClosedSystem) -> ClassProofs:
    """The class of a premise, with its proofs.

    Raises:
        `ValueError`: If no DAG has exactly the independences that the premise lists.
    """
    found = EquivalenceClass.suggested_by(system.table)
    if not len(found.members):
        raise ValueError("no DAG has exactly the independences that the premise lists")
    if difference := _difference(system, found.independences):
        raise ValueError(f"no DAG has exactly the independences that the premise lists: {difference}")
    return ClassProofs(found, system.variables)


def prove(prompt: Prompt) -> Proof:
    """The exact answer to a prompt; the class is found again for each new premise only."""
    proofs, place = class_proofs(prompt.system), prompt.system.variables.index
    verdict, certificate = proofs.prove(RELATIONS.index(prompt.relation), *map(place, prompt.pair))
    return Proof("Yes" if verdict == "entailment" else "No", certificate, -1)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer."""
    verdict = certificate.get("verdict") if isinstance(certificate, Mapping) else None
    if verdict not in VERDICTS:
        raise CertificateError(f"the certificate must be JSON with a 'verdict' of {VERDICTS}, got {certificate!r}")
    if (verdict == "entailment") != (answer == "Yes"):
        raise CertificateError(f"the verdict {verdict!r} contradicts the answer {answer!r}")
    if verdict != "entailment":
        _check_model(prompt, certificate, "counter_model", holds=False)
    if verdict == "neutral":
        _check_model(prompt, certificate, "model", holds=True)
    else:
        _check_class(prompt, certificate, holds=verdict == "entailment")


def _check_model(prompt: Prompt, certificate: Mapping[str, Any], key: str, holds: bool) -> None:
    edges = _edges(prompt.system.variables, certificate, key)
    if _asked_of(prompt, _model(prompt.system, edges, key)).item() != holds:
        raise CertificateError(f"{prompt.asked!r} {'does not hold' if holds else 'holds'} in the {key!r} {edges}")


def _check_class(prompt: Prompt, certificate: Mapping[str, Any], holds: bool) -> None:
    variables = prompt.system.variables
    directed, undirected = (_edges(variables, certificate, key) for key in ("directed", "undirected"))
    dags, held = _class(prompt.system, directed, undirected)
    if certificate.get("members") != len(dags):
        raise CertificateError(f"'members' must be {len(dags)}, got {certificate.get('members')!r}")
    wrong = dags[_asked_of(prompt, held) != holds]
    if len(wrong):
        edges = [[variables[i], variables[j]] for i, j in np.argwhere(wrong[0])]
        raise CertificateError(f"{prompt.asked!r} {'does not hold' if holds else 'holds'} in the member {edges}")


@lru_cache(maxsize=4096)
def _class(
    system: ClosedSystem, directed: tuple[tuple[str, str], ...], undirected: tuple[tuple[str, str], ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The DAGs of the class that a CPDAG shows, if it has the premise's independences, and the relations in each."""
    mutual = _graph(system.variables, undirected)
    cpdag = _graph(system.variables, directed) | mutual | mutual.T
    dags = orientations(cpdag | cpdag.T)
    dags = dags[(v_structures(dags) == v_structures(cpdag)).all(axis=(1, 2, 3))]
    if not len(dags) or not np.array_equal(dags.any(axis=0), cpdag):
        raise CertificateError("'directed' and 'undirected' must be what the members of one class have in common")
    if difference := _difference(system, independences(dags[0])):
        raise CertificateError(f"the class has not the independences of the premise: {difference}")
    return dags, relations(dags)


@lru_cache(maxsize=65_536)
def _model(system: ClosedSystem, edges: tuple[tuple[str, str], ...], key: str) -> np.ndarray:
    """The relations in the DAG that has these edges, if it is one and has exactly the premise's independences."""
    dag = _graph(system.variables, edges)
    if not acyclic(dag):
        raise CertificateError(f"the {key!r} {edges} has a cycle")
    if difference := _difference(system, independences(dag)):
        raise CertificateError(f"the {key!r} has not the independences of the premise: {difference}")
    return relations(dag[None])


def _edges(variables: Sequence[str], certificate: Mapping[str, Any], key: str) -> tuple[tuple[str, str], ...]:
    """The pairs of variables under a key; raises [`CertificateError`] where there are none."""
    pairs = certificate.get(key)
    known = isinstance(pairs, list) and all(
        isinstance(pair, list) and len(pair) == 2 and pair[0] != pair[1] and all(name in variables for name in pair)
        for pair in pairs
    )
    if not known:
        raise CertificateError(
            f"{key!r} must be a list of pairs of the variables {', '.join(variables)}, got {pairs!r}"
        )
    return tuple((cause, effect) for cause, effect in certificate[key])


def _graph(variables: Sequence[str], edges: Sequence[tuple[str, str]]) -> np.ndarray:
    place = {name: index for index, name in enumerate(variables)}
    graph = np.zeros((len(variables), len(variables)), dtype=bool)
    for cause, effect in edges:
        graph[place[cause], place[effect]] = True
    return graph


def _asked_of(prompt: Prompt, held: np.ndarray) -> np.ndarray:
    """In which DAGs the hypothesis holds, from the relations in each."""
    first, second = map(prompt.system.variables.index, prompt.pair)
    return held[:, RELATIONS.index(prompt.relation), first, second]


def _difference(system: ClosedSystem, table: np.ndarray) -> str | None:
    """What is wrong with a premise whose variables have the independences of a table, None if nothing is."""
    if np.array_equal(system.table, table):
        return None
    listed = set(ClosedSystem.of_table(system.variables, system.table).independences)
    held = set(ClosedSystem.of_table(system.variables, table).independences)
    if wrong := sorted(listed - held):
        return f"it lists {state(wrong[0])!r}, which does not hold with the other statements"
    return f"it leaves out {state(min(held - listed))!r}, which follows from the other statements"
