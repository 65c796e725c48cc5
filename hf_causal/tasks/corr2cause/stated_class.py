"""The equivalence class that a premise states, by names, and whether the graphs of an answer belong to it.

A DAG belongs to the class if and only if it has the skeleton and the v-structures that the listed independences imply
(Verma and Pearl, 1990). What an answer says is compared with them edge by edge, so that an error can quote the
sentence of the premise that contradicts the answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from functools import cached_property
from itertools import combinations

import numpy as np

from hf_causal.graphs.equivalence import RELATIONS, acyclic, cpdags, extension, relations
from hf_causal.tasks.corr2cause.proof import ClassProofs, class_proofs
from hf_causal.tasks.corr2cause.text import ClosedSystem, Independence, Prompt, independence_sentence
from hf_causal.tasks.shared.proofs import CertificateError, find_cycle, neighbours
from hf_causal.utils.caches import cache_by_size

Arrow = tuple[str, str]
"""A cause and its direct effect."""
Pair = frozenset[str]
"""Two variables."""
VStructure = tuple[Pair, str]
"""Two causes that are not adjacent, and the common effect on which they meet."""


class StatedClass:
    """The Markov equivalence class of a premise.

    Args:
        system ([`ClosedSystem`]): The premise.

    Raises:
        `ValueError`: If no DAG has exactly the independences that the premise lists.
    """

    def __init__(self, system: ClosedSystem):
        self.proofs: ClassProofs = class_proofs(system)
        self.variables = system.variables
        self.names = frozenset(system.variables)
        self.index: Mapping[str, int] = {name: number for number, name in enumerate(system.variables)}
        cpdag = self.proofs.equivalence_class.cpdag
        self.directed: frozenset[Arrow] = frozenset(self._arrows(cpdag & ~cpdag.T))
        self.undirected: frozenset[Pair] = frozenset(map(frozenset, self._arrows(cpdag & cpdag.T)))
        self.skeleton: frozenset[Pair] = frozenset(map(frozenset, self._arrows(cpdag)))
        self.v_structures: frozenset[VStructure] = frozenset(find_v_structures(self.directed, self.skeleton))
        self.independences: dict[Pair, list[Independence]] = {}
        for independence in system.independences:
            self.independences.setdefault(frozenset(independence[:2]), []).append(independence)

    def pairs(self) -> Iterable[tuple[str, str]]:
        """Returns every two variables, in the order of the premise."""
        return combinations(self.variables, 2)

    def apart(self, first: str, second: str) -> bool:
        """Returns whether two different variables are not adjacent."""
        return first != second and frozenset((first, second)) not in self.skeleton

    def separates(self, pair: Pair, given: Collection[str]) -> bool:
        """Returns whether the premise lists the two variables as independent given a set, written in any order."""
        return any(set(listed) == set(given) for *_, listed in self.independences.get(pair, ()))

    def in_order(self, edges: Iterable[Collection[str]]) -> list[Arrow]:
        """Returns edges in the order of the variables; an edge without direction begins with its earlier variable."""
        ordered = [sorted(edge, key=self.index.__getitem__) if isinstance(edge, Set) else edge for edge in edges]
        return sorted(((first, second) for first, second in ordered), key=lambda edge: [self.index[n] for n in edge])

    def relations_in(self, edges: Iterable[Arrow]) -> np.ndarray | None:
        """Returns which relations hold in the member with exactly these edges, `None` if no member has them.

        Returns:
            `np.ndarray`, *optional*: As of one graph of [`relations`].
        """
        graph, equivalence_class = self._graph(edges), self.proofs.equivalence_class
        if equivalence_class.is_small:
            number = self._numbers.get(graph.tobytes())
            return None if number is None else equivalence_class.relations[number]
        is_member = acyclic(graph) and np.array_equal(cpdags(graph), equivalence_class.cpdag)
        return relations(graph[None])[0] if is_member else None

    def holds_in(self, prompt: Prompt, related: np.ndarray) -> bool:
        """Returns whether a hypothesis about the premise holds in a graph with these relations."""
        first, second = (self.index[name] for name in prompt.pair)
        return bool(related[RELATIONS.index(prompt.relation), first, second])

    def with_edges(self, edges: Iterable[Arrow]) -> np.ndarray:
        """Returns which members have all of these edges: boolean of shape (members,)."""
        cause, effect = np.array([[self.index[name] for name in edge] for edge in edges]).T
        return np.asarray(self.proofs.equivalence_class.members[:, cause, effect].all(axis=1))

    def is_possible(self, edges: Sequence[Arrow]) -> bool:
        """Returns whether a member has all of these edges."""
        if self.proofs.equivalence_class.is_small:
            return bool(self.with_edges(edges).any())
        graph, cpdag = self._graph(edges), self.proofs.equivalence_class.cpdag
        dag = extension(cpdag & ~graph.T)
        return not (graph & ~cpdag).any() and dag is not None and np.array_equal(cpdags(dag), cpdag)

    def member_without(self, paths: Sequence[Sequence[Arrow]], pair: tuple[str, str]) -> list[Arrow] | None:
        """Returns the edges of a member that lacks an edge of each path, the first one where members are listed."""
        graphs = np.array([self._graph(path) for path in paths], dtype=bool).reshape(-1, *[len(self.variables)] * 2)
        first, second = (self.index[name] for name in pair)

        def has_a_path(members: np.ndarray) -> np.ndarray:
            return np.asarray((~(graphs & ~members[:, None]).any(axis=(2, 3))).any(axis=1))

        member = self.proofs.equivalence_class.member_where(has_a_path, False, (first, second))
        return None if member is None else self._arrows(member)

    def member(self, number: int) -> list[Arrow]:
        """Returns the edges of a member, in the order of the variables."""
        return self._arrows(self.proofs.equivalence_class.members[number])

    @cached_property
    def _numbers(self) -> dict[bytes, int]:
        members = self.proofs.equivalence_class.members
        return {member.tobytes(): number for number, member in enumerate(members)}

    def _graph(self, edges: Iterable[Arrow]) -> np.ndarray:
        graph = np.zeros((len(self.variables), len(self.variables)), dtype=bool)
        for cause, effect in edges:
            graph[self.index[cause], self.index[effect]] = True
        return graph

    def _arrows(self, graph: np.ndarray) -> list[Arrow]:
        return [(self.variables[i], self.variables[j]) for i, j in np.argwhere(graph)]


@cache_by_size(lambda system: system.is_large())
def stated_class(system: ClosedSystem) -> StatedClass:
    """Returns the class of a premise, cached; raises as [`StatedClass`] does."""
    return StatedClass(system)


def find_v_structures(edges: Iterable[Arrow], skeleton: Collection[Pair]) -> set[VStructure]:
    """Returns the v-structures among directed edges, whose nodes are adjacent where the skeleton says so."""
    return {
        (frozenset(pair), effect)
        for effect, causes in neighbours(edges)[0].items()
        for pair in combinations(causes, 2)
        if frozenset(pair) not in skeleton
    }


def check_counter_model(prompt: Prompt, edges: Collection[Arrow]) -> None:
    """Raises [`CertificateError`] unless a DAG has the premise's independences and the hypothesis fails in it.

    Example:

    ```python
    >>> prompt = Prompt(ClosedSystem(("A", "B"), (("A", "B"),), ()), "parent", ("A", "B"))
    >>> check_counter_model(prompt, [("B", "A")])
    >>> check_counter_model(prompt, [])
    Traceback (most recent call last):
        ...
    hf_causal.tasks.shared.proofs.CertificateError: it has no edge A - B, and no listed set separates them

    ```
    """
    stated = stated_class(prompt.system)
    related = stated.relations_in(edges)
    if related is None:
        raise CertificateError(_why_no_member(stated, edges))
    if stated.holds_in(prompt, related):
        raise CertificateError(f"{prompt.question_text!r} holds in it")


def check_directed(stated: StatedClass, arrows: Collection[Arrow]) -> None:
    """Raises [`CertificateError`] unless these are exactly the edges that all DAGs of the class have.

    Example:

    ```python
    >>> check_directed(stated_class(ClosedSystem(("A", "B"), (("A", "B"),), ())), [("A", "B")])
    Traceback (most recent call last):
        ...
    hf_causal.tasks.shared.proofs.CertificateError: A - B should be undirected: a DAG of the class has B -> A

    ```
    """
    for cause, effect in arrows:
        _check_adjacent(stated, frozenset((cause, effect)))
        if frozenset((cause, effect)) in stated.undirected:
            raise CertificateError(
                f"{cause} - {effect} should be undirected: a DAG of the class has {effect} -> {cause}"
            )
        if (cause, effect) not in stated.directed:
            raise CertificateError(f"every DAG of the class has {effect} -> {cause}")
    if missing := stated.directed - set(arrows):
        raise CertificateError(f"every DAG of the class has {' -> '.join(min(missing))}, which is missing")


def check_undirected(stated: StatedClass, pairs: Collection[Pair]) -> None:
    """Raises [`CertificateError`] unless these are exactly the edges that have both directions in the class."""
    for pair in pairs:
        _check_adjacent(stated, pair)
        if pair not in stated.undirected:
            arrow = next(arrow for arrow in stated.directed if frozenset(arrow) == pair)
            raise CertificateError(f"every DAG of the class has {' -> '.join(arrow)}")
    if missing := stated.undirected - set(pairs):
        first, second = min(map(sorted, missing))
        raise CertificateError(f"{first} - {second} is missing, which has both directions in the class")


def _why_no_member(stated: StatedClass, edges: Collection[Arrow]) -> str:
    """Returns how a graph differs from every member of the class."""
    if cycle := find_cycle(edges):
        return f"it has the cycle {' -> '.join(cycle)}"
    try:
        _check_skeleton(stated, list(map(frozenset, edges)))
    except CertificateError as error:
        return str(error)
    v_structures = find_v_structures(edges, stated.skeleton)
    if extra := v_structures - stated.v_structures:
        v_structure, verb = min(extra, key=_order), "has"
    else:
        v_structure, verb = min(stated.v_structures - v_structures, key=_order), "should have"
    pair, middle = v_structure
    listed = stated.independences[pair][0]
    relation = "with" if middle in listed[2] else "without"
    return (
        f"it {verb} {write_v_structure(v_structure)}, and the premise says "
        f"{independence_sentence(listed)!r}, {relation} {middle}"
    )


def _check_adjacent(stated: StatedClass, pair: Pair) -> None:
    if pair not in stated.skeleton:
        (first, second), sentence = sorted(pair), independence_sentence(stated.independences[pair][0])
        raise CertificateError(f"it has the edge {first} - {second}, but the premise says {sentence!r}")


def _check_skeleton(stated: StatedClass, pairs: Collection[Pair]) -> None:
    for pair in pairs:
        _check_adjacent(stated, pair)
    if missing := stated.skeleton - set(pairs):
        first, second = min(map(sorted, missing))
        raise CertificateError(f"it has no edge {first} - {second}, and no listed set separates them")


def write_v_structure(v_structure: VStructure) -> str:
    """Returns a v-structure as a chain, such as `A -> B <- C`."""
    (first, second), middle = sorted(v_structure[0]), v_structure[1]
    return f"{first} -> {middle} <- {second}"


def _order(v_structure: VStructure) -> tuple[list[str], str]:
    return sorted(v_structure[0]), v_structure[1]
