"""Questions as name vectors, whether they are written or point to the names of statements."""

from __future__ import annotations

from typing import NamedTuple

import torch

from .configuration_axiom_looped import QUESTION_TASKS
from .question_forms_axiom_looped import GIVEN, MORE_FIRST, MORE_SECOND
from .reading_axiom_looped import Sentences


class NameVectors(NamedTuple):
    """Unit name vectors of a batch of statements and questions, or numbers of their spellings with a size of 1."""

    statements: torch.Tensor
    """(batch, statements, 2, size)."""
    statement_mask: torch.Tensor
    """Which statements are not padding: (batch, statements)."""
    questions: torch.Tensor
    """(batch, questions, 2, size)."""
    question_mask: torch.Tensor
    """Which questions are not padding: (batch, questions)."""
    tasks: torch.Tensor
    """What each question asks about, as an index of `QUESTION_TASKS`: (batch, questions)."""
    given: torch.Tensor
    """Conditioning sets and what is held fixed, zero for padding: (batch, questions, given, size)."""
    others: torch.Tensor
    """Further names next to the two of each question, zero for padding: (batch, questions, 2, others, size)."""
    spelled: torch.Tensor
    """Numbers of the spellings of a long prompt, by which equal names are joined: (batch, statements, 2)."""

    def about(self, task: str) -> torch.Tensor:
        """Returns which questions ask about a task: (batch, questions)."""
        return self.tasks == QUESTION_TASKS.index(task)

    def select(self, rows: torch.Tensor) -> NameVectors:
        """Returns some rows of the batch."""
        return NameVectors(*(tensor[rows] for tensor in self))


class Pointers(NamedTuple):
    """Questions that point to names in statements, see the arguments of [`AxiomLoopedModel.forward`]."""

    words: torch.Tensor | None
    given: torch.Tensor | None = None
    separations: torch.Tensor | None = None
    tasks: torch.Tensor | None = None
    others: torch.Tensor | None = None

    def tasks_of(self, mask: torch.Tensor) -> torch.Tensor:
        """Returns what each question asks about, as an index of `QUESTION_TASKS`, in the shape of `mask`."""
        if self.tasks is None and self.separations is None:
            return torch.full(mask.shape, int(self.given is not None), device=mask.device)
        tasks = torch.zeros_like(mask, dtype=torch.long) if self.tasks is None else self.tasks
        return tasks if self.separations is None else torch.where(self.separations, 1, tasks)


def written_questions(vectors: torch.Tensor, sentences: Sentences, spelled: torch.Tensor) -> NameVectors:
    """Splits unit vectors (batch, names, size) by the slots of written sentences."""
    width, questions = sentences.statements.shape[1], sentences.questions.shape[1]
    ends = 2 * width, 2 * (width + questions)
    further = vectors[:, ends[1] :]

    def of_role(role: int) -> torch.Tensor:
        return _by_question(further, torch.where(sentences.roles == role, sentences.further, -1), questions)

    given = of_role(GIVEN)
    has_others = not torch.compiler.is_exporting() and bool((sentences.roles > GIVEN).any())
    others = torch.stack([of_role(role) for role in (MORE_FIRST, MORE_SECOND)], dim=2) if has_others else None
    return NameVectors(
        vectors[:, : ends[0]].unflatten(1, (width, 2)),
        sentences.statements,
        vectors[:, ends[0] : ends[1]].unflatten(1, (-1, 2)),
        sentences.questions,
        sentences.tasks,
        given,
        _no_others(given) if others is None else others,
        spelled,
    )


def pointed_questions(
    vectors: torch.Tensor, sentences: Sentences, spelled: torch.Tensor, pointers: Pointers
) -> NameVectors:
    """Selects the unit vectors (batch, names, size) of questions that point to names."""
    width, words = sentences.statements.shape[1], pointers.words
    assert words is not None
    # Before the questions: gradients are added up from the last use to the first, and the first summand decides the
    # memory layout, the layout the order of later sums, and these the last digits of trained weights.
    statements = vectors[:, : 2 * width].unflatten(1, (width, 2))
    questions = _select_names(vectors, words)
    mask = torch.ones(questions.shape[:2], dtype=torch.bool, device=vectors.device)
    given = _select_some(vectors, words[..., :0] if pointers.given is None else pointers.given)
    others = _no_others(given) if pointers.others is None else _select_some(vectors, pointers.others)
    return NameVectors(
        statements, sentences.statements, questions, mask, pointers.tasks_of(mask), given, others, spelled
    )


def _no_others(given: torch.Tensor) -> torch.Tensor:
    """Returns vectors of no names next to those of questions, (batch, questions, 2, 0, size)."""
    return given[:, :, None, :0].expand(-1, -1, 2, -1, -1)


def _select_some(vectors: torch.Tensor, names: torch.Tensor) -> torch.Tensor:
    """Selects vectors (batch, names, size) by the slots of names (batch, …), zero for -1: (batch, …, size)."""
    return _select_names(vectors, names.clamp(min=0)) * (names >= 0)[..., None]


def _select_names(vectors: torch.Tensor, names: torch.Tensor) -> torch.Tensor:
    """Selects vectors (batch, names, size) by the slots of names (batch, …): (batch, …, size)."""
    index = names.flatten(1)[..., None].expand(-1, -1, vectors.shape[-1])
    return vectors.gather(1, index).unflatten(1, names.shape[1:])


def _by_question(given: torch.Tensor, question: torch.Tensor, count: int) -> torch.Tensor:
    """Spreads given names (batch, given, size) by the question of each: (batch, questions, given, size)."""
    belongs = question[:, None] == torch.arange(count, device=question.device)[:, None]
    return given[:, None] * belongs[..., None]


__all__ = ["NameVectors", "Pointers", "pointed_questions", "written_questions"]
