"""RLCausal: distributions in structural models with full tables, on three rungs (arXiv 2512.20760)."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from functools import lru_cache
from itertools import product
from typing import Any

from hf_causal.graphs.structural_models import OBSERVED, BinaryModel, Variable, World, probability
from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.adapters.answer_texts import number_of
from hf_causal.verification.adapters.questions import Answer, OutOfScopeError, Question, Solution, UnreadableError
from hf_causal.verification.adapters.reply_forms import DISTRIBUTION
from hf_causal.verification.adapters.stated_graphs import make_graph

TOLERANCE = Fraction(1, 200) + Fraction(1, 10**9)
"""Half a unit of the second decimal place, which answers have."""
SLACK = Fraction(3, 100)
"""Differences up to this are counted as rounding: answers were computed before the tables were rounded."""

_TEXT = re.compile(
    r"Here's a structural causal model over discrete random variables\. The Variables are (?P<names>[^.]+)\. Here are "
    r"the Values they can take on\.\n\n(?P<values>(?:\w+ can take values in \[[\d, ]+\]\n)+)\nHere's the causal "
    r"directed acyclic graph \(DAG\):\n\nstrict digraph \{\n(?P<dag>(?:[\w >-]+;\n)+)\}\n+Here are the causal "
    r"conditional probability tables \(CPT\) associated with the DAG:\n\n(?P<tables>.*?)\n\n\n(?P<noise>Furthermore, "
    r"each variable v is assumed to depend deterministically on its parents pa\(v\) and a collection of independent "
    r"exogenous selector variables, one for each possible joint assignment to pa\(v\), whose marginal distribution is "
    r"defined to be p\(v \| pa\(v\)\)\. Given a particular assignment to pa\(v\), v takes on the value of the "
    r"selector variable corresponding to that particular assignment pa\(v\)\.\n\n)?"
    r"Here's your Question: (?P<question>[^\n]+)"
    r"(?:\s+-+\s+Now start your solution process\. Be precise\.)?\s*",
    re.DOTALL,
)
_TABLE = re.compile(r"P\((\w+)(?: \| (\w+=[01](?:,\w+=[01])*))?\) = \[([\d.]+), ([\d.]+)\]")
_ASKED = r"What is the marginal distribution of (?P<y>\w+) given "
_QUESTIONS = {
    "observational": r"it is observed that (?P<seen>\w+ ?= ?\d{1,9})\?",
    "interventional": r"we intervent?ed to set (?P<x>\w+) to (?P<to>\d{1,9})\?",
    "counterfactual": r"we first observed (?P<seen>\w+ ?= ?\d{1,9}) and then intervened to set (?P<x>\w+) to "
    r"(?P<to>\d{1,9})\?",
}


def _recognizes(row: Values) -> bool:
    example = row.get("example")
    return isinstance(example, dict) and {"user", "reference"} <= example.keys() and "formal_example" in row


@lru_cache(maxsize=256)
def _model(names: str, values: str, dag: str, tables: str) -> tuple[dict[str, int], BinaryModel]:
    """Returns the model of a text, with the number of each variable in it."""
    listed = tuple(name.strip() for name in names.split(","))
    if any(not line.endswith("[0, 1]") for line in values.strip().splitlines()):
        raise OutOfScopeError("variables with other values than 0 and 1 are not covered")
    edges = [tuple(line.split(" -> ")) for line in dag.replace(";", "").splitlines() if "->" in line]
    graph = make_graph(listed, edges, [])  # type: ignore[arg-type]
    place = {graph.names[node]: index for index, node in enumerate(graph.mixed.order)}
    entries: dict[str, dict[frozenset[tuple[str, int]], Fraction]] = {name: {} for name in listed}
    for line in filter(None, tables.splitlines()):
        if re.fullmatch(r"CPTs for \w+:", line):
            continue
        match = _TABLE.fullmatch(line)
        if not match or match[1] not in entries or number_of(match[3]) + number_of(match[4]) != 1:
            raise UnreadableError(f"expected a row of a table that adds up to 1, got {line!r:.120}")
        given = [part.split("=") for part in match[2].split(",")] if match[2] else []
        key = frozenset((name, int(value)) for name, value in given)
        if key in entries[match[1]]:
            raise UnreadableError(f"a row of a table is stated twice: {line!r:.120}")
        entries[match[1]][key] = number_of(match[4])
    parents, rows = [], []
    for name in place:
        above = sorted((cause for cause, effect in edges if effect == name), key=place.__getitem__)
        keys = [frozenset(zip(above, bits, strict=True)) for bits in product((0, 1), repeat=len(above))]
        if entries[name].keys() != set(keys):
            raise UnreadableError(f"the table of {name!r} does not fit its causes in the graph")
        parents.append(tuple(place[cause] for cause in above))
        rows.append(tuple(entries[name][key] for key in keys))
    return place, BinaryModel(tuple(parents), tuple(rows))


def _read(row: Values) -> Question:
    text = row["example"].get("user")
    match = _TEXT.fullmatch(text) if isinstance(text, str) and len(text) < 100_000 else None
    if not match:
        raise UnreadableError(f"expected a structural causal model and a question, got {text!r:.160}")
    place, model = _model(match["names"], match["values"], match["dag"], match["tables"])
    matches = (
        (rung, re.fullmatch(_ASKED + pattern, match["question"].strip())) for rung, pattern in _QUESTIONS.items()
    )
    rung, asked = next(((rung, asked) for rung, asked in matches if asked), ("", None))
    if asked is None:
        raise UnreadableError(f"the question is not understood: {match['question']!r:.160}")
    if rung == "counterfactual" and not match["noise"]:
        raise OutOfScopeError("the text does not say how the responses to different causes go together")
    value = _answer_in(model, place, rung, asked.groupdict())
    if value is None:
        raise OutOfScopeError("what is observed has probability 0")
    exact = (1 - value, value)
    proof = {"rung": rung, "distribution": [f"{float(part):.6f}" for part in exact]}

    def gap(stated: Any) -> Fraction:
        return max(abs(part - right) for part, right in zip(stated, exact, strict=True))

    def nearly(stated: Any) -> str:
        return f"the difference is {float(gap(stated)):.4f}" if gap(stated) <= SLACK else ""

    solution = Solution((exact,), proof, lambda stated: gap(stated) <= TOLERANCE, nearly)
    return Question(rung, text, (_distribution(row["example"]["reference"]),), solution, _spell, _distribution,
        form=DISTRIBUTION)  # fmt: skip


def _answer_in(model: BinaryModel, place: dict[str, int], rung: str, parts: dict[str, str]) -> Fraction | None:
    mentioned = [parts["y"], *([parts["x"]] if "x" in parts else [])]
    seen: dict[Variable, int] = {}
    if "seen" in parts:
        name, _, value = parts["seen"].replace(" ", "").partition("=")
        mentioned.append(name)
        seen = {Variable(0, place.get(name, 0)): int(value)}
    values = [*seen.values(), *([int(parts["to"])] if "to" in parts else [])]
    if unknown := [name for name in mentioned if name not in place]:
        raise UnreadableError(f"the model has no variable {unknown[0]!r:.40}")
    if any(value not in (0, 1) for value in values):
        raise UnreadableError("the question names a value that its variable does not have")
    y = place[parts["y"]]
    if rung == "observational":
        return probability(model, {Variable(0, y): 1}, seen)
    world = World({place[parts["x"]]: int(parts["to"])})
    if rung == "interventional":
        return probability(model, {Variable(0, y): 1}, worlds=[world])
    return probability(model, {Variable(1, y): 1}, seen, [OBSERVED, world], "independent")


def _distribution(value: Any) -> tuple[Fraction, ...]:
    try:
        numbers = json.loads(value) if isinstance(value, str) and len(value) < 200 else value
        parts = tuple(map(number_of, numbers))
    except (TypeError, ValueError, RecursionError):
        parts = ()
    if len(parts) != 2 or not all(0 <= part <= 1 for part in parts):
        raise UnreadableError(f"expected a distribution such as [0.1, 0.9], got {value!r:.80}")
    return parts


def _spell(answer: Any) -> str:
    return str([float(round(part, 2)) for part in answer])


def _write(row: Values, question: Question, answers: tuple[Answer, ...]) -> dict[str, Any]:
    return {"example": row["example"] | {"reference": _spell(answers[0])}}


ADAPTER = Adapter("rlcausal", "RLCausal", "https://github.com/zhichul/rlcausal", _recognizes, _read, _write)
