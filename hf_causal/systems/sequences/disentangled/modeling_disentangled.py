"""The disentangled transformer: attention whose outputs are appended to the stream instead of being added to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import initialization as init
from transformers.modeling_utils import PreTrainedModel
from transformers.utils import ModelOutput

from .configuration_disentangled import DisentangledConfig


@dataclass
class DisentangledOutput(ModelOutput):
    """Outputs of a [`DisentangledModel`].

    Args:
        loss (`torch.FloatTensor` of shape `()`, *optional*):
            Mean cross-entropy with the labels.
        logits (`torch.FloatTensor` of shape `(batch, vocab_size)`):
            Logits of the next token.
        attentions (`tuple` of `torch.FloatTensor` of shape `(batch, heads, length, length)`, *optional*):
            Attention of each layer, by query and key.
    """

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    attentions: tuple[torch.Tensor, ...] | None = None


def _exact(values: torch.Tensor) -> torch.Tensor:
    """Converts to at least 32 bits, for softmax and losses under mixed precision."""
    return values.to(torch.promote_types(values.dtype, torch.float32))


class DisentangledLayer(nn.Module):
    """Appends heads with one matrix each, `softmax(mask(h A h^T)) h`, to the stream h, without scaling."""

    def __init__(self, width: int, heads: int, mlp_size: int):
        super().__init__()
        self.attention = nn.Parameter(torch.empty(heads, width, width))
        self.mlp = nn.Linear(width * (1 + heads), mlp_size) if mlp_size else None

    def forward(self, stream: torch.Tensor, last_only: bool = False) -> tuple[torch.Tensor, torch.Tensor]:
        """Maps (batch, length, width) to the wider stream and the attention, optionally of the last position alone."""
        length = stream.shape[1]
        queries = stream[:, -1:] if last_only else stream
        scores = (queries[:, None] @ self.attention) @ stream[:, None].transpose(-1, -2)
        if not last_only:  # the last position sees every other one
            later = torch.ones(length, length, dtype=torch.bool, device=stream.device).triu(1)
            scores = scores.masked_fill(later, -torch.inf)
        weights = _exact(scores).softmax(-1).to(stream.dtype)
        heads = weights @ stream[:, None]
        wider = torch.cat([queries, heads.transpose(1, 2).flatten(2)], dim=-1)
        if self.mlp is not None:
            wider = torch.cat([wider, nn.functional.relu(self.mlp(wider))], dim=-1)
        return wider, weights


class DisentangledModel(PreTrainedModel):
    """The disentangled transformer of arXiv 2402.14735, which the paper shows to be as expressive as the usual one.

    The stream begins with the concatenated one-hot vectors of token and position. Every head appends its output, so
    each block of a weight matrix has a meaning: token by token, position by position, and so on. The latent graph of
    the data appears in the position-position block of the first layer.
    """

    config_class = DisentangledConfig
    base_model_prefix = "model"

    def __init__(self, config: DisentangledConfig):
        super().__init__(config)
        *widths, last = config.widths
        self.layers: Any = nn.ModuleList(
            DisentangledLayer(width, heads, units)
            for width, heads, units in zip(widths, config.num_heads, config.mlp_sizes, strict=True)
        )
        self.output = nn.Linear(last, config.vocab_size, bias=False)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        # `transformers.initialization` leaves tensors alone that a checkpoint has filled already.
        if isinstance(module, DisentangledLayer):
            if self.config.initializer_range:
                init.normal_(module.attention, mean=0.0, std=self.config.initializer_range)
            else:
                init.zeros_(module.attention)
            if module.mlp is not None:  # with zero weights, all units would stay equal
                init.normal_(module.mlp.weight, mean=0.0, std=module.mlp.in_features**-0.5)
                init.zeros_(module.mlp.bias)
        elif module is getattr(self, "output", None):
            init.zeros_(module.weight)

    def embed(self, input_ids: torch.Tensor) -> torch.Tensor:
        """Concatenates one-hot tokens and positions: (batch, length) to (batch, length, vocab_size + positions)."""
        config, dtype = self.config, self.output.weight.dtype
        length = input_ids.shape[1]
        if length > config.max_position_embeddings:
            raise ValueError(
                f"`input_ids` have {length} tokens, at most {config.max_position_embeddings} are possible"
            )
        # Rows of the identity matrix, since `torch.vmap` over several models does not support `one_hot`.
        tokens = torch.eye(config.vocab_size, dtype=dtype, device=input_ids.device)[input_ids]
        positions = torch.eye(config.max_position_embeddings, dtype=dtype, device=input_ids.device)[:length]
        return torch.cat([tokens, positions.expand(len(input_ids), -1, -1)], dim=-1)

    def forward(
        self,
        input_ids: torch.Tensor,
        labels: torch.Tensor | None = None,
        output_attentions: bool | None = None,
        return_dict: bool | None = None,
        **kwargs,
    ) -> DisentangledOutput | tuple:
        r"""
        Args:
            input_ids (`torch.LongTensor` of shape `(batch, length)`):
                Tokens, 0 to `vocab_size` - 1.
            labels (`torch.Tensor`, *optional*):
                The token that follows, integers of shape `(batch,)`, or its probabilities, of shape `(batch,
                vocab_size)`.
            output_attentions (`bool`, *optional*):
                Whether to return the attention of every layer. Without it the last layer computes the last position
                alone.

        Example:

        ```python
        >>> model = DisentangledModel(DisentangledConfig(vocab_size=3, max_position_embeddings=8))
        >>> outputs = model(torch.tensor([[0, 2, 1, 1]]), output_attentions=True)
        >>> outputs.logits.shape, outputs.attentions[0][0, 0, 3]
        (torch.Size([1, 3]), tensor([0.2500, 0.2500, 0.2500, 0.2500], grad_fn=<SelectBackward0>))

        ```
        """
        with_attentions = self.config.output_attentions if output_attentions is None else output_attentions
        stream, attentions = self.embed(input_ids), []
        for index, layer in enumerate(self.layers):
            stream, weights = layer(stream, last_only=not with_attentions and index == len(self.layers) - 1)
            attentions.append(weights)
        logits = self.output(stream[:, -1])
        loss = None if labels is None else nn.functional.cross_entropy(_exact(logits), labels)
        outputs = DisentangledOutput(
            loss=loss, logits=logits, attentions=tuple(attentions) if with_attentions else None
        )
        return outputs if return_dict is not False else outputs.to_tuple()

    def position_attention(self) -> torch.Tensor:
        """Returns the first layer's attention from positions alone, (heads, positions, positions): the softmax of the
        masked position-position block of its matrices, which arXiv 2402.14735 compares with the latent graph."""
        states = self.config.vocab_size
        block = self.layers[0].attention[:, states:, states:]
        later = torch.ones(block.shape[1:], dtype=torch.bool, device=block.device).triu(1)
        return block.masked_fill(later, -torch.inf).softmax(-1)


__all__ = ["DisentangledModel", "DisentangledOutput"]
