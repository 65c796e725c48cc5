"""The queries of CLadder: exact answers from the formal side of a row, with the numbers that its text prints."""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import copy
from fractions import Fraction
from itertools import product
from typing import Any

from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set
from hf_causal.graphs.stated_probabilities import Event, StatedProbabilities
from hf_causal.verification.adapters.questions import OutOfScopeError, UnreadableError

STRUCTURES = {
    "chain": "X->V2,V2->Y",
    "collision": "X->V3,Y->V3",
    "confounding": "V1->X,V1->Y,X->Y",
    "diamond": "X->V2,X->V3,V2->Y,V3->Y",
    "diamondcut": "V1->V3,V1->X,X->Y,V3->Y",
    "fork": "X->Y,V2->Y",
    "frontdoor": "V1->X,X->V3,V1->Y,V3->Y",
    "IV": "V1->X,V2->X,V1->Y,X->Y",
    "mediation": "X->V2,X->Y,V2->Y",
    "arrowhead": "X->V3,V2->Y,X->Y,V2->V3,V3->Y",
}
"""The graphs by their names in the data."""

_TERM = re.compile(r"[Pp]\(([^|()]+?)(?: ?\| ?([^|()]+?))?\)")
_NUMBER = re.compile(r"(?<![\d.])(-?[0-9]{1,9}(?:\.[0-9]{1,9})?)%")


class Formal:
    """The graph of a row and its stated probabilities."""

    def __init__(self, structure: str):
        pairs = [tuple(edge.split("->")) for edge in structure.replace(" ", "").split(",")]
        if any(len(pair) != 2 or not all(re.fullmatch(r"[A-Z]\w*", name) for name in pair) for pair in pairs):
            raise UnreadableError(f"expected edges such as X->Y, got {structure!r:.120}")
        self.names = sorted({name for pair in pairs for name in pair} | {"X", "Y"})
        edges = [(self.names.index(pair[0]), self.names.index(pair[1])) for pair in pairs]
        try:
            self.graph = MixedGraph.of_edges(len(self.names), edges)
        except ValueError as error:
            raise UnreadableError(f"{structure!r:.120}: {error}") from None
        self.terms: dict[tuple[Event, Event], Fraction] = {}
        self.unrounded: dict[tuple[Event, Event], Fraction] = {}

    def node(self, name: str) -> int:
        """Returns the number of a variable."""
        if name not in self.names:
            raise UnreadableError(f"the graph has no variable {name!r:.40}")
        return self.names.index(name)

    def of(self, name: str, value: int) -> Event:
        """Returns the event that a variable has a value."""
        return frozenset({(self.node(name), value)})

    def state(self, data: Mapping[str, Any], text: str) -> None:
        """Adds the probabilities of a row, with the numbers that its text prints.

        Raises:
            [`UnreadableError`]: If the text prints other numbers, or in another order.
        """
        printed = [Fraction(number) / 100 for number in _NUMBER.findall(text)]
        entries = [entry for name, value in data.items() for entry in self._entries(name, value)]
        if len(printed) != len(entries) or any(
            abs(number - Fraction(str(value))) > Fraction(51, 10_000)
            for number, (_, _, value) in zip(printed, entries, strict=True)
        ):
            raise UnreadableError("the numbers of the text are not those of the formal data")
        for number, (event, given, value) in zip(printed, entries, strict=True):
            self.terms[event, given] = number
            self.unrounded[event, given] = Fraction(str(value))

    def _entries(self, name: str, value: Any) -> list[tuple[Event, Event, float]]:
        match = _TERM.fullmatch(name.strip())
        if not match:
            raise UnreadableError(f"expected a probability such as P(Y | X), got {name!r:.80}")
        event = self._event(match[1])
        conditions = [part.strip() for part in match[2].split(",")] if match[2] else []
        fixed = frozenset(item for part in conditions if "=" in part for item in self._event(part))
        free = [self.node(part) for part in conditions if "=" not in part]
        entries = []
        for values in product((0, 1), repeat=len(free)):
            entry = value[0] if not free and isinstance(value, list) and len(value) == 1 else value
            for index in values:
                if not isinstance(entry, list) or len(entry) != 2:
                    raise UnreadableError(f"the values of {name!r} do not fit its conditions")
                entry = entry[index]
            if isinstance(entry, bool) or not isinstance(entry, int | float) or not 0 <= entry <= 1:
                raise UnreadableError(f"expected a probability for {name!r}, got {entry!r:.80}")
            entries.append((event, fixed | frozenset(zip(free, values, strict=True)), entry))
        return entries

    def _event(self, text: str) -> Event:
        items = []
        for part in text.split(","):
            name, _, value = part.strip().partition("=")
            if value.strip() not in ("", "0", "1"):
                raise UnreadableError(f"expected a value 0 or 1, got {part!r:.40}")
            items.append((self.node(name.strip()), int(value.strip() or 1)))
        return frozenset(items)

    def before_rounding(self) -> Formal:
        """Returns the same with the numbers of the formal side, which the text prints rounded."""
        other = copy(self)
        other.terms = self.unrounded
        return other

    def quantity(self, query: str) -> tuple[Fraction, dict[str, Any]]:
        """Returns a quantity whose sign answers a query, with its proof.

        Raises:
            [`OutOfScopeError`]: For another query, or if the stated probabilities do not lead to it.
        """
        known = StatedProbabilities(self.graph, self.terms)
        x1, x0, y1 = self.of("X", 1), self.of("X", 0), self.of("Y", 1)
        pair: tuple[Fraction | None, Fraction | None]
        if query == "marginal":
            pair = known.probability(y1), Fraction(1, 2)
        elif query == "correlation":
            pair = known.probability(y1, x1), known.probability(y1, x0)
        elif query == "exp_away":
            # P(Y | V3) lies between P(Y | X, V3) and P(Y | not X, V3).
            pair = (known.probability(y1, x1 | self.of("V3", 1)), known.probability(y1, x0 | self.of("V3", 1)))
        elif query == "ate":
            pair = _value(known.after(y1, x1)), _value(known.after(y1, x0))
        elif query == "ett":
            pair = known.probability(y1, x1), _value(known.had_it_been(y1, x0, x1))
        elif query in ("nde", "nie"):
            first = known.nested(y1, x1, x0) if query == "nde" else known.nested(y1, x0, x1)
            pair = _value(first), _value(known.nested(y1, x0, x0))
        else:
            raise OutOfScopeError(f"queries of the type {query!r:.40} are not covered")
        if pair[0] is None or pair[1] is None:
            raise OutOfScopeError("no rule leads from the stated probabilities to the answer, and nothing is proved")
        value = pair[0] - pair[1]
        return value, {
            "query": query,
            "value": f"{float(value):.6f}",
            "of": [f"{float(p):.6f}" for p in pair if p is not None],
        }

    def adjusts(self, names: Any) -> bool:
        """Returns whether a set of variables satisfies the back-door criterion for X and Y."""
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise UnreadableError(f"expected a list of variables, got {names!r:.80}")
        z, x, y = node_set(map(self.node, names)), 1 << self.node("X"), 1 << self.node("Y")
        below = self.graph.descendants(x)
        return not z & (below | y) and self.graph.without_outgoing(x).separated(x, y, z)

    def affects(self) -> bool:
        """Returns whether X affects Y."""
        return bool(self.graph.descendants(1 << self.node("X")) >> self.node("Y") & 1)


def _value(result: tuple[Fraction, dict[str, int]] | None) -> Fraction | None:
    return None if result is None else result[0]


_EQUATION = re.compile(r"(\w+) = ((?:not )?\w+(?: (?:and|or) (?:not )?\w+)*)")


def counterfactual(
    formal: Formal, equations: str, evidence: Mapping[str, Any], action: int
) -> tuple[set[int], dict[str, Any]]:
    """Returns the values that Y can have after an action, in all states that agree with equations and evidence.

    Args:
        formal ([`Formal`]): The graph.
        equations (`str`): Lines such as `Y = X or not V2`; a line with 0 or 1 is evidence.
        evidence (mapping): Observed values of variables.
        action (`int`): The value that X is set to.
    """
    rules: dict[str, str] = {}
    for line in equations.strip().splitlines():
        match = _EQUATION.fullmatch(line.strip())
        if not match or match[1] not in formal.names:
            raise UnreadableError(f"expected equations such as 'Y = X or V2', got {line!r:.80}")
        if match[2] in ("0", "1"):
            if evidence.get(match[1]) not in (int(match[2]), None):
                raise UnreadableError(f"{line!r} contradicts the observed values")
            continue
        rules[match[1]] = match[2]
    graph = formal.graph
    for name, rule in rules.items():
        words = set(re.findall(r"\w+", rule)) - {"and", "or", "not"}
        if {formal.node(word) for word in words} != set(bits(graph.parents[formal.node(name)])):
            raise UnreadableError(f"the equation of {name} does not have the causes that the graph has")
    order = [formal.names[node] for node in graph.order]
    roots = [name for name in order if name not in rules]
    if any(graph.parents[formal.node(name)] for name in roots):
        raise UnreadableError("an effect has no equation")
    outcomes = set[int]()
    for values in product((0, 1), repeat=len(roots)):
        state = dict(zip(roots, values, strict=True))
        actual = _run(order, rules, state)
        if all(actual.get(name) == value for name, value in evidence.items()):
            outcomes.add(_run(order, rules, state, {"X": action})["Y"])
    return outcomes, {
        "equations": rules,
        "observed": dict(evidence),
        "action": {"X": action},
        "outcomes": sorted(outcomes),
    }


def _run(
    order: list[str], rules: dict[str, str], roots: dict[str, int], changed: dict[str, int] | None = None
) -> dict[str, int]:
    state: dict[str, int] = {}
    for name in order:
        if changed and name in changed:
            state[name] = changed[name]
        elif name in rules:
            state[name] = _evaluate(rules[name], state)
        else:
            state[name] = roots[name]
    return state


def _evaluate(rule: str, state: dict[str, int]) -> int:
    if " and " in rule and " or " in rule:
        raise OutOfScopeError("equations that mix 'and' with 'or' are not covered")
    terms = [1 - state[term[4:]] if term.startswith("not ") else state[term] for term in re.split(" and | or ", rule)]
    return int(all(terms)) if " and " in rule else int(any(terms))
