"""The looped reasoner: sentences exchange flags through one tied block until nothing changes any more."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from transformers import initialization as init
from transformers.loss.loss_utils import fixed_cross_entropy
from transformers.modeling_utils import PreTrainedModel
from transformers.utils.generic import ModelOutput, can_return_tuple

from .block_axiom_looped import FLAG_GAIN, AxiomLoopedBlock, Matches, full_precision
from .configuration_axiom_looped import AxiomLoopedConfig
from .reading_axiom_looped import AxiomLoopedNameEncoder, Sentences, places_in_names, read_sentences

STILL = 1e-4
"""A row has reached its fixed point when no flag moves by more than this."""
NAMES_COMPARED = 512
"""At most this many names of a training batch are kept apart from each other."""
SAME_NAME = 1e-4
"""Vectors nearer than this, squared and relative, spell the same name; fp32 products are exact to about 1e-6."""


@dataclass
class AxiomLoopedOutput(ModelOutput):
    """
    What an [`AxiomLoopedModel`] or its classifier returns.

    Args:
        loss (`torch.FloatTensor` of shape `(1,)`, *optional*):
            Cross-entropy of the answers, where labels are given.
        logits (`torch.FloatTensor` of shape `(batch, 2)`, *optional*):
            No and Yes for the last question of each prompt.
        question_logits (`torch.FloatTensor` of shape `(batch, questions, 2)`, *optional*):
            The same for every question.
        sentence_logits (`torch.FloatTensor` of shape `(batch, questions, statements, 2)`, *optional*):
            Whether the cause of a statement is reached from the cause in question.
        last_hidden_state (`torch.FloatTensor` of shape `(batch, questions, statements + 1, heads)`, *optional*):
            Flags after the last loop, between 0 and 1; the question stands last.
        num_loops (`torch.LongTensor` of shape `(batch,)`, *optional*):
            Loops until nothing changed.
        loop_states (`tuple` of `torch.FloatTensor`, *optional*):
            Flags after every loop, each of the shape of `last_hidden_state`, with `output_loops=True`.
        loop_logits (`tuple` of `torch.FloatTensor`, *optional*):
            The classifier's logits for all sentences and the question after every loop, each of shape `(batch,
            questions, statements + 1, 2)`, with `output_loops=True`.
        asked (`torch.BoolTensor` of shape `(batch, questions)`, *optional*):
            Which questions there are, where prompts ask differently many.
        readable (`torch.BoolTensor` of shape `(batch,)`, *optional*):
            Which prompts could be read. All of them, since others are refused, but an exported graph cannot raise.
        name_overlap (`torch.FloatTensor`, *optional*):
            In training, how much different names of the batch resemble each other, for a loss that keeps them apart.
    """

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    question_logits: torch.Tensor | None = None
    sentence_logits: torch.Tensor | None = None
    last_hidden_state: torch.Tensor | None = None
    num_loops: torch.Tensor | None = None
    loop_states: tuple[torch.Tensor, ...] | None = None
    loop_logits: tuple[torch.Tensor, ...] | None = None
    asked: torch.Tensor | None = None
    readable: torch.Tensor | None = None
    name_overlap: torch.Tensor | None = None


class AxiomLoopedPreTrainedModel(PreTrainedModel):
    config_class = AxiomLoopedConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"
    supports_gradient_checkpointing = True
    _no_split_modules = ["AxiomLoopedBlock"]

    def _init_weights(self, module: nn.Module) -> None:
        # `transformers.initialization` leaves tensors alone that a checkpoint has filled already.
        if isinstance(module, nn.Embedding):
            init.normal_(module.weight, mean=0.0, std=1.0)
        elif isinstance(module, nn.Linear):
            bound = 1 / math.sqrt(module.in_features)
            init.uniform_(module.weight, -bound, bound)
            if module.bias is not None:
                init.uniform_(module.bias, -bound, bound)
        elif isinstance(module, AxiomLoopedBlock):
            init.normal_(module.gates, mean=0.0, std=self.config.initializer_range)
            init.constant_(module.log_scale, math.log(self.config.initial_scale))
            init.constant_(module.threshold, self.config.initial_threshold)
            if self.config.monotone:
                # Flags begin shut: where all weights are positive, a few open ones would open all the others.
                for linear in (module.up_proj, module.down_proj):
                    bound = 0.15 / math.sqrt(linear.in_features)
                    init.uniform_(linear.weight, -bound, bound)
                init.constant_(module.up_proj.bias, -0.1)
                init.constant_(module.down_proj.bias, -1.0)
            if hasattr(module, "distance_bias"):
                init.constant_(module.distance_bias, -4.0)


class AxiomLoopedModel(AxiomLoopedPreTrainedModel):
    """The reasoner without a head: token ids to flags of every sentence and question."""

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__(config)
        self.name_encoder = AxiomLoopedNameEncoder(config)
        self.metric = nn.Linear(config.name_size, config.name_size, bias=False)
        self.blocks = nn.ModuleList(AxiomLoopedBlock(config) for _ in range(config.num_blocks))
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.name_encoder.embed_characters

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.name_encoder.embed_characters = value

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.LongTensor,
        attention_mask: torch.Tensor | None = None,
        question_words: torch.LongTensor | None = None,
        num_loops: int | None = None,
        output_loops: bool = False,
        **kwargs,
    ) -> AxiomLoopedOutput:
        r"""
        Args:
            input_ids (`torch.LongTensor` of shape `(batch, length)`):
                Statements and questions in any order and number.
            attention_mask (`torch.Tensor` of shape `(batch, length)`, *optional*):
                1 for tokens, 0 for padding on either side.
            question_words (`torch.LongTensor` of shape `(batch, questions, 2)`, *optional*):
                Asks about names by where the statements spell them, instead of by written questions: 2 s for the cause
                of statement s, 2 s + 1 for its effect. The answers are the same; asking all questions about a premise
                costs little.
            num_loops (`int`, *optional*):
                Exactly this many loops, instead of as many as each prompt needs.
            output_loops (`bool`):
                Whether to return the flags after every loop.
        """
        if input_ids is None or kwargs.get("inputs_embeds") is not None:
            raise ValueError("give `input_ids`: names are read character by character, embeddings cannot replace them")
        sentences = read_sentences(input_ids, attention_mask, self.config)
        statements, questions, asked, overlap = self._names(sentences, question_words)
        # Matching decides between names that differ in one character: not in half precision.
        with full_precision(input_ids.device):
            flags, loops, states = self._loop(statements, questions, sentences, num_loops, output_loops)
        flags = flags * asked[:, :, None, None]
        return AxiomLoopedOutput(
            last_hidden_state=flags,
            num_loops=loops,
            loop_states=states,
            asked=asked,
            readable=sentences.readable,
            name_overlap=overlap,
        )

    def _names(self, sentences: Sentences, question_words: torch.Tensor | None):
        """Unit name vectors of statements and questions, and which questions there are."""
        batch, width = sentences.statements.shape
        written = sentences.questions.shape[1]
        total = width + written
        with full_precision(sentences.character_ids.device):
            vectors = self._encode(sentences, batch * total * 2)
            overlap = self._overlap(vectors) if self.training else None
            vectors = vectors.view(batch, total, 2, -1)
            statements, questions, asked = vectors[:, :width], vectors[:, width:], sentences.questions
            if question_words is not None:
                size = vectors.shape[-1]
                index = question_words.flatten(1)[..., None].expand(-1, -1, size)
                questions = statements.flatten(1, 2).gather(1, index).view(batch, -1, 2, size)
                asked = torch.ones(questions.shape[:2], dtype=torch.bool, device=vectors.device)
            refuses = not torch.compiler.is_exporting()
            if refuses and (questions.shape[1] == 0 or not asked.any(1).all()):
                row = 0 if questions.shape[1] == 0 else int((~asked.any(1)).nonzero()[0])
                raise ValueError(f"`input_ids` row {row} asks no question; end it with 'Does X cause Y?'")
            # What all names of a premise share tells none of them apart: `gene1`, `gene2`, `gene3`.
            there = sentences.statements[:, :, None, None]
            mean = (statements * there).sum((1, 2), keepdim=True) / (2 * there.sum((1, 2), keepdim=True)).clamp(min=1)
            unit = [nn.functional.normalize(self.metric(part - mean), dim=-1) for part in (statements, questions)]
        return unit[0], unit[1], asked, overlap

    def _overlap(self, vectors: torch.Tensor) -> torch.Tensor:
        """How far the cosines of different names of a batch exceed `name_margin`, squared and summed for each name."""
        spelled = vectors[(vectors != 0).any(-1)][:NAMES_COMPARED]
        unit = nn.functional.normalize(self.metric(spelled - spelled.mean(0)), dim=-1)
        cosines = unit @ unit.T
        # Squared distances by one product; the differences of all pairs would be the largest tensor of a step.
        inner = spelled.detach() @ spelled.detach().T
        square = inner.diagonal()
        same = square[:, None] + square - 2 * inner < SAME_NAME * square
        excess = (cosines - self.config.name_margin).clamp(min=0).square()
        return excess.masked_fill(same, 0).sum() / len(spelled)

    def _encode(self, sentences: Sentences, num_words: int) -> torch.Tensor:
        ids, words = sentences.character_ids, sentences.character_words
        if self.config.name_encoder == "characters":
            return self.name_encoder(ids, words, num_words)
        # One random vector for each different name of the batch, drawn anew in every call.
        place = places_in_names(words)
        spelled = torch.zeros(num_words, int(place.max()) + 1, dtype=torch.long, device=words.device)
        spelled[words, place] = ids + 1
        _, which = spelled.unique(dim=0, return_inverse=True)
        return torch.randn(int(which.max()) + 1, self.config.name_size, device=words.device)[which]

    def _loop(self, statements, questions, sentences: Sentences, num_loops: int | None, output_loops: bool):
        config = self.config
        average = config.aggregation == "softmax"
        blocks: list[AxiomLoopedBlock] = list(self.blocks)  # type: ignore[arg-type]
        matches = [Matches(block.match(statements, questions, sentences.statements), average) for block in blocks]
        batch, asked = questions.shape[:2]
        flags = statements.new_zeros(batch, asked, statements.shape[1] + 1, config.num_attention_heads)
        count = sentences.statements.sum(1)
        if num_loops is None and self.training:
            low, high = config.training_loops or (1, 1)
            num_loops = int(torch.randint(low, high + 1, ()))
        limit = (
            (2 * (count + 2)).clamp(max=config.max_loops) if num_loops is None else torch.full_like(count, num_loops)
        )
        # Empty slots hold no loop open.
        filled = nn.functional.pad(sentences.statements, (0, 1), value=True)[:, None, :, None]

        def advance(flags, used, moving):
            """One loop: flags, loops used by each row, and which rows are still moving."""
            new = flags
            for block, match in zip(blocks, matches, strict=True):
                logits = block(match, new)
                if self.training and config.flag_noise:
                    logits = logits + config.flag_noise * torch.randn_like(logits)
                new = logits.sigmoid()
            used = used + moving
            if num_loops is None:
                # Each row stops by itself, so that its answer does not depend on its batch.
                new = torch.where(moving[:, None, None, None], new, flags)
                moving = moving & (((new - flags).abs() * filled).amax((1, 2, 3)) > STILL) & (used < limit)
            return new, used, moving

        state = flags, torch.zeros_like(count), torch.ones_like(count, dtype=torch.bool)
        states = []
        if torch.compiler.is_exporting() and num_loops is None:
            flags, used, _ = torch.while_loop(lambda *state: state[-1].any(), advance, state)
        else:
            for _ in range(int(limit.max())):
                state = flags, used, moving = advance(*state)
                if output_loops:
                    states.append(flags)
                if num_loops is None and not moving.any():
                    break
        return flags, used, tuple(states) if output_loops else None


class AxiomLoopedForSequenceClassification(AxiomLoopedPreTrainedModel):
    """The reasoner with a head that answers No or Yes."""

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.model = AxiomLoopedModel(config)
        self.classifier = nn.Linear(config.num_attention_heads, config.num_labels)
        self.post_init()

    def _read(self, flags: torch.Tensor) -> torch.Tensor:
        weight = self.classifier.weight
        if self.config.monotone:
            weight = weight.abs() * weight.new_tensor([[-1.0], [1.0]])
        return nn.functional.linear(FLAG_GAIN * (2 * flags - 1), weight, self.classifier.bias)

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.LongTensor,
        attention_mask: torch.Tensor | None = None,
        labels: torch.LongTensor | None = None,
        question_words: torch.LongTensor | None = None,
        num_loops: int | None = None,
        output_loops: bool = False,
        **kwargs,
    ) -> AxiomLoopedOutput:
        r"""
        Args:
            labels (`torch.LongTensor` of shape `(batch,)` or `(batch, questions)`, *optional*):
                0 for No, 1 for Yes, -100 for a question without a label. Of shape `(batch,)`, for the last question of
                each prompt.
            input_ids, attention_mask, question_words, num_loops, output_loops:
                See [`AxiomLoopedModel.forward`].

        Example:

        ```python
        >>> from hf_causal.models.axiom import AxiomTokenizer
        >>> from hf_causal.models.axiom_looped import AxiomLoopedConfig
        >>> model = AxiomLoopedForSequenceClassification(AxiomLoopedConfig()).eval()
        >>> inputs = AxiomTokenizer()("A causes B. B causes C. Does A cause C?", return_tensors="pt")
        >>> model(**inputs).logits.shape
        torch.Size([1, 2])

        ```
        """
        outputs = self.model(
            input_ids,
            attention_mask,
            question_words=question_words,
            num_loops=num_loops,
            output_loops=output_loops,
            **kwargs,
        )
        with full_precision(input_ids.device):
            all_logits = self._read(outputs.last_hidden_state)
            loops = outputs.loop_states
            loop_logits = tuple(map(self._read, loops)) if loops is not None else None
        question_logits = all_logits[:, :, -1]
        row = torch.arange(input_ids.shape[0], device=input_ids.device)
        logits = question_logits[row, outputs.asked.sum(1) - 1]
        loss = None
        if labels is not None:
            scored = logits if labels.dim() == 1 else question_logits
            # Trainers that add up gradients over several batches say how many labels all of them have.
            count = kwargs.get("num_items_in_batch")
            loss = fixed_cross_entropy(scored.flatten(0, -2), labels.flatten(), count)
        return AxiomLoopedOutput(
            loss=loss,
            logits=logits,
            question_logits=question_logits,
            sentence_logits=all_logits[:, :, :-1],
            last_hidden_state=outputs.last_hidden_state,
            num_loops=outputs.num_loops,
            loop_states=loops,
            loop_logits=loop_logits,
            asked=outputs.asked,
            readable=outputs.readable,
            name_overlap=outputs.name_overlap,
        )


__all__ = ["AxiomLoopedPreTrainedModel", "AxiomLoopedModel", "AxiomLoopedForSequenceClassification"]
