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

from .block_axiom_looped import AxiomLoopedBlock, full_precision
from .configuration_axiom_looped import QUESTION_TASKS, AxiomLoopedConfig
from .heads_axiom_looped import SEPARATE_TASKS, add_heads, classify, classify_statements
from .loop_axiom_looped import FlagLoop, LoopResult, merge_histories
from .names_axiom_looped import AxiomLoopedNameEncoder, Linear
from .output_axiom_looped import AxiomLoopedOutput
from .questions_axiom_looped import NameVectors, Pointers, pointed_questions, written_questions
from .reading_axiom_looped import Sentences, read_sentences
from .self_questions_axiom_looped import answer_self_questions
from .system_reading_axiom_looped import read_systems
from .systems_axiom_looped import AxiomLoopedSystemBlock, AxiomLoopedSystemReasoner
from .vectors_axiom_looped import name_vectors, numbers_of_long_prompts

ADJUSTMENT = QUESTION_TASKS.index("adjustment")


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
        self.blocks = self._make_blocks("d_separation" if separates and not apart else None)
        if apart:
            self.separation_blocks = self._make_blocks("d_separation")
        for task in SEPARATE_TASKS:
            if config.reads(task):
                setattr(self, f"{task}_blocks", self._make_blocks(task))
        self.post_init()

    def _make_blocks(self, context_task: str | None) -> nn.ModuleList:
        config = self.config
        return nn.ModuleList(AxiomLoopedBlock(config, context_task) for _ in range(config.num_blocks))

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
        question_tasks: torch.LongTensor | None = None,
        question_others: torch.LongTensor | None = None,
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
            question_tasks (`torch.LongTensor` of shape `(batch, questions)`, *optional*):
                What these questions ask about, as an index of `QUESTION_TASKS`; `question_given` is then what is held
                fixed, or the set of which the question asks whether it is valid.
            question_others (`torch.LongTensor` of shape `(batch, questions, 2, others)`, *optional*):
                Further nodes that are changed, and that may be affected, numbered in the same way, with -1 for
                padding.
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
            encoder, metric = getattr(self, "name_encoder", None), getattr(self, "metric", None)
            vectors, overlap = name_vectors(sentences, self.config, encoder, metric, self.training)
            spelled = numbers_of_long_prompts(sentences, self.config)
            if question_words is None:
                names = written_questions(vectors, sentences, spelled)
            else:
                pointers = Pointers(
                    question_words, question_given, question_separations, question_tasks, question_others
                )
                names = pointed_questions(vectors, sentences, spelled, pointers)
            flags, loops, history = self._loop(names, num_loops, output_loops)
        return AxiomLoopedOutput(
            last_hidden_state=flags * names.question_mask[:, :, None, None],
            num_loops=loops,
            loop_states=history,
            name_overlap=overlap,
            block_cost=self._cost() if self.training else None,
            separations=names.about("d_separation"),
            question_tasks=names.tasks,
            self_questions=sentences.self_questions if question_words is None else None,
            question_mask=names.question_mask,
            readable=sentences.readable,
        )

    def _cost(self) -> torch.Tensor:
        """Computes the mean cost of the blocks of each task, summed over tasks."""
        stacks = [self.blocks, *([self.separation_blocks] if self.config.separate_blocks else [])]
        stacks += [self._blocks_of(task) for task in SEPARATE_TASKS if self.config.reads(task)]
        return sum(torch.stack([block.cost() for block in blocks]).mean() for blocks in stacks)  # type: ignore

    def _blocks_of(self, task: str) -> nn.ModuleList:
        return getattr(self, f"{task}_blocks")

    def _loop(self, names: NameVectors, num_loops: int | None, record: bool) -> LoopResult:
        stacks = [self._blocks_of(task) for task in SEPARATE_TASKS if self.config.reads(task)]
        if self.config.separate_blocks or stacks:
            return self._loop_separately(names, num_loops, record)
        return self._flag_loop(self.blocks, names, num_loops).run(record)

    def _questions_of_blocks(self, names: NameVectors) -> list[tuple[nn.ModuleList, torch.Tensor]]:
        """Returns each stack of blocks with the questions that it answers, (batch, questions)."""
        separate = [(self._blocks_of(task), names.about(task)) for task in SEPARATE_TASKS if self.config.reads(task)]
        if self.config.separate_blocks:
            separate.insert(0, (self.separation_blocks, names.about("d_separation")))
        shared = ~torch.stack([asked for _, asked in separate]).any(0)
        return [(blocks, names.question_mask & asked) for blocks, asked in [(self.blocks, shared), *separate]]

    def _flag_loop(self, blocks: nn.ModuleList, names: NameVectors, num_loops: int | None) -> FlagLoop:
        return FlagLoop(self.config, list(blocks), names, num_loops, self.training)  # type: ignore[arg-type]

    def _loop_separately(self, names: NameVectors, num_loops: int | None, record: bool) -> LoopResult:
        """Runs each question through the blocks of its type, which skip rows without such questions."""
        history: list[torch.Tensor] = []
        batch, device = names.question_mask.shape[0], names.question_mask.device
        used = torch.zeros(batch, dtype=torch.long, device=device)
        for blocks, answered in self._questions_of_blocks(names):
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
        add_heads(self, config)
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
        question_tasks: torch.LongTensor | None = None,
        question_others: torch.LongTensor | None = None,
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
            attention_mask, question_words, question_given, question_separations, question_tasks, question_others,
            num_loops, output_loops:
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
            pointers = Pointers(question_words, question_given, question_separations, question_tasks, question_others)
            answers = self._answer(input_ids, attention_mask, pointers, num_loops, output_loops, kwargs)
            if labels is not None:
                logits = answers["logits"] if labels.dim() == 1 else answers["question_logits"]
                # Trainers that accumulate gradients over several batches pass the number of labels of all of them.
                count = kwargs.get("num_items_in_batch")
                answers["loss"] = fixed_cross_entropy(logits.flatten(0, -2), labels.flatten(), count)
        if system_ids is not None:
            systems = read_systems(system_ids, None, self.config, asks=False)
            answers["system_logits"] = self.systems(systems, system_words, system_phrases)[-1]
        return AxiomLoopedOutput(**answers)

    def _answer(self, input_ids, attention_mask, pointers, num_loops, output_loops, options) -> dict[str, Any]:
        """Answers each prompt by the part of the model for its task."""
        closed = self._about_closed_systems(input_ids)
        if closed is None or not closed.any():
            return self._answer_statements(input_ids, attention_mask, pointers, num_loops, output_loops, options)
        if closed.all():
            return self._answer_systems(input_ids, attention_mask, num_loops, output_loops)
        return self._answer_mixed(closed, input_ids, attention_mask, num_loops)

    def _about_closed_systems(self, input_ids: torch.Tensor | None) -> torch.Tensor | None:
        """Marks the prompts about closed systems, (batch,), by their words; `None` for a model that reads no such."""
        if not self.config.reads("corr2cause") or input_ids is None:
            return None
        return (input_ids == self.config.word_ids["Hypothesis:"]).any(1)

    def _answer_statements(self, input_ids, attention_mask, pointers, num_loops, output_loops, options):
        outputs = self.model(
            input_ids,
            attention_mask,
            **{f"question_{name}": pointer for name, pointer in pointers._asdict().items()},
            num_loops=num_loops,
            output_loops=output_loops,
            **options,
        )
        with full_precision(input_ids.device):
            all_logits = self._classify(outputs.last_hidden_state, outputs.question_tasks)
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
        if self.config.reads("adjustment") and bool((outputs.question_tasks == ADJUSTMENT).any()):
            logits["path_logits"] = classify_statements(self.path_classifier, self.config, outputs.last_hidden_state)
        if history is not None:
            logits["loop_logits"] = tuple(self._classify(flags, outputs.question_tasks) for flags in history)
        if self.config.reads("d_separation") and bool(outputs.separations.any()):
            logits["ball_logits"] = self._classify_balls(outputs.last_hidden_state)
            if history is not None:
                logits["loop_ball_logits"] = tuple(map(self._classify_balls, history))
        return logits

    def _correct_self_questions(self, logits, self_questions, input_ids, attention_mask, num_loops) -> torch.Tensor:
        """Replaces the logits of questions about a node and itself, see [`answer_self_questions`]."""
        if not self_questions.any():
            return logits

        def ask(row: int, pairs: torch.Tensor) -> torch.Tensor:
            mask = None if attention_mask is None else attention_mask[row : row + 1]
            outputs = self(input_ids[row : row + 1], mask, question_words=pairs[None], num_loops=num_loops)
            return outputs.question_logits[0]

        sentences = read_sentences(input_ids, attention_mask, self.config)
        none = logits.new_zeros(1, 1, 1, self.config.num_attention_heads)
        extremes = self._classify(none), self._classify(none + 1)
        return answer_self_questions(logits, self_questions, sentences, extremes, ask)

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

    def _classify(self, flags: torch.Tensor, tasks: torch.Tensor | None = None) -> torch.Tensor:
        return classify(self, self.config, flags, tasks)

    def _classify_balls(self, flags: torch.Tensor) -> torch.Tensor:
        return classify_statements(self.ball_classifier, self.config, flags)


__all__ = ["AxiomLoopedPreTrainedModel", "AxiomLoopedModel", "AxiomLoopedForSequenceClassification"]
