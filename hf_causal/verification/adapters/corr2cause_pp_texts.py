"""Reads the premises and hypotheses of Corr2Cause++."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from hf_causal.graphs.class_search import Holds
from hf_causal.graphs.equivalence import MAX_VARIABLES, closures
from hf_causal.graphs.equivalence_classes import EquivalenceClass
from hf_causal.verification.adapters.questions import OutOfScopeError, UnreadableError

_NAME = r"[A-Za-z]\w*"
_PREMISE = re.compile(
    r"\s*(?:Premise:\s*)?Suppose there is a closed system of (\d{1,3}) variables, (.+?), whose causal structure forms "
    r"a directed acyclic graph and satisfies faithfulness\. All the conditional independence relations are: "
    r"(.*?)\.?\s*",
    re.DOTALL,
)
_INDEPENDENCE = re.compile(rf"({_NAME}) indep ({_NAME})(?: \| ({_NAME}(?:, {_NAME})*))?")
HYPOTHESES = {
    rf"({_NAME}) directly affects ({_NAME})\.": "parent",
    rf"({_NAME}) is directly affected by ({_NAME})\.": "child",
    rf"({_NAME}) influences ({_NAME}) through some mediator\(s\) but not directly\.": "indirect",
    rf"There exists at least one collider \(i\.e\., a common child\) of ({_NAME}) and ({_NAME})\.": "collider",
    rf"There exists at least one confounder \(i\.e\., a common parent\) of ({_NAME}) and ({_NAME})\.": "confounder",
}


@lru_cache(maxsize=1024)
def class_of(premise: str) -> tuple[tuple[str, ...], EquivalenceClass]:
    """Returns the variables of a premise and the graphs that have exactly its independences."""
    match = _PREMISE.fullmatch(premise)
    if not match:
        raise UnreadableError(f"expected a closed system with all its independences, got {premise!r:.200}")
    names = tuple(re.split(r", and |, | and ", match[2]))
    are_names = all(re.fullmatch(_NAME, name) for name in names)
    if len(names) != int(match[1]) or len(set(names)) < len(names) or not are_names:
        raise UnreadableError(f"expected {match[1]} different variables, got {match[2]!r:.120}")
    if len(names) > MAX_VARIABLES:
        raise OutOfScopeError(f"{len(names)} variables are more than {MAX_VARIABLES}")
    number = {name: index for index, name in enumerate(names)}
    table = np.zeros((len(names), len(names), 2 ** len(names)), dtype=bool)
    for statement in filter(None, match[3].split("; ")):
        mentioned = _independence(statement)
        if unknown := set(mentioned) - number.keys():
            raise UnreadableError(f"{statement!r:.120} names {min(unknown)!r}, which is no variable of the system")
        first, second, *given = [number[name] for name in mentioned]
        code = sum(1 << node for node in given)
        table[first, second, code] = table[second, first, code] = True
    try:
        return names, EquivalenceClass.of_independences(table)
    except ValueError as error:
        raise UnreadableError(str(error)) from None


@lru_cache(maxsize=65_536)
def _independence(statement: str) -> tuple[str, ...]:
    """Returns the two variables of a statement, and then those of its conditioning set."""
    match = _INDEPENDENCE.fullmatch(statement.strip())
    mentioned = () if not match else (match[1], match[2], *(match[3].split(", ") if match[3] else ()))
    if len(set(mentioned)) < max(len(mentioned), 2):
        raise UnreadableError(f"expected an independence of variables, got {statement!r:.120}")
    return mentioned


def claim(relation: str, graphs: EquivalenceClass, i: int, j: int) -> Holds:
    """Returns a function that tells in which of some graphs of a class a hypothesis about two of its nodes holds."""
    if relation == "parent":
        return lambda dags: dags[:, i, j]
    if relation == "child":
        return lambda dags: dags[:, j, i]
    if relation == "indirect":
        apart = not (graphs.cpdag[i, j] or graphs.cpdag[j, i])  # an edge would be direct, or close a cycle
        return lambda dags: closures(dags)[:, i, j] & apart
    if relation == "collider":
        return lambda dags: np.asarray((dags[:, i] & dags[:, j]).any(axis=1))
    return lambda dags: np.asarray((dags[:, :, i] & dags[:, :, j]).any(axis=1))
