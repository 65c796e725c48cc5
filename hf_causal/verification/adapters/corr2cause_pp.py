"""Corr2Cause++: all independences, a hypothesis, and the edges that all graphs share."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any, cast

import numpy as np

from hf_causal.graphs.equivalence_classes import EquivalenceClass
from hf_causal.tasks.corr2cause.text import HYPOTHESES, ClosedSystem, join
from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.adapters.answer_texts import literal
from hf_causal.verification.adapters.corr2cause_pp_texts import HYPOTHESES as RELATIONS
from hf_causal.verification.adapters.corr2cause_pp_texts import claim, class_of
from hf_causal.verification.adapters.questions import (
    Answer,
    Question,
    Solution,
    UnreadableError,
)
from hf_causal.verification.adapters.reply_forms import EDGES, YES_NO

_Stated = tuple[int, frozenset[tuple[str, str]]]
"""A label with forced edges."""
_COLUMNS = ("label", "relation_type", "forced_edges", "query")


def _recognizes(row: Values) -> bool:
    return all(name in row for name in _COLUMNS) and isinstance(row["query"], str) and " indep" in row["query"]


def _read(row: Values) -> Question:
    query = row["query"]
    premise, separator, hypothesis = query.rpartition("Hypothesis:") if isinstance(query, str) else ("", "", "")
    if not separator:
        raise UnreadableError("expected a premise and a hypothesis")
    names, graphs = class_of(premise.strip())
    matches = ((re.fullmatch(pattern, hypothesis.strip()), name) for pattern, name in RELATIONS.items())
    match, relation = next(((match, name) for match, name in matches if match), (None, ""))
    if match is None or match[1] == match[2] or not {match[1], match[2]} <= set(names):
        raise UnreadableError(f"expected a hypothesis about two variables, got {hypothesis.strip()!r:.120}")
    pair = names.index(match[1]), names.index(match[2])
    counter_model = graphs.member_where(claim(relation, graphs, *pair), False, pair)
    answer = int(counter_model is None), _pairs(_compelled(graphs), names)
    solution = Solution((answer,), _proof(graphs, names, counter_model))
    prompt = None
    if relation in ("parent", "child"):
        i, j = (match[1], match[2]) if relation == "parent" else (match[2], match[1])
        prompt = join(ClosedSystem.of_table(names, graphs.independences).text, HYPOTHESES["parent"].format(i=i, j=j))
    return Question(row["relation_type"], query, (_stated(row),), solution, _spell, prompt=prompt)


def _compelled(graphs: EquivalenceClass) -> np.ndarray:
    return graphs.cpdag & ~graphs.cpdag.T


def _pairs(graph: np.ndarray, names: tuple[str, ...]) -> frozenset[tuple[str, str]]:
    return frozenset((names[i], names[j]) for i, j in np.argwhere(graph).tolist())


def _proof(graphs: EquivalenceClass, names: tuple[str, ...], counter_model: np.ndarray | None) -> dict[str, Any]:
    """Returns the CPDAG, and a graph in which the hypothesis does not hold, where there is one."""
    proof: dict[str, Any] = {
        "directed": sorted(_pairs(_compelled(graphs), names)),
        "undirected": sorted({min(pair, pair[::-1]) for pair in _pairs(graphs.cpdag & graphs.cpdag.T, names)}),
        "members": graphs.num_members,
    }
    if counter_model is not None:
        proof["counter_model"] = sorted(_pairs(counter_model, names))
    return proof


def _stated(row: Values) -> _Stated:
    label, edges = row["label"], row["forced_edges"]
    if isinstance(label, bool) or label not in (0, 1):
        raise UnreadableError(f"the label must be 0 or 1, got {label!r:.80}")
    pairs = [tuple(edge) for edge in edges] if isinstance(edges, list) and all(map(_is_pair, edges)) else None
    if pairs is None or len(set(pairs)) < len(pairs):
        raise UnreadableError(f"the forced edges must be different pairs of names, got {edges!r:.80}")
    return int(label), frozenset(pairs)


def _asks(question: Question) -> tuple[Question, Question]:
    """Returns the question whether the hypothesis follows, and the one for the edges that all graphs share."""
    (stated,), (exact,), proof = question.stated, question.solution.answers, question.solution.proof
    (label, edges), (right, compelled) = cast(_Stated, stated), cast(_Stated, exact)
    premise = question.text.rpartition("Hypothesis:")[0].strip()
    asked = "Which directed edges do all directed acyclic graphs have that satisfy this premise?"
    follows = replace(question, text=f"{question.text}\nDoes the hypothesis follow from the premise?", form=YES_NO,
        stated=(label,), solution=Solution((right,), proof), spell=_spell_label,
        read=lambda word: int(word == "Yes"),
    )  # fmt: skip
    shared = Question("forced edges", f"{premise}\n\n{asked}", (edges,), Solution((compelled,), proof),
        _spell_edges, form=EDGES, read=_edges_of_text,
    )  # fmt: skip
    return follows, shared


def _spell_label(label: Any) -> str:
    return "Yes" if label else "No"


def _spell_edges(edges: Any) -> str:
    return str(["->".join(edge) for edge in sorted(edges)])


def _edges_of_text(text: str) -> frozenset[tuple[str, str]]:
    items = literal(text) if text.strip() != "set()" else ()
    pairs = [tuple(part.strip() for part in item.split("->")) for item in items if isinstance(item, str)]
    if len(pairs) < len(items) or any(len(pair) != 2 for pair in pairs) or len(set(pairs)) < len(pairs):
        raise UnreadableError(f"expected a list of different edges, got {text!r:.80}")
    return frozenset((first, second) for first, second in pairs)


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
    asks=_asks,
)
