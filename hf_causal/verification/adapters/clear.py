"""CLEAR: questions about graphs in six forms (arXiv 2406.16605, OpenCausaLab/CLEAR)."""

from __future__ import annotations

from typing import Any

from hf_causal.verification.adapters.adapter import Adapter, Values
from hf_causal.verification.adapters.answer_texts import literal
from hf_causal.verification.adapters.clear_questions import solve
from hf_causal.verification.adapters.questions import Answer, Question, UnreadableError
from hf_causal.verification.adapters.stated_graphs import read_graph
from hf_causal.verification.adapters.task_prompts import clear_prompt

_COLUMNS = ("description", "question", "answer", "question_type", "task_type")


def _recognizes(row: Values) -> bool:
    texts = all(isinstance(row.get(name), str) for name in ("description", "question"))
    return texts and all(name in row for name in _COLUMNS) and " with nodes " in row["description"]


def _read(row: Values) -> Question:
    description, asked = row["description"], row["question"]
    if not isinstance(description, str) or not isinstance(asked, str):
        raise UnreadableError("the description and the question must be text")
    solved = solve(read_graph(description), asked)
    listed = _alternatives(row["answer"]) if solved.lists_alternatives else None
    stated = tuple(map(solved.parse, [row["answer"]] if listed is None else listed))
    topic = f"{row['task_type']} {row['question_type']}"
    return Question(topic, f"{description}\n{asked}", stated, solved.solution, solved.spell, solved.parse,
        prompt=clear_prompt(description, asked), form=solved.form,
    )  # fmt: skip


def _alternatives(answer: Any) -> list[Any] | None:
    """Returns the answers that a row lists, or `None` where it states one."""
    if isinstance(answer, str) and answer.lstrip().startswith("["):
        return list(literal(answer))
    return list(answer) if isinstance(answer, list) else None


def _write(row: Values, question: Question, answers: tuple[Answer, ...]) -> dict[str, Any]:
    texts, stated = [question.spell(answer) for answer in answers], row["answer"]
    if isinstance(stated, list):
        return {"answer": list(literal(texts[0])) if texts[0].startswith("[") else texts}
    if isinstance(stated, str) and len(question.stated) != 1 and _alternatives(stated) is not None:
        listed = ", ".join(texts if texts[0][0] in "{s" else map(repr, texts))
        return {"answer": f"[{listed}]"}
    return {"answer": texts[0]}


ADAPTER = Adapter("clear", "CLEAR", "https://github.com/OpenCausaLab/CLEAR", _recognizes, _read, _write)
