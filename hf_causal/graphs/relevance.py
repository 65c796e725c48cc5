"""Causal irrelevance as path interception, and what follows from statements of it.

`I(X, Z, Y)`, "X is irrelevant to Y if Z is held fixed", holds in a directed graph, with or without cycles, where every
directed path from X to Y meets Z. Galles and Pearl (1997, Artificial Intelligence 97, 9-43) give six axioms for it, of
which five conclude one statement and transitivity concludes one of two, so that a derivation may split into cases:

    right-decomposition   I(X, Z, Y∪W)                       ⇒ I(X, Z, Y)
    left-decomposition    I(X∪W, Z, Y)                       ⇒ I(X, Z, Y)
    strong-union          I(X, Z, Y)                         ⇒ I(X, Z∪W, Y)
    right-intersection    I(X, Z∪W, Y) and I(X, Z∪Y, W)      ⇒ I(X, Z, Y∪W)
    left-intersection     I(X, Z∪W, Y) and I(W, Z∪X, Y)      ⇒ I(X∪W, Z, Y)
    transitivity          I(X, Z, Y)                         ⇒ I({a}, Z, Y) or I(X, Z, {a})

X, Y, Z and W are disjoint sets, X, Y and W not empty, and a is a node outside of X, Y and Z. Sets are integers with a
bit for each node.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import heappop, heappush
from itertools import product
from typing import NamedTuple

import numpy as np

from hf_causal.graphs.mixed_graphs import bits

AXIOMS = (
    "right-decomposition",
    "left-decomposition",
    "strong-union",
    "right-intersection",
    "left-intersection",
    "transitivity",
)


class Statement(NamedTuple):
    """`I(x, z, y)`: x is irrelevant to y if z is held fixed."""

    x: int
    z: int
    y: int


@dataclass(frozen=True)
class Step:
    """One application of an axiom that concludes one statement."""

    axiom: str
    premises: tuple[Statement, ...]
    conclusion: Statement


@dataclass(frozen=True)
class Derivation:
    """Steps, and then nothing or two cases of transitivity, each of which goes on to the conclusion."""

    steps: tuple[Step, ...]
    split: Statement | None = None
    """The premise of transitivity."""
    cases: tuple[tuple[Statement, Derivation], ...] = ()
    """The two statements of which one holds, each with the derivation that assumes it."""

    @property
    def axioms(self) -> frozenset[str]:
        """The names of the axioms that are used."""
        used = {step.axiom for step in self.steps} | ({"transitivity"} if self.cases else set())
        return frozenset(used).union(*(case.axioms for _, case in self.cases))


def relevant_nodes(children: Sequence[int], x: int, z: int) -> int:
    """Returns the nodes that x can affect if z is held fixed: those that directed paths outside of z reach from x.

    Args:
        children (sequence of `int`): The children of each node as a set; cycles are allowed.
        x, z (`int`): Disjoint sets.

    Returns:
        `int`: With a node of x only where a cycle leads back to it.
    """
    reached, new = 0, x
    while new:
        step = 0
        for node in bits(new):
            step |= children[node]
        new = step & ~z & ~reached
        reached |= new
    return reached


def holds(children: Sequence[int], statement: Statement) -> bool:
    """Returns whether a statement holds in a directed graph.

    Example:

    ```python
    >>> chain = [0b010, 0b100, 0]
    >>> holds(chain, Statement(0b001, 0b010, 0b100)), holds(chain, Statement(0b001, 0, 0b100))
    (True, False)

    ```
    """
    return not relevant_nodes(children, statement.x, statement.z) & statement.y


@lru_cache(maxsize=8)
def statements(num_nodes: int) -> tuple[Statement, ...]:
    """Returns all statements about some nodes, in a fixed order: 18 for 3 nodes, 110 for 4, 570 for 5."""
    result = []
    for roles in product(range(4), repeat=num_nodes):
        x, z, y = (sum(1 << node for node, role in enumerate(roles) if role == which) for which in (1, 2, 3))
        if x and y:
            result.append(Statement(x, z, y))
    return tuple(sorted(result, key=lambda statement: (sum(map(int.bit_count, statement)), statement)))


def is_instance(step: Step) -> bool:
    """Returns whether a step is an instance of its axiom."""
    return any(step == other for other in _instances_of(step))


def _instances_of(step: Step) -> Iterator[Step]:
    """Yields the instances of a step's axiom that have its conclusion and first premise."""
    x, z, y = step.conclusion
    if not step.premises:
        return
    first = step.premises[0]
    if step.axiom == "right-decomposition" and first.y & y == y != first.y:
        yield Step(step.axiom, (Statement(x, z, first.y),), step.conclusion)
    elif step.axiom == "left-decomposition" and first.x & x == x != first.x:
        yield Step(step.axiom, (Statement(first.x, z, y),), step.conclusion)
    elif step.axiom == "strong-union" and first.z & z == first.z != z:
        yield Step(step.axiom, (Statement(x, first.z, y),), step.conclusion)
    elif step.axiom == "right-intersection" and 0 < (w := y & ~first.y) < y:
        yield Step(step.axiom, (Statement(x, z | w, y & ~w), Statement(x, z | y & ~w, w)), step.conclusion)
    elif step.axiom == "left-intersection" and 0 < (w := x & ~first.x) < x:
        yield Step(step.axiom, (Statement(x & ~w, z | w, y), Statement(w, z | x & ~w, y)), step.conclusion)


@lru_cache(maxsize=8)
def steps(num_nodes: int) -> tuple[Step, ...]:
    """Returns all instances of the five axioms that conclude one statement."""
    instances: dict[Step, None] = {}
    for statement in statements(num_nodes):
        x, z, y = statement
        for part in _proper_parts(y):
            instances[Step("right-decomposition", (statement,), Statement(x, z, part))] = None
            crossed = (Statement(x, z | y & ~part, part), Statement(x, z | part, y & ~part))
            instances[Step("right-intersection", crossed, statement)] = None
        for part in _proper_parts(x):
            instances[Step("left-decomposition", (statement,), Statement(part, z, y))] = None
            crossed = (Statement(part, z | x & ~part, y), Statement(x & ~part, z | part, y))
            instances[Step("left-intersection", crossed, statement)] = None
        for part in (*_proper_parts(z), *((0,) if z else ())):
            instances[Step("strong-union", (Statement(x, part, y),), statement)] = None
    return tuple(instances)


def transitivity_cases(statement: Statement, num_nodes: int) -> list[tuple[Statement, Statement]]:
    """Returns the pairs of statements of which transitivity says that one holds, one pair for each further node."""
    x, z, y = statement
    others = ((1 << num_nodes) - 1) & ~(x | z | y)
    return [(Statement(1 << node, z, y), Statement(x, z, 1 << node)) for node in bits(others)]


def _proper_parts(nodes: int) -> Iterator[int]:
    """Yields the non-empty proper subsets of a set."""
    part = (nodes - 1) & nodes
    while part:
        yield part
        part = (part - 1) & nodes


def derive(premises: Iterable[Statement], conclusion: Statement, num_nodes: int, splits: int = 3) -> Derivation | None:
    """Derives a statement from others by the axioms, with as few nested cases of transitivity as possible.

    Args:
        premises (iterable of [`Statement`]): What is stated.
        conclusion ([`Statement`]): What is to be derived.
        num_nodes (`int`): Number of nodes that the statements are about.
        splits (`int`): Most nested cases that are tried.

    Returns:
        [`Derivation`], or `None` where none with so few cases exists.

    Example:

    ```python
    >>> a, b, c = 0b001, 0b010, 0b100
    >>> [step.axiom for step in derive([Statement(a, 0, b | c)], Statement(a, b, c), 3).steps]
    ['right-decomposition', 'strong-union']

    ```
    """
    rules = _Rules.of(num_nodes)
    known = rules.encode(premises)
    target = rules.index[conclusion]
    for depth in range(splits + 1):
        if derivation := rules.derive(known, target, depth):
            return derivation
    return None


class _Rules:
    """The axioms over some nodes, with a bit for each statement."""

    def __init__(self, num_nodes: int):
        self.statements = statements(num_nodes)
        self.index = {statement: index for index, statement in enumerate(self.statements)}
        self.steps = steps(num_nodes)
        self.needed = [self.encode(step.premises) for step in self.steps]
        self.conclusions = [self.index[step.conclusion] for step in self.steps]
        self.uses = [
            [number for number, needed in enumerate(self.needed) if needed >> one & 1]
            for one in range(len(self.index))
        ]
        self.cases = [
            [tuple(self.index[case] for case in pair) for pair in transitivity_cases(statement, num_nodes)]
            for statement in self.statements
        ]

    @staticmethod
    @lru_cache(maxsize=8)
    def of(num_nodes: int) -> _Rules:
        """Returns the rules for a number of nodes."""
        return _Rules(num_nodes)

    def encode(self, items: Iterable[Statement]) -> int:
        """Returns the set of some statements."""
        result = 0
        for statement in items:
            result |= 1 << self.index[statement]
        return result

    def close(self, known: int, target: int | None = None) -> tuple[int, dict[int, int]]:
        """Returns all statements that follow without cases, and the step that concludes each of the new ones.

        Steps are taken in rounds, within a round by their numbers, and each as soon as all of its premises are known.

        Args:
            known (`int`): What is known.
            target (`int`, *optional*): Number of a statement; once it is concluded, no further steps are taken.
        """
        reasons: dict[int, int] = {}
        count = len(self.steps)
        due = sorted({number for one in bits(known) for number in self.uses[one] if self._is_new(number, known)})
        while due:
            turn = heappop(due)
            number = turn % count
            conclusion = self.conclusions[number]
            if not known >> conclusion & 1:
                known |= 1 << conclusion
                reasons[conclusion] = number
                if conclusion == target:
                    break
                for use in self.uses[conclusion]:
                    if self._is_new(use, known):
                        heappush(due, turn - number + use + (count if use < number else 0))
        return known, reasons

    def _is_new(self, number: int, known: int) -> bool:
        """Returns whether a step can be taken and concludes what is not known."""
        needed = self.needed[number]
        return needed & known == needed and not known >> self.conclusions[number] & 1

    def derive(self, known: int, target: int, depth: int) -> Derivation | None:
        """Derives a statement with at most `depth` nested cases."""
        closed, reasons = self.close(known, target)
        if closed >> target & 1:
            return Derivation(self._trace([target], reasons))
        if depth == 0:
            return None
        for statement in bits(closed):
            for first, second in self.cases[statement]:
                if not (closed >> first | closed >> second) & 1:
                    case = self._split(closed, reasons, statement, (first, second), target, depth)
                    if case:
                        return case
        return None

    def _split(
        self, closed: int, reasons: dict[int, int], statement: int, pair: tuple[int, int], target: int, depth: int
    ) -> Derivation | None:
        cases = []
        for assumed in pair:
            derivation = self.derive(closed | 1 << assumed, target, depth - 1)
            if derivation is None:
                return None
            cases.append((self.statements[assumed], derivation))
        # A case may use what followed before it, so that has to be derived too.
        used = [statement, *(self.index[statement] for _, case in cases for statement in _assumed(case))]
        return Derivation(self._trace(used, reasons), self.statements[statement], tuple(cases))

    def _trace(self, targets: Iterable[int], reasons: dict[int, int]) -> tuple[Step, ...]:
        """Returns the steps that lead to some statements, each after those that it needs."""
        order: dict[int, None] = {}

        def visit(target: int) -> None:
            if target in reasons and reasons[target] not in order:
                step = self.steps[reasons[target]]
                for premise in step.premises:
                    visit(self.index[premise])
                order[reasons[target]] = None

        for target in targets:
            visit(target)
        return tuple(self.steps[number] for number in order)


def _assumed(derivation: Derivation) -> set[Statement]:
    """Returns the premises that the steps of a derivation use; some are concluded in the derivation."""
    used = {premise for step in derivation.steps for premise in step.premises}
    used |= {derivation.split} if derivation.split else set()
    return used.union(*(_assumed(case) for _, case in derivation.cases))


def check_derivation(
    derivation: Derivation, premises: Iterable[Statement], conclusion: Statement, num_nodes: int
) -> None:
    """Raises `ValueError` unless a derivation leads from the premises to the conclusion by the axioms alone."""
    known = set(premises)
    for step in derivation.steps:
        if missing := [premise for premise in step.premises if premise not in known]:
            raise ValueError(f"{missing[0]} is neither a premise nor derived before it is used")
        if not is_instance(step):
            raise ValueError(f"{step} is no instance of {step.axiom}")
        known.add(step.conclusion)
    if not derivation.cases:
        if conclusion not in known:
            raise ValueError(f"the derivation does not reach {conclusion}")
        return
    if derivation.split not in known:
        raise ValueError(f"{derivation.split}, which is split into cases, is neither a premise nor derived")
    pairs = [set(pair) for pair in transitivity_cases(derivation.split, num_nodes)]
    if {assumed for assumed, _ in derivation.cases} not in pairs:
        raise ValueError("the cases must be the two that transitivity gives for one node")
    for assumed, case in derivation.cases:
        check_derivation(case, known | {assumed}, conclusion, num_nodes)


@lru_cache(maxsize=4)
def truth_table(num_nodes: int) -> np.ndarray:
    """Returns which statements hold in which digraphs: boolean of shape (digraphs, statements).

    Digraph g has the edge from i to j where bit `i · (n - 1) + j - (j > i)` of g is set. For up to 4 nodes: 4,096
    digraphs with 110 statements.
    """
    return np.array(
        [
            [holds(children, statement) for statement in statements(num_nodes)]
            for children in (digraph(num_nodes, code) for code in range(2 ** (num_nodes * (num_nodes - 1))))
        ]
    )


def digraph(num_nodes: int, code: int) -> list[int]:
    """Returns the children of each node in a digraph of [`truth_table`]."""
    width = num_nodes - 1
    children = []
    for node in range(num_nodes):
        row = code >> node * width & (1 << width) - 1
        below = row & (1 << node) - 1
        children.append(below | (row >> node) << node + 1)
    return children
