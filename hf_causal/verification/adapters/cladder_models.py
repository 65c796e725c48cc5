"""The models of CLadder: tables of probabilities with the quantities that the questions are labelled by."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from itertools import product
from typing import Any

from hf_causal.graphs.causal_effects import (
    average_effect,
    effect_on_treated,
    natural_direct_effect,
    natural_indirect_effect,
)
from hf_causal.graphs.mixed_graphs import bits
from hf_causal.graphs.structural_models import BinaryModel, Variable, probability
from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.adapters.answer_texts import number_of
from hf_causal.verification.adapters.cladder_queries import Formal
from hf_causal.verification.adapters.questions import Answer, OutOfScopeError, Question, Solution, UnreadableError

_PARAMETER = re.compile(r"[pP]\((\w+)(?: \| (\w+(?:, \w+)*))?\)")
_PROBABILITY = re.compile(r"P\((\w+)=([01])(?: \| (\w+=[01](?:, \w+=[01])*))?\)")
TOLERANCE = Fraction(1, 10**6)
_EFFECTS: dict[str, Callable[..., Fraction | None]] = {
    "ATE(Y | X)": lambda model, x, y, between: average_effect(model, x, y),
    "ETT(Y | X)": lambda model, x, y, between: effect_on_treated(model, x, y),
    "NDE(Y | X)": natural_direct_effect,
    "NIE(Y | X)": natural_indirect_effect,
}


def _recognizes(row: Values) -> bool:
    return {"model_id", "structure", "params", "groundtruth"} <= row.keys() and isinstance(row["params"], dict)


class _Model:
    """A model with names for its variables."""

    def __init__(self, formal: Formal, params: dict[str, Any]):
        self.formal, self.place = formal, {node: index for index, node in enumerate(formal.graph.order)}
        tables = dict(_table(formal, name, value) for name, value in params.items())
        if tables.keys() != self.place.keys() or len(tables) < len(params):
            raise OutOfScopeError("the parameters are not one table for each variable of the graph")
        parents, rows = [], []
        for node in formal.graph.order:
            above = sorted(bits(formal.graph.parents[node]), key=self.place.__getitem__)
            parents.append(tuple(self.place[parent] for parent in above))
            cells = [frozenset(zip(above, values, strict=True)) for values in product((0, 1), repeat=len(above))]
            if tables[node].keys() != set(cells):
                raise UnreadableError(f"the table of {formal.names[node]!r} does not fit its causes in the graph")
            rows.append(tuple(tables[node][cell] for cell in cells))
        self.model = BinaryModel(tuple(parents), tuple(rows))

    def quantity(self, name: str) -> Fraction | None:
        """Returns one of the quantities that CLadder names, or `None` for one that is not covered."""
        x, y = (self.place[self.formal.node(variable)] for variable in "XY")
        if name in _EFFECTS:
            graph, ends = self.formal.graph, (self.formal.node("X"), self.formal.node("Y"))
            between = graph.descendants(1 << ends[0]) & graph.ancestors(1 << ends[1])
            return _EFFECTS[name](self.model, x, y, [self.place[node] for node in bits(between) if node not in ends])
        match = _PROBABILITY.fullmatch(name)
        if not match:
            return None
        given = [part.split("=") for part in match[3].split(", ")] if match[3] else []
        seen = {Variable(0, self.place[self.formal.node(variable)]): int(value) for variable, value in given}
        return probability(self.model, {Variable(0, self.place[self.formal.node(match[1])]): int(match[2])}, seen)


def _table(formal: Formal, name: str, value: Any) -> tuple[int, dict[Any, Fraction]]:
    match = _PARAMETER.fullmatch(name)
    if not match:
        raise OutOfScopeError(f"the parameter {name!r:.60} is no table of probabilities")
    above = [formal.node(parent) for parent in match[2].split(", ")] if match[2] else []
    table = {}
    for values in product((0, 1), repeat=len(above)):
        entry = value
        for index in values:
            entry = entry[index] if isinstance(entry, list) and len(entry) == 2 else None
        entry = entry[0] if isinstance(entry, list) and len(entry) == 1 else entry
        if isinstance(entry, bool) or not isinstance(entry, int | float) or not 0 <= entry <= 1:
            raise OutOfScopeError(f"the table {name!r:.60} does not hold probabilities for each combination")
        table[frozenset(zip(above, values, strict=True))] = Fraction(str(entry))
    return formal.node(match[1]), table


def _read(row: Values) -> Question:
    structure, stated = row["structure"], row["groundtruth"]
    if not isinstance(structure, str) or not isinstance(stated, dict) or not isinstance(row["params"], dict):
        raise UnreadableError("expected a structure, tables and quantities")
    model = _Model(Formal(structure), row["params"])
    exact = {name: value for name in stated if (value := model.quantity(name)) is not None}
    if unknown := [name for name in stated if name not in exact]:
        raise OutOfScopeError(f"the quantity {unknown[0]!r:.60} is not covered")
    if not stated or not all(isinstance(value, int | float) for value in stated.values()):
        raise UnreadableError(f"expected quantities with their numbers, got {stated!r:.120}")

    def is_right(name: str, value: Any) -> bool:
        return abs(exact[name] - number_of(value)) <= TOLERANCE

    def accepts(answer: Any) -> bool:
        return all(name in exact and is_right(name, value) for name, value in answer)

    wrong = [name for name, value in stated.items() if not is_right(name, value)]
    proof: dict[str, Any] = {name: f"{float(exact[name]):.6f}" for name in wrong} or {"quantities": len(stated)}
    # Where some quantities are wrong, they alone are shown and corrected.
    shown = {name: stated[name] for name in wrong or stated}
    answer = tuple((name, float(exact[name]) if wrong else value) for name, value in shown.items())
    solution = Solution((answer,), proof, accepts)
    return Question("model", f"{structure} {row['params']}", (tuple(shown.items()),), solution, _spell)


def _spell(answer: Any) -> str:
    return ", ".join(f"{name} = {value:.6f}" for name, value in answer)


def _write(row: Values, question: Question, answers: tuple[Answer, ...]) -> dict[str, Any]:
    return {"groundtruth": row["groundtruth"] | dict(answers[0])}  # type: ignore[call-overload]


ADAPTER = Adapter(
    "cladder_models",
    "CLadder models",
    "https://github.com/causalNLP/cladder",
    _recognizes,
    _read,
    _write,
    asks=lambda question: (),
)
