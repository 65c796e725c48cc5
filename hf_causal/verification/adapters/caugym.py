"""CauGym: effects and their numbers, and problems that lack a condition (arXiv 2602.06337, OpenCausaLab/CauGym)."""

from __future__ import annotations

import json
import re
from typing import Any

from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.adapters.answer_texts import number_of
from hf_causal.verification.adapters.effect_answers import Stated, concluded, decimal, solve, spell
from hf_causal.verification.adapters.effect_texts import read_scene
from hf_causal.verification.adapters.questions import Answer, Question, UnreadableError
from hf_causal.verification.adapters.reply_forms import QUANTITY

LACKING = "LACK_CONDITION"
_PROBLEM = re.compile(
    r"Input Info:\s*(?P<world>[^\n]*)\n(?P<data>.*?)\n?Instruction:\s*(?P<instruction>[^\n]*)\n"
    r"Question:\s*(?P<asked>[^\n]*)\nProvide the calculation result to four decimal places"
    r"(?: and a final (?P<quote>[\"'])yes(?P=quote) or (?P=quote)no(?P=quote) answer)?(?: in JSON format)?"
    r"(?:, (?:like|such as) \{(?:\"ANSWER\": \"Yes\", )?\"PROB\": \"0\.1234\"\})?[:.]?\s*",
    re.DOTALL,
)


def _recognizes(row: Values) -> bool:
    problem = row.get("problem")
    return isinstance(problem, str) and problem.startswith("Input Info:") and {"answer", "Type"} <= row.keys()


def _read(row: Values) -> Question:
    problem = row["problem"]
    match = _PROBLEM.fullmatch(problem) if isinstance(problem, str) else None
    if not match:
        raise UnreadableError(
            f"expected a problem with its world, data, instruction and question, got {problem!r:.160}"
        )
    stated = _stated(row["answer"])
    if match["quote"] and stated.answer is None:
        raise UnreadableError(f"the problem asks for yes or no, too, got {row['answer']!r:.120}")
    solution = solve(read_scene(match["world"], match["data"].strip()), match["asked"], stated, match["instruction"])
    derived = concluded(row.get("Reason"))
    contradiction = (
        f"the derivation concludes {derived!r}" if derived and stated.answer not in (derived, LACKING, None) else ""
    )
    return Question(str(row["Type"]), problem, (stated,), solution, spell, _stated,
        form=QUANTITY, show=_json, contradiction=contradiction)  # fmt: skip


def _stated(value: Any) -> Stated:
    if isinstance(value, str) and value.strip() == LACKING:
        return Stated(LACKING)
    try:
        parts = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        parts = None
    if not isinstance(parts, dict) or not parts or parts.keys() - {"ANSWER", "PROB"}:
        raise UnreadableError(f"expected {LACKING} or JSON with ANSWER and PROB, got {value!r:.120}")
    word = parts.get("ANSWER")
    if word is not None and str(word).strip().lower() not in ("yes", "no"):
        raise UnreadableError(f"ANSWER must be Yes or No, got {word!r:.80}")
    return Stated(
        None if word is None else str(word).strip().title(), number_of(parts["PROB"]) if "PROB" in parts else None
    )


def _write(row: Values, question: Question, answers: tuple[Answer, ...]) -> dict[str, Any]:
    return {"answer": _json(answers[0])}


def _json(answer: Any) -> str:
    if answer.answer == LACKING:
        return LACKING
    values = {"ANSWER": answer.answer, "PROB": None if answer.number is None else decimal(answer.number)}
    return json.dumps({name: value for name, value in values.items() if value is not None})


ADAPTER = Adapter("caugym", "CauGym", "https://github.com/OpenCausaLab/CauGym", _recognizes, _read, _write)
