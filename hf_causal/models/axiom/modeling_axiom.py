"""The axiom decoder: GPT-2 style blocks with a choice of position encoding, none by default."""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import initialization as init
from transformers.cache_utils import Cache, DynamicCache
from transformers.generation import GenerationMixin
from transformers.masking_utils import create_causal_mask
from transformers.modeling_outputs import BaseModelOutputWithPast, CausalLMOutputWithPast
from transformers.modeling_utils import PreTrainedModel, slice_logits_to_keep
from transformers.utils.generic import can_return_tuple, merge_with_config_defaults
from transformers.utils.output_capturing import capture_outputs

from .block_axiom import (
    AxiomAttention,
    AxiomDecoderLayer,
    rotary_angles,
    segment_ends,
    sinusoidal_positions,
    subtree_mask,
    take_rows,
)
from .configuration_axiom import AxiomConfig

_RECORDED = ("output_hidden_states", "output_attentions")
"""Options that return the complete output of every block."""


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
        # `transformers.initialization` skips tensors that were loaded from a checkpoint.
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
        subtree_ends: torch.LongTensor | None = None,
        positions_to_keep: torch.LongTensor | None = None,
        **kwargs,
    ) -> BaseModelOutputWithPast:
        r"""
        Args:
            input_ids (`torch.LongTensor` of shape `(batch, length)`):
                Token ids; either these or `inputs_embeds`.
            attention_mask (`torch.Tensor` of shape `(batch, past + length)`, *optional*):
                1 for tokens, 0 for padding on either side.
            position_ids (`torch.LongTensor` of shape `(batch, length)`, *optional*):
                Positions for the encodings that use them; by default counted from the first token that is not
                padding.
            past_key_values (`Cache`, *optional*):
                Keys and values of earlier tokens.
            inputs_embeds (`torch.FloatTensor` of shape `(batch, length, hidden_size)`, *optional*):
                Embeddings instead of ids.
            segment_ids (`torch.LongTensor` of shape `(batch, length)`, *optional*):
                Packs several questions behind one premise: 0 for the premise, k for the k-th question, -1 for padding.
                A token sees the premise and its own segment, so that packed questions are answered exactly as if each
                were in a prompt of its own.
            subtree_ends (`torch.LongTensor` of shape `(batch, length)`, *optional*):
                Packs any prompts that begin alike, as a tree of tokens written depth first: the token at position p is
                visible from p up to, but not including, `subtree_ends[p]`. `segment_ids` are converted to this form;
                with it, questions can share their beginnings too. The subtree of padding ends at the next position.
            positions_to_keep (`torch.LongTensor` of shape `(batch, kept)`, *optional*):
                Returns only these positions of each row, and the last block computes only these.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give exactly one of `input_ids` and `inputs_embeds`")
        if inputs_embeds is None:
            inputs_embeds = self.embed_tokens(input_ids)
        ends = self._packing(segment_ids, subtree_ends, past_key_values)
        if use_cache and past_key_values is None and ends is None:
            past_key_values = DynamicCache(config=self.config)
        unbounded = position_ids is not None or past_key_values is not None
        positions = position_ids
        if positions is None:
            positions = self._positions(inputs_embeds, attention_mask, past_key_values, ends)  # type: ignore[assignment]
        # Reading positions waits for a GPU, so it is not done where they cannot be too large.
        limited = self.config.position_encoding == "learned" and not torch.compiler.is_compiling()
        if limited and (unbounded or inputs_embeds.shape[1] > self.config.max_position_embeddings):
            self._check_positions(positions)
        mask = create_causal_mask(
            config=self.config,
            inputs_embeds=inputs_embeds,
            attention_mask=attention_mask,
            past_key_values=past_key_values,
            # Positions serve the detection of packed sequences here, which `subtree_ends` replace.
            position_ids=None if ends is not None else positions,
            and_mask_function=None if ends is None else subtree_mask(ends),
        )
        hidden_states, rotary = self._encode_positions(inputs_embeds, positions)
        shared = {"rotary": rotary, "past_key_values": past_key_values, **kwargs}
        hidden_states = self._run_layers(self.dropout(hidden_states), mask, positions_to_keep, shared)
        return BaseModelOutputWithPast(last_hidden_state=self.norm(hidden_states), past_key_values=past_key_values)

    def _packing(self, segment_ids, subtree_ends, past_key_values) -> torch.Tensor | None:
        """Returns the subtree ends of packed prompts, however the packing was passed."""
        if segment_ids is not None and subtree_ends is not None:
            raise ValueError("give `segment_ids` or `subtree_ends`, not both")
        name = "subtree_ends" if segment_ids is None else "segment_ids"
        if segment_ids is not None:
            subtree_ends = segment_ends(segment_ids)
        if subtree_ends is not None and past_key_values is not None:
            raise ValueError(f"`{name}` packs complete prompts and cannot be combined with `past_key_values`")
        return subtree_ends

    def _run_layers(self, hidden_states, mask, positions_to_keep, shared) -> torch.Tensor:
        """Runs all blocks; the last one computes only the kept positions, unless its mask has no rows to select."""
        keep = positions_to_keep if isinstance(mask, torch.Tensor) else None
        for layer in self.layers[:-1]:
            hidden_states = layer(hidden_states, attention_mask=mask, **shared)
        mask = take_rows(mask, keep, dim=2)
        hidden_states = self.layers[-1](hidden_states, attention_mask=mask, keep=keep, **shared)
        return take_rows(hidden_states, positions_to_keep) if keep is None else hidden_states

    def _positions(self, inputs_embeds, attention_mask, past_key_values, subtree_ends) -> torch.Tensor:
        """Returns the position of each token in its own prompt, whatever the padding and the packing."""
        past = past_key_values.get_seq_length() if past_key_values is not None else 0
        length = inputs_embeds.shape[1]
        index = torch.arange(past, past + length, device=inputs_embeds.device)[None]
        if subtree_ends is not None:
            # Depth in the tree: the number of preceding tokens except those whose subtrees have ended.
            ended = subtree_ends.new_zeros(len(subtree_ends), length + 1)
            ended = ended.scatter_add_(1, subtree_ends, torch.ones_like(subtree_ends))
            return index - ended[:, :-1].cumsum(1)
        if attention_mask is not None and attention_mask.dim() == 2:
            return (attention_mask.long().cumsum(-1) - 1).clamp(min=0)[:, -length:]
        return index.expand(inputs_embeds.shape[0], -1)

    def _check_positions(self, position_ids) -> None:
        """Raises `ValueError` for more positions than were learned; on a GPU the lookup fails without a reason."""
        limit = self.config.max_position_embeddings
        if (last := int(position_ids.max())) >= limit:
            raise ValueError(
                f"the prompt has {last + 1} tokens; learned positions end at `max_position_embeddings` {limit}"
            )

    def _encode_positions(self, inputs_embeds, position_ids):
        """Adds absolute positions to the embeddings, or returns rotary angles for the attention layers."""
        encoding = self.config.position_encoding
        if encoding == "learned":
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
        subtree_ends: torch.LongTensor | None = None,
        logits_to_keep: int | torch.Tensor = 0,
        **kwargs,
    ) -> CausalLMOutputWithPast:
        r"""
        Args:
            labels (`torch.LongTensor` of shape `(batch, length)`, *optional*):
                Token ids as in `input_ids`, -100 for tokens without a loss; shifted by one inside, as everywhere in
                transformers. Answer-only training labels the answer token alone.
            logits_to_keep (`int` or `torch.Tensor`, *optional*):
                Where to run the head. An `int` n keeps the last n positions (0: all), an index tensor those positions
                of every row, one of shape `(batch, kept)` positions for each row, and a boolean tensor of shape
                `(batch, length)` exactly the positions that are true: the logits then have shape `(kept,
                vocab_size)`. `labels` need the logits of every position; with fewer, give `shift_labels`, one for
                each kept position.

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
        keep = self._positions_to_keep(input_ids if inputs_embeds is None else inputs_embeds, logits_to_keep, kwargs)
        outputs = self.model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            inputs_embeds=inputs_embeds,
            use_cache=use_cache,
            segment_ids=segment_ids,
            subtree_ends=subtree_ends,
            positions_to_keep=keep,
            **kwargs,
        )
        logits_to_keep = logits_to_keep if keep is None else 0
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

    def generate(self, inputs=None, **kwargs):
        """Generates as [`~transformers.GenerationMixin.generate`] does.

        Raises:
            `ValueError`: For a prompt with characters or words outside the vocabulary.
        """
        ids, unknown = kwargs.get("input_ids") if inputs is None else inputs, self.config.unk_token_id
        if ids is not None and unknown is not None and (rows := (ids == unknown).any(-1)).any():
            row = int(rows.nonzero()[0])
            position = int((ids[row] == unknown).nonzero()[0])
            raise ValueError(
                f"`input_ids` row {row} has something unknown at token {position}: prompts have the form 'X causes Y. "
                "Does X cause Y?', with names of ASCII letters and digits"
            )
        return super().generate(inputs, **kwargs)

    def _positions_to_keep(self, inputs, logits_to_keep, options) -> torch.Tensor | None:
        """Returns the positions to keep if the last block saves work by computing only these, and else `None`."""
        if not isinstance(logits_to_keep, torch.Tensor) or logits_to_keep.dim() != 2 or inputs is None:
            return None
        records = any(options.get(name) or getattr(self.config, name) for name in _RECORDED)
        fewer = logits_to_keep.dtype != torch.bool and logits_to_keep.shape[1] < inputs.shape[1]
        return logits_to_keep if fewer and not records else None


__all__ = ["AxiomPreTrainedModel", "AxiomModel", "AxiomForCausalLM"]
