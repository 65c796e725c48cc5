"""Markov equivalence classes: their members, and what holds in all, in some or in none of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hf_causal.graphs.class_search import Holds, count_members, find_member, is_small, union
from hf_causal.graphs.equivalence import complete, cpdags, extension, independences, members, relations


@dataclass(frozen=True, eq=False)
class EquivalenceClass:
    """A Markov equivalence class of labelled DAGs.

    `members`, and what is computed from them, list all of them; the methods, `num_members` and `union` search
    where there are many.

    Example:

    ```python
    >>> from hf_causal.graphs.equivalence import RELATIONS
    >>> chain = np.array([[0, 1, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
    >>> chain_class = EquivalenceClass.of_dag(chain)
    >>> len(chain_class.members), chain_class.shares[RELATIONS.index("parent"), 0].round(2).tolist()
    (3, [0.0, 0.33, 0.0])

    ```
    """

    cpdag: np.ndarray

    @classmethod
    def of_dag(cls, dag: np.ndarray) -> EquivalenceClass:
        """Returns the class of a DAG."""
        return cls(cpdags(dag))

    @classmethod
    def suggested_by(cls, table: np.ndarray) -> EquivalenceClass:
        """Returns the only class that can have the independences of a table.

        If no class has them, the result has no members, or other independences.

        The steps are those of the PC algorithm (Spirtes, Glymour and Scheines, 2000): nodes are adjacent where no set
        separates them, and a node between two that are not is a collider where it is in no set that separates them.

        Args:
            table (`np.ndarray`): As [`independences`] returns it.
        """
        size = len(table)
        others = ~np.eye(size, dtype=bool)
        skeleton = ~table.any(axis=-1) & others
        given = (np.arange(2**size)[:, None] >> np.arange(size)) & 1 == 1
        separates = (table[..., None] & given).any(axis=2)  # [i, j, k]: k is in a set that separates i and j
        between = skeleton[:, :, None] & skeleton & (~skeleton & others)[:, None]  # [i, k, j]
        return cls(complete(skeleton, (between & ~separates.swapaxes(1, 2)).any(axis=-1)))

    @classmethod
    def of_independences(cls, table: np.ndarray) -> EquivalenceClass:
        """Returns the class whose independences are exactly those of a table.

        Raises:
            `ValueError`: If no DAG has exactly these independences.
        """
        candidate = cls.suggested_by(table)
        if candidate.member is None or not np.array_equal(candidate.independences, table):
            raise ValueError("no DAG has exactly these independences")
        return candidate

    @cached_property
    def is_small(self) -> bool:
        """See [`is_small`]."""
        return is_small(self.cpdag)

    @cached_property
    def members(self) -> np.ndarray:
        """See [`members`]; 40,320 of them at most, with eight variables."""
        return members(self.cpdag)

    @cached_property
    def num_members(self) -> int:
        """The number of members."""
        return len(self.members) if self.is_small else count_members(self.cpdag)

    @cached_property
    def union(self) -> np.ndarray:
        """The edges that at least one member has: the CPDAG, where the class comes from a pattern."""
        return np.asarray(self.members.any(axis=0)) if self.is_small else union(self.cpdag)

    @cached_property
    def member(self) -> np.ndarray | None:
        """One of the members, found without a list of them; `None` where the graph is no CPDAG and has none."""
        return extension(self.cpdag)

    def member_where(self, holds: Holds, value: bool, pair: tuple[int, int]) -> np.ndarray | None:
        """Returns a member in which something monotone about two nodes holds, or does not; `None` if there is none.

        It is the first one where the members are listed.
        """
        if not self.is_small:
            return find_member(self.cpdag, holds, value, pair)
        return self._first(holds(self.members) == value)

    def member_with(self, relation: int, first: int, second: int, value: bool = True) -> np.ndarray | None:
        """Returns a member in which one of the `RELATIONS` holds between two nodes, or does not, as `member_where`."""
        if not self.is_small:
            pair = first, second
            return find_member(self.cpdag, lambda graphs: relations(graphs)[:, relation, first, second], value, pair)
        return self._first(self.relations[:, relation, first, second] == value)

    @cached_property
    def independences(self) -> np.ndarray:
        """See [`independences`]; the same for every member."""
        if self.member is None:
            raise ValueError("the graph is no CPDAG: no DAG has its skeleton and its v-structures")
        return independences(self.member)

    @cached_property
    def relations(self) -> np.ndarray:
        """The [`relations`] of each member."""
        return relations(self.members)

    @cached_property
    def shares(self) -> np.ndarray:
        """The share of members in which each relation holds: [relation, i, j]; 1.0 for all and 0.0 for none."""
        return self.relations.mean(axis=0)

    def relabelled(self, order: np.ndarray) -> EquivalenceClass:
        """Returns the class in which node i has the edges that node `order[i]` has here."""
        return EquivalenceClass(self.cpdag[np.ix_(order, order)])

    def _first(self, fitting: np.ndarray) -> np.ndarray | None:
        return self.members[int(fitting.argmax())] if fitting.any() else None
