"""Batches of prompts for any model: order by length, padding, accepted arguments, and the digest of the weights."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.nn.utils.rnn import pad_sequence


def accepts(model: Any, argument: str) -> bool:
    """Returns whether the `forward` of a model, of any library, takes an argument."""
    return argument in inspect.signature(model.forward).parameters


def keep_accepted(model: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options that the `forward` of a model takes."""
    return {name: value for name, value in options.items() if accepts(model, name)}


def batches_by_length(lengths: Sequence[int], tokens_per_batch: int) -> Iterator[np.ndarray]:
    """Yields indices of prompts of similar length, the longest first so that a lack of memory shows at once."""
    order = np.argsort(lengths, kind="stable")[::-1]
    start = 0
    while start < len(order):
        size = max(1, tokens_per_batch // lengths[order[start]])
        yield order[start : start + size]
        start += size


def left_padded(
    rows: Sequence[Sequence[int]], pad_token_id: int, device: torch.device, positions: bool = False
) -> dict[str, torch.Tensor]:
    """Pads rows of token ids on the left, so that they end together.

    Args:
        rows (sequence): Token ids.
        pad_token_id (`int`): Padding token; it is masked.
        device (`torch.device`): Device of the batch.
        positions (`bool`): Whether to add position ids, since many models count the padding otherwise.

    Returns:
        `dict`: `input_ids`, `attention_mask` and, with `positions`, `position_ids`, of shape (rows, longest).
    """
    longest = max(map(len, rows))
    ids = torch.full((len(rows), longest), pad_token_id)
    mask = torch.zeros_like(ids)
    for index, row in enumerate(rows):
        ids[index, longest - len(row) :] = torch.tensor(row)
        mask[index, longest - len(row) :] = 1
    batch = {"input_ids": ids.to(device), "attention_mask": mask.to(device)}
    if positions:
        batch["position_ids"] = (mask.cumsum(1) - 1).clamp(min=0).to(device)
    return batch


def padded(
    fields: Mapping[str, Sequence[Sequence[int]]], tokenizer: Any, device: torch.device
) -> dict[str, torch.Tensor]:
    """Pads what a tokenizer returned as its `pad` does, without going through nested lists.

    Args:
        fields (mapping): From the name of an input to its rows, such as token ids and masks.
        tokenizer (`PreTrainedTokenizerBase`): Its padding side and values are used.
        device (`torch.device`): Device of the batch.

    Returns:
        `dict`: Each input as a tensor of shape (rows, longest).
    """
    values = {"input_ids": tokenizer.pad_token_id, "token_type_ids": tokenizer.pad_token_type_id}
    return {
        name: pad_sequence([torch.tensor(row) for row in rows], True, values.get(name, 0), tokenizer.padding_side).to(
            device
        )
        for name, rows in fields.items()
    }


def weights_digest(model: torch.nn.Module) -> str:
    """Returns the SHA-256 of a model's weights in memory."""
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        # As bytes, since NumPy has no bf16.
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
    return digest.hexdigest()
