"""Training data from several configs: every batch has premises of each, in fixed proportions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from hf_causal.training.packing import IGNORED, PackedData


class MixedData:
    """Packs that are each a handful of premises from every source.

    The largest source is gone through once; a smaller one begins again, in another order, when it is through.

    Args:
        sources (sequence of [`Packs`]): What to mix.
        shares (sequence of `int`): Premises of each source in one pack.
        seed (`int`): Of the order of each source.

    Raises:
        `ValueError`: If a source has fewer premises than its share of one pack.
    """

    def __init__(self, sources: Sequence[PackedData], shares: Sequence[int], seed: int = 0):
        self.sources = list(sources)
        sizes = [len(source.lengths) for source in sources]
        if short := [size for size, share in zip(sizes, shares, strict=True) if size < share]:
            raise ValueError(f"`shares` {list(shares)} ask for more premises in a pack than a source has ({short[0]})")
        count = max(size // share for size, share in zip(sizes, shares, strict=True))
        self._members = [
            _members(source.lengths, count, share, np.random.default_rng([seed, number]))
            for number, (source, share) in enumerate(zip(sources, shares, strict=True))
        ]
        pairs = list(zip(self.sources, self._members, strict=True))
        self.lengths = np.array(sum(source.lengths[members].sum(1) for source, members in pairs))
        self.questions = np.array(sum(source.questions[members].sum(1) for source, members in pairs))

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """One batch: what several sources have under one name is padded and stacked."""
        parts = [
            source.collate(members[packs].flatten(), pad_token_id)
            for source, members in zip(self.sources, self._members, strict=True)
        ]
        return stack(parts, pad_token_id)


def stack(parts: list[dict[str, torch.Tensor]], pad_token_id: int) -> dict[str, torch.Tensor]:
    """Batches of several sources as one: rows below each other, filled up where one is narrower or lacks a tensor.

    Tensors named `system_…` stand apart: closed systems are rows of their own.
    """
    # Sources may ask different numbers of questions about different numbers of statements.
    labelled = [part[name] for part in parts for name in ("sentence_labels", "ball_labels") if name in part]
    sizes = {
        1: max((part["labels"].shape[1] for part in parts if "labels" in part), default=0),
        2: max((labels.shape[2] for labels in labelled), default=0),
    }
    merged = {}
    for name in dict.fromkeys(name for part in parts for name in part):
        rows = "system_ids" if name.startswith("system_") else "input_ids"
        having = [part for part in parts if rows in part]
        own = [part[name] for part in having if name in part]
        shape = [max(extents) for extents in zip(*(tensor.shape[1:] for tensor in own), strict=True)]
        for dimension in _SIZED.get(name, ()):
            shape[dimension - 1] = sizes[dimension]
        fill = pad_token_id if name.endswith("_ids") else _FILLS.get(name, IGNORED if name.endswith("labels") else 0)
        blocks = [torch.full((len(part[rows]), *shape), fill, dtype=own[0].dtype) for part in having]
        for part, block in zip(having, blocks, strict=True):
            if name in part:
                block[tuple(map(slice, part[name].shape))] = part[name]
        merged[name] = torch.cat(blocks)
    return merged


_FILLS = {"question_given": -1}
_SIZED = {
    **dict.fromkeys(("question_words", "question_given", "question_separations", "labels"), (1,)),
    **dict.fromkeys(("sentence_labels", "ball_labels"), (1, 2)),
}
"""Dimensions that are questions (1) and statements (2)."""


def _members(lengths: np.ndarray, count: int, share: int, random: np.random.Generator) -> np.ndarray:
    """The premises of each pack, (count, share): one permutation after another, like with like inside pools."""
    rounds = -(-count * share // len(lengths))
    order = np.concatenate([random.permutation(len(lengths)) for _ in range(rounds)])[: count * share]
    pools = [order[start : start + _POOL * share] for start in range(0, len(order), _POOL * share)]
    return np.concatenate([pool[np.argsort(lengths[pool], kind="stable")] for pool in pools]).reshape(count, share)


_POOL = 800
"""Packs whose premises are sorted by length together, so that a batch needs little padding."""
