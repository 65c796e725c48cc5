"""What follows from which statements about four nodes, by which axioms: the problems that rows are made of.

Whether a statement follows is decided by all 4,096 digraphs, and whether an axiom is needed by closing the premises
under the others. Premise sets that differ only in the names of their nodes count as one, and each belongs to one
split.
"""

from __future__ import annotations

from functools import cache
from itertools import combinations, permutations
from typing import NamedTuple

import numpy as np

from hf_causal.graphs.relevance import Statement, statements, steps, truth_table
from hf_causal.utils.randomness import Stream

NUM_NODES = 4
_GROUPS = 8
"""Groups of premise sets: one for `test`, one for `validation`, the others for `train`."""
_ADDED = {"transitivity": 240}
"""How often two statements are added to each test set for `more_statements`; 8 times where an axiom is not rare."""


class Problems(NamedTuple):
    """Premise sets for which an axiom is needed."""

    premises: np.ndarray
    """Numbers of statements, shape (sets, premises)."""
    yes: np.ndarray
    """Which conclusions need the axiom: boolean of shape (sets, statements)."""
    no: np.ndarray
    """Which conclusions do not follow, of the same shape."""

    def usable(self) -> Problems:
        """Returns the sets with a Yes and a No of the same sizes, and of these conclusions no others."""
        same = shapes()[:, None] == shapes()
        yes, no = self.yes & (self.no @ same), self.no & (self.yes @ same)
        kept = yes.any(axis=1)
        return Problems(self.premises[kept], yes[kept], no[kept])


@cache
def problems(split: str, axiom: str) -> list[Problems]:
    """Returns the problems of a split in which an axiom is needed, by number of premises.

    A conclusion needs transitivity if it follows and cannot be derived without cases. It needs another axiom if it can
    be derived without cases, and not without that axiom.

    Args:
        split (`str`): `train`, `validation`, `test`, or `more_statements`, whose sets are those of `test` with two
            more statements.
        axiom (`str`): One of `hf_causal.graphs.relevance.AXIOMS`.
    """
    triples, group = premise_sets()
    groups = {"test": (0,), "more_statements": (0,), "validation": (1,)}.get(split, range(2, _GROUPS))
    sets = [triples[np.isin(group, groups)]]
    if axiom == "transitivity":
        sets = [sets[0][find_needed(sets[0], axiom).yes.any(axis=1)]]
    if split == "more_statements":
        sets = [_with_random_statements(sets[0], _ADDED.get(axiom, 8))]
    elif axiom == "transitivity":
        # Few sets of three statements need it, so each further statement makes another one.
        quadruples, group = transitivity_quadruples()
        sets.append(quadruples[np.isin(group, groups)])
    return [problem for chosen in sets if len((problem := find_needed(chosen, axiom).usable()).premises)]


@cache
def premise_sets() -> tuple[np.ndarray, np.ndarray]:
    """Returns all sets of three statements about four nodes, one for all that differ in names, and their groups."""
    triples = np.array(list(combinations(range(len(statements(NUM_NODES))), 3)))
    codes = _codes(triples)
    triples = triples[codes == _least_codes(triples)]
    used = np.array([x | z | y for x, z, y in statements(NUM_NODES)])
    triples = triples[np.bitwise_or.reduce(used[triples], axis=1) == 2**NUM_NODES - 1]
    group = np.arange(len(triples)) % _GROUPS
    # The few sets for which transitivity is needed are spread over the groups in turn.
    rare = np.flatnonzero(find_needed(triples, "transitivity").yes.any(axis=1))
    group[rare] = np.arange(len(rare)) % _GROUPS
    return triples, group


@cache
def transitivity_quadruples() -> tuple[np.ndarray, np.ndarray]:
    """Returns the sets of [`premise_sets`] that need transitivity with one more statement, and their groups."""
    triples, group = premise_sets()
    rare = find_needed(triples, "transitivity").yes.any(axis=1)
    count = len(statements(NUM_NODES))
    added = np.tile(np.arange(count), rare.sum())[:, None]
    quadruples = np.sort(np.concatenate([np.repeat(triples[rare], count, axis=0), added], axis=1), axis=1)
    group = np.repeat(group[rare], count)
    new = (np.diff(quadruples, axis=1) > 0).all(axis=1)
    quadruples, group = quadruples[new], group[new]
    # A set may contain two of the smaller ones; in two groups it would be the same up to names.
    _, first, code = np.unique(_least_codes(quadruples), return_index=True, return_inverse=True)
    groups_of_code = np.zeros((len(first), _GROUPS), dtype=bool)
    groups_of_code[code, group] = True
    first = first[groups_of_code.sum(axis=1) == 1]
    return quadruples[first], group[first]


def find_needed(sets: np.ndarray, axiom: str) -> Problems:
    """Returns which conclusions need an axiom, and which do not follow."""
    known = np.zeros((len(statements(NUM_NODES)), len(sets)), dtype=bool)
    known[sets.T, np.arange(len(sets))] = True
    fails = (~truth_table(NUM_NODES)).astype(np.float32)
    models = fails @ known.astype(np.float32) == 0
    no = fails.T @ models.astype(np.float32) > 0
    closed = _close(known)
    yes = ~no & ~closed if axiom == "transitivity" else closed & ~_close(known, axiom)
    return Problems(sets, yes.T, no.T)


def _close(known: np.ndarray, without: str | None = None) -> np.ndarray:
    """Adds what follows by the axioms that conclude one statement: boolean of shape (statements, sets)."""
    known, before = known.copy(), -1
    while before != (before := int(known.sum())):
        for premises, conclusion, axiom in _numbered_steps():
            if axiom != without:
                known[conclusion] |= known[premises].all(axis=0)
    return known


@cache
def _numbered_steps() -> list[tuple[list[int], int, str]]:
    number = {statement: index for index, statement in enumerate(statements(NUM_NODES))}
    return [
        ([number[premise] for premise in step.premises], number[step.conclusion], step.axiom)
        for step in steps(NUM_NODES)
    ]


@cache
def renamings() -> np.ndarray:
    """Returns the number that each statement gets by each order of the nodes: shape (orders, statements)."""
    number = {statement: index for index, statement in enumerate(statements(NUM_NODES))}

    def renamed(nodes: int, order: tuple[int, ...]) -> int:
        return sum(1 << new for old, new in enumerate(order) if nodes >> old & 1)

    return np.array(
        [
            [number[Statement(*(renamed(nodes, order) for nodes in statement))] for statement in statements(NUM_NODES)]
            for order in permutations(range(NUM_NODES))
        ]
    )


def _codes(sets: np.ndarray) -> np.ndarray:
    """Returns a number for each set of statements, given in ascending order."""
    return np.asarray(sets @ len(statements(NUM_NODES)) ** np.arange(sets.shape[1] - 1, -1, -1))


def _least_codes(sets: np.ndarray) -> np.ndarray:
    """Returns the same number for sets that differ in the names of the nodes alone."""
    return np.min([_codes(np.sort(numbers[sets], axis=1)) for numbers in renamings()], axis=0)


def _with_random_statements(sets: np.ndarray, times: int) -> np.ndarray:
    """Adds two random statements to each set, several times."""
    count = len(statements(NUM_NODES))
    repeated = np.repeat(sets, times, axis=0)
    added = Stream("relevance_axioms", "more_statements").integers(count, (len(repeated), 2))
    larger = np.sort(np.concatenate([repeated, added], axis=1), axis=1)
    return np.unique(larger[(np.diff(larger, axis=1) > 0).all(axis=1)], axis=0)


@cache
def suggests() -> np.ndarray:
    """Returns which statements are about nodes that others have in the same roles: [statement, other]."""
    x, _, y = np.array(statements(NUM_NODES)).T
    within = [nodes & nodes[:, None] == nodes for nodes in (x, y)]
    return np.asarray(within[0] & within[1])


@cache
def shapes() -> np.ndarray:
    """Returns a number for each statement, the same for those whose sets have the same sizes."""
    sizes = np.array([[nodes.bit_count() for nodes in statement] for statement in statements(NUM_NODES)])
    return np.asarray(sizes @ (25, 5, 1))
