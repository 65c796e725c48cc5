"""The looped reasoner: sentences exchange flags through one tied block until nothing changes any more."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import nn
from transformers import initialization as init
from transformers.modeling_utils import PreTrainedModel
from transformers.utils.generic import ModelOutput, can_return_tuple

from .configuration_axiom_looped import AxiomLoopedConfig

STILL = 1e-4
"""A row has reached its fixed point when no flag moves by more than this."""
FLAG_GAIN = 4.0
"""Flag logits are this multiple of the update layer's output, so that flags can saturate early in training."""
DENSE_LIMIT = 64
"""Prompts with more statements than this spread flags along their matches only, the others along all pairs."""


@dataclass
class Sentences:
    """The sentences of a batch: where each name is spelled, and which slots are filled.

    Words are numbered by slot: statement s has the words 2 s (cause) and 2 s + 1 (effect).
    """

    character_ids: torch.Tensor
    """Token id of every name character of the batch, in reading order: (characters,)."""
    character_words: torch.Tensor
    """Word of each, counted over the whole batch: (characters,)."""
    statements: torch.Tensor
    """Which statement slots are filled: (batch, statements), bool."""
    questions: torch.Tensor
    """Which question slots are filled: (batch, questions), bool."""


def read_sentences(
    input_ids: torch.Tensor, attention_mask: torch.Tensor | None, config: AxiomLoopedConfig
) -> Sentences:
    """Finds statements, questions and the two names of each, wherever the padding is.

    Raises:
        `ValueError`: For a sentence of another form, or a prompt that is too long.
    """
    batch, length = input_ids.shape
    device = input_ids.device
    special = [config.pad_token_id, config.bos_token_id, config.eos_token_id]
    unread = torch.tensor([-1 if id is None or isinstance(id, list) else id for id in special], device=device)
    real = ~torch.isin(input_ids, unread)
    if attention_mask is not None:
        real = real & attention_mask.bool()
    end = real & ((input_ids == config.stop_token_id) | (input_ids == config.question_token_id))
    asks = real & (input_ids == config.does_token_id)
    verb = real & ((input_ids == config.causes_token_id) | (input_ids == config.cause_token_id))
    character = real & ~torch.isin(input_ids, torch.tensor(config.word_token_ids, device=device))

    sentence = end.long().cumsum(1) - end.long()
    count = int(sentence.max()) + 1 if length else 1

    def per_sentence(marked: torch.Tensor) -> torch.Tensor:
        return torch.zeros(batch, count, dtype=torch.long, device=device).scatter_add_(1, sentence, marked.long())

    verbs = per_sentence(verb)
    before = verbs.cumsum(1) - verbs
    role = (verb.long().cumsum(1) > before.gather(1, sentence)).long()
    named = (per_sentence(character & (role == 0)) > 0) & (per_sentence(character & (role == 1)) > 0) & (verbs == 1)
    asked = per_sentence(asks)
    statement, question = named & (asked == 0), named & (asked == 1)
    strange = (per_sentence(real) > 0) & ~statement & ~question
    if strange.any():
        row, number = (int(value) for value in strange.nonzero()[0])
        raise ValueError(
            f"`input_ids` row {row}: sentence {number + 1} cannot be read; it should have the form 'X causes Y.' or "
            "'Does X cause Y?'"
        )
    statements, questions = int(statement.sum(1).max()), int(question.sum(1).max())
    if statements > config.max_sentences:
        raise ValueError(
            f"`input_ids` has a prompt of {statements} statements; this model reads up to {config.max_sentences} "
            "(`max_sentences` in its config)"
        )
    slot = torch.where(question, statements + question.long().cumsum(1) - 1, statement.long().cumsum(1) - 1)
    row, column = character.nonzero(as_tuple=True)
    where = sentence[row, column]
    words = (row * (statements + questions) + slot[row, where]) * 2 + role[row, column]

    def filled(kind: torch.Tensor, width: int) -> torch.Tensor:
        return torch.arange(width, device=device) < kind.sum(1, keepdim=True)

    return Sentences(input_ids[row, column], words, filled(statement, statements), filled(question, questions))


class AxiomLoopedNameEncoder(nn.Module):
    """Characters to one vector for each name.

    Every character is seen together with its two neighbours in the name; the results are rotated by an angle that
    grows with the place in the name, as in rotary positions, and added up. No table of places can run out, and names
    that share most of their characters still differ.
    """

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__()
        self.embed_characters = nn.Embedding(config.vocab_size, config.name_size)
        self.conv = nn.Linear(3 * config.name_size, config.name_size, bias=False)

    def forward(self, character_ids: torch.Tensor, words: torch.Tensor, num_words: int) -> torch.Tensor:
        """Vectors of shape (num_words, name_size) from characters in reading order and the word of each."""
        embedded = self.embed_characters(character_ids)
        width = embedded.shape[1]
        inside = (words[1:] == words[:-1])[:, None]
        before = nn.functional.pad(embedded[:-1] * inside, (0, 0, 1, 0))
        after = nn.functional.pad(embedded[1:] * inside, (0, 0, 0, 1))
        seen = nn.functional.gelu(self.conv(torch.cat([before, embedded, after], dim=-1)))
        index = torch.arange(len(words), device=words.device)
        begins = nn.functional.pad(words[1:] != words[:-1], (1, 0), value=True)
        place = index - torch.where(begins, index, 0).cummax(0).values
        # Multiples of the golden ratio are spread evenly, for any number of dimensions.
        rates = torch.arange(width // 2, device=words.device) * 0.6180339887498949 % 1.0 * math.pi
        angles = place[:, None] * rates
        cos, sin = angles.cos(), angles.sin()
        first, second = seen.chunk(2, dim=-1)
        turned = torch.cat([first * cos - second * sin, first * sin + second * cos], dim=-1)
        return turned.new_zeros(num_words, width).index_add_(0, words, turned)


class AxiomLoopedBlock(nn.Module):
    """The block that loops: each head matches names between sentences and spreads one flag along the matches."""

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__()
        self.config = config
        heads = config.num_attention_heads
        # (statement or question, query or key, head, cause or effect)
        self.roles = nn.Parameter(torch.empty(2, 2, heads, 2))
        self.log_scale = nn.Parameter(torch.empty(heads))
        self.threshold = nn.Parameter(torch.empty(heads))
        if config.sentence_positions == "relative":
            self.distance_bias = nn.Parameter(torch.empty(heads, 2 * config.max_sentence_distance + 1))
        self.up_proj = nn.Linear(2 * heads + 2, config.intermediate_size)
        self.down_proj = nn.Linear(config.intermediate_size, heads)

    def match(self, statements: torch.Tensor, questions: torch.Tensor, filled: torch.Tensor) -> torch.Tensor:
        """How well the names of any two sentences match in each head.

        Args:
            statements (`torch.Tensor`): Unit name vectors, (batch, statements, 2, name_size).
            questions (`torch.Tensor`): The same of the questions, (batch, questions, 2, name_size).
            filled (`torch.Tensor`): Which statements there are, (batch, statements).

        Returns:
            `torch.Tensor`: fp32 of shape (batch, heads, questions, sentences, sentences); the last two count the
            statements and then the question itself, first who listens and then who is listened to.
        """
        roles = self.roles.float()

        def mixed(names: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
            return nn.functional.normalize(torch.einsum("bsrd,hr->bhsd", names.float(), weights), dim=-1)

        query, key = mixed(statements, roles[0, 0]), mixed(statements, roles[0, 1])
        asking, asked = mixed(questions, roles[1, 0]), mixed(questions, roles[1, 1])
        scale = self.log_scale.float().clamp(max=math.log(self.config.max_scale)).exp()[:, None, None]
        threshold = self.threshold.float()[:, None, None]

        def logits(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
            return scale * (one @ other.transpose(-1, -2) - threshold)

        among = logits(query, key)
        if self.config.sentence_positions == "relative":
            among = among + self._distance_bias(among.shape[-1], among.device)
        listens = logits(asking, key)
        heard = logits(query, asked).transpose(-1, -2)
        itself = scale * ((asking * asked).sum(-1, keepdim=True) - threshold)
        count = questions.shape[1]
        upper = torch.cat([among[:, :, None].expand(-1, -1, count, -1, -1), heard[..., None]], dim=-1)
        lower = torch.cat([listens, itself], dim=-1)[..., None, :]
        together = torch.cat([upper, lower], dim=-2)
        there = nn.functional.pad(filled, (0, 1), value=True)[:, None, None, None, :]
        if self.config.aggregation == "softmax":
            sink = together.new_zeros(*together.shape[:-1], 1)
            together = torch.cat([together.masked_fill(~there, -torch.inf), sink], dim=-1)
            return together.softmax(dim=-1)[..., :-1]
        matches = together.sigmoid() * there
        return torch.where(matches < self.config.match_floor, 0.0, matches)

    def _distance_bias(self, count: int, device: torch.device) -> torch.Tensor:
        index = torch.arange(count, device=device)
        limit = self.config.max_sentence_distance
        return self.distance_bias.float()[:, (index[:, None] - index).clamp(-limit, limit) + limit]

    def forward(self, matches: Matches, flags: torch.Tensor) -> torch.Tensor:
        """One loop: (batch, questions, sentences, heads) to the logits of the next flags, of the same shape."""
        heard = matches.spread(flags.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        kind = flags.new_zeros(flags.shape[-2], 2)
        kind[:-1, 0] = 1
        kind[-1, 1] = 1
        inputs = torch.cat([heard, flags, kind.expand(*flags.shape[:2], -1, -1)], dim=-1)
        return FLAG_GAIN * self.down_proj(nn.functional.gelu(self.up_proj(inputs), approximate="tanh")).float()


class Matches:
    """Matches of one block, ready to spread flags along them.

    In long prompts nearly all pairs of sentences do not match; the sums then run over the few that do, with the same
    result.
    """

    def __init__(self, dense: torch.Tensor, average: bool):
        self.average = average
        self.dense: torch.Tensor | None = dense
        if not average and not torch.is_grad_enabled() and dense.shape[-1] > DENSE_LIMIT:
            rows, self.columns = dense.flatten(0, 3).nonzero(as_tuple=True)
            self.values = dense.flatten(0, 3)[rows, self.columns]
            self.rows, self.shape, self.dense = rows, dense.shape[:-1], None
            self.sources = rows.div(dense.shape[-2], rounding_mode="floor") * dense.shape[-1] + self.columns

    def spread(self, flags: torch.Tensor) -> torch.Tensor:
        """What each sentence hears: the strongest flag (or the average one) of those it matches.

        Args:
            flags (`torch.Tensor`): Between 0 and 1, (batch, heads, questions, sentences).

        Returns:
            `torch.Tensor`: Of the same shape.
        """
        if self.dense is None:
            said = self.values * flags.flatten()[self.sources]
            heard = said.new_zeros(self.shape.numel())
            return heard.scatter_reduce_(0, self.rows, said, "amax").view(self.shape)
        if self.average:
            return (self.dense @ flags[..., None])[..., 0]
        return (self.dense * flags[..., None, :]).amax(-1)


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
    """

    loss: torch.FloatTensor | None = None
    logits: torch.FloatTensor | None = None
    question_logits: torch.FloatTensor | None = None
    sentence_logits: torch.FloatTensor | None = None
    last_hidden_state: torch.FloatTensor | None = None
    num_loops: torch.LongTensor | None = None
    loop_states: tuple[torch.FloatTensor, ...] | None = None
    loop_logits: tuple[torch.FloatTensor, ...] | None = None


class AxiomLoopedPreTrainedModel(PreTrainedModel):
    config_class = AxiomLoopedConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"
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
            init.normal_(module.roles, mean=0.0, std=self.config.initializer_range)
            init.constant_(module.log_scale, math.log(self.config.initial_scale))
            init.constant_(module.threshold, self.config.initial_threshold)
            if hasattr(module, "distance_bias"):
                init.zeros_(module.distance_bias)


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
        statements, questions, asked = self._names(sentences, question_words)
        # Matching decides between names that differ in one character: not in half precision.
        with torch.autocast(input_ids.device.type, enabled=False):
            flags, loops, states = self._loop(statements, questions, sentences, num_loops, output_loops)
        if not asked.all():
            flags = flags * asked[:, :, None, None]
        return AxiomLoopedOutput(last_hidden_state=flags, num_loops=loops, loop_states=states)

    def _names(self, sentences: Sentences, question_words: torch.Tensor | None):
        """Unit name vectors of statements and questions, and which questions there are."""
        batch, width = sentences.statements.shape
        written = sentences.questions.shape[1]
        total = width + written
        with torch.autocast(sentences.character_ids.device.type, enabled=False):
            vectors = self._encode(sentences, batch * total * 2).view(batch, total, 2, -1)
            statements, questions, asked = vectors[:, :width], vectors[:, width:], sentences.questions
            if question_words is not None:
                size = vectors.shape[-1]
                index = question_words.flatten(1)[..., None].expand(-1, -1, size)
                questions = statements.flatten(1, 2).gather(1, index).view(batch, -1, 2, size)
                asked = torch.ones(questions.shape[:2], dtype=torch.bool, device=vectors.device)
            if questions.shape[1] == 0 or not asked.any(1).all():
                row = 0 if questions.shape[1] == 0 else int((~asked.any(1)).nonzero()[0])
                raise ValueError(f"`input_ids` row {row} asks no question; end it with 'Does X cause Y?'")
            # What all names of a premise share tells none of them apart: `gene1`, `gene2`, `gene3`.
            there = sentences.statements[:, :, None, None]
            mean = (statements * there).sum((1, 2), keepdim=True) / (2 * there.sum((1, 2), keepdim=True)).clamp(min=1)
            unit = [nn.functional.normalize(self.metric(part - mean), dim=-1) for part in (statements, questions)]
        return unit[0], unit[1], asked

    def _encode(self, sentences: Sentences, num_words: int) -> torch.Tensor:
        ids, words = sentences.character_ids, sentences.character_words
        if self.config.name_encoder == "characters":
            return self.name_encoder(ids, words, num_words)
        # One random vector for each different name of the batch, drawn anew in every call.
        if self.config.name_encoder == "random":
            place = torch.arange(len(words), device=words.device)
            begins = nn.functional.pad(words[1:] != words[:-1], (1, 0), value=True)
            place = place - torch.where(begins, place, 0).cummax(0).values
            spelled = torch.zeros(num_words, int(place.max()) + 1, dtype=torch.long, device=words.device)
            spelled[words, place] = ids + 1
            _, which = spelled.unique(dim=0, return_inverse=True)
            return torch.randn(int(which.max()) + 1, self.config.name_size, device=words.device)[which]
        raise AssertionError(self.config.name_encoder)

    def _loop(self, statements, questions, sentences: Sentences, num_loops: int | None, output_loops: bool):
        config = self.config
        average = config.aggregation == "softmax"
        matches = [Matches(block.match(statements, questions, sentences.statements), average) for block in self.blocks]
        batch, asked = questions.shape[:2]
        flags = statements.new_zeros(batch, asked, statements.shape[1] + 1, config.num_attention_heads)
        count = sentences.statements.sum(1)
        if num_loops is None and self.training:
            low, high = config.training_loops or (1, 1)
            num_loops = int(torch.randint(low, high + 1, ()))
        limit = (2 * (count + 2)).clamp(max=config.max_loops) if num_loops is None else torch.full_like(count, num_loops)
        used = torch.zeros_like(count)
        moving = torch.ones_like(count, dtype=torch.bool)
        states = []
        for _ in range(int(limit.max())):
            logits = flags
            new = flags
            for block, match in zip(self.blocks, matches, strict=True):
                logits = block(match, new)
                if self.training and config.flag_noise:
                    logits = logits + config.flag_noise * torch.randn_like(logits)
                new = logits.sigmoid()
            if num_loops is None:
                # Each row stops by itself, so that its answer does not depend on its batch.
                new = torch.where(moving[:, None, None, None], new, flags)
                used = used + moving
                moving = moving & ((new - flags).abs().amax((1, 2, 3)) > STILL) & (used < limit)
            else:
                used = used + 1
            flags = new
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
        return self.classifier(FLAG_GAIN * (2 * flags - 1))

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
        with torch.autocast(input_ids.device.type, enabled=False):
            all_logits = self._read(outputs.last_hidden_state)
            loops = outputs.loop_states
            loop_logits = tuple(map(self._read, loops)) if loops is not None else None
        question_logits = all_logits[:, :, -1]
        if question_words is None and question_logits.shape[1] > 1:
            last = read_sentences(input_ids, attention_mask, self.config).questions.sum(1) - 1
        else:
            last = torch.full((len(input_ids),), question_logits.shape[1] - 1, device=input_ids.device)
        logits = question_logits[torch.arange(len(last), device=last.device), last]
        loss = None
        if labels is not None:
            scored = logits if labels.dim() == 1 else question_logits
            loss = nn.functional.cross_entropy(scored.flatten(0, -2), labels.flatten())
        return AxiomLoopedOutput(
            loss=loss,
            logits=logits,
            question_logits=question_logits,
            sentence_logits=all_logits[:, :, :-1],
            last_hidden_state=outputs.last_hidden_state,
            num_loops=outputs.num_loops,
            loop_states=loops,
            loop_logits=loop_logits,
        )


__all__ = ["AxiomLoopedPreTrainedModel", "AxiomLoopedModel", "AxiomLoopedForSequenceClassification"]
