"""What is watched while training: the loss of each step, whether it is a number, and the memory it takes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from hf_causal.training.dataloader import StepBatch
from hf_causal.training.distributed import all_gather_objects
from hf_causal.training.recipe import Recipe

_NAMED = 8
"""Premises that a message names; the log has all of them."""


class NotFinite(FloatingPointError):
    """The loss or the weights are no numbers any more.

    Args:
        message (`str`): What happened.
        batch (`dict`): Where: step, epoch, batch, and the premises of each process.
    """

    def __init__(self, message: str, batch: dict[str, Any]):
        super().__init__(message)
        self.batch = batch


class LossWindow:
    """Sums since the last report, and where each of them comes from."""

    def __init__(self, first_step: int) -> None:
        self.first_step = first_step
        self.parts: list[torch.Tensor] = []
        self.batches: list[StepBatch] = []
        self.seconds = 0.0

    def add(self, batch: StepBatch, loss: torch.Tensor, hits: torch.Tensor, answers: float) -> None:
        """Adds a step: this process's sum of losses, its right answers, and its answers."""
        self.parts.append(torch.stack([loss.float(), hits.float(), torch.full_like(loss, answers, dtype=torch.float)]))
        self.batches.append(replace(batch, micro_batches=[]))

    def sums(self) -> torch.Tensor:
        """Loss, right answers and answers of this process, of shape (3,)."""
        return torch.stack(self.parts).sum(0).double()

    def check(self, model: nn.Module) -> None:
        """Makes sure that every loss so far and the weights are numbers. All processes call it together.

        Reading the losses waits for the device, so that it is done now and then and not after each step.

        Raises:
            [`NotFinite`]: With the first step whose loss is none, and the process that had it.
        """
        if not self.parts:
            return
        losses = torch.stack(self.parts)[:, 0].tolist()
        bad = [index for index, loss in enumerate(losses) if not math.isfinite(loss)]
        first = (bad[0], str(losses[bad[0]])) if bad else None
        found, finite = zip(*all_gather_objects([(first, _finite(model))]), strict=True)
        if any(found):
            index = min(place[0] for place in found if place)
            ranks = [rank for rank, place in enumerate(found) if place and place[0] == index]
            self._raise(index, f"the loss is {found[ranks[0]][1]}", ranks)
        if not all(finite):
            # A loss is taken before its step, so that only the last one can have left such weights.
            self._raise(len(self.parts) - 1, "the weights are no numbers", list(range(len(found))))

    def _raise(self, index: int, what: str, ranks: list[int]) -> None:
        batch, step = self.batches[index], self.first_step + index
        packs = {str(rank): batch.packs[:, rank].flatten().tolist() for rank in ranks}
        first = packs[str(ranks[0])]
        some = ", ".join(map(str, first[:_NAMED])) + (", …" if len(first) > _NAMED else "")
        where = {"step": step, "epoch": batch.epoch, "batch": batch.batch, "premises": packs}
        raise NotFinite(
            f"{what} at step {step} (epoch {batch.epoch}, batch {batch.batch}, process {ranks[0]}, premises {some} of "
            "the training rows, all of them in training_log.jsonl)",
            where,
        )


def _finite(model: nn.Module) -> bool:
    """Whether this process's part of the weights are numbers."""
    parts = [getattr(parameter, "_local_tensor", parameter).detach() for parameter in model.parameters()]
    return bool(torch.stack([part.isfinite().all() for part in parts]).all())


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there is not enough memory, on an accelerator or on the CPU."""
    return isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "can't allocate memory" in str(error)


def memory_advice(recipe: Recipe, step: int, device: str) -> str:
    """What to say when memory does not suffice: the same training, with flags that need less of it."""
    size, parts = recipe.per_device_train_batch_size, recipe.gradient_accumulation_steps
    flags = []
    if size % 2 == 0:
        # The same premises make up each step; see `Feed`.
        flags.append(f"--per-device-train-batch-size {size // 2} --gradient-accumulation-steps {2 * parts}")
    if not recipe.gradient_checkpointing:
        flags.append("--gradient-checkpointing true")
    if recipe.per_device_eval_batch_size > 1:
        flags.append(f"--per-device-eval-batch-size {max(1, recipe.per_device_eval_batch_size // 4)} for validation")
    return (
        f"step {step + 1} needs more memory than {device} has. The same training in less memory: "
        f"{', or '.join(flags) or 'a smaller model'}. Go on with these and --resume-from-checkpoint latest"
    )
