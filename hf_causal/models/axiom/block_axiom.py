"""The block of the axiom decoder: attention and feed-forward, with positions and packing."""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers.activations import ACT2FN
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from .configuration_axiom import AxiomConfig


def sinusoidal_positions(position_ids: torch.Tensor, width: int) -> torch.Tensor:
    """Computes sine and cosine positions (Vaswani et al., 2017, section 3.5): (batch, length) to (…, width)."""
    rates = torch.exp(torch.arange(0, width, 2, device=position_ids.device) * (-math.log(10000.0) / width))
    angles = position_ids[..., None].float() * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)[..., :width]


def rotary_angles(position_ids: torch.Tensor, head_dim: int, theta: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Computes cosines and sines of rotary positions (Su et al., 2021), (batch, 1, length, head_dim) each, in fp32."""
    rates = theta ** (-torch.arange(0, head_dim, 2, device=position_ids.device).float() / head_dim)
    angles = (position_ids[..., None].float() * rates).repeat(1, 1, 2)[:, None]
    return angles.cos(), angles.sin()


def rotate(states: torch.Tensor, rotary: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Rotates queries or keys of shape (batch, heads, length, head_dim) by their rotary angles."""
    cos, sin = rotary
    first, second = states.float().chunk(2, dim=-1)
    return (states.float() * cos + torch.cat([-second, first], dim=-1) * sin).to(states.dtype)


def subtree_mask(subtree_ends: torch.Tensor):
    """Returns a mask function under which a token sees the tokens before it on its branch of the tree."""

    def on_branch(batch_idx, head_idx, q_idx, kv_idx):
        return q_idx < subtree_ends[batch_idx, kv_idx]

    return on_branch


def segment_ends(segment_ids: torch.Tensor) -> torch.Tensor:
    """Returns where subtrees end: that of the premise (0) with the row, of a question (1, 2, …) with its last token.

    The subtree of padding (-1) ends at the next position.
    """
    length = segment_ids.shape[1]
    after = torch.arange(1, length + 1, device=segment_ids.device)
    last = nn.functional.pad(segment_ids[:, 1:] != segment_ids[:, :-1], (0, 1), value=True)
    ends = torch.where(last, after, length).flip(1).cummin(1).values.flip(1)
    return torch.where(segment_ids < 0, after, torch.where(segment_ids == 0, length, ends))


def take_rows(states: torch.Tensor, keep: torch.Tensor | None, dim: int = 1) -> torch.Tensor:
    """Selects positions `keep`, (batch, kept), of each batch element along a dimension; all of them without `keep`."""
    if keep is None:
        return states
    index = keep.view(len(keep), *[1] * (dim - 1), -1, *[1] * (states.dim() - dim - 1))
    # Not by `take_along_dim`, which would be compiled again for every length.
    index = index.expand(-1, *states.shape[1:dim], -1, *states.shape[dim + 1 :])
    return states.expand(len(keep), *states.shape[1:]).gather(dim, index)


def eager_attention_forward(module, query, key, value, attention_mask, scaling, dropout=0.0, **kwargs):
    """Computes attention with its weights, in the interface of transformers."""
    weights = torch.matmul(query, key.transpose(2, 3)) * scaling
    if attention_mask is not None:
        weights = weights + attention_mask
    weights = nn.functional.softmax(weights, dim=-1, dtype=torch.float32).to(value.dtype)
    weights = nn.functional.dropout(weights, p=dropout, training=module.training)
    return torch.matmul(weights, value).transpose(1, 2).contiguous(), weights


class AxiomAttention(nn.Module):
    """Multi-head causal self-attention; the projections of query, key and value are one matrix."""

    def __init__(self, config: AxiomConfig, layer_idx: int):
        super().__init__()
        self.config = config
        self.layer_idx = layer_idx
        self.is_causal = True
        self.num_key_value_groups = 1
        self.head_dim = config.head_dim
        self.scaling = config.head_dim**-0.5
        self.qkv_proj = nn.Linear(config.hidden_size, 3 * config.hidden_size)
        self.o_proj = nn.Linear(config.hidden_size, config.hidden_size)
        self.o_proj.feeds_residual = True  # type: ignore[assignment]

    def forward(self, hidden_states, attention_mask=None, rotary=None, past_key_values=None, keep=None, **kwargs):
        query_states, key_states, value_states = self._project(hidden_states, keep)
        if rotary is not None:
            cos, sin = rotary
            query_states = rotate(query_states, (take_rows(cos, keep, dim=2), take_rows(sin, keep, dim=2)))
            key_states = rotate(key_states, rotary)
        if past_key_values is not None:
            key_states, value_states = past_key_values.update(key_states, value_states, self.layer_idx)
        attend = ALL_ATTENTION_FUNCTIONS.get_interface(self.config._attn_implementation, eager_attention_forward)
        output, weights = attend(
            self,
            query_states,
            key_states,
            value_states,
            attention_mask,
            scaling=self.scaling,
            dropout=self.config.attention_dropout if self.training else 0.0,
            **kwargs,
        )
        return self.o_proj(output.flatten(2)), weights

    def _project(self, hidden_states, keep):
        """Computes queries, keys and values, (batch, heads, length, head_dim); queries only of the kept positions."""
        batch, width = hidden_states.shape[0], hidden_states.shape[-1]
        if keep is None:
            qkv = self.qkv_proj(hidden_states).view(batch, -1, 3, self.config.num_attention_heads, self.head_dim)
            return qkv.permute(2, 0, 3, 1, 4).unbind(0)
        weight, bias = self.qkv_proj.weight, self.qkv_proj.bias
        query = nn.functional.linear(take_rows(hidden_states, keep), weight[:width], bias[:width])
        others = nn.functional.linear(hidden_states, weight[width:], bias[width:])
        split = (batch, -1, self.config.num_attention_heads, self.head_dim)
        key, value = others.chunk(2, dim=-1)
        return tuple(states.reshape(split).transpose(1, 2) for states in (query, key, value))


class AxiomMLP(nn.Module):
    """Two linear layers with an activation between them."""

    def __init__(self, config: AxiomConfig):
        super().__init__()
        width = config.intermediate_size or 4 * config.hidden_size
        self.up_proj = nn.Linear(config.hidden_size, width)
        self.down_proj = nn.Linear(width, config.hidden_size)
        self.down_proj.feeds_residual = True  # type: ignore[assignment]
        self.activation = ACT2FN[config.hidden_act]

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        return self.down_proj(self.activation(self.up_proj(hidden_states)))


class AxiomDecoderLayer(GradientCheckpointingLayer):
    """One pre-norm block: attention, then feed-forward, each added to the residual stream.

    With `keep`, it returns only the kept positions of each row.
    """

    def __init__(self, config: AxiomConfig, layer_idx: int):
        super().__init__()
        self.input_layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.self_attn = AxiomAttention(config, layer_idx)
        self.post_attention_layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = AxiomMLP(config)
        self.dropout = nn.Dropout(config.hidden_dropout)

    def forward(self, hidden_states: torch.Tensor, keep: torch.Tensor | None = None, **kwargs) -> torch.Tensor:
        attended, _ = self.self_attn(self.input_layernorm(hidden_states), keep=keep, **kwargs)
        hidden_states = take_rows(hidden_states, keep) + self.dropout(attended)
        return hidden_states + self.dropout(self.mlp(self.post_attention_layernorm(hidden_states)))


__all__ = [
    "AxiomAttention",
    "AxiomDecoderLayer",
    "rotary_angles",
    "segment_ends",
    "sinusoidal_positions",
    "subtree_mask",
    "take_rows",
]
