"""A question as people type it, answered exactly and by a model."""

from __future__ import annotations

from dataclasses import dataclass

from hf_causal.demo import workers
from hf_causal.demo.labels import label
from hf_causal.demo.limits import check_text
from hf_causal.demo.models import Models
from hf_causal.demo.questions import Question
from hf_causal.demo.traces import Opinion, Unread, ask


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
    """Reads and proves a question in one of the page's reading processes.

    Raises:
        [`ReadingError`][hf_causal.reading.ReadingError]: With what cannot be read, or has no exact answer.
        [`TooMuch`][hf_causal.demo.limits.TooMuch]: If it is larger than the page takes, or takes too long.
    """
    check_text(premises, question)
    return workers.call("read_question", premises, question)


def answer_question(models: Models, premises: str, question: str, model: str) -> Answer:
    """Answers a question exactly and by a model; raises what [`read_question`] and [`Models.get`] do."""
    models.check(model)
    asked = read_question(premises, question)
    if asked.read.prompt is None:
        return Answer(asked, model, None, label("no_prompt", asked.read.language))
    answerer = models.get(model)
    try:
        return Answer(asked, model, ask(answerer, asked.read.prompt))
    except Unread as error:
        return Answer(asked, model, None, str(error))
