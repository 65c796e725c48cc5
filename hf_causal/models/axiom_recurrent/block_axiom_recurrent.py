"""The block of the recurrent transformer: convolution over neighbouring tokens, attention, feed-forward layer."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import nn
from transformers.modeling_layers import GradientCheckpointingLayer

from .configuration_axiom_recurrent import AxiomRecurrentConfig


class Context(NamedTuple):
    """What all blocks know of the tokens of a batch."""

    mask: torch.Tensor
    """1 for tokens, 0 for padding: (batch, length, 1)."""
    bias: torch.Tensor
    """0 where a head may attend, a large negative number elsewhere: (batch, heads or 1, length or 1, length)."""
    log_length: torch.Tensor
    """Logarithm of the number of tokens of each prompt, relative to the reference length: (batch, 1, 1, 1)."""

    @classmethod
    def of(cls, attention_mask: torch.Tensor, config: AxiomRecurrentConfig) -> Context:
        """Returns the context of prompts, from a mask of shape (batch, length)."""
        mask = attention_mask.float()
        blocked = attention_mask[:, None, None] == 0
        if config.directional_heads:
            blocked = blocked | _wrong_direction(attention_mask.shape[1], config, attention_mask.device)
        log_length = mask.sum(1).clamp(min=2).log() / math.log(config.reference_length)
        return cls(mask[..., None], blocked * -1e9, log_length[:, None, None, None])

    def select(self, rows: torch.Tensor) -> Context:
        """Returns the context of some rows."""
        return Context(*(tensor[rows] for tensor in self))


def _wrong_direction(length: int, config: AxiomRecurrentConfig, device: torch.device) -> torch.Tensor:
    """Marks the tokens after a token in some heads, and those before it in as many others: (heads, length, length)."""
    after = torch.ones(length, length, dtype=torch.bool, device=device).triu(1)
    blocked = torch.zeros(config.num_attention_heads, length, length, dtype=torch.bool, device=device)
    blocked[: config.directional_heads] = after
    blocked[config.directional_heads : 2 * config.directional_heads] = after.T
    return blocked


class AxiomRecurrentNorm(nn.Module):
    """Layer norm without a bias, in fp32."""

    def __init__(self, config: AxiomRecurrentConfig):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(config.hidden_size))
        self.eps = config.layer_norm_eps

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        # The fused kernel of PyTorch, which has none without means for CPUs.
        return nn.functional.layer_norm(states.float(), self.weight.shape, self.weight.float(), None, self.eps)


class AxiomRecurrentConv(nn.Module):
    """A convolution over the tokens near a token, in both directions; padding counts as zero.

    Args:
        mixes (`bool`): Whether features mix; otherwise each feature has its own weights.
    """

    def __init__(self, config: AxiomRecurrentConfig, mixes: bool):
        super().__init__()
        self.reach, self.groups = config.conv_kernel_size - 1, 1 if mixes else config.hidden_size
        fan_in = config.hidden_size // self.groups
        self.weight = nn.Parameter(torch.empty(config.hidden_size, fan_in, 2 * self.reach + 1))

    def forward(self, states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        states = (states * mask).transpose(1, 2)
        weight = self.weight.to(states.dtype)
        return nn.functional.conv1d(states, weight, padding=self.reach, groups=self.groups).transpose(1, 2)


class AxiomRecurrentAttention(nn.Module):
    """Attention in both directions, in which a key counts if it is similar enough to the query."""

    def __init__(self, config: AxiomRecurrentConfig):
        super().__init__()
        self.config = config
        self.head_dim = config.hidden_size // config.num_attention_heads
        self.qkv_proj = nn.Linear(config.hidden_size, 3 * config.hidden_size, bias=False)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.o_proj.feeds_residual = True  # type: ignore[assignment]
        self.log_scale = nn.Parameter(torch.empty(config.num_attention_heads))
        self.sink = nn.Parameter(torch.empty(config.num_attention_heads))

    def forward(self, states: torch.Tensor, context: Context) -> torch.Tensor:
        batch, length, width = states.shape
        heads = self.config.num_attention_heads
        qkv = self.qkv_proj(states).view(batch, length, 3, heads, self.head_dim).permute(2, 0, 3, 1, 4)
        # Matching decides between names that differ in one character: not in half precision.
        with torch.autocast(states.device.type, enabled=False):
            query, key, value = qkv.float().unbind(0)
            attended = self._weights(query, key, context) @ value
        return self.o_proj(attended.transpose(1, 2).reshape(batch, length, width))

    def _weights(self, query: torch.Tensor, key: torch.Tensor, context: Context) -> torch.Tensor:
        """Computes the weights of the keys, (batch, heads, length, length)."""
        scale = self._scale(context)
        if self.config.sharp_matching:
            shape = (self.head_dim,)
            query, key = nn.functional.layer_norm(query, shape), nn.functional.layer_norm(key, shape) / self.head_dim
        scores = (query * scale) @ key.transpose(2, 3) + context.bias
        sink = self.sink.float()[:, None, None] * scale
        if self.config.attention_function == "sigmoid":
            return torch.sigmoid(scores - sink)
        total = torch.logaddexp(scores.logsumexp(-1, keepdim=True), sink.expand(*scores.shape[:3], 1))
        return (scores - total).exp()

    def _scale(self, context: Context) -> torch.Tensor:
        """Returns the factor on similarities: (batch or 1, heads, 1, 1)."""
        if not self.config.sharp_matching:
            return torch.full_like(self.sink[:, None, None], self.head_dim**-0.5).float()[None]
        scale = self.log_scale.float().exp().clamp(max=self.config.max_scale)[None, :, None, None]
        return scale * context.log_length if self.config.attention_function == "softmax" else scale


class AxiomRecurrentMLP(nn.Module):
    """A feed-forward layer with a gate (SwiGLU)."""

    def __init__(self, config: AxiomRecurrentConfig):
        super().__init__()
        self.up_proj = nn.Linear(config.hidden_size, 2 * config.intermediate_size, bias=False)
        self.down_proj = nn.Linear(config.intermediate_size, config.hidden_size, bias=False)
        self.down_proj.feeds_residual = True  # type: ignore[assignment]

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        gate, value = self.up_proj(states).chunk(2, dim=-1)
        return self.down_proj(nn.functional.silu(gate) * value)


class AxiomRecurrentBlock(GradientCheckpointingLayer):
    """One pre-norm block: convolution, attention and feed-forward layer, each added to the residual stream.

    Args:
        mixes (`bool`): Whether the convolution mixes features.
    """

    def __init__(self, config: AxiomRecurrentConfig, mixes: bool = False):
        super().__init__()
        self.conv = None
        if config.conv_kernel_size:
            self.conv_norm = AxiomRecurrentNorm(config)
            self.conv = AxiomRecurrentConv(config, mixes)
        self.attention_norm = AxiomRecurrentNorm(config)
        self.attention = AxiomRecurrentAttention(config)
        self.mlp_norm = AxiomRecurrentNorm(config)
        self.mlp = AxiomRecurrentMLP(config)

    def forward(self, states: torch.Tensor, context: Context) -> torch.Tensor:
        if self.conv is not None:
            states = states + self.conv(self.conv_norm(states), context.mask)
        states = states + self.attention(self.attention_norm(states), context)
        return states + self.mlp(self.mlp_norm(states))


__all__ = ["AxiomRecurrentAttention", "AxiomRecurrentBlock", "AxiomRecurrentConv", "AxiomRecurrentNorm", "Context"]
