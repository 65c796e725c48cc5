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
from math import lcm
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
    scaled: tuple[tuple[int, tuple[int, ...]], ...] = field(init=False, compare=False, repr=False)
    """For each variable a common denominator of its table, and the numerators, which are as exact as fractions and
    many times as fast."""

    def __post_init__(self) -> None:
        for node, (parents, table) in enumerate(zip(self.parents, self.tables, strict=True)):
            if any(parent >= node for parent in parents) or len(set(parents)) < len(parents):
                raise ValueError(
                    f"the parents of variable {node} must be different variables before it, got {parents}"
                )
            if len(table) != 2 ** len(parents):
                raise ValueError(f"variable {node} needs {2 ** len(parents)} probabilities, got {len(table)}")
            if not all(0 <= one.numerator <= one.denominator for one in table):
                raise ValueError(f"the probabilities of variable {node} must lie between 0 and 1, got {table}")
        scales = [lcm(*(one.denominator for one in table)) for table in self.tables]
        scaled = [
            (scale, tuple([one.numerator * (scale // one.denominator) for one in table]))
            for scale, table in zip(scales, self.tables, strict=True)
        ]
        object.__setattr__(self, "scaled", tuple(scaled))

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
        table, denominator = self.weights(targets, worlds, coupling)
        return {values: Fraction(weight, denominator) for values, weight in sorted(table.items())}

    def weights(
        self,
        targets: Sequence[Variable],
        worlds: Sequence[World] = (OBSERVED,),
        coupling: Coupling = "independent",
    ) -> tuple[dict[tuple[int, ...], int], int]:
        """Computes a distribution as [`BinaryModel.joint`], in whole numbers.

        Returns:
            `tuple`: From the values of the targets to their weight, and the sum of all weights.
        """
        if coupling not in ("independent", "threshold"):
            raise ValueError(f"`coupling` must be 'independent' or 'threshold', got {coupling!r}")
        needed = self._needed(targets, worlds)
        last_use = self._last_use(needed, worlds, targets)
        by_node: dict[int, list[Variable]] = {}
        for variable in sorted(needed):
            by_node.setdefault(variable.node, []).append(variable)
        kept: list[Variable] = []
        table: dict[tuple[int, ...], int] = {(): 1}
        denominator = 1
        for node in sorted(by_node):
            table, scale = self._extend(table, kept, node, by_node[node], worlds, coupling)
            denominator *= scale
            kept += by_node[node]
            table, kept = _sum_out(table, kept, {variable for variable in kept if last_use[variable] <= node})
        order = [kept.index(target) for target in targets]
        return {tuple([values[index] for index in order]): weight for values, weight in table.items()}, denominator

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
        table: Mapping[tuple[int, ...], int],
        kept: Sequence[Variable],
        node: int,
        here: Sequence[Variable],
        worlds: Sequence[World],
        coupling: Coupling,
    ) -> tuple[dict[tuple[int, ...], int], int]:
        """Multiplies a table with the distribution of a node in all worlds that need it, earlier worlds first.

        Returns:
            `tuple`: The table, and the factor by which its denominator grows.
        """
        index = {variable: position for position, variable in enumerate(kept)}
        alone = here[0]
        if len(here) == 1 and node not in worlds[alone.world].values and node not in worlds[alone.world].copies:
            above = [index[Variable(alone.world, parent)] for parent in self.parents[node]]
            return _with_node(table, above, self.scaled[node]), self.scaled[node][0]
        sources = {
            variable.world: [index[Variable(variable.world, parent)] for parent in self.parents[node]]
            for variable in here
            if node not in worlds[variable.world].values and node not in worlds[variable.world].copies
        }
        possible: dict[tuple[int, ...], list[tuple[dict[int, int], int]]] = {}
        extended: dict[tuple[int, ...], int] = {}
        for values, weight in table.items():
            rows = {world: row_number(values, positions) for world, positions in sources.items()}
            different = tuple(sorted(set(rows.values())))
            if different not in possible:
                possible[different] = _responses(self.scaled[node], different, len(rows), coupling)
            for responses, factor in possible[different]:
                new: dict[int, int] = {}
                for variable in here:
                    world = worlds[variable.world]
                    if node in world.values:
                        new[variable.world] = world.values[node]
                    elif node in world.copies:
                        new[variable.world] = new[world.copies[node]]
                    else:
                        new[variable.world] = responses[rows[variable.world]]
                key = (*values, *new.values())
                extended[key] = extended.get(key, 0) + weight * factor
        return extended, self.scaled[node][0] ** len(sources)


def _with_node(
    table: Mapping[tuple[int, ...], int], above: Sequence[int], scaled: tuple[int, tuple[int, ...]]
) -> dict[tuple[int, ...], int]:
    """Multiplies a table with the distribution of a node in one world, where responses need no coupling."""
    scale, numerators = scaled
    extended: dict[tuple[int, ...], int] = {}
    for values, weight in table.items():
        ones = numerators[row_number(values, above)]
        if ones < scale:
            extended[*values, 0] = weight * (scale - ones)
        if ones:
            extended[*values, 1] = weight * ones
    return extended


def row_number(values: Sequence[int], positions: Sequence[int]) -> int:
    """Returns the row of a table for the values of a variable's parents."""
    row = 0
    for position in positions:
        row = row << 1 | values[position]
    return row


def _responses(
    scaled: tuple[int, tuple[int, ...]], rows: Sequence[int], worlds: int, coupling: Coupling
) -> list[tuple[dict[int, int], int]]:
    """Returns how a variable may respond to different rows of its table in a number of worlds.

    The weights of all possibilities add up to the denominator of the table to the power of that number.
    """
    scale, numerators = scaled
    spare = scale ** (worlds - len(rows))
    if coupling == "threshold":
        ordered = sorted(rows, key=lambda row: -numerators[row])
        bounds = [scale, *(numerators[row] for row in ordered), 0]
        possible = [
            ({row: int(rank < ones) for rank, row in enumerate(ordered)}, bounds[ones] - bounds[ones + 1])
            for ones in range(len(ordered) + 1)
        ]
        spare = scale**worlds // scale
    else:
        possible = [({}, 1)]
        for row in rows:
            possible = [
                (responses | {row: value}, weight * (numerators[row] if value else scale - numerators[row]))
                for responses, weight in possible
                for value in (0, 1)
            ]
    return [(responses, weight * spare) for responses, weight in possible if weight] if rows else [({}, 1)]


def _sum_out(
    table: Mapping[tuple[int, ...], int], kept: Sequence[Variable], finished: set[Variable]
) -> tuple[dict[tuple[int, ...], int], list[Variable]]:
    """Sums over the variables that nothing depends on any more."""
    if not finished:
        return dict(table), list(kept)
    positions = [position for position, variable in enumerate(kept) if variable not in finished]
    summed: dict[tuple[int, ...], int] = {}
    for values, weight in table.items():
        key = tuple([values[position] for position in positions])
        summed[key] = summed.get(key, 0) + weight
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
    table, _ = model.weights(targets, worlds, coupling)

    def total(condition: Mapping[Variable, int]) -> int:
        wanted = [(targets.index(variable), value) for variable, value in condition.items()]
        return sum(weight for values, weight in table.items() if all(values[i] == value for i, value in wanted))

    contradictory = any(event.get(variable, value) != value for variable, value in given.items())
    denominator = total(given)
    if not denominator:
        return None
    return Fraction(0 if contradictory else total({**given, **event}), denominator)
