"""A question as people type it, answered exactly and by a model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hf_causal import reading
from hf_causal.demo.limits import MAX_VARIABLES, TooMuch, check_counts, check_text
from hf_causal.demo.models import Models
from hf_causal.demo.traces import Opinion, Unread, ask
from hf_causal.reading import Evidence, Reading
from hf_causal.tasks.registry import task_of_prompt
from hf_causal.tasks.task import Task

NO_PROMPT = "models are asked whether one thing causes another, or whether two are independent, and nothing else"


@dataclass(frozen=True)
class Question:
    """A question that was read and answered exactly."""

    read: Reading
    exact: reading.Answer

    @property
    def proof(self) -> Evidence:
        """The certificate of the answer; the first of several."""
        return self.exact.proofs[0]

    @cached_property
    def task(self) -> Task:
        """The task of the prompt."""
        return task_of_prompt(self.proof.prompt)

    @cached_property
    def parsed(self) -> Any:
        """The prompt as its task parses it, with short names."""
        return self.task.parse(self.proof.prompt)

    @cached_property
    def certificate(self) -> dict[str, Any]:
        """The proof of the exact answer, with short names."""
        # A list of nobody among nobody has nothing to prove.
        return json.loads(self.proof.certificate) if self.exact.proofs else {}

    @property
    def given(self) -> dict[str, str]:
        """From short name to the name in the text."""
        return self.proof.names


@dataclass(frozen=True)
class Answer:
    """A question with a model's answer to it."""

    question: Question
    model: str
    opinion: Opinion | None
    unread: str | None = None
    """Why the model gave no answer."""

    @property
    def says(self) -> str | None:
        """The model's answer, `"Yes"` or `"No"`."""
        return None if self.opinion is None else ("Yes" if self.opinion.probability > 0.5 else "No")

    @property
    def is_wrong(self) -> bool:
        """Whether the model contradicts the proof."""
        return self.says is not None and self.says != self.question.exact.answer


def read_question(premises: str, question: str) -> Question:
    """Reads and proves a question.

    Raises:
        [`ReadingError`][hf_causal.reading.ReadingError]: With what cannot be read, or has no exact answer.
        [`TooMuch`][hf_causal.demo.limits.TooMuch]: If it is larger than the page takes.
    """
    check_text(premises, question)
    read = reading.read(premises, question)
    check_counts(len(read.statements) + len(read.together), list(read.names))
    if read.task == "corr2cause" and len(read.names) > MAX_VARIABLES:
        raise TooMuch(f"correlations among more than {MAX_VARIABLES} variables are more than this page takes")
    return Question(read, reading.answer(read))


def answer_question(models: Models, premises: str, question: str, model: str) -> Answer:
    """Answers a question exactly and by a model; raises what [`read_question`] and [`Models.get`] do."""
    models.check(model)
    asked = read_question(premises, question)
    if asked.read.prompt is None:
        return Answer(asked, model, None, NO_PROMPT)
    answerer = models.get(model)
    try:
        return Answer(asked, model, ask(answerer, asked.read.prompt))
    except Unread as error:
        return Answer(asked, model, None, str(error))
