"""The looped reasoner: sentences exchange flags through one tied block until nothing changes any more."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from transformers import initialization as init
from transformers.loss.loss_utils import fixed_cross_entropy
from transformers.modeling_utils import PreTrainedModel
from transformers.utils.generic import can_return_tuple

from .block_axiom_looped import FLAG_GAIN, AxiomLoopedBlock, full_precision
from .configuration_axiom_looped import AxiomLoopedConfig
from .loop_axiom_looped import FlagLoop, LoopResult, is_long, merge_histories
from .names_axiom_looped import (
    AxiomLoopedNameEncoder,
    Linear,
    name_overlap,
    number_codes,
    number_spellings,
    spelling_codes,
)
from .output_axiom_looped import AxiomLoopedOutput
from .questions_axiom_looped import NameVectors, pointed_questions, written_questions
from .reading_axiom_looped import Sentences, read_sentences
from .system_reading_axiom_looped import read_systems
from .systems_axiom_looped import AxiomLoopedSystemBlock, AxiomLoopedSystemReasoner


class AxiomLoopedPreTrainedModel(PreTrainedModel):
    config_class = AxiomLoopedConfig
    base_model_prefix = "model"
    main_input_name = "input_ids"
    supports_gradient_checkpointing = True
    _no_split_modules = ["AxiomLoopedBlock"]

    def _init_weights(self, module: nn.Module) -> None:
        # `transformers.initialization` skips tensors that were loaded from a checkpoint.
        if isinstance(module, nn.Embedding):
            init.normal_(module.weight, mean=0.0, std=1.0)
        elif isinstance(module, nn.Linear):
            bound = 1 / math.sqrt(module.in_features)
            init.uniform_(module.weight, -bound, bound)
            if module.bias is not None:
                init.uniform_(module.bias, -bound, bound)
        elif isinstance(module, AxiomLoopedBlock):
            module.initialize()
        elif isinstance(module, AxiomLoopedSystemBlock):
            init.zeros_(module.down_proj.weight)


class AxiomLoopedModel(AxiomLoopedPreTrainedModel):
    """The reasoner without a head: token ids to flags of every sentence and question."""

    def __init__(self, config: AxiomLoopedConfig):
        super().__init__(config)
        if config.name_encoder != "spelling":
            self.name_encoder = AxiomLoopedNameEncoder(config)
            self.metric = Linear(config.name_size, config.name_size, bias=False)
        separates, apart = config.reads("d_separation"), config.separate_blocks
        count = range(config.num_blocks)
        self.blocks = nn.ModuleList(AxiomLoopedBlock(config, separates and not apart) for _ in count)
        if apart:
            self.separation_blocks = nn.ModuleList(AxiomLoopedBlock(config, True) for _ in count)
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding | None:
        return self.name_encoder.embed_characters if hasattr(self, "name_encoder") else None

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
                of statement s, 2 s + 1 for its effect. The answers are the same, but many questions about one premise
                cost little. A question about a node and itself has to be written.
            question_given (`torch.LongTensor` of shape `(batch, questions, given)`, *optional*):
                Makes the questions of `question_words` questions about d-separation: the conditioning sets, numbered
                in the same way, with -1 for padding.
            question_separations (`torch.BoolTensor` of shape `(batch, questions)`, *optional*):
                Which of these questions ask about d-separation; by default all, with `question_given`.
            num_loops (`int`, *optional*):
                Exactly this many loops, instead of as many as each prompt needs.
            output_loops (`bool`):
                Whether to return the flags after every loop.

        Raises:
            `ValueError`: For a prompt that cannot be read or asks no question.
        """
        if input_ids is None or kwargs.get("inputs_embeds") is not None:
            raise ValueError("give `input_ids`: names are read character by character, embeddings cannot replace them")
        sentences = read_sentences(input_ids, attention_mask, self.config)
        if question_words is None:
            _refuse_without_question(sentences)
        # Matching decides between names that differ in one character: not in half precision.
        with full_precision(input_ids.device):
            vectors, overlap = self._name_vectors(sentences)
            spelled = self._numbers_of_long_prompts(sentences)
            if question_words is None:
                names = written_questions(vectors, sentences, spelled)
            else:
                names = pointed_questions(
                    vectors, sentences, spelled, question_words, question_given, question_separations
                )
            flags, loops, history = self._loop(names, num_loops, output_loops)
        return AxiomLoopedOutput(
            last_hidden_state=flags * names.question_mask[:, :, None, None],
            num_loops=loops,
            loop_states=history,
            name_overlap=overlap,
            block_cost=self._cost() if self.training else None,
            separations=names.separations,
            self_questions=sentences.self_questions if question_words is None else None,
            question_mask=names.question_mask,
            readable=sentences.readable,
        )

    def _name_vectors(self, sentences: Sentences) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Returns unit vectors of all names, (batch, names, size), and in training how similar different ones are.

        Where names are compared by spelling, their numbers take the place of vectors.
        """
        ids, words = sentences.character_ids, sentences.character_words
        batch, names = sentences.statements.shape[0], sentences.names_per_row
        if self.config.name_encoder == "spelling":
            codes = spelling_codes(ids, words, batch * names, self.config.vocab_size)
            return number_codes(codes.view(batch, names, -1))[..., None], None
        vectors = self._encode(sentences)
        overlap = name_overlap(vectors, self.metric, self.config.name_margin) if self.training else None
        return self._unit_vectors(vectors, sentences), overlap

    def _numbers_of_long_prompts(self, sentences: Sentences) -> torch.Tensor:
        """Numbers the names of statements by spelling, (batch, statements, 2); none where all prompts are short."""
        batch, width = sentences.statements.shape
        if not is_long(width):
            return torch.zeros(batch, 0, 2, dtype=torch.long, device=sentences.statements.device)
        count = batch * sentences.names_per_row
        codes = spelling_codes(sentences.character_ids, sentences.character_words, count, self.config.vocab_size)
        return number_codes(codes.view(batch, sentences.names_per_row, -1))[:, : 2 * width].unflatten(1, (width, 2))

    def _encode(self, sentences: Sentences) -> torch.Tensor:
        """Encodes the names of a batch: (batch * names, size)."""
        ids, words = sentences.character_ids, sentences.character_words
        num_words = sentences.statements.shape[0] * sentences.names_per_row
        if self.config.name_encoder == "characters":
            return self.name_encoder(ids, words, num_words)
        # One random vector for each spelling in the batch, drawn anew in every call.
        numbers = number_spellings(ids, words, num_words)
        return torch.randn(int(numbers.max()) + 1, self.config.name_size, device=words.device)[numbers]

    def _unit_vectors(self, vectors: torch.Tensor, sentences: Sentences) -> torch.Tensor:
        """Turns encoded names into unit vectors of which equal names have a cosine of 1: (batch, names, size)."""
        batch, width = sentences.statements.shape
        vectors = vectors.view(batch, sentences.names_per_row, -1)
        # What all names of a premise share tells none of them apart: `gene1`, `gene2`, `gene3`.
        statements = vectors[:, : 2 * width].unflatten(1, (width, 2))
        filled = sentences.statements[:, :, None, None]
        mean = (statements * filled).sum((1, 2)) / (2 * filled.sum((1, 2))).clamp(min=1)
        return nn.functional.normalize(self.metric(vectors - mean[:, None]), dim=-1)

    def _cost(self) -> torch.Tensor:
        """Computes the mean cost of the blocks, of those for d-separation where there are such."""
        blocks = self.separation_blocks if self.config.separate_blocks else self.blocks
        return torch.stack([block.cost() for block in blocks]).mean()  # type: ignore[operator]

    def _loop(self, names: NameVectors, num_loops: int | None, record: bool) -> LoopResult:
        if self.config.separate_blocks:
            return self._loop_separately(names, num_loops, record)
        return self._flag_loop(self.blocks, names, num_loops).run(record)

    def _flag_loop(self, blocks: nn.ModuleList, names: NameVectors, num_loops: int | None) -> FlagLoop:
        return FlagLoop(self.config, list(blocks), names, num_loops, self.training)  # type: ignore[arg-type]

    def _loop_separately(self, names: NameVectors, num_loops: int | None, record: bool) -> LoopResult:
        """Runs each question through the blocks of its type, which skip rows without such questions."""
        history: list[torch.Tensor] = []
        batch, device = names.question_mask.shape[0], names.question_mask.device
        used = torch.zeros(batch, dtype=torch.long, device=device)
        for blocks, answered in (
            (self.blocks, names.question_mask & ~names.separations),
            (self.separation_blocks, names.question_mask & names.separations),
        ):
            rows = answered.any(1).nonzero()[:, 0]
            if not len(rows):
                continue
            result = self._flag_loop(blocks, names.select(rows), num_loops).run(record)
            used[rows] = torch.maximum(used[rows], result.used)
            states = [
                flags.new_zeros(batch, *flags.shape[1:]).index_copy(0, rows, flags * answered[rows][:, :, None, None])
                for flags in (result.history or (result.flags,))
            ]
            history = merge_histories(history, states)
        return LoopResult(history[-1], used, tuple(history) if record else None)


def _refuse_without_question(sentences: Sentences) -> None:
    """Raises `ValueError` for the first prompt without a question; an exported graph has `readable` instead."""
    if torch.compiler.is_exporting():
        return
    without = ~sentences.questions.any(1)
    if without.any():
        raise ValueError(
            f"`input_ids` row {int(without.nonzero()[0])} asks no question; end it with 'Does X cause Y?'"
        )


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
                Prompts, of different tasks where the model reads several; optional with `system_ids`.
            labels (`torch.LongTensor` of shape `(batch,)` or `(batch, questions)`, *optional*):
                0 for No, 1 for Yes, -100 for a question without a label. Of shape `(batch,)`, for the last question of
                each prompt.
            system_ids (`torch.LongTensor` of shape `(systems, length)`, *optional*):
                Premises of closed systems without hypotheses, for training.
            system_words (`torch.LongTensor` of shape `(systems, hypotheses, 2)`, *optional*):
                The two variables of each hypothesis, as positions in the premise's list.
            system_phrases (`torch.LongTensor` of shape `(systems, hypotheses, phrases)`, *optional*):
                The words and phrases of each hypothesis, 0 for padding.
            attention_mask, question_words, question_given, question_separations, num_loops, output_loops:
                See [`AxiomLoopedModel.forward`].

        Raises:
            `ValueError`: For a prompt that cannot be read or asks no question.

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
        answers: dict[str, Any] = {}
        if input_ids is not None or system_ids is None:
            questions = (question_words, question_given, question_separations)
            answers = self._answer(input_ids, attention_mask, questions, num_loops, output_loops, kwargs)
            if labels is not None:
                logits = answers["logits"] if labels.dim() == 1 else answers["question_logits"]
                # Trainers that accumulate gradients over several batches pass the number of labels of all of them.
                count = kwargs.get("num_items_in_batch")
                answers["loss"] = fixed_cross_entropy(logits.flatten(0, -2), labels.flatten(), count)
        if system_ids is not None:
            systems = read_systems(system_ids, None, self.config, asks=False)
            answers["system_logits"] = self.systems(systems, system_words, system_phrases)[-1]
        return AxiomLoopedOutput(**answers)

    def _answer(self, input_ids, attention_mask, questions, num_loops, output_loops, options) -> dict[str, Any]:
        """Answers each prompt by the part of the model for its task."""
        closed = self._about_closed_systems(input_ids)
        if closed is None or not closed.any():
            return self._answer_statements(input_ids, attention_mask, questions, num_loops, output_loops, options)
        if closed.all():
            return self._answer_systems(input_ids, attention_mask, num_loops, output_loops)
        return self._answer_mixed(closed, input_ids, attention_mask, num_loops)

    def _about_closed_systems(self, input_ids: torch.Tensor | None) -> torch.Tensor | None:
        """Marks the prompts about closed systems, (batch,), by their words; `None` for a model that reads no such."""
        if not self.config.reads("corr2cause") or input_ids is None:
            return None
        return (input_ids == self.config.word_ids["Hypothesis:"]).any(1)

    def _answer_statements(self, input_ids, attention_mask, questions, num_loops, output_loops, options):
        words, given, separations = questions
        outputs = self.model(
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
            all_logits = self._classify(outputs.last_hidden_state, outputs.separations)
            question_logits = all_logits[:, :, -1]
            if not torch.compiler.is_exporting() and outputs.self_questions is not None:
                question_logits = self._correct_self_questions(
                    question_logits, outputs.self_questions, input_ids, attention_mask, num_loops
                )
            further = self._statement_logits(outputs)
        row = torch.arange(input_ids.shape[0], device=input_ids.device)
        return {
            **outputs,
            **further,
            "logits": question_logits[row, outputs.question_mask.sum(1) - 1],
            "question_logits": question_logits,
            "sentence_logits": all_logits[:, :, :-1],
        }

    def _statement_logits(self, outputs: Any) -> dict[str, Any]:
        """Computes the logits of loops and of Bayes balls, where there are such."""
        logits: dict[str, Any] = {}
        history = outputs.loop_states
        if history is not None:
            logits["loop_logits"] = tuple(self._classify(flags, outputs.separations) for flags in history)
        if self.config.reads("d_separation") and bool(outputs.separations.any()):
            logits["ball_logits"] = self._classify_balls(outputs.last_hidden_state)
            if history is not None:
                logits["loop_ball_logits"] = tuple(map(self._classify_balls, history))
        return logits

    def _correct_self_questions(self, logits, self_questions, input_ids, attention_mask, num_loops) -> torch.Tensor:
        """Answers 'Does X cause X?' by whether an effect of X causes X; the loop counts X as reached by itself.

        Args:
            logits (`torch.Tensor`): Of all questions, (batch, questions, 2).
            self_questions (`torch.Tensor`): Questions about a node and itself, (batch, questions).

        Returns:
            `torch.Tensor`: `logits` with those of the self-questions replaced. Yes is the most certain Yes among the
            effects of X; without an effect, the logits are those of a question that no flag reaches; where the
            text states that X causes X, those of one that all flags reach.
        """
        if not self_questions.any():
            return logits
        logits = logits.clone()
        sentences = read_sentences(input_ids, attention_mask, self.config)
        batch, width = sentences.statements.shape
        numbers = number_spellings(
            sentences.character_ids, sentences.character_words, batch * sentences.names_per_row
        ).view(batch, -1)
        for row, question in self_questions.nonzero().tolist():
            name = numbers[row, 2 * (width + question)]
            causes, effects = numbers[row, : 2 * width].view(-1, 2).unbind(1)
            starts = (sentences.statements[row] & (causes == name)).nonzero()
            flags = logits.new_zeros(1, 1, 1, self.config.num_attention_heads)
            if (effects[starts] == name).any():  # "X causes X." is stated
                logits[row, question] = self._classify(flags + 1)
            elif len(starts):
                mask = None if attention_mask is None else attention_mask[row : row + 1]
                effect_to_cause = torch.cat([2 * starts + 1, 2 * starts], dim=1)[None]
                outputs = self(input_ids[row : row + 1], mask, question_words=effect_to_cause, num_loops=num_loops)
                answers = outputs.question_logits[0]
                logits[row, question] = answers[(answers[:, 1] - answers[:, 0]).argmax()]
            else:
                logits[row, question] = self._classify(flags)
        return logits

    def _answer_systems(self, input_ids, attention_mask, num_loops, output_loops) -> dict[str, Any]:
        systems = read_systems(input_ids, attention_mask, self.config)
        logits = self.systems(systems, num_loops=num_loops)
        loops = torch.full((len(input_ids),), len(logits), device=input_ids.device)
        history = {"loop_logits": tuple(logits)} if output_loops else {}
        return {"logits": logits[-1][:, -1], "question_logits": logits[-1], "num_loops": loops, **history}

    def _answer_mixed(self, closed, input_ids, attention_mask, num_loops) -> dict[str, Any]:
        """Answers the prompts about closed systems and the others separately and restores their order."""
        outputs = []
        for rows in (closed.nonzero()[:, 0], (~closed).nonzero()[:, 0]):
            mask = None if attention_mask is None else attention_mask[rows]
            outputs.append((rows, self(input_ids[rows], mask, num_loops=num_loops)))
        order = torch.cat([rows for rows, _ in outputs]).argsort()
        return {name: torch.cat([output[name] for _, output in outputs])[order] for name in ("logits", "num_loops")}

    def _classify(self, flags: torch.Tensor, separations: torch.Tensor | None = None) -> torch.Tensor:
        """Computes the logits of No and Yes from flags; two nodes are d-separated where no flag connects them."""
        yes_when_raised = self._apply_head(self.classifier, flags, [-1.0, 1.0])
        if separations is None or not self.config.reads("d_separation"):
            return yes_when_raised
        no_when_raised = self._apply_head(self.separation_classifier, flags, [1.0, -1.0])
        return torch.where(separations[:, :, None, None], no_when_raised, yes_when_raised)

    def _classify_balls(self, flags: torch.Tensor) -> torch.Tensor:
        return self._apply_head(self.ball_classifier, flags[:, :, :-1], [1.0, 1.0])

    def _apply_head(self, head: nn.Linear, flags: torch.Tensor, signs: list[float]) -> torch.Tensor:
        weight = head.weight.float()
        if self.config.monotone:
            weight = weight.abs() * weight.new_tensor(signs)[:, None]
        return nn.functional.linear(FLAG_GAIN * (2 * flags - 1), weight, head.bias.float())


__all__ = ["AxiomLoopedPreTrainedModel", "AxiomLoopedModel", "AxiomLoopedForSequenceClassification"]
