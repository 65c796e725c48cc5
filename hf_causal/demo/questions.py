"""A question as people type it, read and answered exactly; without any model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hf_causal import reading
from hf_causal.demo.limits import MAX_VARIABLES, TooMuch, check_counts, check_text
from hf_causal.reading import Evidence, Reading
from hf_causal.tasks.registry import task_of_prompt
from hf_causal.tasks.shared.proofs import find_cycle
from hf_causal.tasks.task import Task


@dataclass(frozen=True)
class Question:
    """A question that was read and answered exactly."""

    read: Reading
    exact: reading.Answer
    premises: str
    question: str
    """The texts, as they were typed."""

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
        # An empty list among no candidates has nothing to prove.
        return json.loads(self.proof.certificate) if self.exact.proofs else {}

    @property
    def given(self) -> dict[str, str]:
        """From short name to the name in the text."""
        return self.proof.names

    @property
    def shows_hidden(self) -> bool:
        """Whether the prompt states hidden causes, which are drawn as lines."""
        has_prompt = self.read.prompt is not None or self.read.set_prompt is not None
        return has_prompt and bool(getattr(self.parsed, "hidden", ()))

    @cached_property
    def loop(self) -> tuple[str, ...]:
        """A feedback loop among the statements, which ends with its first name; empty where there is none."""
        return tuple(find_cycle(self.read.edges) or ())


def read_question(premises: str, question: str) -> Question:
    """Reads and proves a question.

    Raises:
        [`ReadingError`][hf_causal.reading.ReadingError]: With what cannot be read, or has no exact answer.
        [`TooMuch`][hf_causal.demo.limits.TooMuch]: If it is larger than the page takes.
    """
    check_text(premises, question)
    read = reading.read(premises, question)
    check_counts(len(read.statements) + len(read.together) + len(read.hidden), list(read.names))
    if read.task == "corr2cause" and len(read.names) > MAX_VARIABLES:
        raise TooMuch(f"correlations among more than {MAX_VARIABLES} variables are more than this page takes")
    return Question(read, reading.answer(read), premises, question)
