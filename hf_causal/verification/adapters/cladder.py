"""CLadder: ten queries over three rungs (arXiv 2312.04350, causalNLP/cladder), also as CaLM has them.

A row is read by its formal side, `meta`: the graph, the type of the query, and the probabilities, whose numbers must
be those that the text prints. An English text must have the sentences of its type of query; what its phrases for
events say is not read, nor are Chinese texts, except for their numbers.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.adapters.cladder_queries import STRUCTURES, Formal, counterfactual
from hf_causal.verification.adapters.cladder_texts import QUERIES, read_phrases
from hf_causal.verification.adapters.questions import Answer, OutOfScopeError, Question, Solution, UnreadableError
from hf_causal.verification.adapters.reply_forms import YES_NO

_YES = {"yes": "Yes", "no": "No", "是": "Yes", "否": "No"}
_MORE = re.compile(
    r"\b(more likely|more correct|larger|increase|positively|does it mean that .* affects)\b", re.IGNORECASE
)
_LESS = re.compile(
    r"\b(less likely|less correct|smaller|decrease|negatively|does it mean that .* does not affect)\b", re.IGNORECASE
)


def _recognizes(row: Values) -> bool:
    meta = _meta(row)
    return meta is not None and "query_type" in meta and "graph_id" in meta and "question" in row


def _meta(row: Values) -> dict[str, Any] | None:
    value = row.get("meta")
    if isinstance(value, str) and len(value) < 20_000:
        try:
            value = json.loads(value) if value.lstrip().startswith('{"') else ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def _read(row: Values) -> Question:
    meta, given, asked = _meta(row), row.get("given_info"), row.get("question")
    if meta is None or not isinstance(given, str) or not isinstance(asked, str):
        raise UnreadableError("expected a formal side, given information and a question")
    formal, query = Formal(_structure(row, meta)), meta["query_type"]
    if not isinstance(query, str) or not all(isinstance(name, str) for name in meta):
        raise UnreadableError(f"the type of the query must be text, got {query!r:.80}")
    positive = _direction(asked, meta, query)
    if asked.isascii() and query in QUERIES:
        read_phrases(given, asked, query)
    if query == "backadj":
        solution = _methods(formal, meta, positive)
    elif query == "collider_bias":
        answer = formal.affects() == positive
        solution = Solution((_word(answer),), {"affects": formal.affects(), "graph": meta["graph_id"]})
    elif query == "det-counterfactual":
        solution = _counterfactual(formal, row, meta)
    else:
        solution = _sign(formal, meta, given, query, positive)
    column = "gt_answer" if "gt_answer" in row else "answer"
    text = "\n".join(part for part in (row.get("background"), given, asked) if isinstance(part, str))
    return Question(query, text, (_answer(row.get(column)),), solution, str, _answer, form=YES_NO)


def _structure(row: Values, meta: dict[str, Any]) -> str:
    named = STRUCTURES.get(meta["graph_id"]) if isinstance(meta["graph_id"], str) else None
    if named is None:
        raise OutOfScopeError(f"the graph {meta['graph_id']!r:.40} is not known")
    reasoning = row.get("reasoning")
    stated = reasoning.get("step1") if isinstance(reasoning, dict) else None
    if isinstance(stated, str) and set(stated.split(",")) != set(named.split(",")):
        raise UnreadableError(f"the graph {stated!r:.120} is not {meta['graph_id']!r}, which is {named}")
    return named


def _direction(asked: str, meta: dict[str, Any], query: str) -> bool:
    """Returns whether a question asks for more rather than less, if its words and the formal side agree."""
    if meta.get("polarity", True) not in (0, 1):
        raise UnreadableError(f"`polarity` must be true or false, got {meta['polarity']!r:.40}")
    positive = bool(meta.get("polarity", True))
    if query == "det-counterfactual" or not asked.isascii():
        return positive
    words = (bool(_MORE.search(asked)), bool(_LESS.search(asked)))
    if words != (positive, not positive):
        raise UnreadableError(f"the direction of the question is not understood: {asked!r:.160}")
    if any(meta.get(name, True) is not True for name in ("treated", "result", "baseline")):
        raise OutOfScopeError("questions about the untreated or about a negated outcome are not covered")
    return positive


def _sign(formal: Formal, meta: dict[str, Any], given: str, query: str, positive: bool) -> Solution:
    data = meta.get("given_info")
    if not isinstance(data, dict) or (meta.get("treatment"), meta.get("outcome")) != ("X", "Y"):
        raise OutOfScopeError("the formal side has no probabilities of X and Y")
    formal.state(data, given)
    value, proof = formal.quantity(query)
    if value == 0:
        raise OutOfScopeError("with the printed numbers the two probabilities are equal")
    # A question about the treated supposes that they had not been treated.
    answer, exact = (
        _word(((number > 0) != (query == "ett")) == positive)
        for number in (value, formal.before_rounding().quantity(query)[0])
    )
    rounded = {exact: "with the numbers before they were rounded for the text"} if exact != answer else {}
    return Solution((answer,), proof, nearly=lambda stated: rounded.get(str(stated), ""))


def _methods(formal: Formal, meta: dict[str, Any], positive: bool) -> Solution:
    """Answers which of two methods is more correct; where both are, a preference for fewer variables decides."""
    methods = meta.get("given_info")
    if not isinstance(methods, list) or len(methods) != 2:
        raise UnreadableError(f"expected two methods, got {methods!r:.80}")
    first, second = map(formal.adjusts, methods)
    proof = {"method_1": {"set": methods[0], "valid": first}, "method_2": {"set": methods[1], "valid": second}}
    answer = _word(first and not second if positive else second and not first)
    debatable: dict[Answer, str] = {}
    if first == second:
        other = _word((len(methods[0]) < len(methods[1])) == positive)
        if other != answer:
            debatable = {other: "if the method with fewer variables counts as more correct"}
    return Solution((answer,), proof, debatable=debatable)


def _counterfactual(formal: Formal, row: Values, meta: dict[str, Any]) -> Solution:
    reasoning, evidence = row.get("reasoning"), meta.get("given_info")
    equations = reasoning.get("step4") if isinstance(reasoning, dict) else None
    if not isinstance(equations, str) or not isinstance(evidence, dict) or meta.get("action") not in (0, 1):
        raise OutOfScopeError("the row has no equations, observed values and action")
    if any(name not in formal.names or value not in (0, 1) for name, value in evidence.items()):
        raise UnreadableError(f"expected observed values 0 or 1, got {evidence!r:.120}")
    outcomes, proof = counterfactual(formal, equations, evidence, meta["action"])
    if not outcomes:
        raise UnreadableError("no state agrees with the equations and the observed values")
    if len(outcomes) == 2:
        return Solution((), proof, underdetermined=True)
    return Solution((_word(outcomes == {1 if meta.get("polarity", 1) else 0}),), proof)


def _word(truth: Any) -> str:
    return "Yes" if truth else "No"


def _answer(value: Any) -> str:
    word = value.strip().rstrip(".").lower() if isinstance(value, str) else ""
    if word not in _YES:
        raise UnreadableError(f"expected yes or no, got {value!r:.80}")
    return _YES[word]


def _write(row: Values, question: Question, answers: tuple[Answer, ...]) -> dict[str, Any]:
    column = "gt_answer" if "gt_answer" in row else "answer"
    word = str(answers[0])
    chinese = {"Yes": "是", "No": "否"}[word] if row[column] in ("是", "否") else ""
    return {column: chinese or (word if row[column][:1].isupper() else word.lower())}


ADAPTER = Adapter("cladder", "CLadder", "https://github.com/causalNLP/cladder", _recognizes, _read, _write)
