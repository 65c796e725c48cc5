"""What the looped reasoner returns."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from transformers.utils.generic import ModelOutput


@dataclass
class AxiomLoopedOutput(ModelOutput):
    """
    Output of an [`AxiomLoopedModel`] or its classifier. Fields that a call does not compute are `None`.

    Answers:
        loss (`torch.FloatTensor` of shape `(1,)`):
            Cross-entropy of the answers, with `labels`.
        logits (`torch.FloatTensor` of shape `(batch, 2)`):
            No and Yes for the last question of each prompt.
        question_logits (`torch.FloatTensor` of shape `(batch, questions, 2)`):
            No and Yes for every question.
        question_mask (`torch.BoolTensor` of shape `(batch, questions)`):
            Which questions there are; the others are padding.
        separations, self_questions (`torch.BoolTensor` of shape `(batch, questions)`):
            Which questions ask about d-separation, and which ask whether a node causes itself.
        question_tasks (`torch.LongTensor` of shape `(batch, questions)`):
            What each question asks about, as an index of `QUESTION_TASKS`.
        readable (`torch.BoolTensor` of shape `(batch,)`):
            Which prompts could be read. Others are refused with a `ValueError`, but an exported graph cannot raise.

    Loops:
        last_hidden_state (`torch.FloatTensor` of shape `(batch, questions, statements + 1, heads)`):
            Flags after the last loop, between 0 and 1; those of the question are last.
        num_loops (`torch.LongTensor` of shape `(batch,)`):
            Loops until the flags no longer changed.
        loop_states, loop_logits (`tuple` of `torch.FloatTensor`, with `output_loops=True`):
            After every loop, the flags in the shape of `last_hidden_state`, and the logits of No and Yes for all
            statements and the question, `(batch, questions, statements + 1, 2)`.

    Statements:
        sentence_logits (`torch.FloatTensor` of shape `(batch, questions, statements, 2)`):
            Whether the cause of a statement is reached from the cause in question.
        ball_logits (`torch.FloatTensor` of shape `(batch, questions, statements, 2)`):
            With questions about d-separation: whether the Bayes ball from the first node in question travels along
            each statement, with its arrow and against it.
        loop_ball_logits (`tuple` of `torch.FloatTensor`, with `output_loops=True`):
            `ball_logits` after every loop.
        path_logits (`torch.FloatTensor` of shape `(batch, questions, statements, 5)`):
            With questions about adjustment, of each statement: whether its effect is the outcome or leads to it, and
            whether it leads to the set; and whether an open walk from the treatment passes the statement that has only
            gone down, that has gone up and goes down, and that goes up.

    Closed systems:
        system_logits (`torch.FloatTensor` of shape `(systems, hypotheses, 2)`):
            No and Yes for every hypothesis about `system_ids`.

    Training:
        name_overlap (`torch.FloatTensor`):
            Excess similarity of different names of the batch, for a loss that separates them.
        block_cost (`torch.FloatTensor`):
            Openness of gates and size of weights, for a loss that closes gates and shrinks weights that are not
            needed.
    """

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    question_logits: torch.Tensor | None = None
    sentence_logits: torch.Tensor | None = None
    last_hidden_state: torch.Tensor | None = None
    num_loops: torch.Tensor | None = None
    loop_states: tuple[torch.Tensor, ...] | None = None
    loop_logits: tuple[torch.Tensor, ...] | None = None
    name_overlap: torch.Tensor | None = None
    block_cost: torch.Tensor | None = None
    ball_logits: torch.Tensor | None = None
    loop_ball_logits: tuple[torch.Tensor, ...] | None = None
    path_logits: torch.Tensor | None = None
    system_logits: torch.Tensor | None = None
    separations: torch.Tensor | None = None
    self_questions: torch.Tensor | None = None
    question_tasks: torch.Tensor | None = None
    question_mask: torch.Tensor | None = None
    readable: torch.Tensor | None = None


__all__ = ["AxiomLoopedOutput"]
