"""Variables of several worlds as one network, and the elimination of its variables in whole numbers.

In two worlds with the same noise, a variable whose causes have the same values has the same value. So worlds share
all that an intervention does not change: the counterfactual graph of Shpitser and Pearl (2007, UAI, "What
counterfactuals can be tested"). Weights are whole numbers over one common denominator, which is as exact as fractions
and many times as fast. Probabilities may be missing, and the coupling of responses may be open, as long as a result
does not depend on them; `hf_causal.graphs.structural_models` computes the same without such a network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

from hf_causal.graphs.structural_models import OBSERVED, Variable, World

MOST_ENTRIES = 2**14
"""Entries of a table; an elimination that needs a larger one is refused."""

Table = dict[tuple[int, ...], int]
"""From the values of units to their weight."""


class Undetermined(ValueError):
    """A result that depends on a missing probability, or on an open coupling of responses."""


class Term(NamedTuple):
    """The probability of an event, given another one, in one or several worlds."""

    event: tuple[tuple[Variable, int], ...]
    given: tuple[tuple[Variable, int], ...] = ()
    worlds: tuple[World, ...] = (OBSERVED,)


class Unit(NamedTuple):
    """A variable of the network: a node, and what it responds to."""

    node: int
    sources: tuple[int, ...]
    """For each parent the number of its unit, or -1 and -2 for the set values 0 and 1."""


class Step(NamedTuple):
    """A step of an elimination: units that are multiplied in, or summed out, and the table after it."""

    sums: bool
    units: tuple[int, ...]
    columns: tuple[int, ...]
    """The units of the table."""
    table: Table
    denominator: int


@dataclass(frozen=True)
class PartialModel:
    """A binary model as [`BinaryModel`], in which probabilities may be missing and the coupling may be open."""

    parents: tuple[tuple[int, ...], ...]
    tables: tuple[tuple[Fraction | None, ...], ...]
    coupling: str | None = None
    """`"independent"`, `"threshold"`, or `None` where it is open."""
    scaled: tuple[tuple[int, tuple[int | None, ...]], ...] = field(init=False, compare=False)
    """For each node the denominator of its table, and the numerators."""
    networks: dict[Any, Network] = field(init=False, compare=False, repr=False, default_factory=dict)
    """Those of [`PartialModel.network`] so far."""

    def __post_init__(self) -> None:
        scaled = []
        for table in self.tables:
            scale = lcm(*(one.denominator for one in table if one is not None))
            numerators = [None if one is None else one.numerator * (scale // one.denominator) for one in table]
            scaled.append((scale, tuple(numerators)))
        object.__setattr__(self, "scaled", tuple(scaled))

    def network(self, worlds: Sequence[World]) -> Network:
        """Returns the network of some worlds, which several terms of a model may have."""
        key = tuple([(*world.values.items(), None, *world.copies.items()) for world in worlds])
        if key not in self.networks:
            self.networks[key] = Network(self, worlds)
        return self.networks[key]


class Network:
    """The units that the worlds of a term need.

    Args:
        model ([`PartialModel`]): The model.
        worlds (sequence of [`World`]): World 0 first.
    """

    def __init__(self, model: PartialModel, worlds: Sequence[World]):
        # Not the model itself, which keeps its networks: two that refer to each other take long to be freed.
        self.parents, self.scaled, self.coupling, self.worlds = model.parents, model.scaled, model.coupling, worlds
        self.units: list[Unit] = []
        self.origin: list[int] = []
        """For each unit the world in which it was first met, -1 for the observed one."""
        self._number: dict[Unit, int] = {}
        observed = self._add_world(OBSERVED, -1, [])
        self.places: list[list[int]] = []
        """For each world and node the number of its unit, or -1 and -2 for the set values 0 and 1."""
        for index, world in enumerate(worlds):
            self.places.append(observed if world == OBSERVED else self._add_world(world, index, self.places))

    def _add_world(self, world: World, index: int, earlier: Sequence[Sequence[int]]) -> list[int]:
        places: list[int] = []
        for node, parents in enumerate(self.parents):
            if node in world.values:
                places.append(-1 - world.values[node])
            elif node in world.copies:
                places.append(earlier[world.copies[node]][node])
            else:
                unit = Unit(node, tuple([places[parent] for parent in parents]))
                if unit not in self._number:
                    self._number[unit] = len(self.units)
                    self.units.append(unit)
                    self.origin.append(index)
                places.append(self._number[unit])
        return places

    def place(self, variable: Variable) -> int:
        """Returns the number of a variable's unit, or -1 and -2 for the set values 0 and 1."""
        return self.places[variable.world][variable.node]

    def needed(self, targets: Sequence[int]) -> dict[int, list[int]]:
        """Returns the units that targets depend on, by node, causes first."""
        reached, queue = set[int](), [target for target in targets if target >= 0]
        while queue:
            unit = queue.pop()
            if unit not in reached:
                reached.add(unit)
                queue += [source for source in self.units[unit].sources if source >= 0]
        by_node: dict[int, list[int]] = {}
        for unit in sorted(reached, key=lambda one: (self.units[one].node, one)):
            by_node.setdefault(self.units[unit].node, []).append(unit)
        return by_node

    def eliminate(self, targets: Sequence[int]) -> list[Step]:
        """Multiplies the units in, causes first, and sums over each one as soon as nothing depends on it any more.

        Args:
            targets (sequence of `int`): Units that are kept.

        Returns:
            `list[Step]`: The last table is the distribution of the targets.

        Raises:
            [`Undetermined`]: If the result depends on what is missing or open.
            `ValueError`: If a table would have more than `MOST_ENTRIES` entries.
        """
        by_node, kept = self.needed(targets), {target for target in targets if target >= 0}
        last_use = {unit: node for node, units in by_node.items() for unit in units}
        for node, units in by_node.items():
            for unit in units:
                for source in self.units[unit].sources:
                    if source >= 0:
                        last_use[source] = max(last_use[source], node)
        steps: list[Step] = []
        columns: tuple[int, ...] = ()
        table: Table = {(): 1}
        denominator = 1
        for node, units in by_node.items():
            columns, table, scale = self.multiply(columns, table, units)
            denominator *= scale
            steps.append(Step(False, tuple(units), columns, table, denominator))
            finished = [unit for unit in columns if last_use[unit] <= node and unit not in kept]
            if finished:
                columns, table = sum_out(columns, table, finished)
                steps.append(Step(True, tuple(finished), columns, table, denominator))
        return steps or [Step(False, (), (), table, 1)]

    def multiply(
        self, columns: tuple[int, ...], table: Table, units: Sequence[int]
    ) -> tuple[tuple[int, ...], Table, int]:
        """Multiplies a table with the distribution of units of one node, whose causes are among its columns.

        Returns:
            `tuple`: The columns and the table, and the factor by which the common denominator grows.
        """
        node = self.units[units[0]].node
        scale, numerators = self.scaled[node]
        sources = [[_look_up(source, columns) for source in self.units[unit].sources] for unit in units]
        if len(table) << len(units) > MOST_ENTRIES:
            raise ValueError(f"a table of more than {MOST_ENTRIES} entries would be needed")
        extended: Table = {}
        for values, weight in table.items():
            rows = []
            for places in sources:
                row = 0
                for index, constant in places:
                    row = row << 1 | (constant if index < 0 else values[index])
                rows.append(row)
            if len(rows) == 1:
                one = numerators[rows[0]]
                if one is None:
                    raise Undetermined("the result depends on a probability that is missing")
                if one != scale:
                    extended[(*values, 0)] = weight * (scale - one)
                if one:
                    extended[(*values, 1)] = weight * one
                continue
            for responses, factor in self._responses(scale, numerators, rows):
                extended[(*values, *responses)] = weight * factor
        return (*columns, *units), extended, scale ** len(units)

    def _responses(
        self, scale: int, numerators: Sequence[int | None], rows: Sequence[int]
    ) -> list[tuple[tuple[int, ...], int]]:
        """Returns how units of one node respond to rows of its table, with weights over `scale ** len(rows)`."""
        different = sorted(set(rows))
        ones = [numerators[row] for row in different]
        if None in ones:
            raise Undetermined("the result depends on a probability that is missing")
        known = [one for one in ones if one is not None]
        certain = [one in (0, scale) for one in known]
        if len(different) - sum(certain) > 1 and self.coupling is None:
            raise Undetermined("the result depends on how the responses of a variable to different causes are coupled")
        spare = scale ** (len(rows) - len(different))
        if self.coupling == "threshold":
            possible = _threshold_responses(known, scale)
            spare = scale ** (len(rows) - 1)
        else:
            possible = [((), 1)]
            for one in known:
                possible = [
                    ((*values, value), weight * factor)
                    for values, weight in possible
                    for value, factor in ((0, scale - one), (1, one))
                    if factor
                ]
        index = [different.index(row) for row in rows]
        return [(tuple([values[i] for i in index]), weight * spare) for values, weight in possible]


def _look_up(source: int, columns: Sequence[int]) -> tuple[int, int]:
    """Returns the column of a source, or -1 with the set value."""
    return (-1, -1 - source) if source < 0 else (columns.index(source), 0)


def _threshold_responses(ones: Sequence[int], scale: int) -> list[tuple[tuple[int, ...], int]]:
    """Returns the responses by one uniform number, which is below the probabilities that respond with 1."""
    bounds = sorted({0, scale, *ones})
    return [
        (tuple([int(one >= high) for one in ones]), high - low) for low, high in zip(bounds, bounds[1:], strict=False)
    ]


def sum_out(columns: tuple[int, ...], table: Table, finished: Sequence[int]) -> tuple[tuple[int, ...], Table]:
    """Sums a table over some of its columns."""
    kept = [index for index, unit in enumerate(columns) if unit not in finished]
    summed: Table = {}
    for values, weight in table.items():
        key = tuple([values[index] for index in kept])
        summed[key] = summed.get(key, 0) + weight
    return tuple(columns[index] for index in kept), summed


@dataclass(frozen=True)
class Evaluation:
    """The value of a term with the steps that lead to it."""

    network: Network
    steps: list[Step]
    weights: tuple[int, int]
    """Of the event together with what is given, and of what is given; over the denominator of the last step."""

    @property
    def joint(self) -> Fraction:
        """The probability of the event together with what is given."""
        return Fraction(self.weights[0], self.steps[-1].denominator)

    @property
    def condition(self) -> Fraction:
        """The probability of what is given; 1 where nothing is."""
        return Fraction(self.weights[1], self.steps[-1].denominator)

    @property
    def value(self) -> Fraction:
        """The probability of the event, given the condition."""
        return Fraction(*self.weights)


def evaluate(model: PartialModel, term: Term) -> Evaluation:
    """Computes a term by elimination.

    Raises:
        [`Undetermined`]: If it depends on what is missing or open.
        `ZeroDivisionError`: If what is given has probability 0.

    Example:

    ```python
    >>> half, tables = Fraction(1, 2), ((Fraction(1, 2),), (Fraction(1, 5), Fraction(3, 5)))
    >>> model = PartialModel(((), (0,)), tables)
    >>> evaluate(model, Term(((Variable(0, 1), 1),), (), (World({0: 1}),))).value
    Fraction(3, 5)

    ```
    """
    try:
        return evaluate_as_stated(model, term)
    except Undetermined:
        filled = _without_cancelling(model, term)
        if filled is None:
            raise
        return evaluate_as_stated(filled, term)


def _without_cancelling(model: PartialModel, term: Term) -> PartialModel | None:
    """Returns the model with any values for missing probabilities that cancel; `None` where none is missing.

    Where a unit and all that it responds to are observed, its probability is a factor of both P(event, given) and
    P(given). Another unit of the same node would respond to the same noise, so that there must be none.
    """
    network = model.network(term.worlds)
    given = {network.place(variable) for variable, _ in term.given}
    by_node = network.needed([*given, *(network.place(variable) for variable, _ in term.event)])
    nodes = {
        node
        for node, units in by_node.items()
        if len(units) == 1 and units[0] in given and all(s < 0 or s in given for s in network.units[units[0]].sources)
    }
    nodes = {node for node in nodes if None in model.tables[node]}
    if not nodes:
        return None
    half = Fraction(1, 2)
    tables = tuple(
        tuple(half if one is None and node in nodes else one for one in table)
        for node, table in enumerate(model.tables)
    )
    return PartialModel(model.parents, tables, model.coupling)


def evaluate_as_stated(model: PartialModel, term: Term) -> Evaluation:
    """Computes a term as [`evaluate`], where nothing that is missing is multiplied in, not even if it cancels."""
    network = model.network(term.worlds)
    given = [(network.place(variable), value) for variable, value in term.given]
    event = [(network.place(variable), value) for variable, value in term.event]
    steps = network.eliminate([place for place, _ in (*given, *event)])
    last = steps[-1]
    joint = _total(last, [*given, *event])
    condition = _total(last, given) if given else last.denominator
    if not condition:
        raise ZeroDivisionError("what is observed has probability 0")
    return Evaluation(network, steps, (joint, condition))


def _total(step: Step, wanted: Sequence[tuple[int, int]]) -> int:
    """Returns the weight of the entries in which units have values."""
    if any(place < 0 and -1 - place != value for place, value in wanted):
        return 0
    places = [(step.columns.index(place), value) for place, value in wanted if place >= 0]
    return sum(
        weight for values, weight in step.table.items() if all(values[index] == value for index, value in places)
    )


def bounds_of(terms: Mapping[str, Fraction], which: str) -> tuple[Fraction, Fraction]:
    """Computes the bounds of Tian and Pearl (2000) on PN, PS or PNS from data and experiments.

    Args:
        terms (mapping): `"11"`, `"10"`, `"01"` and `"00"`: P(x, y); `"y1"` and `"y0"`: P(y = 1 | do x).
        which (`str`): `"PN"`, `"PS"` or `"PNS"`.

    Raises:
        `ZeroDivisionError`: If PN or PS conditions on an event of probability 0.
    """
    p11, p10, p01, p00, y1, y0 = (terms[name] for name in ("11", "10", "01", "00", "y1", "y0"))
    zero, one = Fraction(0), Fraction(1)
    if which == "PN":
        return max(zero, (p11 + p01 - y0) / p11), min(one, (1 - y0 - p00) / p11)
    if which == "PS":
        return max(zero, (y1 - p11 - p01) / p00), min(one, (y1 - p11) / p00)
    low = max(zero, y1 - y0, p11 + p01 - y0, y1 - p11 - p01)
    return low, min(y1, 1 - y0, p11 + p00, y1 - y0 + p10 + p01)
