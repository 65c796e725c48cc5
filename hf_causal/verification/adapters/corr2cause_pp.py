"""Corr2Cause++: all independences, a hypothesis, and the edges that all graphs share."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import numpy as np

from hf_causal.graphs.equivalence import MAX_VARIABLES, EquivalenceClass, closures
from hf_causal.tasks.corr2cause.text import HYPOTHESES, ClosedSystem, join
from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.adapters.questions import (
    Answer,
    OutOfScopeError,
    Question,
    Solution,
    UnreadableError,
)

_NAME = r"[A-Za-z]\w*"
_PREMISE = re.compile(
    r"\s*(?:Premise:\s*)?Suppose there is a closed system of (\d+) variables, (.+?), whose causal structure forms a "
    r"directed acyclic graph and satisfies faithfulness\. All the conditional independence relations are: (.*?)\.?\s*",
    re.DOTALL,
)
_INDEPENDENCE = re.compile(rf"({_NAME}) indep ({_NAME})(?: \| ({_NAME}(?:, {_NAME})*))?")
_HYPOTHESES = {
    rf"({_NAME}) directly affects ({_NAME})\.": "parent",
    rf"({_NAME}) is directly affected by ({_NAME})\.": "child",
    rf"({_NAME}) influences ({_NAME}) through some mediator\(s\) but not directly\.": "indirect",
    rf"There exists at least one collider \(i\.e\., a common child\) of ({_NAME}) and ({_NAME})\.": "collider",
    rf"There exists at least one confounder \(i\.e\., a common parent\) of ({_NAME}) and ({_NAME})\.": "confounder",
}
_COLUMNS = ("label", "relation_type", "forced_edges", "query")


def _recognizes(row: Values) -> bool:
    return all(name in row for name in _COLUMNS) and isinstance(row["query"], str) and " indep" in row["query"]


@lru_cache(maxsize=1024)
def _class_of(premise: str) -> tuple[tuple[str, ...], EquivalenceClass]:
    match = _PREMISE.fullmatch(premise)
    if not match:
        raise UnreadableError(f"expected a closed system with all its independences, got {premise!r:.200}")
    names = tuple(re.split(r", and |, | and ", match[2]))
    if len(names) != int(match[1]) or len(set(names)) < len(names):
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


def _holds(relation: str, dags: np.ndarray, i: int, j: int) -> np.ndarray:
    """Returns in which of the DAGs a hypothesis about two of their nodes holds: boolean of shape (DAGs,)."""
    if relation == "parent":
        return dags[:, i, j]
    if relation == "child":
        return dags[:, j, i]
    if relation == "indirect":
        return closures(dags)[:, i, j] & ~dags[:, i, j]
    both = dags[:, i] & dags[:, j] if relation == "collider" else dags[:, :, i] & dags[:, :, j]
    return both.any(axis=1)


def _read(row: Values) -> Question:
    query = row["query"]
    premise, separator, hypothesis = query.rpartition("Hypothesis:") if isinstance(query, str) else ("", "", "")
    if not separator:
        raise UnreadableError("expected a premise and a hypothesis")
    names, graphs = _class_of(premise.strip())
    found = ((re.fullmatch(pattern, hypothesis.strip()), name) for pattern, name in _HYPOTHESES.items())
    match, relation = next(((match, name) for match, name in found if match), (None, ""))
    if match is None or match[1] == match[2] or not {match[1], match[2]} <= set(names):
        raise UnreadableError(f"expected a hypothesis about two variables, got {hypothesis.strip()!r:.120}")
    holds = _holds(relation, graphs.members, names.index(match[1]), names.index(match[2]))
    solution = Solution(((int(holds.all()), _pairs(_compelled(graphs), names)),), _proof(graphs, names, holds))
    prompt = None
    if relation in ("parent", "child"):
        i, j = (match[1], match[2]) if relation == "parent" else (match[2], match[1])
        prompt = join(ClosedSystem.of_table(names, graphs.independences).text, HYPOTHESES["parent"].format(i=i, j=j))
    return Question(row["relation_type"], query, (_stated(row),), solution, _spell, prompt=prompt)


def _compelled(graphs: EquivalenceClass) -> np.ndarray:
    return graphs.cpdag & ~graphs.cpdag.T


def _pairs(graph: np.ndarray, names: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    return frozenset((names[i], names[j]) for i, j in np.argwhere(graph).tolist())


def _proof(graphs: EquivalenceClass, names: tuple[str, ...], holds: np.ndarray) -> dict[str, Any]:
    """Returns the CPDAG, and a graph in which the hypothesis does not hold, where there is one."""
    proof: dict[str, Any] = {
        "directed": sorted(_pairs(_compelled(graphs), names)),
        "undirected": sorted({min(pair, pair[::-1]) for pair in _pairs(graphs.cpdag & graphs.cpdag.T, names)}),
        "members": len(graphs.members),
    }
    if not holds.all():
        proof["counter_model"] = sorted(_pairs(graphs.members[int(holds.argmin())], names))
    return proof


def _stated(row: Values) -> tuple[int, frozenset[tuple[str, str]]]:
    label, edges = row["label"], row["forced_edges"]
    if isinstance(label, bool) or label not in (0, 1):
        raise UnreadableError(f"the label must be 0 or 1, got {label!r:.80}")
    pairs = [tuple(edge) for edge in edges] if isinstance(edges, list) and all(map(_is_pair, edges)) else None
    if pairs is None or len(set(pairs)) < len(pairs):
        raise UnreadableError(f"the forced edges must be different pairs of names, got {edges!r:.80}")
    return int(label), frozenset(pairs)


def _is_pair(edge: Any) -> bool:
    return isinstance(edge, list | tuple) and len(edge) == 2 and all(isinstance(name, str) for name in edge)


def _spell(answer: Any) -> str:
    label, edges = answer
    return f"label {label}, forced edges {json.dumps(sorted(edges))}"


def _write(row: Values, question: Question, answers: tuple[Answer, ...]) -> dict[str, Any]:
    answer: Any = answers[0]
    label, edges = answer
    stated = {tuple(edge) for edge in row["forced_edges"]}
    kept = row["forced_edges"] if stated == edges else [list(edge) for edge in sorted(edges)]
    return {"label": label, "forced_edges": kept}


ADAPTER = Adapter(
    "corr2cause_pp",
    "Corr2Cause++",
    "https://github.com/MarkusEnglberger/Corr2Cause_PP",
    _recognizes,
    _read,
    _write,
)
