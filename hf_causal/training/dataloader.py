"""What a run reads: step after step of one epoch after another, and where in them it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hf_causal.training.packing import BatchSampler, PackedData


@dataclass(frozen=True)
class StepBatch:
    """What one optimizer step reads: the micro-batches of this process, and where they come from."""

    micro_batches: list[dict[str, torch.Tensor]]
    epoch: int
    batch: int
    """Which batch of the epoch, counted from 0."""
    packs: np.ndarray
    """The packs of the whole step, (micro-batches, processes, packs)."""


class StatefulLoader:
    """The batches of one of several processes; every process knows where all of them stand.

    The order is one of *global* batches, all that an optimizer step reads. How a global batch is divided into
    processes and micro-batches changes neither what is in it nor which one follows: 1 process of 16 packs, 4 of 4, and
    2 of 4 packs in 2 micro-batches take the same steps. Inside a global batch packs are sorted by length, and
    processes get neighbouring parts of it, so that none waits long for another. Where packs have `environments`, a
    global batch is of one of them.

    Args:
        packs_of (callable): From the number of an epoch to its packs: the same ones each time, or fresh ones.
        pad_token_id (`int`): Of the tokenizer.
        batch_size (`int`): Packs per micro-batch and process.
        seed (`int`): Of the order.
        rank, world_size (`int`): This process, and how many there are; they get different batches.
        micro_batches (`int`): How many of them each process reads for a step.
    """

    def __init__(
        self,
        packs_of: Callable[[int], PackedData],
        pad_token_id: int,
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        micro_batches: int = 1,
    ):
        self.packs_of, self.pad_token_id = packs_of, pad_token_id
        self.batch_size, self.seed, self.rank, self.world_size = batch_size, seed, rank, world_size
        self.micro_batches = micro_batches
        self.epoch = self.batch = 0
        self.questions = 0
        """Questions of all batches so far, on all processes."""
        self._open(0)

    @property
    def global_batch_size(self) -> int:
        """Packs of a step, over all processes and micro-batches."""
        return self.batch_size * self.world_size * self.micro_batches

    @property
    def per_epoch(self) -> int:
        """Steps of the current epoch."""
        return self._batches.per_epoch

    def __iter__(self) -> Iterator[StepBatch]:
        while True:
            self._open(self.epoch)
            for parts in self._batches.epoch(self.epoch)[self.batch :]:
                self.batch += 1
                self.questions += int(self._packs.questions[parts].sum())
                shares = parts.reshape(self.micro_batches, self.world_size, self.batch_size)
                mine = [self._packs.collate(share, self.pad_token_id) for share in shares[:, self.rank]]
                yield StepBatch(mine, self.epoch, self.batch - 1, shares)
            self.epoch, self.batch = self.epoch + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Where it stands; saved with each checkpoint."""
        return {"epoch": self.epoch, "batch": self.batch, "questions": self.questions}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Goes on from there."""
        self.epoch, self.batch, self.questions = state["epoch"], state["batch"], state["questions"]

    def _open(self, epoch: int) -> None:
        if getattr(self, "_opened", None) != epoch:
            self._packs = self.packs_of(epoch)
            parts = self.micro_batches * self.world_size
            groups = getattr(self._packs, "environments", None)
            self._batches = BatchSampler(self._packs.lengths, self.batch_size, self.seed, parts, groups)
            self._opened = epoch
