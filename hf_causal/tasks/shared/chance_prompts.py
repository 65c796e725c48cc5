"""Prompts that state a structural model and ask about its quantities."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass

from hf_causal.tasks.shared.chances import Premise, read_premise, read_premise_text, split_sentences


@dataclass(frozen=True)
class ChancePrompt(ABC):
    """A parsed prompt about a structural model; a task adds what its question is about."""

    stated: Premise

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return str(self.stated)

    @property
    @abstractmethod
    def question_text(self) -> str:
        """The canonical text of the question."""

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The (cause, effect) pairs that the sentences state."""
        return self.stated.edges

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}"


def read_premise_and_question(
    text: str, ending: re.Pattern[str], question: re.Pattern[str], form: str
) -> tuple[Premise, re.Match[str]]:
    """Reads a prompt as people write it.

    Args:
        text (`str`): The prompt.
        ending (pattern): Matches most prompts, with premise and question as its groups: they end with a question after
            a full stop, so that the premise need not be read anew for each question about it.
        question (pattern): Matches a question without its mark.
        form (`str`): What a question should look like.

    Returns:
        `tuple`: The premise, and the match of the question.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.
    """
    text = " ".join(text.split())
    ended = ending.fullmatch(text)
    *sentences, last = (ended[1], ended[2]) if ended else split_sentences(text) or [""]
    match = question.fullmatch(last)
    if match is None:
        raise ValueError(f"cannot read the question {last!r}: it should have the form {form!r}")
    return read_premise_text(ended[1]) if ended else read_premise(sentences), match
