"""What a run reads: batch after batch of one epoch after another, and where in them it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch

from hf_causal.training.data import Batches, Packs


class Feed:
    """The batches of one of several processes; every process knows where all of them stand.

    Args:
        packs_of (callable): From the number of an epoch to its packs: the same ones each time, or fresh ones.
        pad_token_id (`int`): Of the tokenizer.
        batch_size (`int`): Packs per batch and process.
        seed (`int`): Of the order.
        rank, world_size (`int`): This process, and how many there are; they get different batches.
    """

    def __init__(
        self,
        packs_of: Callable[[int], Packs],
        pad_token_id: int,
        batch_size: int,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ):
        self.packs_of, self.pad_token_id = packs_of, pad_token_id
        self.batch_size, self.seed, self.rank, self.world_size = batch_size, seed, rank, world_size
        self.epoch = self.batch = 0
        self.questions = 0
        """Questions of all batches so far, on all processes."""
        self._open(0)

    @property
    def per_epoch(self) -> int:
        """Batches of the current epoch, for each process."""
        return self._batches.per_epoch

    def __iter__(self) -> Iterator[dict[str, torch.Tensor]]:
        while True:
            self._open(self.epoch)
            for shares in self._batches.epoch(self.epoch)[self.batch :]:
                self.batch += 1
                self.questions += int(self._packs.questions[shares].sum())
                yield self._packs.collate(shares[self.rank], self.pad_token_id)
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
            self._batches = Batches(self._packs.lengths, self.batch_size, self.seed, self.world_size)
            self._opened = epoch
