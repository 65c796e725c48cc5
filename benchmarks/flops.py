"""How much arithmetic a training step of the decoder is, and how fast this machine multiplies matrices."""

from __future__ import annotations

import time
from typing import Any

import torch

TRAINING = 3
"""A backward pass multiplies twice as many matrices as its forward pass: one for the inputs, one for the weights."""


def clock(device: str) -> float:
    """Seconds, when everything that was sent to the device is done."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def matrix_rate(device: str, dtype: torch.dtype, size: int | None = None, repeats: int = 10) -> float:
    """The best of several rates of a square matrix product, in FLOPs per second.

    Args:
        device (`str`): `cpu` or `cuda`.
        dtype (`torch.dtype`): Of the matrices.
        size (`int`, *optional*): Rows; 1,024 on a CPU and 8,192 on a GPU when not given.
        repeats (`int`): How often it is tried.
    """
    size = size or (8192 if device == "cuda" else 1024)
    left, right = (torch.randn(size, size, device=device, dtype=dtype) for _ in range(2))
    best = 0.0
    for _ in range(repeats):
        began = clock(device)
        left @ right
        best = max(best, 2 * size**3 / (clock(device) - began))
    return best


def decoder_flops(config: Any, tokens: int, pairs: int, kept: int, kept_pairs: int) -> int:
    """FLOPs of the matrix products of one forward pass, a multiplication and an addition counted as two.

    Norms, activations and the softmax are left out, as usual. Padding does not count, and neither does attention to
    tokens that a token may not see: what counts is what the answers need. The last block needs keys and values of all
    tokens, everything else at the kept positions alone.

    Args:
        config ([`AxiomConfig`]): Of the model.
        tokens (`int`): Tokens that are no padding.
        pairs (`int`): Pairs of such tokens of which one sees the other.
        kept (`int`): Positions that the head reads.
        kept_pairs (`int`): What those positions see.
    """
    width, inner = config.hidden_size, config.intermediate_size
    projections, feed_forward, attention = 8 * width**2, 4 * width * inner, 4 * width
    block = tokens * (projections + feed_forward) + pairs * attention
    last = tokens * projections // 2 + kept * (projections // 2 + feed_forward) + kept_pairs * attention
    return (config.num_hidden_layers - 1) * block + last + kept * 2 * width * config.vocab_size


def work_of(batch: dict[str, torch.Tensor], pad_token_id: int) -> dict[str, int]:
    """What a batch of packs asks for: the arguments of [`decoder_flops`]."""
    real = batch["input_ids"] != pad_token_id
    position = torch.arange(real.shape[1])
    ends, scored = batch["subtree_ends"], batch["targets"] >= 0
    at = batch["target_positions"][..., None]
    sees = (position <= at) & (ends[:, None] > at)
    return {
        "tokens": int(real.sum()),
        "pairs": int(((ends - position) * real).sum()),
        "kept": int(scored.sum()),
        "kept_pairs": int((sees.sum(-1) * scored).sum()),
    }
