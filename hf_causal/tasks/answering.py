"""Puts questions in a form of answer, and writes the exact answers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from hf_causal.tasks.forms import YES_NO, AnswerForm
from hf_causal.tasks.missing import says_missing
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.task import Task


def form_names(task: Task) -> list[str]:
    """Returns the names of a task's forms of answer, that of its rows first."""
    return list(dict.fromkeys((task.answer_form, *task.forms)))


def form_of_row(row: Mapping[str, Any]) -> str:
    """Returns the form in which a row asks and answers: that of its task, see [`Task.answer_form`].

    Raises:
        `ValueError`: If the row has no Yes or No, and its prompt cannot be read.

    Example:

    ```python
    >>> form_of_row({"prompt": "A causes B. Does A cause B?"})
    'yes-no'

    ```
    """
    if row.get("completion") in ("Yes", "No") or row.get("label") is not None or "prompt" not in row:
        return YES_NO
    if says_missing(str(row["prompt"])):
        return YES_NO  # or that the information is insufficient
    return read_row(row)[0].answer_form


def require_form(row: Mapping[str, Any], form: str) -> None:
    """Raises `ValueError` if a row is to be answered by Yes or No, and its task has other answers."""
    if form == YES_NO and form_of_row(row) != YES_NO:
        get_form(read_row(row)[0], form)


def get_form(task: Task, name: str) -> AnswerForm:
    """Returns a form of answer of a task.

    Raises:
        `ValueError`: For a name that the task does not have, with those that it has.
    """
    if name not in task.forms:
        raise ValueError(f"`form` must be one of {', '.join(form_names(task))} for {task.name}, got {name!r}")
    return task.forms[name]


def all_form_names() -> list[str]:
    """Returns the names of the forms that any task has, Yes/No first."""
    return list(dict.fromkeys(name for task in tasks().values() for name in form_names(task)))


def put_question(row: Mapping[str, Any], form: str) -> str:
    """Returns the text that asks a row's question in a form: premise, question and instruction.

    Raises:
        `ValueError`: If the row cannot be read, or its question cannot be put in the form.

    Example:

    ```python
    >>> row = {"prompt": "A causes B. Does A cause B?"}
    >>> put_question(row, "trace").startswith("A causes B. Does A cause B? Answer step by step.")
    True

    ```
    """
    question = question_in_form(row, form)
    return question if form == YES_NO else f"{question} {get_form(read_row(row)[0], form).instruction}"


def question_in_form(row: Mapping[str, Any], form: str) -> str:
    """Returns premise and question of a row, with the question that a form puts; raises as [`put_question`]."""
    task, prompt = read_row(row)
    require_form(row, form)
    if form == YES_NO:
        return str(row["prompt"])
    answer_form = applicable_form(task, prompt, form)
    if answer_form.question is None:
        return str(row["prompt"])
    return (answer_form.join or task.join)(prompt.premise, answer_form.question(prompt))


def write_answer(row: Mapping[str, Any], form: str) -> str:
    """Returns the exact solver's answer to a row in a form; it scores 1.

    Raises:
        `ValueError`: If the row cannot be read, or its question cannot be put in the form.

    Example:

    ```python
    >>> print(write_answer({"prompt": "A causes B. B causes C. Does A cause C?"}, "proof"))
    Yes
    Path: A -> B -> C

    ```
    """
    task, prompt = read_row(row)
    require_form(row, form)
    proof = _stored_proof(row, task) or task.prove(prompt)
    if form == YES_NO:
        return proof.answer
    return applicable_form(task, prompt, form).write(prompt, proof)


def applicable_form(task: Task, prompt: Any, name: str) -> AnswerForm:
    """Returns a form of answer in which the question of a parsed prompt can be put; raises `ValueError` if not."""
    form = get_form(task, name)
    if not form.applies(prompt):
        raise ValueError(f"the question {prompt.question_text!r} cannot be put in the form {name!r}")
    return form


def applies(row: Mapping[str, Any], form: str) -> bool:
    """Returns whether a row's question can be put in a form; raises `ValueError` for a form its task does not have."""
    if form == YES_NO:
        return form_of_row(row) == YES_NO
    task, prompt = read_row(row)
    return get_form(task, form).applies(prompt)


def read_row(row: Mapping[str, Any]) -> tuple[Task, Any]:
    """Returns the task of a row and its parsed prompt; raises `ValueError` if it has none that can be read."""
    if not isinstance(row.get("prompt"), str):
        raise ValueError(f"the row's `prompt` must be a string, got {row.get('prompt')!r:.80}")
    return _read(row["prompt"])


@lru_cache(maxsize=1024)
def _read(prompt: str) -> tuple[Task, Any]:
    return read(prompt)


def _stored_proof(row: Mapping[str, Any], task: Task) -> Proof | None:
    """Returns the proof in a row's columns, or `None` where it has none."""
    completion = row.get("completion")
    is_answer = completion in ("Yes", "No") if task.is_yes_no else isinstance(completion, str)
    if row.get("certificate") is None or not is_answer:
        return None
    json.loads(row["certificate"])
    return Proof(str(completion), row["certificate"], row.get("hops", -1))
