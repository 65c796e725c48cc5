"""The looped reasoner: sentences exchange flags through one tied block until nothing changes any more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from transformers import initialization as init
from transformers.loss.loss_utils import fixed_cross_entropy
from transformers.modeling_utils import PreTrainedModel
from transformers.utils.generic import ModelOutput, can_return_tuple

from .block_axiom_looped import FLAG_GAIN, AxiomLoopedBlock, Matches, full_precision
from .configuration_axiom_looped import AxiomLoopedConfig
from .reading_axiom_looped import AxiomLoopedNameEncoder, Sentences, places_in_names, read_sentences
from .systems_axiom_looped import AxiomLoopedSystemBlock, AxiomLoopedSystemReasoner, read_systems

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
        name_overlap (`torch.FloatTensor`, *optional*):
            In training, how much different names of the batch resemble each other, for a loss that keeps them apart.
        block_cost (`torch.FloatTensor`, *optional*):
            In training, how much the block makes use of, for a loss that shuts gates and pulls weights to zero where
            they are not needed.
        ball_logits (`torch.FloatTensor` of shape `(batch, questions, statements, 2)`, *optional*):
            With questions about d-separation: whether the Bayes ball from the first node in question travels along
            each statement, with its arrow and against it.
        loop_ball_logits (`tuple` of `torch.FloatTensor`, *optional*):
            The same after every loop, with `output_loops=True`.
        system_logits (`torch.FloatTensor` of shape `(systems, hypotheses, 2)`, *optional*):
            No and Yes for every hypothesis about `system_ids`.
        separations (`torch.BoolTensor` of shape `(batch, questions)`, *optional*):
            Which questions ask about d-separation, where any does.
        asked (`torch.BoolTensor` of shape `(batch, questions)`, *optional*):
            Which questions there are, where prompts ask differently many.
        readable (`torch.BoolTensor` of shape `(batch,)`, *optional*):
            Which prompts could be read. All of them, since others are refused, but an exported graph cannot raise.
    """

    loss: torch.Tensor | None = None
    logits: torch.Tensor | None = None
    question_logits: torch.Tensor | None = None
    sentence_logits: torch.Tensor | None = None
    last_hidden_state: torch.Tensor | None = None
    num_loops: torch.Tensor | None = None
    loop_states: tuple[torch.Tensor, ...] | None = None
    loop_logits: tuple[torch.Tensor, ...] | None = None
    name_overlap: torch.Tensor | None = None
    block_cost: torch.Tensor | None = None
    ball_logits: torch.Tensor | None = None
    loop_ball_logits: tuple[torch.Tensor, ...] | None = None
    system_logits: torch.Tensor | None = None
    separations: torch.Tensor | None = None
    asked: torch.Tensor | None = None
    readable: torch.Tensor | None = None


@dataclass
class _Names:
    """Unit name vectors of a batch, and what is asked."""

    statements: torch.Tensor
    """(batch, statements, 2, size)."""
    questions: torch.Tensor
    """(batch, questions, 2, size)."""
    given: torch.Tensor
    """(batch, questions, given, size), zero where there is none."""
    asked: torch.Tensor
    """Which questions there are: (batch, questions)."""
    separations: torch.Tensor
    """Which of them ask about d-separation: (batch, questions)."""
    overlap: torch.Tensor | None

    def rows(self, which: torch.Tensor) -> _Names:
        """Those of some rows."""
        return _Names(
            self.statements[which],
            self.questions[which],
            self.given[which],
            self.asked[which],
            self.separations[which],
            overlap=None,
        )


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
        elif isinstance(module, AxiomLoopedSystemBlock):
            init.zeros_(module.down_proj.weight)


class AxiomLoopedModel(AxiomLoopedPreTrainedModel):
    """The reasoner without a head: token ids to flags of every sentence and question."""

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__(config)
        self.name_encoder = AxiomLoopedNameEncoder(config)
        self.metric = nn.Linear(config.name_size, config.name_size, bias=False)
        separates, apart = config.reads("d_separation"), config.separate_blocks
        count = range(config.num_blocks)
        self.blocks = nn.ModuleList(AxiomLoopedBlock(config, separates and not apart) for _ in count)
        if apart:
            self.separation_blocks = nn.ModuleList(AxiomLoopedBlock(config, True) for _ in count)
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
        question_given: torch.LongTensor | None = None,
        question_separations: torch.BoolTensor | None = None,
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
            question_given (`torch.LongTensor` of shape `(batch, questions, given)`, *optional*):
                With `question_words`, makes them questions about d-separation: the names that are given, numbered in
                the same way, and -1 where a set is smaller.
            question_separations (`torch.BoolTensor` of shape `(batch, questions)`, *optional*):
                Which of these questions ask about d-separation; with `question_given`, all when not said.
            num_loops (`int`, *optional*):
                Exactly this many loops, instead of as many as each prompt needs.
            output_loops (`bool`):
                Whether to return the flags after every loop.
        """
        if input_ids is None or kwargs.get("inputs_embeds") is not None:
            raise ValueError("give `input_ids`: names are read character by character, embeddings cannot replace them")
        sentences = read_sentences(input_ids, attention_mask, self.config)
        names = self._names(sentences, question_words, question_given, question_separations)
        asked, overlap = names.asked, names.overlap
        # Matching decides between names that differ in one character: not in half precision.
        with full_precision(input_ids.device):
            loop = self._loop_apart if self.config.separate_blocks else self._loop
            flags, loops, states = loop(names, sentences.statements, num_loops, output_loops)
        flags = flags * asked[:, :, None, None]
        return AxiomLoopedOutput(
            last_hidden_state=flags,
            num_loops=loops,
            loop_states=states,
            name_overlap=overlap,
            block_cost=self._cost() if self.training else None,
            separations=names.separations,
            asked=asked,
            readable=sentences.readable,
        )

    def _names(
        self,
        sentences: Sentences,
        question_words: torch.Tensor | None,
        question_given: torch.Tensor | None,
        question_separations: torch.Tensor | None,
    ) -> _Names:
        batch, width = sentences.statements.shape
        ends = 2 * width, 2 * (width + sentences.questions.shape[1])
        with full_precision(sentences.character_ids.device):
            vectors = self._encode(sentences, batch * sentences.names_per_row)
            overlap = self._overlap(vectors) if self.training else None
            vectors = vectors.view(batch, sentences.names_per_row, -1)
            statements = vectors[:, : ends[0]].unflatten(1, (width, 2))
            # What all names of a premise share tells none of them apart: `gene1`, `gene2`, `gene3`.
            there = sentences.statements[:, :, None, None]
            mean = (statements * there).sum((1, 2)) / (2 * there.sum((1, 2))).clamp(min=1)
            unit = nn.functional.normalize(self.metric(vectors - mean[:, None]), dim=-1)
            statements = unit[:, : ends[0]].unflatten(1, (width, 2))
            asked, separations = sentences.questions, sentences.separations
            if question_words is None:
                questions = unit[:, ends[0] : ends[1]].unflatten(1, (-1, 2))
                given = _by_question(unit[:, ends[1] :], sentences.given, questions.shape[1])
            else:
                questions = _pick(unit, question_words)
                asked = torch.ones(questions.shape[:2], dtype=torch.bool, device=unit.device)
                separations = torch.full_like(asked, question_given is not None)
                if question_separations is not None:
                    separations = question_separations
                pointers = question_words[..., :0] if question_given is None else question_given
                given = _pick(unit, pointers.clamp(min=0)) * (pointers >= 0)[..., None]
        refuses = not torch.compiler.is_exporting()
        if refuses and (questions.shape[1] == 0 or not asked.any(1).all()):
            row = 0 if questions.shape[1] == 0 else int((~asked.any(1)).nonzero()[0])
            raise ValueError(f"`input_ids` row {row} asks no question; end it with 'Does X cause Y?'")
        return _Names(statements, questions, given, asked, separations, overlap)

    def _cost(self) -> torch.Tensor:
        """Of the blocks that carry a Bayes ball, where there are such."""
        chosen = self.separation_blocks if self.config.separate_blocks else self.blocks
        blocks: list[AxiomLoopedBlock] = list(chosen)  # type: ignore[arg-type]
        return torch.stack([block.cost() for block in blocks]).mean()

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

    def _loop_apart(self, names: _Names, stated: torch.Tensor, num_loops: int | None, output_loops: bool):
        """Each question through the blocks of its kind; rows that ask none of a kind are left out there."""
        flags: list[torch.Tensor] = []
        used = stated.new_zeros(len(stated), dtype=torch.long)
        for blocks, wanted in ((self.blocks, ~names.separations), (self.separation_blocks, names.separations)):
            wanted = wanted & names.asked
            rows = wanted.any(1).nonzero()[:, 0]
            if not len(rows):
                continue
            last, loops, states = self._loop(names.rows(rows), stated[rows], num_loops, output_loops, blocks)
            used[rows] = torch.maximum(used[rows], loops)
            shape = len(stated), *last.shape[1:]
            own = [
                state.new_zeros(shape).index_copy(0, rows, state * wanted[rows][:, :, None, None])
                for state in (states or (last,))
            ]
            # Where one kind has come to rest earlier, its flags stay.
            longest = max(len(flags), len(own))
            flags, own = (
                [*part, *part[-1:] * (longest - len(part))] if part else [torch.zeros_like(own[0])] * longest
                for part in (flags, own)
            )
            flags = [one + other for one, other in zip(flags, own, strict=True)]
        return flags[-1], used, tuple(flags) if output_loops else None

    def _loop(
        self,
        names: _Names,
        stated: torch.Tensor,
        num_loops: int | None,
        output_loops: bool,
        through: nn.ModuleList | None = None,
    ):
        config, statements, questions = self.config, names.statements, names.questions
        average = config.aggregation == "softmax"
        blocks: list[AxiomLoopedBlock] = list(self.blocks if through is None else through)  # type: ignore[arg-type]
        matches = [Matches(block.match(statements, questions, stated), average) for block in blocks]
        contexts = [block.context(statements, names.given, names.separations) for block in blocks]
        batch, asked = questions.shape[:2]
        flags = statements.new_zeros(batch, asked, statements.shape[1] + 1, config.num_attention_heads)
        count = stated.sum(1)
        if num_loops is None and self.training:
            low, high = config.training_loops or (1, 1)
            num_loops = int(torch.randint(low, high + 1, ()))
        limit = (
            (2 * (count + 2)).clamp(max=config.max_loops) if num_loops is None else torch.full_like(count, num_loops)
        )
        # Empty slots hold no loop open.
        filled = nn.functional.pad(stated, (0, 1), value=True)[:, None, :, None]

        def advance(flags, used, moving):
            """One loop: flags, loops used by each row, and which rows are still moving."""
            new = flags
            for block, match, context in zip(blocks, matches, contexts, strict=True):
                logits = block(match, new, context)
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


def _pick(names: torch.Tensor, which: torch.Tensor) -> torch.Tensor:
    """Name vectors (batch, names, size) by their numbers (batch, …): (batch, …, size)."""
    index = which.flatten(1)[..., None].expand(-1, -1, names.shape[-1])
    return names.gather(1, index).unflatten(1, which.shape[1:])


def _by_question(given: torch.Tensor, question: torch.Tensor, count: int) -> torch.Tensor:
    """Given names (batch, given, size) and the question of each, to (batch, questions, given, size)."""
    belongs = question[:, None] == torch.arange(count, device=question.device)[:, None]
    return given[:, None] * belongs[..., None]


class AxiomLoopedForSequenceClassification(AxiomLoopedPreTrainedModel):
    """The reasoner with a head that answers No or Yes."""

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__(config)
        self.num_labels = config.num_labels
        self.model = AxiomLoopedModel(config)
        self.classifier = nn.Linear(config.num_attention_heads, config.num_labels)
        if config.reads("d_separation"):
            self.separation_classifier = nn.Linear(config.num_attention_heads, config.num_labels)
            self.ball_classifier = nn.Linear(config.num_attention_heads, 2)
        if config.reads("corr2cause"):
            self.systems = AxiomLoopedSystemReasoner(config)
        self.post_init()

    def _read(self, flags: torch.Tensor, separations: torch.Tensor | None) -> torch.Tensor:
        """Logits of No and Yes from flags; two nodes are d-separated where no flag says that they are connected."""
        yes_when_raised = self._linear(self.classifier, flags, [-1.0, 1.0])
        if separations is None or not self.config.reads("d_separation"):
            return yes_when_raised
        no_when_raised = self._linear(self.separation_classifier, flags, [1.0, -1.0])
        return torch.where(separations[:, :, None, None], no_when_raised, yes_when_raised)

    def _balls(self, flags: torch.Tensor) -> torch.Tensor:
        return self._linear(self.ball_classifier, flags[:, :, :-1], [1.0, 1.0])

    def _linear(self, head: nn.Linear, flags: torch.Tensor, signs: list[float]) -> torch.Tensor:
        weight = head.weight
        if self.config.monotone:
            weight = weight.abs() * weight.new_tensor(signs)[:, None]
        return nn.functional.linear(FLAG_GAIN * (2 * flags - 1), weight, head.bias)

    @can_return_tuple
    def forward(
        self,
        input_ids: torch.LongTensor | None = None,
        attention_mask: torch.Tensor | None = None,
        labels: torch.LongTensor | None = None,
        question_words: torch.LongTensor | None = None,
        question_given: torch.LongTensor | None = None,
        question_separations: torch.BoolTensor | None = None,
        system_ids: torch.LongTensor | None = None,
        system_words: torch.LongTensor | None = None,
        system_phrases: torch.LongTensor | None = None,
        num_loops: int | None = None,
        output_loops: bool = False,
        **kwargs,
    ) -> AxiomLoopedOutput:
        r"""
        Args:
            input_ids (`torch.LongTensor` of shape `(batch, length)`, *optional*):
                Prompts, of different grammars where the model reads several; may be left out beside `system_ids`.
            labels (`torch.LongTensor` of shape `(batch,)` or `(batch, questions)`, *optional*):
                0 for No, 1 for Yes, -100 for a question without a label. Of shape `(batch,)`, for the last question of
                each prompt.
            system_ids (`torch.LongTensor` of shape `(systems, length)`, *optional*):
                Premises of closed systems, without hypotheses, in training.
            system_words (`torch.LongTensor` of shape `(systems, hypotheses, 2)`, *optional*):
                The two variables of each hypothesis about them, by their places in the premise's list.
            system_phrases (`torch.LongTensor` of shape `(systems, hypotheses, phrases)`, *optional*):
                The words and phrases of each hypothesis, 0 where there are fewer.
            attention_mask, question_words, question_given, question_separations, num_loops, output_loops:
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
        found: dict[str, Any] = {}
        if input_ids is not None or system_ids is None:
            closed = self._closed(input_ids)
            if closed is None or not closed.any():
                asked = (question_words, question_given, question_separations)
                found = self._answer_statements(input_ids, attention_mask, asked, num_loops, output_loops, kwargs)
            elif closed.all():
                found = self._answer_systems(input_ids, attention_mask, num_loops, output_loops)
            else:
                found = self._answer_each(closed, input_ids, attention_mask, num_loops)
            if labels is not None:
                scored = found["logits"] if labels.dim() == 1 else found["question_logits"]
                # Trainers that add up gradients over several batches say how many labels all of them have.
                count = kwargs.get("num_items_in_batch")
                found["loss"] = fixed_cross_entropy(scored.flatten(0, -2), labels.flatten(), count)
        if system_ids is not None:
            systems = read_systems(system_ids, None, self.config, asks=False)
            found["system_logits"] = self.systems(systems, system_words, system_phrases)[-1]
        return AxiomLoopedOutput(**found)

    def _closed(self, input_ids: torch.Tensor | None) -> torch.Tensor | None:
        """Which prompts are about closed systems, where the model reads such: the grammar shows in the text."""
        if not self.config.reads("corr2cause") or input_ids is None:
            return None
        return (input_ids == self.config.word_ids["Hypothesis:"]).any(1)

    def _answer_statements(self, input_ids, attention_mask, asked, num_loops, output_loops, options) -> dict[str, Any]:
        words, given, separations = asked
        found = self.model(
            input_ids,
            attention_mask,
            question_words=words,
            question_given=given,
            question_separations=separations,
            num_loops=num_loops,
            output_loops=output_loops,
            **options,
        )
        with full_precision(input_ids.device):
            all_logits = self._read(found.last_hidden_state, found.separations)
            separates = self.config.reads("d_separation") and bool(found.separations.any())
            if separates:
                found["ball_logits"] = self._balls(found.last_hidden_state)
            if found.loop_states is not None:
                found["loop_logits"] = tuple(self._read(flags, found.separations) for flags in found.loop_states)
                if separates:
                    found["loop_ball_logits"] = tuple(self._balls(flags) for flags in found.loop_states)
        question_logits = all_logits[:, :, -1]
        row = torch.arange(input_ids.shape[0], device=input_ids.device)
        logits = question_logits[row, found.asked.sum(1) - 1]
        return {
            **found,
            "logits": logits,
            "question_logits": question_logits,
            "sentence_logits": all_logits[:, :, :-1],
        }

    def _answer_systems(self, input_ids, attention_mask, num_loops, output_loops) -> dict[str, Any]:
        systems = read_systems(input_ids, attention_mask, self.config)
        logits = self.systems(systems, num_loops=num_loops)
        loops = torch.full((len(input_ids),), len(logits), device=input_ids.device)
        kept = {"loop_logits": tuple(logits)} if output_loops else {}
        return {"logits": logits[-1][:, -1], "question_logits": logits[-1], "num_loops": loops, **kept}

    def _answer_each(self, closed, input_ids, attention_mask, num_loops) -> dict[str, Any]:
        """Prompts of both kinds: each goes its own way, and the answers come back in order."""
        parts = []
        for rows in (closed.nonzero()[:, 0], (~closed).nonzero()[:, 0]):
            mask = None if attention_mask is None else attention_mask[rows]
            parts.append((rows, self(input_ids[rows], mask, num_loops=num_loops)))
        order = torch.cat([rows for rows, _ in parts]).argsort()
        return {name: torch.cat([part[name] for _, part in parts])[order] for name in ("logits", "num_loops")}


__all__ = ["AxiomLoopedPreTrainedModel", "AxiomLoopedModel", "AxiomLoopedForSequenceClassification"]
