"""The training loss and the validation count on packed prompts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from hf_causal.training.data import IGNORED


@dataclass
class Counts:
    """How many targets of each kind a set of batches holds, and how the answers came out."""

    answers: torch.Tensor
    prompt_tokens: torch.Tensor

    @classmethod
    def of(cls, batches: list[dict[str, torch.Tensor]], answer_ids: tuple[int, int]) -> Counts:
        """Counts the targets of several micro-batches."""
        answers = sum(is_answer(batch["targets"], answer_ids).sum() for batch in batches)
        targets = sum((batch["targets"] != IGNORED).sum() for batch in batches)
        return cls(torch.as_tensor(answers), torch.as_tensor(targets) - answers)


def is_answer(targets: torch.Tensor, answer_ids: tuple[int, int]) -> torch.Tensor:
    """Where a target is Yes or No. Names are spelled by character, so these ids occur as answers only."""
    return (targets == answer_ids[0]) | (targets == answer_ids[1])


def loss_and_hits(
    model: Callable[..., Any],
    batch: dict[str, torch.Tensor],
    answer_ids: tuple[int, int],
    totals: Counts,
    prompt_loss_weight: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Cross-entropy over the vocabulary at the last token of each question, as in arXiv 2407.07612.

    Args:
        model (callable): A causal language model that takes `segment_ids` and `logits_to_keep`.
        batch (`dict`): As [`PackedPrompts.collate`] makes it.
        answer_ids (`tuple[int, int]`): Token ids of No and Yes.
        totals (`Counts`): Over everything that makes up one optimizer step. Losses are divided by these, so that parts
            and processes add up to the loss of one large batch, however many questions each of them holds.
        prompt_loss_weight (`float`): Weight of the mean next-token loss on the prompts.

    Returns:
        `tuple`: The loss, the sum of the answers' cross-entropies (detached), and the number of right answers.
    """
    targets = batch["targets"]
    wanted = targets != IGNORED if prompt_loss_weight else is_answer(targets, answer_ids)
    outputs = model(
        input_ids=batch["input_ids"], segment_ids=batch["segment_ids"], use_cache=False, logits_to_keep=wanted
    )
    logits, kept = outputs.logits.float(), targets[wanted]
    losses = nn.functional.cross_entropy(logits, kept, reduction="none")
    answer = is_answer(kept, answer_ids)
    answer_sum = losses[answer].sum()
    loss = answer_sum / totals.answers
    if prompt_loss_weight:
        loss = loss + prompt_loss_weight * losses[~answer].sum() / totals.prompt_tokens
    said_yes = logits[answer, answer_ids[1]] > logits[answer, answer_ids[0]]
    hits = (said_yes == (kept[answer] == answer_ids[1])).sum()
    return loss, answer_sum.detach(), hits
