"""The objective of classifiers that read sentences: the answer is a class of the question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import pyarrow as pa
import torch
from torch import nn

from hf_causal.training.objectives import BatchLoss, Counts, ObjectiveOptions
from hf_causal.training.packing import IGNORED, PackedData, describe_family
from hf_causal.training.pointed_data import AdjustmentData, RelevanceData
from hf_causal.training.question_data import QuestionData
from hf_causal.training.separation_data import SeparationData
from hf_causal.training.system_data import SystemData
from hf_causal.utils.recipe_files import require


@dataclass(frozen=True)
class SentenceOptions(ObjectiveOptions):
    """Options of [`SentenceAnswers`]."""

    all_questions: bool = False
    """Ask about every ordered pair of a premise's nodes, not only the pairs of the rows."""
    drawn_questions: int = 0
    """Additional questions about d-separation, relevance or adjustment for each premise, drawn at random."""
    sentence_loss_weight: float = 0.0
    """Weight of the loss on whether each statement is reached."""
    name_loss_weight: float = 0.0
    """Weight of the loss that separates the different names of a batch."""
    gate_loss_weight: float = 0.0
    """Weight of the loss that closes gates and pulls weights to zero where the answers allow it."""
    gate_learning_rate: float | None = None
    """Peak learning rate of the gates; AdamW's when null."""
    repeat_sentences: float = 0.0
    """Share of the premises that repeat some of their sentences."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("drawn_questions", "sentence_loss_weight", "name_loss_weight", "gate_loss_weight"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "not negative")
        rate = self.gate_learning_rate
        require(rate is None or rate > 0, "gate_learning_rate", rate, "positive")
        require(0 <= self.repeat_sentences <= 1, "repeat_sentences", self.repeat_sentences, "between 0 and 1")

    @property
    def learning_rates(self) -> dict[str, float]:
        return {"gates": self.gate_learning_rate} if self.gate_learning_rate else {}


class _TaskData(Protocol):
    """Class that reads the rows of a task."""

    @classmethod
    def from_options(cls, rows: pa.Table, tokenizer: Any, options: Any, training: bool, seed: int) -> PackedData: ...


TASK_DATA: dict[str, type[_TaskData]] = {
    "transitivity": QuestionData,
    "d_separation": SeparationData,
    "corr2cause": SystemData,
    "relevance": RelevanceData,
    "adjustment": AdjustmentData,
}
"""Class that reads the rows of each task that the model has sentences for."""


class HeadLoss(NamedTuple):
    """Loss of one head on one micro-batch: the sum over its targets, the correct ones, and their number."""

    loss_sum: torch.Tensor
    hits: torch.Tensor
    num_targets: torch.Tensor


@dataclass(frozen=True)
class ClassHead:
    """Cross-entropy of the classes that one of the model's outputs predicts.

    Args:
        labels (`str`): Key of the labels in the batch, -100 where there is no question.
        logits (`str`): Name of the model's output, with the classes in the last dimension.
    """

    labels: str
    logits: str

    def count(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Counts the targets of a batch."""
        return (batch[self.labels] != IGNORED).sum()

    def __call__(self, outputs: Any, batch: dict[str, torch.Tensor]) -> HeadLoss:
        logits, labels = getattr(outputs, self.logits).float(), batch[self.labels]
        loss_sum = nn.functional.cross_entropy(
            logits.flatten(0, -2), labels.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        hits = ((logits.argmax(-1) == labels) & (labels != IGNORED)).sum()
        return HeadLoss(loss_sum, hits, self.count(batch))


@dataclass(frozen=True)
class BinaryHead(ClassHead):
    """Binary cross-entropy of what one of the model's outputs predicts, such as which statements a ball crosses."""

    def __call__(self, outputs: Any, batch: dict[str, torch.Tensor]) -> HeadLoss:
        logits, labels = getattr(outputs, self.logits).float(), batch[self.labels]
        losses = nn.functional.binary_cross_entropy_with_logits(logits, labels.clamp(min=0).float(), reduction="none")
        hits = (((logits > 0) == (labels == 1)) & (labels != IGNORED)).sum()
        return HeadLoss(losses[labels != IGNORED].sum(), hits, self.count(batch))


@dataclass(frozen=True)
class PathHead(BinaryHead):
    """The mean of several binary cross-entropies on what passes each statement, so that a statement counts once."""

    def count(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        return super().count(batch) // batch[self.labels].shape[-1]

    def __call__(self, outputs: Any, batch: dict[str, torch.Tensor]) -> HeadLoss:
        summed = super().__call__(outputs, batch)
        return summed._replace(loss_sum=summed.loss_sum / batch[self.labels].shape[-1])


ANSWER_HEADS = (ClassHead("labels", "question_logits"), ClassHead("system_labels", "system_logits"))
"""Heads of the answers to questions about statements, and about closed systems."""
STATEMENT_HEADS = (
    ClassHead("sentence_labels", "sentence_logits"),
    BinaryHead("ball_labels", "ball_logits"),
    PathHead("path_labels", "path_logits"),
)
"""Heads that predict a property of every statement: whether it is reached, whether the ball crosses it, and what
decides about an adjustment set."""


class SentenceAnswers:
    """Cross-entropy of the answers, and four further losses with weights of their own.

    With `sentence_loss_weight`, every statement has a target too: whether its cause is reached from the node in
    question; in questions about d-separation, whether the Bayes ball crosses it with and against its arrow; about
    adjustment, the five properties of [`hf_causal.graphs.adjustment_walks`]. The name and gate losses are properties
    of the model.

    Args:
        recipe ([`Recipe`]): Its options are [`SentenceOptions`]; its seed draws questions and repetitions.
        tokenizer (`TokenizersBackend`): Encodes premises.
    """

    Options = SentenceOptions
    selection_metric = "accuracy"

    def __init__(self, recipe: Any, tokenizer: Any):
        self.options, self.seed, self.tokenizer = recipe.options, recipe.seed, tokenizer

    def family(self, rows: pa.Table) -> dict[str, Any]:
        return describe_family(rows)

    def make_data(self, rows: pa.Table, training: bool, task: str = "transitivity") -> PackedData:
        """Returns the rows of a task as arrays.

        Raises:
            `ValueError`: For a task that the model has no sentences for.
        """
        if task not in TASK_DATA:
            raise ValueError(f"this model is trained on the tasks {', '.join(TASK_DATA)}, got {task!r}")
        return TASK_DATA[task].from_options(rows, self.tokenizer, self.options, training, self.seed)

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        def total(heads: tuple[ClassHead, ...]) -> torch.Tensor:
            counts = [head.count(batch) for batch in batches for head in heads if head.labels in batch]
            return torch.as_tensor(sum(counts))

        return Counts(total(ANSWER_HEADS), total(STATEMENT_HEADS))

    def loss_and_hits(self, model, batch, totals, training=True):
        options = self.options
        outputs = model(**{name: tensor for name, tensor in batch.items() if not name.endswith("labels")})
        answers = [head(outputs, batch) for head in ANSWER_HEADS if head.labels in batch]
        answer_sum = torch.stack([head.loss_sum for head in answers]).sum()
        loss = answer_sum / totals.answers
        if options.sentence_loss_weight:
            statements = torch.zeros((), device=loss.device)
            for head in STATEMENT_HEADS:
                if head.labels in batch:
                    statements = statements + head(outputs, batch).loss_sum
            loss = loss + options.sentence_loss_weight * statements / totals.auxiliary.clamp(min=1)
        # The last two losses are means over the micro-batch; its share of the step's answers weights them.
        share = torch.stack([head.num_targets for head in answers]).sum() / totals.answers
        if options.name_loss_weight and outputs.name_overlap is not None:
            loss = loss + options.name_loss_weight * share * outputs.name_overlap
        if options.gate_loss_weight and outputs.block_cost is not None:
            loss = loss + options.gate_loss_weight * share * outputs.block_cost
        return BatchLoss(loss, answer_sum.detach(), torch.stack([head.hits for head in answers]).sum())
