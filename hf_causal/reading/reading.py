"""People's text to a reading: all of it, or an error that says which words were not understood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from hf_causal.reading.tasks import Renaming, ask_about_sets

KINDS = {
    "cause": "Does X cause Y?",
    "affect": "Does X affect Y?",
    "increase": "Does X increase (reduce) Y?",
    "direct": "Does X directly cause Y?",
    "independent": "Are X and Y independent given Z?",
    "hypothesis": "what follows from correlations",
    "common_cause": "Is Z a common cause of X and Y?",
    "confounder": "Is Z a confounder of X and Y?",
    "mediator": "Is Z a mediator between X and Y?",
    "collider": "Is Z a collider between X and Y?",
    "any_common_cause": "Is there a common cause of X and Y?",
    "any_confounder": "Is there a confounder of X and Y?",
    "any_mediator": "Is there a mediator between X and Y?",
    "any_collider": "Is there a collider between X and Y?",
    "causes": "What causes Y?",
    "direct_causes": "What directly causes Y?",
    "effects": "What does X cause?",
    "direct_effects": "What does X directly cause?",
    "common_causes": "What are the common causes of X and Y?",
    "confounders": "What are the confounders of X and Y?",
    "mediators": "What are the mediators between X and Y?",
    "colliders": "What are the colliders between X and Y?",
    "blockers": "Which variables block the paths between X and Y?",
    "why": "Why does X cause Y?",
    "relevance": "Can changing X affect Y if Z is held fixed?",
    "adjustment": "Is it enough to adjust for Z to estimate the effect of X on Y?",
    "adjustment_set": "What should I adjust for to estimate the effect of X on Y?",
    "smallest_adjustment_set": "What is the smallest adjustment set for the effect of X on Y?",
    "any_adjustment": "Is there anything that I should adjust for to estimate the effect of X on Y?",
    "exists_adjustment_set": "Is there a valid adjustment set for the effect of X on Y?",
    "forbidden_adjustment": "Which variables must I not adjust for to estimate the effect of X on Y?",
    "identification": "Can the effect of X on Y be computed from observations?",
    "front_door": "Does Z satisfy the front-door criterion for the effect of X on Y?",
    "instrument": "Is Z an instrument for the effect of X on Y?",
    "quantities": "What is the average treatment effect of X on Y?",
    "comparisons": "Is the average treatment effect of X on Y larger than 0?",
}
"""The kinds of questions, each with an example."""

NUMBER_KINDS = ("quantities", "comparisons")
"""The kinds of questions about models in numbers."""


@dataclass(frozen=True)
class Mark:
    """A piece of the text that was typed, and what it was read as."""

    field: str
    """`"premises"` or `"question"`."""
    start: int
    end: int
    role: str
    """`"name"`, `"relation"`, or `"ignored"` for words that change nothing."""
    text: str


@dataclass(frozen=True)
class Statement:
    """A stated cause and its effect, in the names of the text."""

    cause: str
    effect: str
    sign: str
    """`"+"` (more of the cause means more of the effect), `"-"` or `"?"`."""
    start: int
    end: int
    """The sentence, in the premises."""


@dataclass(frozen=True)
class Question:
    """What is asked, in the names of the text."""

    kind: str
    """One of [`KINDS`]."""
    names: tuple[str, ...]
    """The cause and the effect, or the two variables, or the one variable that is asked about; in a question about
    relevance, all that is changed and then all that may be affected."""
    given: tuple[str, ...] = ()
    third: str | None = None
    """The variable that is asked about as a confounder, mediator or collider."""
    direction: str = ""
    """`"+"` or `"-"` where the question asks about a direction."""
    num_changed: int = 1
    """How many of the names are changed in a question about relevance; the others may be affected."""


@dataclass(frozen=True)
class Reading:
    """A text that was understood, every word of it."""

    statements: tuple[Statement, ...]
    question: Question
    names: tuple[str, ...]
    """All names of the text, in their order."""
    language: str
    """Of the question: `"en"` or `"zh"`."""
    marks: tuple[Mark, ...]
    together: tuple[tuple[str, str], ...] = ()
    """Pairs that are said to appear together."""
    independent: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    """Pairs that are said to be independent, and given what."""
    hidden: tuple[tuple[str, str], ...] = ()
    """Pairs that are said to share a hidden cause which has no name."""
    hidden_starts: tuple[int, ...] = ()
    """Where the sentence of each of these pairs begins in the premises."""
    latent: tuple[str, ...] = ()
    """Names that are said to be unobserved."""
    task: str | None = None
    """The task that the question is of; `None` for lists, paths and directions, which several prompts prove."""
    prompt: str | None = None
    """The canonical prompt of the task with short names, which a model reads."""
    set_prompt: str | None = None
    """For a question about all adjustment sets, the prompt of the task about the empty one."""

    @cached_property
    def renaming(self) -> Renaming:
        """The map from the names of the text to short ones, and back."""
        from hf_causal.reading.names import shorten

        if self.question.kind in NUMBER_KINDS:  # their prompts keep the names of the text
            return Renaming({name: name for name in self.names})
        return shorten(self.names)

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The stated (cause, effect) pairs in the names of the text, repetitions included."""
        return tuple((statement.cause, statement.effect) for statement in self.statements)

    @property
    def restated(self) -> str:
        """The canonical prompt with the names of the text in quotes; nothing where one prompt does not ask all."""
        short_of = self.renaming.short
        prompt = ask_about_sets(self.set_prompt, self.question.kind) if self.set_prompt else self.prompt
        if prompt is None or all(name == short for name, short in short_of.items()):
            return prompt or ""
        quoted = {short: f"“{name}”" for name, short in short_of.items()}
        return re.sub(r"[A-Za-z0-9]+", lambda word: quoted.get(word[0], word[0]), prompt)

    def short(self, names: Sequence[str]) -> tuple[str, ...]:
        """Returns the short names of some names."""
        return tuple(self.renaming.short[name] for name in names)
