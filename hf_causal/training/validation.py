"""Loss and accuracy on the validation splits, over all processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from hf_causal.training.objectives import Counts, Objective
from hf_causal.training.packing import PackedData


class ValidationResult(NamedTuple):
    """Scores on the validation questions of one config, or means over several."""

    loss: float
    """Mean over the questions."""
    accuracy: float
    questions: int


@dataclass(frozen=True)
class Validation:
    """The validation of a run: its questions, and how the best weights are chosen.

    Args:
        accelerator (`Accelerator`): The processes.
        objective ([`Objective`]): Counts correct answers.
        data (mapping): Validation questions of each config.
        pad_token_id (`int`): Padding token.
        batch_size (`int`): Packs per batch and process.
    """

    accelerator: Any
    objective: Objective
    data: Mapping[str, PackedData]
    pad_token_id: int
    batch_size: int

    @property
    def measure(self) -> str:
        """The measure that is reported, `accuracy` or `loss`."""
        return "accuracy" if self.objective.selection_metric == "accuracy" else "loss"

    @property
    def num_questions(self) -> int:
        """Number of questions of all configs."""
        return sum(int(data.questions.sum()) for data in self.data.values())

    def run(self, model: nn.Module) -> dict[str, ValidationResult]:
        """Returns the scores of each config."""
        arguments = (self.pad_token_id, self.batch_size)
        return {
            config: validate(self.accelerator, model, self.objective, data, *arguments)
            for config, data in self.data.items()
        }

    def score(self, mean: ValidationResult) -> float:
        """Returns the score of weights, higher for better ones."""
        return mean.accuracy if self.measure == "accuracy" else -mean.loss

    def is_best(self, score: float, best_score: float) -> bool:
        """Returns whether weights replace the best ones. Later ones win a tie: they have trained longer."""
        return score >= best_score or self.objective.selection_metric == "last"


def mean_result(results: Mapping[str, ValidationResult]) -> ValidationResult:
    """Returns the mean accuracy of the configs, each with equal weight, and the mean loss of all questions."""
    questions = sum(result.questions for result in results.values())
    accuracy = sum(result.accuracy for result in results.values()) / len(results)
    loss = sum(result.loss * result.questions for result in results.values()) / questions
    return ValidationResult(loss, accuracy, questions)


@torch.no_grad()
def validate(
    accelerator: Any, model: nn.Module, objective: Objective, data: PackedData, pad_token_id: int, batch_size: int
) -> ValidationResult:
    """Returns loss and accuracy on one config; every question is counted once, in one process.

    Every process calls the model equally often, since sharded weights are gathered at each call; a process that has no
    packs left repeats one and does not count it.

    Args:
        accelerator (`Accelerator`): The processes.
        model (`nn.Module`): As `prepare` returned it; it is in training mode afterwards.
        objective ([`Objective`]): Counts correct answers.
        data ([`PackedData`]): The validation questions.
        pad_token_id (`int`): Padding token.
        batch_size (`int`): Packs per batch and process.
    """
    world_size, rank = accelerator.num_processes, accelerator.process_index
    order = np.argsort(data.lengths, kind="stable")
    packs_of_rank = order[rank::world_size]
    totals = Counts(torch.ones(()), torch.ones(()))  # sums are divided at the end
    sums = torch.zeros(3, device=accelerator.device)
    model.eval()
    for start in range(0, -(-len(order) // world_size), batch_size):
        packs = packs_of_rank[start : start + batch_size]
        is_repeated = len(packs) == 0
        if is_repeated:
            packs = order[:1]
        batch = to_device(data.collate(packs, pad_token_id), accelerator.device)
        _, loss, hits = objective.loss_and_hits(model, batch, totals, training=False)
        if not is_repeated:
            questions = torch.tensor(float(data.questions[packs].sum()), device=loss.device)
            sums += torch.stack([loss, hits.float(), questions])
    model.train()
    loss, hits, count = accelerator.reduce(sums, "sum").tolist()
    return ValidationResult(loss / count, hits / count, int(count))


def to_device(batch: dict[str, torch.Tensor], device: torch.device) -> dict[str, torch.Tensor]:
    """Copies a batch to a device, without waiting for it."""
    return {name: tensor.to(device, non_blocking=True) for name, tensor in batch.items()}
