"""Corr2Cause with three classes: the labels 0 neutral, 1 entailment and 2 contradiction of the published paraphrases.

Files with two classes are those of the package's task, and need no adapter.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hf_causal.tasks.proving import read
from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.adapters.questions import Answer, Question, Solution, UnreadableError
from hf_causal.verification.adapters.reply_forms import ReplyForm

if TYPE_CHECKING:
    from hf_causal.verification.io import Table

_CLASSES = ("neutral", "entailment", "contradiction")
_FORM = ReplyForm(
    "option",
    "a number: 0 if the premise leaves the hypothesis open, 1 if it entails it, 2 if it contradicts it",
    r"\b[012]\b",
)


def _recognizes(row: Values) -> bool:
    text = row.get("input")
    return isinstance(text, str) and "closed system of" in text and "ypothesis:" in text and "label" in row


def _prepare(adapter: Adapter, table: Table) -> Adapter | None:
    """Returns the adapter for a table with a label 2, and none for a table of two classes."""
    rows = (row for part in table.parts for rows in part.batches(["label"]) for row in rows)
    return adapter if any(isinstance(row, dict) and str(row.get("label")).strip() == "2" for row in rows) else None


def _read(row: Values) -> Question:
    text = row["input"]
    if not isinstance(text, str):
        raise UnreadableError(f"the input must be text, got {text!r:.80}")
    try:
        task, prompt = read(text)
        proof = json.loads(task.prove(prompt).certificate)
    except ValueError as error:
        raise UnreadableError(f"{error!s:.500}") from None
    if task.name != "corr2cause":
        raise UnreadableError(f"expected a closed system and a hypothesis, got {text!r:.200}")
    solution = Solution((_CLASSES.index(proof["verdict"]),), proof)
    return Question(
        prompt.relation, text, (_label(row["label"]),), solution, _spell, _label, str(prompt), _FORM, show=str
    )


def _label(value: Any) -> int:
    text = value.strip().lower() if isinstance(value, str) else str(value)
    names = {str(number): number for number in range(3)} | {name: number for number, name in enumerate(_CLASSES)}
    if text not in names:
        raise UnreadableError(f"the label must be 0, 1 or 2, got {value!r:.80}")
    return names[text]


def _spell(answer: Any) -> str:
    return f"{answer} ({_CLASSES[answer]})"


def _write(row: Values, question: Question, answers: tuple[Answer, ...]) -> dict[str, Any]:
    (answer,) = answers
    return {"label": type(row["label"])(answer)}


ADAPTER = Adapter(
    "corr2cause",
    "Corr2Cause with three classes",
    "https://huggingface.co/datasets/causalnlp/corr2cause",
    _recognizes,
    _read,
    _write,
    prepare=_prepare,
)
