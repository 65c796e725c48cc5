"""The recurrent transformer: it sees the tokens of a prompt and applies the same blocks until nothing changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from transformers import initialization as init
from transformers.loss.loss_utils import fixed_cross_entropy
from transformers.modeling_utils import PreTrainedModel
from transformers.utils.generic import ModelOutput, can_return_tuple

from .block_axiom_recurrent import (
    AxiomRecurrentAttention,
    AxiomRecurrentBlock,
    AxiomRecurrentConv,
    AxiomRecurrentNorm,
    Context,
)
from .configuration_axiom_recurrent import AxiomRecurrentConfig

_RESIDUAL_SCALE = 0.3
"""Factor on the initial weights of the projections that are added to the residual stream."""


@dataclass
class AxiomRecurrentOutput(ModelOutput):
    """
    Output of an [`AxiomRecurrentModel`] or its classifier. Fields that a call does not compute are `None`.

    Args:
        loss (`torch.FloatTensor` of shape `(1,)`):
            Cross-entropy of the answers, with `labels`.
        logits (`torch.FloatTensor` of shape `(batch, 2)`):
            No and Yes.
        mention_logits (`torch.FloatTensor` of shape `(batch, length)`):
            Whether each token belongs to the mention of a node that the cause in question reaches.
        last_hidden_state (`torch.FloatTensor` of shape `(batch, length, hidden_size)`):
            States after the last loop.
        num_loops (`torch.LongTensor` of shape `(batch,)`):
            Loops until the states no longer changed.
        loop_logits (`tuple` of `torch.FloatTensor` of shape `(batch, 2)`, with `output_loops=True`):
            No and Yes after every loop.
    """

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    mention_logits: torch.Tensor | None = None
    last_hidden_state: torch.Tensor | None = None
    num_loops: torch.Tensor | None = None
    loop_logits: tuple[torch.Tensor, ...] | None = None
    loop_states: tuple[torch.Tensor, ...] | None = None


class AxiomRecurrentPreTrainedModel(PreTrainedModel):
    config_class = AxiomRecurrentConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"
    supports_gradient_checkpointing = True
    _no_split_modules = ["AxiomRecurrentBlock"]

    def _init_weights(self, module: nn.Module) -> None:
        # `transformers.initialization` skips tensors that were loaded from a checkpoint.
        if isinstance(module, nn.Embedding):
            init.normal_(module.weight, mean=0.0, std=self.config.initializer_range)
        elif isinstance(module, nn.Linear):
            scale = _RESIDUAL_SCALE if getattr(module, "feeds_residual", False) else 1.0
            init.normal_(module.weight, mean=0.0, std=scale / math.sqrt(module.in_features))
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, AxiomRecurrentConv):
            init.normal_(module.weight, mean=0.0, std=1 / math.sqrt(module.weight[0].numel()))
        elif isinstance(module, AxiomRecurrentNorm):
            init.ones_(module.weight)
        elif isinstance(module, AxiomRecurrentAttention):
            init.constant_(module.log_scale, math.log(self.config.initial_scale))
            init.constant_(module.sink, self.config.initial_sink)
            if self.config.matched_keys:
                query, key, _ = module.qkv_proj.weight.chunk(3)
                value = module.qkv_proj.weight[2 * len(query) :]
                init.copy_(module.qkv_proj.weight, torch.cat([query, query, value]).detach())


class AxiomRecurrentModel(AxiomRecurrentPreTrainedModel):
    """The transformer without a head: token ids to states that no longer change."""

    def __init__(self, config: AxiomRecurrentConfig):
        super().__init__(config)
        self.embed_tokens = nn.Embedding(config.vocab_size, config.hidden_size)
        self.prelude = nn.ModuleList(
            AxiomRecurrentBlock(config, mixes=index == 0) for index in range(config.num_prelude_layers)
        )
        self.prelude_norm = AxiomRecurrentNorm(config)
        if config.input_injection:
            self.injection = nn.Linear(config.hidden_size, config.hidden_size, bias=False)
        self.layers = nn.ModuleList(AxiomRecurrentBlock(config) for _ in range(config.num_loop_layers))
        if config.outer_norm:
            self.outer_norm = AxiomRecurrentNorm(config)
        self.post_init()

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.FloatTensor | None = None,
        num_loops: int | None = None,
        output_loops: bool = False,
        **kwargs,
    ) -> AxiomRecurrentOutput:
        r"""
        Args:
            input_ids (`torch.LongTensor` of shape `(batch, length)`):
                Prompts, each of which ends with its question.
            attention_mask (`torch.Tensor` of shape `(batch, length)`, *optional*):
                1 for tokens, 0 for padding on either side. Without a mask, everything but the padding token.
            inputs_embeds (`torch.FloatTensor` of shape `(batch, length, hidden_size)`, *optional*):
                Embeddings instead of `input_ids`.
            num_loops (`int`, *optional*):
                Exactly this many loops, instead of as many as each prompt needs.
            output_loops (`bool`):
                Whether to return the states after every loop.

        Raises:
            `ValueError`: For a prompt that contains something unknown or does not end with a question.
        """
        if (input_ids is None) == (inputs_embeds is None):
            raise ValueError("give `input_ids` or `inputs_embeds`, and not both")
        attention_mask = self._mask(input_ids, attention_mask, inputs_embeds)
        states = self.embed_tokens(input_ids) if inputs_embeds is None else inputs_embeds
        context = Context.of(attention_mask, self.config)
        for block in self.prelude:
            states = block(states, context)
        states, used, history = self._loop(self.prelude_norm(states), context, num_loops, output_loops)
        return AxiomRecurrentOutput(last_hidden_state=states, num_loops=used, loop_states=history)

    def _mask(self, input_ids, attention_mask, inputs_embeds) -> torch.Tensor:
        """Returns which tokens are text, (batch, length); refuses prompts that the model was not made for."""
        if input_ids is None:
            return inputs_embeds.new_ones(inputs_embeds.shape[:2]) if attention_mask is None else attention_mask
        if attention_mask is None:
            attention_mask = (input_ids != self.config.pad_token_id).long()
        if not torch.compiler.is_exporting():
            _refuse(input_ids, attention_mask, self.config)
        return attention_mask

    def _loop(self, prelude: torch.Tensor, context: Context, num_loops: int | None, record: bool):
        """Loops, each row until its states no longer change, and returns states, loops of each row and history."""
        if num_loops is None and self.training:
            low, high = self.config.training_loops
            num_loops = int(torch.randint(low, high + 1, ()))
        injected = self.injection(prelude) if self.config.input_injection else torch.zeros_like(prelude)
        states, moving = prelude, torch.arange(len(prelude), device=prelude.device)
        used, most = torch.zeros_like(moving), self._most_loops(context, num_loops)
        history: list[torch.Tensor] = []
        for _ in range(int(most.max())):
            every = len(moving) == len(prelude)
            rows = context if every else context.select(moving)
            before = states if every else states[moving]
            after = self._step(before, injected if every else injected[moving], rows)
            states = after if every else states.index_copy(0, moving, after)
            used[moving] += 1
            if record:
                history.append(states)
            if num_loops is None:
                changes = self._changes(before, after, rows.mask) & (used[moving] < most[moving])
                moving = moving[changes]
                if not len(moving):
                    break
        return states, used, tuple(history) if record else None

    def _most_loops(self, context: Context, num_loops: int | None) -> torch.Tensor:
        """Returns how often each row may loop, (batch,)."""
        tokens = context.mask[..., 0].sum(1)
        if num_loops is not None:
            return torch.full_like(tokens, num_loops, dtype=torch.long)
        most = (tokens * self.config.loops_per_token).ceil().long()
        return most.clamp(min=2 * self.config.training_loops[1]).clamp(max=self.config.max_loops)

    def _step(self, states: torch.Tensor, injected: torch.Tensor, context: Context) -> torch.Tensor:
        """Computes the states after one more loop."""
        states = states + injected
        for block in self.layers:
            states = block(states, context)
        if self.config.outer_norm:
            states = self.outer_norm(states)
        if self.training and self.config.state_noise:
            states = states + self.config.state_noise * torch.randn_like(states)
        return states

    def _changes(self, before: torch.Tensor, after: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Returns which rows a loop has changed by more than the tolerance: (batch,)."""
        size, change = before.float().norm(dim=-1), (after - before).float().norm(dim=-1)
        return ((change > self.config.halting_tolerance * size) & (mask[..., 0] > 0)).any(1)


def _refuse(input_ids: torch.Tensor, attention_mask: torch.Tensor, config: AxiomRecurrentConfig) -> None:
    """Raises `ValueError` for the first prompt with something unknown, or that does not end with a question mark."""
    text = attention_mask > 0
    unknown = (input_ids == config.unk_token_id) & text if config.unk_token_id is not None else ~text & text
    if unknown.any():
        row, token = unknown.nonzero()[0].tolist()
        raise ValueError(
            f"`input_ids` row {row} has something unknown at token {token}: prompts have the form 'X causes Y. "
            "Does X cause Y?', with names of ASCII letters and digits"
        )
    last = input_ids.gather(1, last_tokens(attention_mask)[:, None])[:, 0]
    if (other := last != config.question_token_id).any():
        raise ValueError(f"`input_ids` row {int(other.nonzero()[0])} asks no question; end it with 'Does X cause Y?'")


def last_tokens(attention_mask: torch.Tensor) -> torch.Tensor:
    """Returns the position of the last token of each prompt, (batch,), whatever the side of the padding."""
    index = torch.arange(attention_mask.shape[1], device=attention_mask.device)
    return ((attention_mask > 0) * index).argmax(1)


class AxiomRecurrentForSequenceClassification(AxiomRecurrentPreTrainedModel):
    """The transformer with a head that answers No or Yes from the state of the last token."""

    def __init__(self, config: AxiomRecurrentConfig):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.model = AxiomRecurrentModel(config)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.mention_classifier = nn.Linear(config.hidden_size, 1)
        self.post_init()

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | None = None,
        inputs_embeds: torch.FloatTensor | None = None,
        labels: torch.LongTensor | None = None,
        num_loops: int | None = None,
        output_loops: bool = False,
        **kwargs,
    ) -> AxiomRecurrentOutput:
        r"""
        Args:
            labels (`torch.LongTensor` of shape `(batch,)`, *optional*):
                0 for No, 1 for Yes, -100 for a prompt without a label.

        The other arguments are those of [`AxiomRecurrentModel`].

        Example:

        ```python
        >>> from hf_causal.models.axiom import AxiomTokenizer
        >>> from hf_causal.models.axiom_recurrent import AxiomRecurrentConfig
        >>> model = AxiomRecurrentForSequenceClassification(AxiomRecurrentConfig(max_loops=8)).eval()
        >>> inputs = AxiomTokenizer()("A causes B. B causes C. Does A cause C?", return_tensors="pt")
        >>> model(**inputs).logits.shape
        torch.Size([1, 2])

        ```
        """
        outputs = self.model(
            input_ids, attention_mask, inputs_embeds, num_loops=num_loops, output_loops=output_loops, **kwargs
        )
        states, history = outputs.last_hidden_state, outputs.loop_states
        last = last_tokens(self.model._mask(input_ids, attention_mask, inputs_embeds))
        row = torch.arange(len(states), device=states.device)
        with torch.autocast(states.device.type, enabled=False):
            outputs.logits = self.classifier(states[row, last].to(self.classifier.weight.dtype)).float()
            outputs.mention_logits = self.mention_classifier(states.to(self.classifier.weight.dtype))[..., 0].float()
            if history is not None:
                weight = self.classifier.weight.dtype
                outputs.loop_logits = tuple(self.classifier(one[row, last].to(weight)).float() for one in history)
        if labels is not None:
            # Trainers that accumulate gradients over several batches pass the number of labels of all of them.
            outputs.loss = fixed_cross_entropy(outputs.logits, labels, kwargs.get("num_items_in_batch"))
        return outputs


__all__ = ["AxiomRecurrentPreTrainedModel", "AxiomRecurrentModel", "AxiomRecurrentForSequenceClassification"]
