"""The losses since the last report, and the check that losses and weights are finite."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import nn
from torch.distributed.tensor import DTensor

from hf_causal.training.dataloader import StepBatch
from hf_causal.training.distributed import all_gather_objects

_SHOWN_PREMISES = 8
"""Number of premises in a message; the log has all of them."""


class NotFinite(FloatingPointError):
    """The loss or a weight became NaN or infinite.

    Args:
        message (`str`): Description for the user.
        batch (`dict`): Step, epoch, batch, and the premises of each process.
    """

    def __init__(self, message: str, batch: dict[str, Any]):
        super().__init__(message)
        self.batch = batch


class LossWindow:
    """Sums since the last report, with the batch that each of them comes from."""

    def __init__(self, first_step: int) -> None:
        self.first_step = first_step
        self.step_sums: list[torch.Tensor] = []
        self.batches: list[StepBatch] = []
        self.seconds = 0.0

    def add(self, batch: StepBatch, loss: torch.Tensor, hits: torch.Tensor, answers: float) -> None:
        """Adds a step of this process: the sum of its losses, its correct answers, and its answers."""
        sums = torch.stack([loss.float(), hits.float(), torch.full_like(loss, answers, dtype=torch.float)])
        self.step_sums.append(sums)
        self.batches.append(replace(batch, micro_batches=[]))

    def sums(self) -> torch.Tensor:
        """Returns loss, correct answers and answers of this process, shape (3,)."""
        return torch.stack(self.step_sums).sum(0).double()

    def check(self, model: nn.Module) -> None:
        """Checks that all losses so far and the weights are finite. All processes call it at the same time.

        Reading the losses waits for the device, so this is not done after every step.

        Raises:
            [`NotFinite`]: With the first step whose loss is not finite, and the process that computed it.
        """
        if not self.step_sums:
            return
        losses = torch.stack(self.step_sums)[:, 0].tolist()
        bad_steps = [index for index, loss in enumerate(losses) if not math.isfinite(loss)]
        first = (bad_steps[0], str(losses[bad_steps[0]])) if bad_steps else None
        firsts, finite = zip(*all_gather_objects([(first, _is_finite(model))]), strict=True)
        if any(firsts):
            index = min(first[0] for first in firsts if first)
            ranks = [rank for rank, first in enumerate(firsts) if first and first[0] == index]
            self._raise(index, f"the loss is {firsts[ranks[0]][1]}", ranks)
        if not all(finite):
            # A loss is computed before the weights change, so only the last step can have left such weights.
            self._raise(len(self.step_sums) - 1, "a weight is not finite", list(range(len(firsts))))

    def _raise(self, index: int, problem: str, ranks: list[int]) -> None:
        batch, step = self.batches[index], self.first_step + index
        premises = {str(rank): batch.packs[:, rank].flatten().tolist() for rank in ranks}
        first = premises[str(ranks[0])]
        shown = ", ".join(map(str, first[:_SHOWN_PREMISES])) + (", …" if len(first) > _SHOWN_PREMISES else "")
        raise NotFinite(
            f"{problem} at step {step} (epoch {batch.epoch}, batch {batch.batch}, process {ranks[0]}, premises "
            f"{shown} of the training rows, all of them in training_log.jsonl)",
            {"step": step, "epoch": batch.epoch, "batch": batch.batch, "premises": premises},
        )


def _is_finite(model: nn.Module) -> bool:
    """Returns whether all weights that this process holds are finite."""
    parameters = (parameter.detach() for parameter in model.parameters())
    local = [parameter.to_local() if isinstance(parameter, DTensor) else parameter for parameter in parameters]
    return bool(torch.stack([part.isfinite().all() for part in local]).all())
