"""Answers to 'Does X cause X?', which the loop cannot give: it counts the node in question as reached by itself."""

from __future__ import annotations

from collections.abc import Callable

import torch

from .names_axiom_looped import number_spellings
from .reading_axiom_looped import Sentences


def answer_self_questions(
    logits: torch.Tensor,
    self_questions: torch.Tensor,
    sentences: Sentences,
    extremes: tuple[torch.Tensor, torch.Tensor],
    ask: Callable[[int, torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """Answers 'Does X cause X?' by whether an effect of X causes X.

    Args:
        logits (`torch.Tensor`): Of all questions, (batch, questions, 2).
        self_questions (`torch.Tensor`): Questions about a node and itself, (batch, questions).
        sentences ([`Sentences`]): The batch.
        extremes (pair of `torch.Tensor`): Logits of a question that no flag reaches, and of one that all flags reach.
        ask (callable): From a row and pairs of names, numbered as in `question_words`, to their logits (pairs, 2).

    Returns:
        `torch.Tensor`: `logits` with those of the self-questions replaced. Yes is the most certain Yes among the
        effects of X; without an effect, the logits are those of a question that no flag reaches; where the text states
        that X causes X, those of one that all flags reach.
    """
    logits = logits.clone()
    batch, width = sentences.statements.shape
    numbers = number_spellings(
        sentences.character_ids, sentences.character_words, batch * sentences.names_per_row
    ).view(batch, -1)
    for row, question in self_questions.nonzero().tolist():
        name = numbers[row, 2 * (width + question)]
        causes, effects = numbers[row, : 2 * width].view(-1, 2).unbind(1)
        starts = (sentences.statements[row] & (causes == name)).nonzero()
        if (effects[starts] == name).any():  # "X causes X." is stated
            logits[row, question] = extremes[1]
        elif len(starts):
            answers = ask(row, torch.cat([2 * starts + 1, 2 * starts], dim=1))
            logits[row, question] = answers[(answers[:, 1] - answers[:, 0]).argmax()]
        else:
            logits[row, question] = extremes[0]
    return logits


__all__ = ["answer_self_questions"]
