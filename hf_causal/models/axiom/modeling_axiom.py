"""The axiom decoder: GPT-2 style blocks with a choice of position encoding, none by default."""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import initialization as init
from transformers.activations import ACT2FN
from transformers.cache_utils import Cache, DynamicCache
from transformers.generation import GenerationMixin
from transformers.masking_utils import create_causal_mask
from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS, PreTrainedModel, slice_logits_to_keep
from transformers.utils.generic import can_return_tuple, merge_with_config_defaults
from transformers.utils.output_capturing import capture_outputs

from .configuration_axiom import AxiomConfig


def sinusoidal_positions(position_ids: torch.Tensor, width: int) -> torch.Tensor:
    """Sine and cosine positions (Vaswani et al., 2017, section 3.5): (batch, length) to (batch, length, width)."""
    rates = torch.exp(torch.arange(0, width, 2, device=position_ids.device) * (-math.log(10000.0) / width))
    angles = position_ids[..., None].float() * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(-2)[..., :width]


def rotary_angles(position_ids: torch.Tensor, head_dim: int, theta: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosines and sines of rotary positions (Su et al., 2021), each of shape (batch, 1, length, head_dim), in fp32."""
    rates = theta ** (-torch.arange(0, head_dim, 2, device=position_ids.device).float() / head_dim)
    angles = (position_ids[..., None].float() * rates).repeat(1, 1, 2)[:, None]
    return angles.cos(), angles.sin()


def rotate(states: torch.Tensor, rotary: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Turns queries or keys of shape (batch, heads, length, head_dim) by their rotary angles."""
    cos, sin = rotary
    first, second = states.float().chunk(2, dim=-1)
    return (states.float() * cos + torch.cat([-second, first], dim=-1) * sin).to(states.dtype)


def shared_prefix_mask(segment_ids: torch.Tensor):
    """Mask function under which a token sees segment 0 (the shared premise) and its own segment (its own question)."""

    def same_segment_or_prefix(batch_idx, head_idx, q_idx, kv_idx):
        key = segment_ids[batch_idx, kv_idx]
        return (key == 0) | (key == segment_ids[batch_idx, q_idx])

    return same_segment_or_prefix


def eager_attention_forward(module, query, key, value, attention_mask, scaling, dropout=0.0, **kwargs):
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

    def forward(self, hidden_states, attention_mask=None, rotary=None, past_key_values=None, **kwargs):
        batch, length, _ = hidden_states.shape
        qkv = self.qkv_proj(hidden_states).view(batch, length, 3, -1, self.head_dim).permute(2, 0, 3, 1, 4)
        query_states, key_states, value_states = qkv.unbind(0)
        if rotary is not None:
            query_states, key_states = rotate(query_states, rotary), rotate(key_states, rotary)
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
        return self.o_proj(output.reshape(batch, length, -1)), weights


class AxiomMLP(nn.Module):
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
    """One pre-norm block: attention, then feed-forward, each added to the residual stream."""

    def __init__(self, config: AxiomConfig, layer_idx: int):
        super().__init__()
        self.input_layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.self_attn = AxiomAttention(config, layer_idx)
        self.post_attention_layernorm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.mlp = AxiomMLP(config)
        self.dropout = nn.Dropout(config.hidden_dropout)

    def forward(self, hidden_states: torch.Tensor, **kwargs) -> torch.Tensor:
        attended, _ = self.self_attn(self.input_layernorm(hidden_states), **kwargs)
        hidden_states = hidden_states + self.dropout(attended)
        return hidden_states + self.dropout(self.mlp(self.post_attention_layernorm(hidden_states)))


class AxiomPreTrainedModel(PreTrainedModel):
    config_class = AxiomConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _no_split_modules = ["AxiomDecoderLayer"]
    _skip_keys_device_placement = ["past_key_values"]
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _supports_attention_backend = True
    _can_compile_fullgraph = True
    _can_record_outputs = {"hidden_states": AxiomDecoderLayer, "attentions": AxiomAttention}

    def _init_weights(self, module: nn.Module) -> None:
        # `transformers.initialization` leaves tensors alone that a checkpoint has filled already.
        if isinstance(module, nn.Linear):
            std = self.config.initializer_range
            if getattr(module, "feeds_residual", False):
                std /= math.sqrt(2 * self.config.num_hidden_layers)
            init.normal_(module.weight, mean=0.0, std=std)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.Embedding):
            init.normal_(module.weight, mean=0.0, std=self.config.initializer_range)
        elif isinstance(module, nn.LayerNorm):
            init.ones_(module.weight)
            init.zeros_(module.bias)


class AxiomModel(AxiomPreTrainedModel):
    """The decoder without a head: token ids to hidden states."""

    def __init__(self, config: AxiomConfig):
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        if config.position_encoding == "learned":
            self.embed_positions = nn.Embedding(config.max_position_embeddings, config.hidden_size)
        self.dropout = nn.Dropout(config.hidden_dropout)
        self.layers = nn.ModuleList(AxiomDecoderLayer(config, index) for index in range(config.num_hidden_layers))
        self.norm = nn.LayerNorm(config.hidden_size, eps=config.layer_norm_eps)
        self.gradient_checkpointing = False
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.embed_tokens

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.embed_tokens = value

    @merge_with_config_defaults
    @capture_outputs
    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.LongTensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.FloatTensor | None = None,
        use_cache: bool | None = None,
        segment_ids: torch.LongTensor | None = None,
        **kwargs,
    ) -> BaseModelOutputWithPast:
        r"""
        Args:
            input_ids (`torch.LongTensor` of shape `(batch, length)`):
                Token ids; either these or `inputs_embeds`.
            attention_mask (`torch.Tensor` of shape `(batch, past + length)`, *optional*):
                1 for tokens, 0 for padding on either side.
            position_ids (`torch.LongTensor` of shape `(batch, length)`, *optional*):
                Positions for the encodings that use them; counted from the first token that is not padding when not
                given.
            past_key_values (`Cache`, *optional*):
                Keys and values of earlier tokens.
            inputs_embeds (`torch.FloatTensor` of shape `(batch, length, hidden_size)`, *optional*):
                Embeddings instead of ids.
            segment_ids (`torch.LongTensor` of shape `(batch, length)`, *optional*):
                Packs several questions behind one premise: 0 for the premise, k for the k-th question, -1 for padding.
                A token sees the premise and its own segment, so the packed questions are answered exactly as if each
                stood alone.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give exactly one of `input_ids` and `inputs_embeds`")
        if inputs_embeds is None:
            inputs_embeds = self.embed_tokens(input_ids)
        if segment_ids is not None and past_key_values is not None:
            raise ValueError("`segment_ids` packs whole prompts and cannot be combined with `past_key_values`")
        if use_cache and past_key_values is None and segment_ids is None:
            past_key_values = DynamicCache(config=self.config)
        if position_ids is None:
            position_ids = self._positions(  # type: ignore[assignment]
                inputs_embeds, attention_mask, past_key_values, segment_ids
            )

        mask = create_causal_mask(
            config=self.config,
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            past_key_values=past_key_values,
            # Positions are given for packed-sequence detection only, which `segment_ids` replaces.
            position_ids=None if segment_ids is not None else position_ids,
            and_mask_function=None if segment_ids is None else shared_prefix_mask(segment_ids),
        )
        hidden_states, rotary = self._encode_positions(inputs_embeds, position_ids)
        hidden_states = self.dropout(hidden_states)
        for layer in self.layers:
            hidden_states = layer(
                hidden_states, attention_mask=mask, rotary=rotary, past_key_values=past_key_values, **kwargs
            )
        return BaseModelOutputWithPast(last_hidden_state=self.norm(hidden_states), past_key_values=past_key_values)

    def _positions(self, inputs_embeds, attention_mask, past_key_values, segment_ids) -> torch.Tensor:
        """Positions of each token in its own prompt, whatever the padding and the packing."""
        past = past_key_values.get_seq_length() if past_key_values is not None else 0
        length = inputs_embeds.shape[1]
        index = torch.arange(past, past + length, device=inputs_embeds.device)[None]
        if segment_ids is not None:
            premise = (segment_ids == 0).sum(1, keepdim=True)
            begins = nn.functional.pad(segment_ids[:, 1:] != segment_ids[:, :-1], (1, 0), value=True)
            start = torch.where(begins, index, 0).cummax(dim=1).values
            positions = torch.where(segment_ids > 0, index - start + premise, (segment_ids == 0).cumsum(1) - 1)
            return positions.masked_fill(segment_ids < 0, 0)
        if attention_mask is not None and attention_mask.dim() == 2:
            return (attention_mask.long().cumsum(-1) - 1).clamp(min=0)[:, -length:]
        return index.expand(inputs_embeds.shape[0], -1)

    def _encode_positions(self, inputs_embeds, position_ids):
        """Adds absolute positions to the embeddings, or returns rotary angles for the attention layers."""
        encoding = self.config.position_encoding
        if encoding == "learned":
            # Without this check the lookup fails deep inside the embedding, on a GPU without saying why.
            if not torch.compiler.is_compiling() and int(position_ids.max()) >= self.config.max_position_embeddings:
                raise ValueError(
                    f"the prompt has {int(position_ids.max()) + 1} tokens; learned positions end at "
                    f"`max_position_embeddings` {self.config.max_position_embeddings}"
                )
            return inputs_embeds + self.embed_positions(position_ids), None
        if encoding == "sinusoidal":
            return inputs_embeds + sinusoidal_positions(position_ids, self.config.hidden_size).to(
                inputs_embeds.dtype
            ), None
        if encoding == "rope":
            return inputs_embeds, rotary_angles(position_ids, self.config.head_dim, self.config.rope_theta)
        return inputs_embeds, None


class AxiomForCausalLM(AxiomPreTrainedModel, GenerationMixin):
    """The decoder with a language-model head; the answer is the token after the question mark, `Yes` or `No`."""

    _tied_weights_keys = {"lm_head.weight": "model.embed_tokens.weight"}

    def __init__(self, config: AxiomConfig):
        super().__init__(config)
        self.model = AxiomModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.vocab_size, bias=False)
        self.post_init()

    def get_output_embeddings(self) -> nn.Linear:
        return self.lm_head

    def set_output_embeddings(self, new_embeddings: nn.Linear) -> None:
        self.lm_head = new_embeddings

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | None = None,
        position_ids: torch.LongTensor | None = None,
        past_key_values: Cache | None = None,
        inputs_embeds: torch.FloatTensor | None = None,
        labels: torch.LongTensor | None = None,
        use_cache: bool | None = None,
        segment_ids: torch.LongTensor | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        **kwargs,
    ) -> CausalLMOutputWithPast:
        r"""
        Args:
            labels (`torch.LongTensor` of shape `(batch, length)`, *optional*):
                Token ids as in `input_ids`, -100 where no loss is wanted; shifted by one inside, as everywhere in
                transformers. Answer-only training labels the answer token and nothing else.
            logits_to_keep (`int` or `torch.Tensor`, *optional*):
                Where to run the head. An `int` n keeps the last n positions (0: all), an index tensor those positions
                of every row, and a boolean tensor of shape `(batch, length)` exactly the positions that are true: the
                logits then have shape `(kept, vocab_size)`. `labels` need the logits of every position; with fewer,
                give `shift_labels`, one for each kept position.

        The other arguments are those of [`AxiomModel`].

        Example:

        ```python
        >>> from hf_causal.models.axiom import AxiomConfig, AxiomForCausalLM, AxiomTokenizer
        >>> tokenizer = AxiomTokenizer()
        >>> model = AxiomForCausalLM(AxiomConfig(num_hidden_layers=2, hidden_size=32, num_attention_heads=4))
        >>> inputs = tokenizer("A causes B. Does A cause B?", return_tensors="pt")
        >>> model(**inputs, logits_to_keep=1).logits.shape
        torch.Size([1, 1, 73])

        ```
        """
        outputs = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            segment_ids=segment_ids,
            **kwargs,
        )
        logits = self.lm_head(slice_logits_to_keep(outputs.last_hidden_state, logits_to_keep))
        loss = None
        if labels is not None or kwargs.get("shift_labels") is not None:
            loss = self.loss_function(logits=logits, labels=labels, vocab_size=self.config.vocab_size, **kwargs)
        return CausalLMOutputWithPast(
            loss=loss,
            logits=logits,
            past_key_values=outputs.past_key_values,
            hidden_states=outputs.hidden_states,
            attentions=outputs.attentions,
        )


__all__ = ["AxiomPreTrainedModel", "AxiomModel", "AxiomForCausalLM"]
