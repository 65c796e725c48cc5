"""A model's reply to a question, judged in a form of answer; without any model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hf_causal.demo import workers
from hf_causal.demo.limits import MAX_CHARACTERS, MAX_VARIABLES, TooMuch, check_counts, check_text
from hf_causal.demo.questions import Question, read_question
from hf_causal.reading import Problem, ReadingError
from hf_causal.scoring import Score, score
from hf_causal.tasks.answering import form_names, get_form, put_question, write_answer
from hf_causal.tasks.forms import YES_NO
from hf_causal.tasks.proving import read
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.task import Task


@dataclass(frozen=True)
class ModelQuestion:
    """A question as a form puts it to a model."""

    task: str
    prompt: str
    names: Mapping[str, str]
    """From name in the prompt to the name in the text that was typed, where they differ."""
    form: str
    forms: tuple[tuple[str, str], ...]
    """Names and titles of the forms in which the question can be put."""
    text: str
    """What a model is asked: premise, question and instruction."""


@dataclass(frozen=True)
class Checked:
    """A judged reply."""

    question: ModelQuestion
    reply: str
    score: Score
    right_answer: str
    """The exact solver's answer in the form."""


def check_answer(premises: str, question: str, form: str, reply: str) -> Checked:
    """Judges a reply in one of the page's reading processes.

    Raises:
        [`ReadingError`][hf_causal.reading.ReadingError]: With what cannot be read of the question.
        [`TooMuch`][hf_causal.demo.limits.TooMuch]: If a text is larger than the page takes, or takes too long.
        `ValueError`: For a form that the question does not have.
    """
    check_text(premises, question)
    if len(reply) > MAX_CHARACTERS:
        raise TooMuch(f"the reply has {len(reply):,} characters; this page reads up to {MAX_CHARACTERS:,}")
    return workers.call("judge_reply", premises, question, form, reply)


def put_to_model(premises: str, question: str, form: str) -> ModelQuestion:
    """Puts a question in a form, or in that of its task where it does not have it; raises as [`check_answer`] does."""
    check_text(premises, question)
    return workers.call("put_to_model", premises, question, form)


def draw_question(task: str, level: int, seed: int) -> tuple[str, str]:
    """Returns the premise and the question of a random row of a task at a level of difficulty."""
    return workers.call("draw_question", task, level, seed)


def judge_in_process(premises: str, question: str, form: str, reply: str) -> Checked:
    """Judges a reply, as [`check_answer`] does."""
    task, prompt, names = _read_prompt(premises, question)
    row = {"prompt": prompt}
    form = form.strip()
    if form != YES_NO or not task.is_yes_no:
        get_form(task, form)
    model_question = ModelQuestion(task.name, prompt, names, form, _forms(task, prompt), put_question(row, form))
    return Checked(model_question, reply, score(reply, row, form), write_answer(row, form))


def put_in_process(premises: str, question: str, form: str) -> ModelQuestion:
    """Puts a question in a form, as [`put_to_model`] does."""
    task, prompt, names = _read_prompt(premises, question)
    forms = _forms(task, prompt)
    form = form if form in dict(forms) else forms[0][0]
    return ModelQuestion(task.name, prompt, names, form, forms, put_question({"prompt": prompt}, form))


def draw_in_process(task: str, level: int, seed: int) -> tuple[str, str]:
    """Draws a question, as [`draw_question`] does."""
    from hf_causal.corpora.create import create

    row = create(task, rows=1, seed=seed, level=level)[0]
    return row["premise"], row["question"]


def level_counts() -> dict[str, int]:
    """Returns the number of levels of each task."""
    return {name: len(task.levels) for name, task in tasks().items()}


def _read_prompt(premises: str, question: str) -> tuple[Task, str, dict[str, str]]:
    """Returns the task and the prompt of a question, and the typed names that the prompt has no room for."""
    texts = _texts_of_row(premises) if not question.strip() else (premises, question)
    try:
        task, parsed = read(*texts)
    except ValueError:
        read_words = read_question(*(texts if len(texts) == 2 else (texts[0], "")))
        return _prompt_of(read_words, question)
    _check_size(task, parsed)
    return task, str(parsed), {}


def _texts_of_row(text: str) -> tuple[str, ...]:
    """Returns the texts of a row of JSON; any other text is a prompt."""
    try:
        row = json.loads(text)
    except (ValueError, RecursionError):
        return (text,)
    if not isinstance(row, dict) or not isinstance(row.get("prompt"), str):
        raise ValueError("a row of JSON must be an object with a `prompt`")
    return (row["prompt"],)


def _prompt_of(typed: Question, question: str) -> tuple[Task, str, dict[str, str]]:
    prompt = typed.read.prompt
    if prompt is None:
        reason = "answers are checked to questions of Yes or No"
        problem = Problem(question, reason, 0, len(question), "question")
        raise ReadingError([problem])
    names = {short: name for name, short in typed.read.renaming.short.items() if short != name}
    return typed.task, prompt, names


def _check_size(task: Task, parsed: Any) -> None:
    """Raises [`TooMuch`][hf_causal.demo.limits.TooMuch] if a prompt is larger than the page takes."""
    edges = task.facts(parsed).edges or ()
    variables = parsed.system.variables if hasattr(parsed, "system") else ()
    if len(variables) > MAX_VARIABLES:
        raise TooMuch(f"correlations among more than {MAX_VARIABLES} variables are more than this page takes")
    check_counts(len(edges), list(dict.fromkeys(name for names in (*edges, variables) for name in names)))


def _forms(task: Task, prompt: str) -> tuple[tuple[str, str], ...]:
    parsed = task.parse(prompt)
    yes_no = ((YES_NO, "Yes/No"),) if task.is_yes_no else ()
    applicable = [name for name in form_names(task) if name != YES_NO and get_form(task, name).applies(parsed)]
    return (*yes_no, *((name, get_form(task, name).title) for name in applicable))
