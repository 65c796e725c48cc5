"""Exact quantities from some stated probabilities of binary variables and their causal graph.

A text that states a graph and the probabilities that an estimand needs determines the quantity without the rest of the
distribution. What is not stated is derived by the rules of probability and the independences of the graph; every rule
is an identity, so that a result holds in every model that agrees with the text. Where no rule applies the result is
`None`, which says nothing about whether the text determines the quantity.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import combinations, product

from hf_causal.graphs.adjustment import is_adjustment_set, is_front_door_set
from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set

Event = frozenset[tuple[int, int]]
"""Values of some variables, as pairs of node and 0 or 1."""
NOTHING: Event = frozenset()
Terms = Mapping[tuple[Event, Event], Fraction]
"""From an event and the event that it is conditioned on to a stated probability."""

DEPTH = 2
"""Times that a derivation may sum over a variable or divide by a probability."""
MOST_COVARIATES = 3


def nodes_of(event: Event) -> int:
    """Returns the set of the variables of an event."""
    return node_set(node for node, _ in event)


def values_of(nodes: int) -> Iterator[Event]:
    """Yields all combinations of values of some variables."""
    names = list(bits(nodes))
    return (frozenset(zip(names, values, strict=True)) for values in product((0, 1), repeat=len(names)))


class StatedProbabilities:
    """Stated probabilities, and what follows from them.

    Args:
        graph ([`MixedGraph`]): With bidirected edges for hidden common causes.
        terms: The stated probabilities.

    Example: P(B) = P(B | A) P(A) + P(B | not A) P(not A).

    ```python
    >>> graph = MixedGraph.of_edges(2, [(0, 1)])
    >>> a, b, nothing = frozenset({(0, 1)}), frozenset({(1, 1)}), frozenset()
    >>> terms = {(a, nothing): Fraction(1, 2), (b, a): Fraction(3, 4), (b, frozenset({(0, 0)})): Fraction(1, 4)}
    >>> StatedProbabilities(graph, terms).probability(b)
    Fraction(1, 2)

    ```
    """

    def __init__(self, graph: MixedGraph, terms: Terms):
        self.graph, self.terms = graph, dict(terms)
        for (event, given), value in terms.items():
            if len(event) == 1:
                ((node, outcome),) = event
                self.terms.setdefault((frozenset({(node, 1 - outcome)}), given), 1 - value)
        self.mentioned = 0
        for event, given in terms:
            self.mentioned |= nodes_of(event) | nodes_of(given)
        self._known: dict[tuple[Event, Event, int], Fraction | None] = {}

    def probability(self, event: Event, given: Event = NOTHING, depth: int = DEPTH) -> Fraction | None:
        """Returns a probability, or `None` where no rule derives it."""
        event -= given
        if not event:
            return Fraction(1)
        if nodes_of(event).bit_count() < len(event) or nodes_of(event) & nodes_of(given):
            return Fraction(0)
        key = (event, given, depth)
        if key not in self._known:
            self._known[key] = None  # ends circles of rules
            self._known[key] = self._derive(event, given, depth)
        return self._known[key]

    def _derive(self, event: Event, given: Event, depth: int) -> Fraction | None:
        if (event, given) in self.terms:
            return self.terms[event, given]
        rules = [self._with_other_conditions, self._by_the_chain_rule]
        if depth:
            rules += [self._as_a_quotient, self._as_a_sum]
        return next((value for rule in rules if (value := rule(event, given, depth)) is not None), None)

    def _with_other_conditions(self, event: Event, given: Event, depth: int) -> Fraction | None:
        """Leaves out, or adds, conditions that the event does not depend on."""
        about = nodes_of(event)
        for condition in given:
            rest = given - {condition}
            if self.graph.separated(about, 1 << condition[0], nodes_of(rest)):
                value = self.probability(event, rest, depth)
                if value is not None:
                    return value
        for (other, conditions), value in self.terms.items():
            if other == event and given < conditions:
                added = nodes_of(conditions - given)
                if not added & about and self.graph.separated(about, added, nodes_of(given)):
                    return value
        return None

    def _by_the_chain_rule(self, event: Event, given: Event, depth: int) -> Fraction | None:
        if len(event) == 1:
            return None
        for first in event:
            rest = event - {first}
            margin = self.probability(frozenset({first}), given, depth)
            if margin is not None:
                value = self.probability(rest, given | {first}, depth)
                if value is not None:
                    return margin * value
        return None

    def _as_a_quotient(self, event: Event, given: Event, depth: int) -> Fraction | None:
        for condition in given:
            rest = given - {condition}
            whole = self.terms.get((event | {condition}, rest))
            margin = None if whole is None else self.probability(frozenset({condition}), rest, depth - 1)
            if whole is not None and margin:
                return whole / margin
        return None

    def _as_a_sum(self, event: Event, given: Event, depth: int) -> Fraction | None:
        for node in bits(self.mentioned & ~nodes_of(event | given)):
            total = Fraction(0)
            for value in (0, 1):
                part = frozenset({(node, value)})
                joint = self.terms.get((event | part, given))
                if joint is None:
                    joint = self._product(event, part, given, depth - 1)
                if joint is None:
                    break
                total += joint
            else:
                return total
        return None

    def _product(self, event: Event, part: Event, given: Event, depth: int) -> Fraction | None:
        margin = self.probability(part, given, depth)
        value = None if margin is None else self.probability(event, given | part, depth)
        return None if margin is None or value is None else margin * value

    def average(self, event: Event, given: Event, over: int, weights: Event = NOTHING) -> Fraction | None:
        """Returns the sum over values z of P(event | given, z) P(z | weights)."""
        total = Fraction(0)
        for z in values_of(over):
            weight = self.probability(z, weights)
            if weight is None:
                return None
            if weight:
                value = self.probability(event, given | z)
                if value is None:
                    return None
                total += weight * value
        return total

    def covariates(self, allowed: int) -> Iterator[int]:
        """Yields sets of mentioned variables, the smallest first."""
        pool = list(bits(self.mentioned & allowed))
        for size in range(min(len(pool), MOST_COVARIATES) + 1):
            yield from map(node_set, combinations(pool, size))

    def after(self, event: Event, action: Event) -> tuple[Fraction, dict[str, int]] | None:
        """Returns P(event | do(action)) with the set that it was derived by, or `None`."""
        x, y = nodes_of(action), nodes_of(event)
        others = self.graph.nodes & ~(x | y)
        for z in self.covariates(others):
            if is_adjustment_set(self.graph, x, y, z) and (value := self.average(event, action, z)) is not None:
                return value, {"adjustment_set": z}
        for z in self.covariates(others):
            if (
                z
                and is_front_door_set(self.graph, x, y, z)
                and (value := self._front_door(event, action, z)) is not None
            ):
                return value, {"front_door_set": z}
        return None

    def _front_door(self, event: Event, action: Event, over: int) -> Fraction | None:
        total = Fraction(0)
        for z in values_of(over):
            weight = self.probability(z, action)
            value = None if weight is None else self.average(event, z, nodes_of(action))
            if weight is None or value is None:
                return None
            total += weight * value
        return total

    def had_it_been(self, event: Event, action: Event, seen: Event) -> tuple[Fraction, dict[str, int]] | None:
        """Returns P(event after the action | seen), where the action sets the variables that were seen otherwise."""
        x, y = nodes_of(action), nodes_of(event)
        cut, below = self.graph.without_outgoing(x), self.graph.descendants(x)
        for z in self.covariates(self.graph.nodes & ~(below | y)):
            if cut.separated(x, y, z) and (value := self.average(event, action, z, seen)) is not None:
                return value, {"adjustment_set": z}
        return None

    def nested(self, event: Event, action: Event, mediated: Event) -> tuple[Fraction, dict[str, int]] | None:
        """Returns the probability of an event after an action, with the mediators as they are after another action.

        The sets that it is derived by satisfy the conditions of Pearl (2001, Direct and indirect effects): the
        mediators meet every path from action to event but the edge, and the covariates, which do not descend from the
        action, block what confounds the action, the mediators and the event.
        """
        x, y = nodes_of(action), nodes_of(event)
        below = self.graph.descendants(x) & ~(x | y)
        direct = self.graph.without_outgoing(x, to=y)
        for m in self.covariates(below):
            if direct.descendants(x, within=self.graph.nodes & ~m) & y:
                continue
            for w in self.covariates(self.graph.nodes & ~(below | x | y | self.graph.descendants(y))):
                unconfounded = self.graph.without_outgoing(x).separated(x, m, w) if m else True
                if not unconfounded or not self.graph.without_outgoing(x | m).separated(x | m, y, w):
                    continue
                if (value := self._nested(event, action, mediated, m, w)) is not None:
                    return value, {"mediators": m, "covariates": w}
        return None

    def _nested(self, event: Event, action: Event, mediated: Event, m: int, w: int) -> Fraction | None:
        total = Fraction(0)
        for values in values_of(w):
            weight = self.probability(values)
            inner = None if weight is None else self.average(event, action | values, m, mediated | values)
            if weight is None or inner is None:
                return None
            total += weight * inner
        return total
