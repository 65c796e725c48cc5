"""CaLM and CaLM-Lite in English and Chinese (arXiv 2405.00622, OpenCausaLab/CaLM)."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.adapters.answer_texts import number_of
from hf_causal.verification.adapters.calm_graphs import (
    RELATIONS,
    SETS,
    read_identification,
    read_options,
    read_relation,
)
from hf_causal.verification.adapters.effect_answers import Stated, concluded, solve, spell
from hf_causal.verification.adapters.effect_texts import read_scene
from hf_causal.verification.adapters.questions import Answer, OutOfScopeError, Question, UnreadableError
from hf_causal.verification.adapters.reply_forms import NUMBER, YES_NO

if TYPE_CHECKING:
    from hf_causal.verification.io import Table

_YES = {"yes": "Yes", "no": "No", "是": "Yes", "否": "No"}


def _recognizes(row: Values) -> bool:
    return "gt_answer" in row and ("vertices" in row or "Background" in row)


def _prepare(adapter: Adapter, table: Table) -> Adapter:
    """Returns the adapter for the set that the name of a file says is asked for."""
    asked = next((name for name in SETS if re.search(rf"(^|[^A-Za-z]){name}([^A-Za-z]|$)", table.name)), None)
    return replace(adapter, read=partial(_read, asked=asked))


def _read(row: Values, asked: str | None = None) -> Question:
    if first := next((name for name in RELATIONS if name in row), None):
        return read_relation(row, first)
    if "di_edges" in row:
        return read_identification(row)
    if "option1" in row:
        return read_options(row, asked)
    if "Background" in row:
        return _read_effect(row)
    raise OutOfScopeError(f"rows with the columns {', '.join(row)} are not covered")


def _read_effect(row: Values) -> Question:
    background = row["Background"]
    data = background.get("data_info") if isinstance(background, dict) else None
    texts = (row.get("given_info"), data, row.get("Instruction"), row.get("Question"))
    if not all(isinstance(text, str) for text in texts):
        raise UnreadableError("expected a text of the world, of the data, an instruction and a question")
    world, data, instruction, asked = map(str, texts)
    stated = _stated(row["gt_answer"])
    solution = solve(read_scene(world, data), asked, stated, instruction)
    text = f"{world}\n{data}\n{instruction}\n{asked}"
    derived = concluded(row.get("Reason"))
    contradiction = f"the derivation concludes {derived!r}" if derived and stated.answer not in (derived, None) else ""
    form = NUMBER if stated.answer is None else YES_NO
    return Question(str(row.get("Type")), text, (stated,), solution, spell, _stated,
        form=form, contradiction=contradiction)  # fmt: skip


def _stated(value: Any) -> Stated:
    if isinstance(value, str) and value.strip().rstrip(".").lower() in _YES:
        return Stated(_YES[value.strip().rstrip(".").lower()])
    return Stated(None, number_of(value))


def _write(row: Values, question: Question, answers: tuple[Answer, ...]) -> dict[str, Any]:
    answer = answers[0]
    if not isinstance(answer, Stated):
        return {"gt_answer": answer}
    if answer.number is not None:
        return {"gt_answer": float(round(answer.number, 6))}
    spelled = {"Yes": "是", "No": "否"} if row["gt_answer"] in ("是", "否") else {"Yes": "Yes", "No": "No"}
    return {"gt_answer": spelled[str(answer.answer)]}


ADAPTER = Adapter("calm", "CaLM", "https://github.com/OpenCausaLab/CaLM", _recognizes, _read, _write, prepare=_prepare)
