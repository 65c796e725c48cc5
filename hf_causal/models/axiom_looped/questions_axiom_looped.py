"""Questions as name vectors, whether they are written or point to the names of statements."""

from __future__ import annotations

from typing import NamedTuple

import torch

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
    separations: torch.Tensor
    """Which questions ask about d-separation: (batch, questions)."""
    given: torch.Tensor
    """Conditioning sets, zero for padding: (batch, questions, given, size)."""
    spelled: torch.Tensor
    """Numbers of the spellings of a long prompt, by which equal names are joined: (batch, statements, 2)."""

    def select(self, rows: torch.Tensor) -> NameVectors:
        """Returns some rows of the batch."""
        return NameVectors(*(tensor[rows] for tensor in self))


def written_questions(vectors: torch.Tensor, sentences: Sentences, spelled: torch.Tensor) -> NameVectors:
    """Splits unit vectors (batch, names, size) by the slots of written sentences."""
    width, questions = sentences.statements.shape[1], sentences.questions.shape[1]
    ends = 2 * width, 2 * (width + questions)
    return NameVectors(
        vectors[:, : ends[0]].unflatten(1, (width, 2)),
        sentences.statements,
        vectors[:, ends[0] : ends[1]].unflatten(1, (-1, 2)),
        sentences.questions,
        sentences.separations,
        _by_question(vectors[:, ends[1] :], sentences.given, questions),
        spelled,
    )


def pointed_questions(
    vectors: torch.Tensor,
    sentences: Sentences,
    spelled: torch.Tensor,
    question_words: torch.Tensor,
    question_given: torch.Tensor | None,
    question_separations: torch.Tensor | None,
) -> NameVectors:
    """Selects the unit vectors (batch, names, size) of questions that point to names; see the model's arguments."""
    width = sentences.statements.shape[1]
    # Before the questions: gradients are added up from the last use to the first, and the first summand decides the
    # memory layout, the layout the order of later sums, and these the last digits of trained weights.
    statements = vectors[:, : 2 * width].unflatten(1, (width, 2))
    questions = _select_names(vectors, question_words)
    mask = torch.ones(questions.shape[:2], dtype=torch.bool, device=vectors.device)
    if question_separations is None:
        question_separations = torch.full_like(mask, question_given is not None)
    pointers = question_words[..., :0] if question_given is None else question_given
    given = _select_names(vectors, pointers.clamp(min=0)) * (pointers >= 0)[..., None]
    return NameVectors(statements, sentences.statements, questions, mask, question_separations, given, spelled)


def _select_names(vectors: torch.Tensor, names: torch.Tensor) -> torch.Tensor:
    """Selects vectors (batch, names, size) by the slots of names (batch, …): (batch, …, size)."""
    index = names.flatten(1)[..., None].expand(-1, -1, vectors.shape[-1])
    return vectors.gather(1, index).unflatten(1, names.shape[1:])


def _by_question(given: torch.Tensor, question: torch.Tensor, count: int) -> torch.Tensor:
    """Spreads given names (batch, given, size) by the question of each: (batch, questions, given, size)."""
    belongs = question[:, None] == torch.arange(count, device=question.device)[:, None]
    return given[:, None] * belongs[..., None]


__all__ = ["NameVectors", "pointed_questions", "written_questions"]
