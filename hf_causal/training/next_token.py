"""The objective of causal language models: the answer is the token after the question."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import nn

from hf_causal.tasks.registry import tasks
from hf_causal.training.objectives import BatchLoss, Counts, ObjectiveOptions
from hf_causal.training.packing import IGNORED, PackedPrompts, describe_family
from hf_causal.utils.recipe_files import require


@dataclass(frozen=True)
class NextTokenOptions(ObjectiveOptions):
    """Options of [`NextToken`]."""

    prompt_loss_weight: float = 0.0
    """Weight of the next-token loss on the prompt, added to the loss on the answer; 0 is answer-only training."""
    packing: bool = True
    """Whether the questions about a premise share one copy of it: the same loss for about a third of the work."""

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.prompt_loss_weight >= 0, "prompt_loss_weight", self.prompt_loss_weight, "not negative")


class NextToken:
    """Cross-entropy over the vocabulary at the last token of each question, as in arXiv 2407.07612.

    Args:
        recipe ([`Recipe`]): Its options are [`NextTokenOptions`].
        tokenizer (`TokenizersBackend`): Encodes prompts; Yes and No are one token each.
    """

    Options = NextTokenOptions
    selection_metric = "accuracy"

    def __init__(self, recipe: Any, tokenizer: Any):
        self.options, self.tokenizer = recipe.options, tokenizer
        no, yes = tokenizer.convert_tokens_to_ids(["No", "Yes"])
        self.answer_ids = (no, yes)

    def family(self, rows: pa.Table) -> dict[str, Any]:
        return describe_family(rows)

    def make_data(self, rows: pa.Table, training: bool, task: str = "transitivity") -> PackedPrompts:
        prefixes = tasks()[task].prompt_prefixes if task in tasks() else ("", "")
        for column, prefix in zip(("premise", "question"), prefixes, strict=True):
            if prefix:
                texts = pc.binary_join_element_wise(prefix, rows[column], "")
                rows = rows.set_column(rows.schema.get_field_index(column), column, texts)
        prompt_targets = training and self.options.prompt_loss_weight > 0
        return PackedPrompts(rows, self.tokenizer, self.options.packing, prompt_targets)

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        return count_targets(batches, self.answer_ids)

    def loss_and_hits(self, model, batch, totals, training=True):
        # Batches of validation have no prompt targets.
        return loss_and_hits(model, batch, self.answer_ids, totals, self.options.prompt_loss_weight)


def count_targets(batches: list[dict[str, torch.Tensor]], answer_ids: tuple[int, int]) -> Counts:
    """Counts the answers and the prompt tokens that are targets in several micro-batches."""
    answers = sum(is_answer(batch["targets"], answer_ids).sum() for batch in batches)
    targets = sum((batch["targets"] != IGNORED).sum() for batch in batches)
    return Counts(torch.as_tensor(answers), torch.as_tensor(targets) - answers)


def is_answer(targets: torch.Tensor, answer_ids: tuple[int, int]) -> torch.Tensor:
    """Marks the targets that are Yes or No. Names are spelled by character, so only answers have these ids."""
    return (targets == answer_ids[0]) | (targets == answer_ids[1])


def loss_and_hits(
    model: Callable[..., Any],
    batch: dict[str, torch.Tensor],
    answer_ids: tuple[int, int],
    totals: Counts,
    prompt_loss_weight: float = 0.0,
) -> BatchLoss:
    """Computes the loss of packed prompts.

    Args:
        model (callable): A causal language model that takes `subtree_ends` and `logits_to_keep`.
        batch (`dict`): From [`PackedPrompts.collate`].
        answer_ids (`tuple[int, int]`): Token ids of No and Yes.
        totals ([`Counts`]): Targets of the complete optimizer step.
        prompt_loss_weight (`float`): Weight of the mean next-token loss on the prompts.
    """
    # All shapes are known in advance, and no value is read on the host, so a GPU is never waited for.
    targets = batch["targets"]
    outputs = model(
        input_ids=batch["input_ids"],
        subtree_ends=batch["subtree_ends"],
        use_cache=False,
        logits_to_keep=batch["target_positions"],
    )
    logits = outputs.logits.float()
    losses = nn.functional.cross_entropy(
        logits.flatten(0, 1), targets.flatten(), ignore_index=IGNORED, reduction="none"
    ).view_as(targets)
    answer = is_answer(targets, answer_ids)
    answer_sum = (losses * answer).sum()
    loss = answer_sum / totals.answers
    if prompt_loss_weight:
        loss = loss + prompt_loss_weight * (losses * ~answer).sum() / totals.auxiliary
    prefers_yes = logits[..., answer_ids[1]] > logits[..., answer_ids[0]]
    hits = ((prefers_yes == (targets == answer_ids[1])) & answer).sum()
    return BatchLoss(loss, answer_sum.detach(), hits)
