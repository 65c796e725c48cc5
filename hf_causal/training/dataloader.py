"""The batches of a run: a new order in each epoch, and a position that a checkpoint saves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from hf_causal.training.packing import PackedData

POOL = 50
"""Batches whose packs are sorted by length together: a larger pool wastes less padding and mixes less."""


class BatchSampler:
    """Assigns packs to the batches of each epoch, for each of several processes.

    Every epoch is a new permutation, a function of (seed, epoch). Packs are sorted by length inside pools of `POOL`
    batches, so that a batch needs little padding, and the batches are then shuffled.

    Args:
        lengths (`np.ndarray`): Length of each pack.
        batch_size (`int`): Packs per batch and process.
        seed (`int`): Seed of the permutations.
        world_size (`int`): Number of processes; they get different batches.
        groups (`np.ndarray`, *optional*): Group of each pack. All packs of a batch, over all processes, are then of
            one group.

    Raises:
        `ValueError`: If there are fewer packs than one batch, in a group if there are groups.
    """

    def __init__(
        self, lengths: np.ndarray, batch_size: int, seed: int, world_size: int = 1, groups: np.ndarray | None = None
    ):
        self.lengths, self.batch_size, self.seed, self.world_size = lengths, batch_size, seed, world_size
        members = [np.arange(len(lengths))]
        if groups is not None:
            members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
        self._members = members
        global_size = batch_size * world_size
        self.per_epoch = sum(len(packs) // global_size for packs in members)
        if self.per_epoch == 0 or (groups is not None and min(map(len, members)) < global_size):
            where = " of one environment" if groups is not None else ""
            raise ValueError(
                f"{min(map(len, members))} premises{where} are fewer than one batch of {batch_size} on each of "
                f"{world_size} processes"
            )

    def epoch(self, number: int) -> np.ndarray:
        """Returns the packs of each batch of an epoch: `int64` of shape (batches, processes, packs)."""
        generator = np.random.default_rng([self.seed, number])
        global_size = self.batch_size * self.world_size
        pools = []
        for packs in self._members:
            order = packs[generator.permutation(len(packs))][: len(packs) // global_size * global_size]
            pools += [order[start : start + POOL * global_size] for start in range(0, len(order), POOL * global_size)]
        order = np.concatenate([pool[np.argsort(self.lengths[pool], kind="stable")] for pool in pools])
        return order.reshape(self.per_epoch, self.world_size, self.batch_size)[generator.permutation(self.per_epoch)]


@dataclass(frozen=True)
class StepBatch:
    """The batch of one optimizer step."""

    micro_batches: list[dict[str, torch.Tensor]]
    """Those of this process."""
    epoch: int
    batch: int
    """Index of the batch in its epoch."""
    packs: np.ndarray
    """The packs of all processes, shape (micro-batches, processes, packs)."""


class StatefulLoader:
    """Loads the batches of one of several processes, and saves and restores its position.

    The order is an order of *global* batches, each of which is everything that an optimizer step reads. How a global
    batch is divided into processes and micro-batches changes neither its content nor the order: 1 process of 16 packs,
    4 of 4, and 2 of 4 packs in 2 micro-batches take the same steps. Inside a global batch packs are sorted by length,
    and processes get neighbouring parts of it, so that none waits long for another. Where the data has `environments`,
    the packs of a global batch are of one environment.

    Args:
        data_of (callable): From the number of an epoch to its packs, the same in each epoch or fresh.
        pad_token_id (`int`): Token that fills shorter rows.
        batch_size (`int`): Packs per micro-batch and process.
        seed (`int`): Seed of the order.
        rank, world_size (`int`): Index of this process, and number of processes; they get different batches.
        micro_batches (`int`): Micro-batches per process and step.
    """

    def __init__(
        self,
        data_of: Callable[[int], PackedData],
        pad_token_id: int,
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        micro_batches: int = 1,
    ):
        self.data_of, self.pad_token_id = data_of, pad_token_id
        self.batch_size, self.seed, self.rank, self.world_size = batch_size, seed, rank, world_size
        self.micro_batches = micro_batches
        self.epoch = self.batch = 0
        self.questions = 0
        """Questions of all batches so far, on all processes."""
        self._open_epoch: int | None = None
        self._open(0)

    @property
    def global_batch_size(self) -> int:
        """Packs of a step, over all processes and micro-batches."""
        return self.batch_size * self.world_size * self.micro_batches

    @property
    def per_epoch(self) -> int:
        """Steps of the current epoch."""
        return self._sampler.per_epoch

    def __iter__(self) -> Iterator[StepBatch]:
        while True:
            self._open(self.epoch)
            for global_batch in self._sampler.epoch(self.epoch)[self.batch :]:
                self.batch += 1
                self.questions += int(self._data.questions[global_batch].sum())
                packs = global_batch.reshape(self.micro_batches, self.world_size, self.batch_size)
                micro_batches = [self._data.collate(share, self.pad_token_id) for share in packs[:, self.rank]]
                yield StepBatch(micro_batches, self.epoch, self.batch - 1, packs)
            self.epoch, self.batch = self.epoch + 1, 0

    def state_dict(self) -> dict[str, Any]:
        """Returns the position, which is saved with each checkpoint."""
        return {"epoch": self.epoch, "batch": self.batch, "questions": self.questions}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Restores a position."""
        self.epoch, self.batch, self.questions = state["epoch"], state["batch"], state["questions"]

    def _open(self, epoch: int) -> None:
        if self._open_epoch != epoch:
            self._data = self.data_of(epoch)
            shares = self.micro_batches * self.world_size
            environments = getattr(self._data, "environments", None)
            self._sampler = BatchSampler(self._data.lengths, self.batch_size, self.seed, shares, environments)
            self._open_epoch = epoch
