"""Exact probabilities in binary structural models, on all three rungs, by eliminating variables.

A model says with which probability each variable is 1 for each combination of its parents' values. That fixes what is
observed and what interventions do; it does not fix counterfactuals, for which the responses of a variable to different
combinations have to be coupled. Two couplings are offered: `"independent"`, where the responses to different
combinations are drawn independently, and `"threshold"`, where one uniform number for each variable decides, which is 1
for every combination whose probability exceeds it, so that a higher probability never turns a 1 into a 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal, NamedTuple

Coupling = Literal["independent", "threshold"]


class Variable(NamedTuple):
    """A variable in one of several worlds, such as the observed one and one after an intervention."""

    world: int
    node: int


@dataclass(frozen=True)
class World:
    """What is changed in a world; everything else follows the mechanisms, with the same noise in all worlds."""

    values: Mapping[int, int] = field(default_factory=dict)
    """Nodes that are set to 0 or 1."""
    copies: Mapping[int, int] = field(default_factory=dict)
    """Nodes that take the value that they have in another, earlier world."""


OBSERVED = World()


@dataclass(frozen=True)
class BinaryModel:
    """Probabilities of binary variables, which are numbered so that parents come before their children."""

    parents: tuple[tuple[int, ...], ...]
    tables: tuple[tuple[Fraction, ...], ...]
    """For each variable the probability of 1 for each combination of its parents' values, in binary order: the first
    parent is the most significant digit."""

    def __post_init__(self) -> None:
        for node, (parents, table) in enumerate(zip(self.parents, self.tables, strict=True)):
            if any(parent >= node for parent in parents) or len(set(parents)) < len(parents):
                raise ValueError(
                    f"the parents of variable {node} must be different variables before it, got {parents}"
                )
            if len(table) != 2 ** len(parents):
                raise ValueError(f"variable {node} needs {2 ** len(parents)} probabilities, got {len(table)}")
            if not all(0 <= probability <= 1 for probability in table):
                raise ValueError(f"the probabilities of variable {node} must lie between 0 and 1, got {table}")

    def joint(
        self,
        targets: Sequence[Variable],
        worlds: Sequence[World] = (OBSERVED,),
        coupling: Coupling = "independent",
    ) -> dict[tuple[int, ...], Fraction]:
        """Computes the distribution of variables, which may belong to several worlds.

        Args:
            targets (sequence of [`Variable`]): The variables, each once.
            worlds (sequence of [`World`]): World 0 first; the coupling matters from the second one on.
            coupling (`str`): `"independent"` or `"threshold"`.

        Returns:
            `dict`: From the values of the targets to their probability; combinations of probability 0 are left out.

        Example:

        ```python
        >>> model = BinaryModel(((), (0,)), ((Fraction(1, 2),), (Fraction(1, 5), Fraction(3, 5))))
        >>> model.joint([Variable(0, 1)], [World({0: 1})])
        {(0,): Fraction(2, 5), (1,): Fraction(3, 5)}

        ```
        """
        needed = self._needed(targets, worlds)
        last_use = self._last_use(needed, worlds, targets)
        kept: list[Variable] = []
        table: dict[tuple[int, ...], Fraction] = {(): Fraction(1)}
        for node in range(len(self.parents)):
            here = [variable for variable in needed if variable.node == node]
            if not here:
                continue
            table = self._extend(table, kept, node, here, worlds, coupling)
            kept += here
            table, kept = _sum_out(table, kept, {variable for variable in kept if last_use[variable] <= node})
        order = [kept.index(target) for target in targets]
        return {tuple(values[index] for index in order): table[values] for values in sorted(table)}

    def _needed(self, targets: Iterable[Variable], worlds: Sequence[World]) -> set[Variable]:
        """Returns the variables that the distribution of the targets depends on."""
        needed = set[Variable]()
        queue = list(targets)
        while queue:
            variable = queue.pop()
            if variable not in needed:
                needed.add(variable)
                queue += self._sources(variable, worlds[variable.world])
        return needed

    def _sources(self, variable: Variable, world: World) -> list[Variable]:
        if variable.node in world.values:
            return []
        if variable.node in world.copies:
            return [Variable(world.copies[variable.node], variable.node)]
        return [Variable(variable.world, parent) for parent in self.parents[variable.node]]

    def _last_use(
        self, needed: set[Variable], worlds: Sequence[World], targets: Iterable[Variable]
    ) -> dict[Variable, int]:
        """Returns the last node whose values depend on each variable; no node for a target, which is kept."""
        last_use = {variable: variable.node for variable in needed}
        for variable in needed:
            for source in self._sources(variable, worlds[variable.world]):
                last_use[source] = max(last_use[source], variable.node)
        return last_use | dict.fromkeys(targets, len(self.parents))

    def _extend(
        self,
        table: Mapping[tuple[int, ...], Fraction],
        kept: Sequence[Variable],
        node: int,
        here: Sequence[Variable],
        worlds: Sequence[World],
        coupling: Coupling,
    ) -> dict[tuple[int, ...], Fraction]:
        """Multiplies a table with the distribution of a node in all worlds that need it."""
        index = {variable: position for position, variable in enumerate(kept)}
        extended: dict[tuple[int, ...], Fraction] = {}
        for values, weight in table.items():
            rows = {
                variable.world: sum(
                    values[index[Variable(variable.world, parent)]] << shift
                    for shift, parent in enumerate(reversed(self.parents[node]))
                )
                for variable in here
                if node not in worlds[variable.world].values and node not in worlds[variable.world].copies
            }
            for responses, probability in _responses(self.tables[node], sorted(set(rows.values())), coupling):
                new: dict[Variable, int] = {}
                for variable in sorted(here):
                    world = worlds[variable.world]
                    if node in world.values:
                        new[variable] = world.values[node]
                    elif node in world.copies:
                        new[variable] = new[Variable(world.copies[node], node)]
                    else:
                        new[variable] = responses[rows[variable.world]]
                key = (*values, *(new[variable] for variable in here))
                extended[key] = extended.get(key, Fraction(0)) + weight * probability
        return extended


def _responses(
    table: Sequence[Fraction], rows: Sequence[int], coupling: Coupling
) -> list[tuple[dict[int, int], Fraction]]:
    """Returns how a variable may respond to some rows of its table, with the probability of each possibility."""
    if coupling == "threshold":
        ordered = sorted(rows, key=lambda row: -table[row])
        bounds = [Fraction(1), *(table[row] for row in ordered), Fraction(0)]
        possible = [
            ({row: int(rank < ones) for rank, row in enumerate(ordered)}, bounds[ones] - bounds[ones + 1])
            for ones in range(len(ordered) + 1)
        ]
    elif coupling == "independent":
        possible = [({}, Fraction(1))]
        for row in rows:
            possible = [
                (responses | {row: value}, weight * (table[row] if value else 1 - table[row]))
                for responses, weight in possible
                for value in (0, 1)
            ]
    else:
        raise ValueError(f"`coupling` must be 'independent' or 'threshold', got {coupling!r}")
    return [(responses, weight) for responses, weight in possible if weight]


def _sum_out(
    table: Mapping[tuple[int, ...], Fraction], kept: Sequence[Variable], finished: set[Variable]
) -> tuple[dict[tuple[int, ...], Fraction], list[Variable]]:
    """Sums over the variables that nothing depends on any more."""
    positions = [position for position, variable in enumerate(kept) if variable not in finished]
    summed: dict[tuple[int, ...], Fraction] = {}
    for values, weight in table.items():
        key = tuple(values[position] for position in positions)
        summed[key] = summed.get(key, Fraction(0)) + weight
    return summed, [kept[position] for position in positions]


def probability(
    model: BinaryModel,
    event: Mapping[Variable, int],
    given: Mapping[Variable, int] | None = None,
    worlds: Sequence[World] = (OBSERVED,),
    coupling: Coupling = "independent",
) -> Fraction | None:
    """Computes the probability of an event, given another one, or `None` where that has probability 0.

    Example: P(Y_{x=0} = 0 | X = 1, Y = 1), the probability of necessity.

    ```python
    >>> model = BinaryModel(((), (0,)), ((Fraction(1, 2),), (Fraction(1, 5), Fraction(3, 5))))
    >>> seen = {Variable(0, 0): 1, Variable(0, 1): 1}
    >>> probability(model, {Variable(1, 1): 0}, seen, [OBSERVED, World({0: 0})])
    Fraction(4, 5)
    >>> probability(model, {Variable(1, 1): 0}, seen, [OBSERVED, World({0: 0})], coupling="threshold")
    Fraction(2, 3)

    ```
    """
    given = given or {}
    targets = list({**event, **given})
    joint = model.joint(targets, worlds, coupling)

    def total(condition: Mapping[Variable, int]) -> Fraction:
        return sum(
            (
                weight
                for values, weight in joint.items()
                if all(values[targets.index(variable)] == value for variable, value in condition.items())
            ),
            Fraction(0),
        )

    contradictory = any(event.get(variable, value) != value for variable, value in given.items())
    denominator = total(given)
    if not denominator:
        return None
    return Fraction(0) if contradictory else total({**given, **event}) / denominator
