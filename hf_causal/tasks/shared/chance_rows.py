"""Drawing structural models with their sentences, and quantities to ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np
import pyarrow as pa

from hf_causal.graphs.dags import erdos_renyi_dags, with_few_parents
from hf_causal.tasks.shared.chances import COUPLINGS, WORDS, Chance, Premise
from hf_causal.tasks.shared.exact_numbers import write_decimal
from hf_causal.tasks.shared.model_questions import ModelQuestions, Question
from hf_causal.tasks.shared.quantity_texts import CAUSATION, TYPES, Quantity
from hf_causal.tasks.shared.schema import Cell
from hf_causal.utils.randomness import Draws, Stream

EDGES_PER_NODE = 1.25
MISSING, OPEN = "missing", "open_responses"
"""Structures: a sentence is missing; nothing says how responses are coupled."""
COUPLED = ("causation", "individual")
"""Types of quantities that depend on how responses are coupled, in most models."""
_MOST_PARENTS = 3
_HUNDREDTHS, _TWENTIETHS = 100, 20
_LARGEST_DENOMINATOR = 9


@dataclass(frozen=True)
class ChanceCell(Cell):
    """A cell of questions about structural models."""

    branching_factor: float | None = EDGES_PER_NODE
    numbers: str = "twentieths"
    """`"twentieths"` and `"hundredths"` as decimals, or `"fractions"` with denominators up to 9."""
    shuffled: bool = False
    """Whether the sentences are in random order, rather than causes first."""
    rungs: tuple[int, ...] = (1, 2)
    """Rungs of the quantities of a cell that may have several types."""


def draw_models(cell: Cell, count: int, stream: Stream) -> np.ndarray:
    """Draws DAGs in which no node has more than three parents: edges of shape (graphs, edges, 2), at most `count`."""
    assert cell.branching_factor is not None
    edges = erdos_renyi_dags(count, cell.num_nodes, cell.branching_factor, stream)
    return with_few_parents(edges, cell.num_nodes, _MOST_PARENTS)


class DrawnModel:
    """One model: its graph with names, and the sentences that state it.

    Args:
        names (sequence of `str`): Of the nodes.
        edges (sequence of pairs): Of the DAG.
        cell ([`ChanceCell`]): How numbers are written, and the order of the sentences.
        draws ([`Draws`]): Random numbers.
    """

    def __init__(self, names: Sequence[str], edges: Sequence[Sequence[int]], cell: ChanceCell, draws: Draws):
        self.names, self.draws, self.cell = names, draws, cell
        parents: list[list[int]] = [[] for _ in names]
        for cause, effect in edges:
            parents[effect].append(cause)
        self.parents = [sorted(some) for some in parents]
        self.order = _causes_first(self.parents)
        self.descendants = self._descendants()
        chances = [chance for node in self.order for chance in self._chances(node)]
        self.chances = tuple(draws.shuffled(chances) if cell.shuffled else chances)

    def _descendants(self) -> list[set[int]]:
        below: list[set[int]] = [set() for _ in self.names]
        for node in reversed(self.order):
            for parent in self.parents[node]:
                below[parent] |= {node, *below[node]}
        return below

    def _chances(self, node: int) -> Iterator[Chance]:
        parents = self.parents[node]
        for row in range(2 ** len(parents)):
            values = (row >> shift & 1 for shift in range(len(parents) - 1, -1, -1))
            condition = tuple((self.names[parent], value) for parent, value in zip(parents, values, strict=True))
            yield Chance(self.names[node], condition, *self._probability())

    def _probability(self) -> tuple[Fraction, str]:
        """Draws a probability, with its text."""
        if self.cell.numbers == "fractions":
            denominator = 2 + self.draws.below(_LARGEST_DENOMINATOR - 1)
            return _written(1 + self.draws.below(denominator - 1), denominator, False)
        parts = _HUNDREDTHS if self.cell.numbers == "hundredths" else _TWENTIETHS
        return _written(1 + self.draws.below(parts - 1), parts, True)

    def premise(self, coupling: str | None, without: int | None = None) -> Premise:
        """Returns the premise, perhaps without one of its sentences."""
        return Premise(tuple(one for index, one in enumerate(self.chances) if index != without), coupling)

    def draw_coupling(self) -> str:
        """Draws one of the two couplings."""
        return tuple(COUPLINGS)[self.draws.below(len(COUPLINGS))]

    def quantities(self, types: Sequence[str]) -> Iterator[Quantity]:
        """Yields random quantities of random types, without end; none where a model has none of a type."""
        pairs = [(x, y) for x in range(len(self.names)) for y in self.descendants[x]]
        chains = [(x, m, y) for x, m in pairs for y in self.descendants[m]]
        if not chains:
            return
        while True:
            name = types[self.draws.below(len(types))]
            x, y = pairs[self.draws.below(len(pairs))]
            if name in ("controlled_direct_effect", "natural_direct_effect", "natural_indirect_effect"):
                x, m, y = chains[self.draws.below(len(chains))]
                value = self.draws.below(2) if name == "controlled_direct_effect" else 1
                yield Quantity(name, self.names[y], self.names[x], self.names[m], value)
            elif name in ("observation", "intervention"):
                yield self._conditional(name, x, y)
            elif name == "individual":
                yield self._individual(x, y)
            else:
                which = tuple(CAUSATION)[self.draws.below(3)] if name in ("causation", "bounds") else ""
                yield Quantity(name, self.names[y], self.names[x], which=which)

    def _conditional(self, name: str, x: int, y: int) -> Quantity:
        others = [node for node in self.draws.shuffled(range(len(self.names))) if node not in (x, y)]
        if name == "observation" and self.draws.below(2):
            x, y = y, x
        more = others[: self.draws.below(2)]
        values = tuple((self.names[node], self.draws.below(2)) for node in (x, *more))
        return Quantity(name, self.names[y], values=values)

    def _individual(self, x: int, y: int) -> Quantity:
        seen = self.draws.below(2)
        others = [node for node in self.draws.shuffled(range(len(self.names))) if node not in (x, y)]
        values = [(x, seen), *((node, self.draws.below(2)) for node in others[: self.draws.below(2)])]
        values.append((y, self.draws.below(2)))
        named = tuple((self.names[node], value) for node, value in values)
        return Quantity("individual", self.names[y], self.names[x], set_value=1 - seen, values=named)


@cache
def _written(numerator: int, denominator: int, decimal: bool) -> tuple[Fraction, str]:
    value = Fraction(numerator, denominator)
    return value, (write_decimal(value) if decimal else None) or str(value)


def questions_about_models(
    ask: Callable[[DrawnModel], tuple[Premise, Sequence[Question]] | None], schema: pa.Schema, yes_no: bool = True
) -> ModelQuestions:
    """Returns the questions of a task about structural models.

    Args:
        ask (callable): From a model to a premise about it and two questions, or `None` where there are none.
        schema (`pa.Schema`): With the columns that the task adds.
        yes_no (`bool`): Whether answers are Yes and No.
    """

    def ask_about(
        names: list[str], edges: list[list[int]], cell: ChanceCell, draws: Draws
    ) -> tuple[str, Sequence[Question]] | None:
        question = ask(DrawnModel(names, edges, cell, draws))
        return question and (str(question[0]), question[1])

    return ModelQuestions(draw_models, ask_about, schema, WORDS, yes_no=yes_no)


def types_of(rungs: Sequence[int]) -> tuple[str, ...]:
    """Returns the types of quantities of some rungs."""
    return tuple(name for name, one in TYPES.items() if one.rung in rungs)


def _causes_first(parents: Sequence[Sequence[int]]) -> list[int]:
    order: list[int] = []
    while len(order) < len(parents):
        order += [
            node
            for node in range(len(parents))
            if node not in order and all(parent in order for parent in parents[node])
        ]
    return order
