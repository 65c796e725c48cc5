"""How questions of published data sets are put to a language model: each with the form that its answer has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.evaluation.language_models.stopping import PUBLISHED
from hf_causal.evaluation.published.questions import Example
from hf_causal.verification.adapters import Question


@dataclass(frozen=True)
class Wording:
    """The words of one question."""

    instruction: str
    """What the answer should look like; empty where likelihoods are compared."""
    text: str
    examples: tuple[Example, ...] = ()

    @property
    def prompt(self) -> str:
        """The question as one text, by which its words are known."""
        return "\n\n".join([self.instruction, *(part for one in self.examples for part in one), self.text])


@dataclass(frozen=True)
class PublishedFormat(PromptFormat):
    """The form in which questions of published data sets are put.

    Args:
        wordings (mapping): From the prompt of each question to its words.
    """

    form: str = PUBLISHED
    wordings: Mapping[str, Wording] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Accepts the form, which no task has."""

    def to_dict(self) -> dict[str, Any]:
        """Returns the fields, for cache keys and scores; the instruction is part of each question."""
        return {"instructed": self.instructed, "shots": self.shots, "seed": self.seed, "form": self.form}

    def _instruction(self, prompt: str) -> str:
        return self.wordings[prompt].instruction

    def _question(self, prompt: str) -> str:
        return self.wordings[prompt].text

    def _examples(self, prompt: str) -> list[Example]:
        return list(self.wordings[prompt].examples)


def word(question: Question, examples: tuple[Example, ...], instructed: bool) -> Wording:
    """Returns the words of a question."""
    return Wording(question.form.instruction if instructed else "", question.text, examples)
