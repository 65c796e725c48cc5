"""Binary models that agree with stated probabilities, drawn at random: two of them show what a text leaves open."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from hf_causal.graphs.mixed_graphs import MixedGraph, bits
from hf_causal.graphs.stated_probabilities import Event, Terms, nodes_of
from hf_causal.graphs.structural_models import BinaryModel, Variable, probability, row_number

_SHARES = tuple(Fraction(k, 20) for k in range(1, 20))


class ModelSampler:
    """Draws models of a graph in which stated probabilities hold.

    Each drawn table makes a variable depend on few of its parents, so that the statements about it can be solved one
    after another, and nodes between a condition and a variable copy it. Whether a model agrees is then computed, and
    those that do not are left out, so that what remains is right whatever the guesses.

    Args:
        graph ([`MixedGraph`]): Without bidirected edges.
        terms: The stated probabilities.
        seed (`int`): Of the draws.
    """

    def __init__(self, graph: MixedGraph, terms: Terms, seed: int = 0):
        self.graph, self.terms = graph, terms
        self.place = {node: index for index, node in enumerate(graph.order)}
        """From a node to its number in the models, whose parents come first."""
        self.random = random.Random(seed)
        self.parents = [tuple(sorted(bits(parents), key=self.place.__getitem__)) for parents in graph.parents]
        self.about = self._about()
        """From a node to the statements that its table has to satisfy, those with the most values first."""

    def agreeing(self, tries: int) -> Iterator[BinaryModel]:
        """Yields models in which all stated probabilities hold, among a number of drawn ones."""
        for _ in range(tries):
            model = self._draw()
            if model is not None and all(self.chance(model, *term) == value for term, value in self.terms.items()):
                yield model

    def chance(self, model: BinaryModel, event: Event, given: Event) -> Fraction | None:
        """Returns the probability of an event in a model."""
        return probability(model, self.variables(event), self.variables(given))

    def variables(self, event: Event, world: int = 0) -> dict[Variable, int]:
        """Returns an event about the nodes of the graph as one about the variables of a model."""
        return {Variable(world, self.place[node]): value for node, value in event}

    def _draw(self) -> BinaryModel | None:
        copied = self._copies()
        tables: list[tuple[Fraction, ...]] = []
        parents: list[tuple[int, ...]] = []
        for node in self.graph.order:
            parents.append(tuple(self.place[parent] for parent in self.parents[node]))
            table = self._table(node, copied, parents, tables)
            if table is None:
                return None
            tables.append(table)
        return BinaryModel(tuple(parents), tuple(tables))

    def _copies(self) -> dict[int, int]:
        """Returns nodes that copy one of their parents: those between a condition and what is stated given it."""
        copied: dict[int, int] = {}
        for event, given in self.terms:
            for source in bits(nodes_of(given)):
                for target in bits(nodes_of(event)):
                    for parent, node in self._path(source, target):
                        if node != target:
                            copied.setdefault(node, parent)
        return {} if self.random.random() < 0.2 else copied

    def _path(self, source: int, target: int) -> list[tuple[int, int]]:
        """Returns the steps of a random directed path, or none where there is no path."""
        steps, node = [], source
        while node != target:
            onward = list(bits(self.graph.children[node] & self.graph.ancestors(1 << target)))
            if not onward:
                return []
            steps.append((node, child := self.random.choice(onward)))
            node = child
        return steps

    def _table(
        self, node: int, copied: dict[int, int], parents: list[tuple[int, ...]], tables: list[tuple[Fraction, ...]]
    ) -> tuple[Fraction, ...] | None:
        """Returns a table that satisfies the statements about a node given its predecessors, one after another."""
        size = len(self.parents[node])
        if node in copied:
            which = self.parents[node].index(copied[node])
            return tuple(Fraction(row[which]) for row in product((0, 1), repeat=size))
        table = [self.random.choice(_SHARES) for _ in range(2**size)]
        if not self.about[node]:
            return tuple(table)
        before, free = BinaryModel((*parents[:-1],), (*tables,)), set(range(2**size))
        solved = (self._solve(node, *term, table, free, before, parents[-1]) for term in self.about[node])
        return tuple(table) if all(solved) else None

    def _about(self) -> dict[int, list[tuple[Event, Event]]]:
        """Returns the statements by their last node; those whose condition is about it are left to the check."""
        about: dict[int, list[tuple[Event, Event]]] = {node: [] for node in self.place}
        for event, given in sorted(self.terms, key=lambda term: -len(term[1]) - len(term[0])):
            node = max((node for node, _ in (*event, *given)), key=self.place.__getitem__)
            if node in dict(event):
                about[node].append((event, given))
        return about

    def _solve(
        self, node: int, event: Event, given: Event, table: list[Fraction], free: set[int], before: BinaryModel,
        parents: tuple[int, ...],
    ) -> bool:  # fmt: skip
        """Changes free entries of a table so that a statement holds; returns whether it can."""
        outcome, stated = dict(event)[node], self.terms[event, given]
        condition = self.variables(given)
        rest = {**self.variables(event - {(node, outcome)}), **condition}
        order = list(dict.fromkeys([*(Variable(0, parent) for parent in parents), *rest]))
        joint, _ = before.weights(order)
        weights, base = [0] * len(table), 0
        conditions = [(order.index(variable), value) for variable, value in condition.items()]
        others = [(order.index(variable), value) for variable, value in rest.items()]
        for values, weight in joint.items():
            if all(values[index] == value for index, value in conditions):
                base += weight
                if all(values[index] == value for index, value in others):
                    weights[row_number(values, range(len(parents)))] += weight
        if not base:
            return False
        goal = stated * base if outcome else sum(weights) - stated * base
        used = {row for row, weight in enumerate(weights) if weight}
        fixed = sum((weights[row] * table[row] for row in used - free), Fraction(0))
        room = sum(weights[row] for row in used & free)
        if not room:
            return fixed == goal
        share = (goal - fixed) / room
        if not 0 <= share <= 1:
            return False
        for row in used & free:
            table[row] = share
        free -= used
        return True
