"""Accuracy on the validation split, over all processes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from hf_causal.training.objectives import Counts, Objective
from hf_causal.training.packing import PackedData


class ValidationResult(NamedTuple):
    """What validation on one config found."""

    loss: float
    """Mean over the questions."""
    accuracy: float
    questions: int


@torch.no_grad()
def validate(
    accelerator: Any, model: nn.Module, objective: Objective, packs: PackedData, pad_token_id: int, batch_size: int
) -> ValidationResult:
    """Loss and accuracy, with every question counted once, on one process.

    Every process calls the model equally often, since sharded weights are gathered together at each call; one that has
    no packs left repeats one and does not count it.

    Args:
        accelerator (`Accelerator`): Knows the processes.
        model (`nn.Module`): As `prepare` returned it; it is in training mode afterwards.
        objective ([`Objective`]): Counts right answers.
        packs ([`Packs`]): The validation split.
        pad_token_id (`int`): Of the tokenizer.
        batch_size (`int`): Packs per batch and process.

    Returns:
        [`ValidationResult`]: Mean loss, accuracy, and the number of questions.
    """
    world, rank = accelerator.num_processes, accelerator.process_index
    order = np.argsort(packs.lengths, kind="stable")
    mine = order[rank::world]
    totals = Counts(torch.ones(()), torch.ones(()))
    sums = torch.zeros(3, device=accelerator.device)
    model.eval()
    for start in range(0, -(-len(order) // world), batch_size):
        chosen = mine[start : start + batch_size]
        spare = len(chosen) == 0
        if spare:
            chosen = order[:1]
        batch = {
            name: tensor.to(accelerator.device, non_blocking=True)
            for name, tensor in packs.collate(chosen, pad_token_id).items()
        }
        _, loss, hits = objective.loss_and_hits(model, batch, totals)
        if not spare:
            questions = torch.tensor(float(packs.questions[chosen].sum()), device=loss.device)
            sums += torch.stack([loss, hits.float(), questions])
    model.train()
    loss, hits, count = accelerator.reduce(sums, "sum").tolist()
    return ValidationResult(loss / count, hits / count, int(count))
