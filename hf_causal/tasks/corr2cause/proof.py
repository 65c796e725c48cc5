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

The checker derives the independences of each DAG in the certificate and compares them with the premise. It takes a
CPDAG as a skeleton and v-structures: the class consists of all ways to direct that skeleton that have these
v-structures (Verma and Pearl, 1990). The checker lists them, or counts and searches them where they are many, compares
them with the CPDAG, and looks for one that contradicts the verdict; it uses none of the rules by which the proof was
constructed.

A premise has to be complete. In other people's data it may list independences that hold in no DAG, or omit some that
follow from others: then no DAG has exactly these independences, and both the proof and the check raise `ValueError` or
[`CertificateError`] with a sentence that is wrong or missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from hf_causal.graphs.class_search import pattern
from hf_causal.graphs.equivalence import RELATIONS, acyclic, independences, relations
from hf_causal.graphs.equivalence_classes import EquivalenceClass
from hf_causal.tasks.corr2cause.text import ClosedSystem, Prompt, independence_sentence
from hf_causal.tasks.shared.proofs import CertificateError, Proof
from hf_causal.utils.caches import cache_by_size

VERDICTS = ("entailment", "neutral", "contradiction")
"""Whether a hypothesis holds in all, in some or in no DAG of the class."""


class ClassProofs:
    """The proofs of all hypotheses about one labelled equivalence class.

    Args:
        equivalence_class ([`EquivalenceClass`]): The class.
        variables (sequence of `str`): The names of its nodes.
    """

    def __init__(self, equivalence_class: EquivalenceClass, variables: Sequence[str]):
        self.equivalence_class, self.variables = equivalence_class, tuple(variables)
        self._member_edges: dict[int, str] = {}
        self._found: dict[tuple[int, int, int, bool], str | None] = {}

    def prove(self, relation: int, first: int, second: int) -> tuple[str, str]:
        """Returns the verdict on a hypothesis and its certificate.

        Args:
            relation (`int`): Index into `RELATIONS`.
            first, second (`int`): The nodes of the hypothesis.

        Returns:
            `tuple[str, str]`: One of the `VERDICTS`, and a JSON text.
        """
        find = self._first_listed if self.equivalence_class.is_small else self._find
        model, counter_model = (find(relation, first, second, holds) for holds in (True, False))
        if counter_model is None:
            return "entailment", f'{{"verdict": "entailment", {self._cpdag}}}'
        if model is None:
            return "contradiction", f'{{"verdict": "contradiction", {self._cpdag}, "counter_model": {counter_model}}}'
        return "neutral", f'{{"verdict": "neutral", "model": {model}, "counter_model": {counter_model}}}'

    def _first_listed(self, relation: int, first: int, second: int, holds: bool) -> str | None:
        """Returns the edges of the first member in which a relation holds, or does not; `None` if there is none."""
        if self._counts[relation][first][second] == (0 if holds else self.equivalence_class.num_members):
            return None
        return self._edges_of_member((self._first_with if holds else self._first_without)[relation][first][second])

    def _find(self, relation: int, first: int, second: int, holds: bool) -> str | None:
        """Returns the edges of any such member, by a search."""
        question = relation, first, second, holds
        if question not in self._found:
            member = self.equivalence_class.member_with(*question)
            self._found[question] = None if member is None else self._pairs(member)
        return self._found[question]

    @cached_property
    def _counts(self) -> list[list[list[int]]]:
        """The number of members in which each relation holds."""
        return self.equivalence_class.relations.sum(axis=0).tolist()

    @cached_property
    def _first_with(self) -> list[list[list[int]]]:
        """The first member in which each relation holds."""
        return self.equivalence_class.relations.argmax(axis=0).tolist()

    @cached_property
    def _first_without(self) -> list[list[list[int]]]:
        """The first member in which each relation does not hold."""
        return self.equivalence_class.relations.argmin(axis=0).tolist()

    @cached_property
    def _cpdag(self) -> str:
        cpdag = self.equivalence_class.cpdag
        undirected = cpdag & cpdag.T
        directed, mutual = self._pairs(cpdag & ~undirected), self._pairs(np.triu(undirected))
        return f'"directed": {directed}, "undirected": {mutual}, "members": {self.equivalence_class.num_members}'

    def _edges_of_member(self, member: int) -> str:
        if member not in self._member_edges:
            self._member_edges[member] = self._pairs(self.equivalence_class.members[member])
        return self._member_edges[member]

    def _pairs(self, graph: np.ndarray) -> str:
        return json.dumps([[self.variables[i], self.variables[j]] for i, j in np.argwhere(graph)])


@cache_by_size(lambda system: system.is_large())
def class_proofs(system: ClosedSystem) -> ClassProofs:
    """Returns the proofs of all hypotheses about a premise.

    Raises:
        `ValueError`: If no DAG has exactly the independences that the premise lists.
    """
    equivalence_class = EquivalenceClass.suggested_by(system.table)
    if equivalence_class.member is None:
        raise ValueError("no DAG has exactly the independences that the premise lists")
    if difference := _difference(system, equivalence_class.independences):
        raise ValueError(f"no DAG has exactly the independences that the premise lists: {difference}")
    return ClassProofs(equivalence_class, system.variables)


def prove(prompt: Prompt) -> Proof:
    """Returns the exact answer with its certificate; the class of a premise is cached.

    Example:

    ```python
    >>> prompt = Prompt(ClosedSystem(("A", "B"), (), (("A", "B", ()),)), "parent", ("A", "B"))
    >>> prove(prompt).certificate
    '{"verdict": "contradiction", "directed": [], "undirected": [], "members": 1, "counter_model": []}'

    ```
    """
    proofs, index = class_proofs(prompt.system), prompt.system.variables.index
    verdict, certificate = proofs.prove(RELATIONS.index(prompt.relation), *map(index, prompt.pair))
    return Proof("Yes" if verdict == "entailment" else "No", certificate, -1)


def check(prompt: Prompt, answer: str, certificate: Mapping[str, Any]) -> None:
    """Raises [`CertificateError`] unless the certificate proves the answer.

    Example:

    ```python
    >>> prompt = Prompt(ClosedSystem(("A", "B"), (("A", "B"),), ()), "parent", ("A", "B"))
    >>> check(prompt, "No", {"verdict": "neutral", "model": [["A", "B"]], "counter_model": [["B", "A"]]})

    ```
    """
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
    first, second = map(prompt.system.variables.index, prompt.pair)
    if _relations_of_model(prompt.system, edges, key)[RELATIONS.index(prompt.relation), first, second] != holds:
        raise CertificateError(
            f"{prompt.question_text!r} {'does not hold' if holds else 'holds'} in the {key!r} {edges}"
        )


def _check_class(prompt: Prompt, certificate: Mapping[str, Any], holds: bool) -> None:
    variables = prompt.system.variables
    directed, undirected = (_edges(variables, certificate, key) for key in ("directed", "undirected"))
    graphs = _class_of_cpdag(prompt.system, directed, undirected)
    if certificate.get("members") != graphs.num_members:
        raise CertificateError(f"'members' must be {graphs.num_members}, got {certificate.get('members')!r}")
    first, second = map(variables.index, prompt.pair)
    wrong = graphs.member_with(RELATIONS.index(prompt.relation), first, second, not holds)
    if wrong is not None:
        edges = [[variables[i], variables[j]] for i, j in np.argwhere(wrong)]
        raise CertificateError(
            f"{prompt.question_text!r} {'does not hold' if holds else 'holds'} in the member {edges}"
        )


@cache_by_size(lambda system, directed, undirected: system.is_large())
def _class_of_cpdag(
    system: ClosedSystem, directed: tuple[tuple[str, str], ...], undirected: tuple[tuple[str, str], ...]
) -> EquivalenceClass:
    """Returns the class of all DAGs with the skeleton and the v-structures of a CPDAG.

    Raises:
        [`CertificateError`]: If the edges are not a CPDAG, or its class has other independences than the premise.
    """
    mutual = _graph(system.variables, undirected)
    cpdag = _graph(system.variables, directed) | mutual | mutual.T
    graphs = EquivalenceClass(pattern(cpdag))
    if graphs.member is None or not np.array_equal(graphs.union, cpdag):
        raise CertificateError("'directed' and 'undirected' must be what the members of one class have in common")
    if difference := _difference(system, graphs.independences):
        raise CertificateError(f"the class has not the independences of the premise: {difference}")
    return graphs


@cache_by_size(lambda system, edges, key: system.is_large(), most=65_536)
def _relations_of_model(system: ClosedSystem, edges: tuple[tuple[str, str], ...], key: str) -> np.ndarray:
    """Returns the relations in the DAG with these edges.

    Raises:
        [`CertificateError`]: If the edges are not a DAG, or it has other independences than the premise.
    """
    dag = _graph(system.variables, edges)
    if not acyclic(dag):
        raise CertificateError(f"the {key!r} {edges} has a cycle")
    if difference := _difference(system, independences(dag)):
        raise CertificateError(f"the {key!r} has not the independences of the premise: {difference}")
    return relations(dag[None])[0]


def _edges(variables: Sequence[str], certificate: Mapping[str, Any], key: str) -> tuple[tuple[str, str], ...]:
    """Returns the pairs of variables under a key; raises [`CertificateError`] if it holds anything else."""
    pairs = certificate.get(key)
    valid = isinstance(pairs, list) and all(
        isinstance(pair, list) and len(pair) == 2 and pair[0] != pair[1] and all(name in variables for name in pair)
        for pair in pairs
    )
    if not valid:
        raise CertificateError(
            f"{key!r} must be a list of pairs of the variables {', '.join(variables)}, got {pairs!r}"
        )
    return tuple((cause, effect) for cause, effect in certificate[key])


def _graph(variables: Sequence[str], edges: Sequence[tuple[str, str]]) -> np.ndarray:
    index = {name: position for position, name in enumerate(variables)}
    graph = np.zeros((len(variables), len(variables)), dtype=bool)
    for cause, effect in edges:
        graph[index[cause], index[effect]] = True
    return graph


def _difference(system: ClosedSystem, table: np.ndarray) -> str | None:
    """Describes how a premise differs from the independences of a table; `None` where it does not."""
    if np.array_equal(system.table, table):
        return None
    listed = set(ClosedSystem.of_table(system.variables, system.table).independences)
    true = set(ClosedSystem.of_table(system.variables, table).independences)
    if wrong := sorted(listed - true):
        return f"it lists {independence_sentence(wrong[0])!r}, which does not hold with the other statements"
    return f"it leaves out {independence_sentence(min(true - listed))!r}, which follows from the other statements"
