"""Training data from several configs: every batch has premises of each, in fixed proportions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from hf_causal.training.tensors import SpecifiedData, stack

_POOL = 800
"""Packs whose premises are sorted by length together, so that a batch needs little padding."""


class MixedData:
    """Packs that each hold some premises of every source.

    The largest source is read once; a smaller one is repeated, each time in another order.

    Args:
        sources (sequence of [`SpecifiedData`]): Data to mix.
        shares (sequence of `int`): Premises of each source in one pack.
        seed (`int`): Seed of the order of each source.

    Raises:
        `ValueError`: If a source has fewer premises than its share of one pack.
    """

    def __init__(self, sources: Sequence[SpecifiedData], shares: Sequence[int], seed: int = 0):
        self.sources = list(sources)
        sizes = [len(source.lengths) for source in sources]
        if short := [size for size, share in zip(sizes, shares, strict=True) if size < share]:
            raise ValueError(f"`shares` {list(shares)} need more premises in a pack than a source has ({short[0]})")
        count = max(size // share for size, share in zip(sizes, shares, strict=True))
        self._members = [
            _premises_of_packs(source.lengths, count, share, np.random.default_rng([seed, number]))
            for number, (source, share) in enumerate(zip(sources, shares, strict=True))
        ]
        pairs = list(zip(self.sources, self._members, strict=True))
        self.lengths = np.array(sum(source.lengths[members].sum(1) for source, members in pairs))
        self.questions = np.array(sum(source.questions[members].sum(1) for source, members in pairs))
        self.tensors = {name: spec for source in self.sources for name, spec in source.tensors.items()}

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Returns one batch: tensors of one name are padded and stacked."""
        batches = [
            source.collate(members[packs].flatten(), pad_token_id)
            for source, members in zip(self.sources, self._members, strict=True)
        ]
        return stack(batches, self.tensors, pad_token_id)


def _premises_of_packs(lengths: np.ndarray, count: int, share: int, random: np.random.Generator) -> np.ndarray:
    """Draws the premises of each pack, shape (count, share), from permutations that are sorted by length in pools."""
    rounds = -(-count * share // len(lengths))
    order = np.concatenate([random.permutation(len(lengths)) for _ in range(rounds)])[: count * share]
    pools = [order[start : start + _POOL * share] for start in range(0, len(order), _POOL * share)]
    return np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools]).reshape(count, share)
