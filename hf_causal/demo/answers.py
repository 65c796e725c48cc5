"""A question as people type it, answered exactly and by a model."""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hf_causal.demo.limits import MAX_VARIABLES, TooMuch, check_counts, check_text
from hf_causal.demo.models import Models
from hf_causal.demo.traces import Opinion, Unread, ask
from hf_causal.reading_before import EverydayPrompt, Trouble, UnreadableText, read_everyday
from hf_causal.tasks.proving import prove
from hf_causal.tasks.registry import task_of_prompt
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.task import Task


@dataclass(frozen=True)
class Question:
    """A question that was read and answered exactly."""

    read: EverydayPrompt
    proof: Proof

    @cached_property
    def task(self) -> Task:
        """The task of the prompt."""
        return task_of_prompt(self.read.prompt)

    @cached_property
    def parsed(self) -> Any:
        """The prompt as its task parses it, with short names."""
        return self.task.parse(self.read.prompt)

    @cached_property
    def certificate(self) -> dict[str, Any]:
        """The proof of the exact answer, with short names."""
        return json.loads(self.proof.certificate)

    @cached_property
    def given(self) -> dict[str, str]:
        """From short name to the name in the text."""
        return {short: name for name, short in self.read.renaming.short.items()}

    @cached_property
    def strangers(self) -> list[tuple[str, str | None]]:
        """Names in question that no statement names, each with one that looks like it."""
        edges = getattr(self.parsed, "edges", None)
        if edges is None:
            return []
        stated = {self.given[name] for edge in edges for name in edge}
        asked = [self.given[name] for name in (*self.parsed.question, *getattr(self.parsed, "given", ()))]
        return [(name, _like(name, stated)) for name in dict.fromkeys(asked) if name not in stated]


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
        return self.says is not None and self.says != self.question.proof.answer


def read_question(premises: str, question: str) -> Question:
    """Reads and proves a question.

    Raises:
        [`UnreadableText`]: With what cannot be read, or has no exact answer.
        [`TooMuch`][hf_causal.demo.limits.TooMuch]: If it is larger than the page takes.
    """
    check_text(premises, question)
    read = read_everyday(premises, question)
    check_counts(len(read.sources), list(read.renaming.short))
    if read.grammar == "corr2cause" and len(read.renaming.short) > MAX_VARIABLES:
        raise TooMuch(f"correlations among more than {MAX_VARIABLES} variables are more than this page takes")
    try:
        return Question(read, prove(read.prompt))
    except ValueError as error:  # for example a question about d-separation in a graph with a cycle
        reason = read.renaming.restore(str(error))
        raise UnreadableText((Trouble(question or premises, reason, 0, len(question), "question"),)) from error


def answer_question(models: Models, premises: str, question: str, model: str) -> Answer:
    """Answers a question exactly and by a model; raises what [`read_question`] and [`Models.get`] do."""
    models.check(model)
    asked = read_question(premises, question)
    answerer = models.get(model)
    try:
        return Answer(asked, model, ask(answerer, asked.read.prompt))
    except Unread as error:
        return Answer(asked, model, None, str(error))


def _like(name: str, stated: Sequence[str] | set[str]) -> str | None:
    folded = {other.casefold(): other for other in sorted(stated)}
    found = difflib.get_close_matches(name.casefold(), folded, n=1, cutoff=0.6)
    if found:
        return folded[found[0]]
    inside = [other for key, other in folded.items() if name.casefold() in key or key in name.casefold()]
    return inside[0] if inside and len(name) > 2 else None
