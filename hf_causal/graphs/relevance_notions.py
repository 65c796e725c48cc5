"""Whether changing one variable is relevant to another, under three notions, in a model of tables and fair coins.

- graphical: a directed path leads from x to y without the variables that are held fixed.
- probabilistic: for some values of those, P(y | do x, do z) is not the same for both values of x.
- deterministic: for some values of the coins, of those, and of any further variables that are held fixed, y changes
  with x.

The notions are those of Galles and Pearl (1997, Artificial Intelligence 97, 9-43). Values of a variable for all
outcomes of the coins are one whole number, a bit for each outcome.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal, NamedTuple

Notion = Literal["graphical", "probabilistic", "deterministic"]
NOTIONS: tuple[Notion, ...] = ("graphical", "probabilistic", "deterministic")


class Mechanism(NamedTuple):
    """How a variable follows from others and from coins."""

    sources: tuple[int, ...]
    """Variables, and coins as negative numbers: -1 for the first coin."""
    ones: frozenset[tuple[int, ...]]
    """Values of the sources for which it is 1."""


@dataclass(frozen=True)
class TableModel:
    """Variables with causes before their effects, and a number of fair coins."""

    mechanisms: tuple[Mechanism, ...]
    num_coins: int

    @property
    def everything(self) -> int:
        """All outcomes of the coins, as bits."""
        return (1 << (1 << self.num_coins)) - 1

    def solve(self, held: Mapping[int, int]) -> list[int]:
        """Returns the outcomes of the coins in which each variable is 1, where some variables have set values."""
        coins = self.coins
        everything = self.everything
        values: list[int] = []
        for node, mechanism in enumerate(self.mechanisms):
            if node in held:
                values.append(everything if held[node] else 0)
                continue
            sources = [values[source] if source >= 0 else coins[-1 - source] for source in mechanism.sources]
            mask = 0
            for row in mechanism.ones:
                part = everything
                for source, bit in zip(sources, row, strict=True):
                    part &= source if bit else ~source
                mask |= part
            values.append(mask & everything)
        return values

    @cached_property
    def coins(self) -> list[int]:
        """For each coin the outcomes in which it is 1; bit k of an outcome's number is the coin k."""
        return [
            sum(1 << outcome for outcome in range(1 << self.num_coins) if outcome >> coin & 1)
            for coin in range(self.num_coins)
        ]

    def reached(self, x: int, held: frozenset[int]) -> list[int]:
        """Returns the variables that directed paths from x lead to without those that are held fixed."""
        nodes = {x}
        for node, mechanism in enumerate(self.mechanisms):
            if node not in held and nodes.intersection(mechanism.sources):
                nodes.add(node)
        return sorted(nodes - {x})

    def leading_to(self, y: int, held: frozenset[int]) -> set[int]:
        """Returns y and the variables that directed paths lead from to y, without those that are held fixed."""
        nodes = {y}
        for node in range(y, -1, -1):
            if node in nodes:
                nodes.update(source for source in self.mechanisms[node].sources if source >= 0 and source not in held)
        return nodes


class Effect(NamedTuple):
    """Values of variables that are held fixed, and the outcomes in which y is 1 for x = 0 and for x = 1."""

    held: dict[int, int]
    without: int
    treated: int


def effects(
    model: TableModel, x: int, y: int, z: frozenset[int], further: bool, among: Container[int] | None = None
) -> Iterator[Effect]:
    """Yields the effect of x on y for all values of z, and if `further`, of any further variables held fixed, too.

    With `among`, the further ones are only of these.
    """
    rest = [node for node in range(len(model.mechanisms)) if node not in z and node not in (x, y)] if further else []
    if among is not None:
        rest = [node for node in rest if node in among]
    choices = [(0, 1)] * len(z) + [(None, 0, 1)] * len(rest)
    for values in product(*choices):
        held = {node: value for node, value in zip((*sorted(z), *rest), values, strict=True) if value is not None}
        yield Effect(held, *(model.solve({**held, x: value})[y] for value in (0, 1)))


def find_effect(model: TableModel, notion: Notion, x: int, y: int, z: frozenset[int]) -> Effect | None:
    """Returns an effect that shows relevance under the probabilistic or the deterministic notion, or `None`.

    Of the deterministic ones it has as few variables held fixed as possible.
    """
    if notion == "probabilistic":
        return next((one for one in effects(model, x, y, z, False) if _differs_in_probability(one)), None)
    return min(_changes(model, x, y, z), key=lambda one: len(one.held), default=None)


def _changes(model: TableModel, x: int, y: int, z: frozenset[int]) -> Iterator[Effect]:
    """Yields the effects in which y changes; of further variables they only hold those that y may depend on."""
    leading = model.leading_to(y, z | {x})
    return (one for one in effects(model, x, y, z, True, leading) if one.without != one.treated)


def _differs_in_probability(effect: Effect) -> bool:
    return effect.without.bit_count() != effect.treated.bit_count()


def is_relevant(model: TableModel, notion: Notion, x: int, y: int, z: frozenset[int]) -> bool:
    """Returns whether x is relevant to y while z is held fixed, under a notion."""
    if notion == "graphical":
        return y in model.reached(x, z)
    if notion == "deterministic":
        return next(_changes(model, x, y, z), None) is not None
    return find_effect(model, notion, x, y, z) is not None
