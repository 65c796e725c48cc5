"""Shapes and fill values of the tensors of a batch, declared where the data is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch

from hf_causal.training.packing import PackedData

PAD = None
"""Fill value that stands for the tokenizer's padding token."""


@dataclass(frozen=True)
class TensorSpec:
    """Shape and fill value of one tensor of a batch."""

    rows: str
    """Meaning of a row, for example `premises`."""
    dims: tuple[str, ...]
    """Meanings of the further dimensions. All dimensions of one meaning have one size in a batch."""
    fill: int | None = 0
    """Value where a row is shorter than others; [`PAD`] for the padding token."""
    dtype: type = np.int64
    """Type of the values."""

    def full(self, sizes: Mapping[str, int], pad_token_id: int) -> np.ndarray:
        """Returns an array of these sizes that holds fill values only."""
        fill = pad_token_id if self.fill is PAD else self.fill
        return np.full([sizes[name] for name in (self.rows, *self.dims)], fill, dtype=self.dtype)


def empty_batch(specs: Mapping[str, TensorSpec], sizes: Mapping[str, int], pad_token_id: int) -> dict[str, np.ndarray]:
    """Returns the arrays of a batch of these sizes, filled."""
    return {name: spec.full(sizes, pad_token_id) for name, spec in specs.items()}


class SpecifiedData(PackedData, Protocol):
    """Data that declares the tensors of its batches."""

    tensors: Mapping[str, TensorSpec]


def stack(
    batches: list[dict[str, torch.Tensor]], specs: Mapping[str, TensorSpec], pad_token_id: int
) -> dict[str, torch.Tensor]:
    """Joins batches of several sources: rows below each other, filled up where a source is narrower or has no tensor.

    A tensor gets the rows of every batch that has tensors with rows of the same meaning.
    """
    sizes: dict[str, int] = {}
    row_counts: list[dict[str, int]] = []
    for batch in batches:
        row_counts.append({specs[name].rows: len(tensor) for name, tensor in batch.items()})
        for name, tensor in batch.items():
            for dim, size in zip(specs[name].dims, tensor.shape[1:], strict=True):
                sizes[dim] = max(size, sizes.get(dim, 0))
    stacked = {}
    for name in dict.fromkeys(name for batch in batches for name in batch):
        blocks, spec = [], specs[name]
        for batch, counts in zip(batches, row_counts, strict=True):
            if spec.rows in counts:
                block = torch.from_numpy(spec.full({**sizes, spec.rows: counts[spec.rows]}, pad_token_id))
                if name in batch:
                    block[tuple(map(slice, batch[name].shape))] = batch[name]
                blocks.append(block)
        stacked[name] = torch.cat(blocks)
    return stacked
