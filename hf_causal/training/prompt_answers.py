"""The objective of classifiers that see tokens only: the answer is a class of the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import torch

from hf_causal.training.objectives import BatchLoss, Counts, ObjectiveOptions
from hf_causal.training.packing import describe_family
from hf_causal.training.prompt_data import PromptData, Surface
from hf_causal.training.sentence_answers import BinaryHead, ClassHead
from hf_causal.utils.recipe_files import require


@dataclass(frozen=True)
class PromptOptions(ObjectiveOptions):
    """Options of [`PromptAnswers`]."""

    drawn_questions: int = 0
    """Questions drawn about each premise, half of them Yes, instead of those of the rows."""
    hop_balanced: bool = True
    """Whether drawn questions have every number of hops of their premise equally often."""
    mention_loss_weight: float = 0.0
    """Weight of the loss on whether the certificate says that a mention's node is reached."""
    renamed: float = 0.0
    """Share of the prompts whose names are replaced by random ones."""
    longest_name: int = 10
    """Characters of the longest random name."""
    similar_names: float = 0.0
    """Share of the renamed prompts whose names are spelled with few different characters."""
    shuffled: float = 0.0
    """Share of the prompts whose sentences are in a random order."""
    repeated: float = 0.0
    """Share of the prompts that repeat some of their sentences."""

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("drawn_questions", "mention_loss_weight"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "not negative")
        require(self.longest_name >= 2, "longest_name", self.longest_name, "at least 2")
        for name in ("renamed", "similar_names", "shuffled", "repeated"):
            require(0 <= getattr(self, name) <= 1, name, getattr(self, name), "between 0 and 1")

    @property
    def surface(self) -> Surface:
        """How the text of a premise varies in training."""
        return Surface(self.renamed, self.longest_name, self.similar_names, self.shuffled, self.repeated)


ANSWER = ClassHead("labels", "logits")
MENTIONS = BinaryHead("mention_labels", "mention_logits")


class PromptAnswers:
    """Cross-entropy over the classes No and Yes, and what the certificate says of the mentions of nodes.

    Args:
        recipe ([`Recipe`]): Its options are [`PromptOptions`].
        tokenizer (`TokenizersBackend`): Its vocabulary has the characters and words of prompts.
    """

    Options = PromptOptions
    selection_metric = "accuracy"

    def __init__(self, recipe: Any, tokenizer: Any):
        self.options, self.tokenizer, self.seed = recipe.options, tokenizer, recipe.seed

    def family(self, rows: pa.Table) -> dict[str, Any]:
        family, options = describe_family(rows), self.options
        if options.renamed:
            family["longest_name"] = max(family["longest_name"], options.longest_name)
        if options.shuffled:
            family["structures"] = sorted({*family["structures"], "shuffled"})
        return family

    def make_data(self, rows: pa.Table, training: bool, task: str = "transitivity") -> PromptData:
        if task != "transitivity":
            raise ValueError(f"recipe field 'config' must be one of transitivity for this model, got one of {task!r}")
        if not training:
            return PromptData(rows, self.tokenizer)
        options = self.options
        return PromptData(
            rows, self.tokenizer, options.drawn_questions, options.hop_balanced, options.surface, self.seed
        )

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        answers, mentions = (
            torch.as_tensor(sum(head.count(batch) for batch in batches)) for head in (ANSWER, MENTIONS)
        )
        return Counts(answers, mentions)

    def loss_and_hits(self, model, batch, totals, training=True):
        outputs = model(input_ids=batch["input_ids"])
        answers = ANSWER(outputs, batch)
        loss = answers.loss_sum / totals.answers
        if training and self.options.mention_loss_weight:
            mentions = MENTIONS(outputs, batch)
            loss = loss + self.options.mention_loss_weight * mentions.loss_sum / totals.auxiliary.clamp(min=1)
        return BatchLoss(loss, answers.loss_sum.detach(), answers.hits)
