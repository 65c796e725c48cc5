"""Objectives: the data, the training loss and the validation count of each kind of model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from hf_causal.training.data import IGNORED, PackedPrompts
from hf_causal.training.question_data import QuestionPacks
from hf_causal.training.recipes import Recipe


class Packs(Protocol):
    """Training rows grouped by premise, as arrays."""

    lengths: np.ndarray
    """What each pack costs; packs of like cost are batched together."""
    questions: np.ndarray
    """How many questions each pack asks."""

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """One batch."""
        ...


@dataclass
class Counts:
    """How many targets a set of batches holds: answers, and others (prompt tokens, sentences)."""

    answers: torch.Tensor
    others: torch.Tensor

    @classmethod
    def of(cls, batches: list[dict[str, torch.Tensor]], answer_ids: tuple[int, int]) -> Counts:
        """Counts the targets of several micro-batches."""
        answers = sum(is_answer(batch["targets"], answer_ids).sum() for batch in batches)
        targets = sum((batch["targets"] != IGNORED).sum() for batch in batches)
        return cls(torch.as_tensor(answers), torch.as_tensor(targets) - answers)


def is_answer(targets: torch.Tensor, answer_ids: tuple[int, int]) -> torch.Tensor:
    """Where a target is Yes or No. Names are spelled by character, so these ids occur as answers only."""
    return (targets == answer_ids[0]) | (targets == answer_ids[1])


def loss_and_hits(
    model: Callable[..., Any],
    batch: dict[str, torch.Tensor],
    answer_ids: tuple[int, int],
    totals: Counts,
    prompt_loss_weight: float = 0.0,
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Cross-entropy over the vocabulary at the last token of each question, as in arXiv 2407.07612.

    Args:
        model (callable): A causal language model that takes `subtree_ends` and `logits_to_keep`.
        batch (`dict`): As [`PackedPrompts.collate`] makes it.
        answer_ids (`tuple[int, int]`): Token ids of No and Yes.
        totals (`Counts`): Over everything that makes up one optimizer step. Losses are divided by these, so that parts
            and processes add up to the loss of one large batch, however many questions each of them holds.
        prompt_loss_weight (`float`): Weight of the mean next-token loss on the prompts.

    Returns:
        `tuple`: The loss, the sum of the answers' cross-entropies (detached), and the number of right answers.
    """
    # Everything keeps its shape and nothing is looked up by content: a GPU is never waited for.
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
        loss = loss + prompt_loss_weight * (losses * ~answer).sum() / totals.others
    said_yes = logits[..., answer_ids[1]] > logits[..., answer_ids[0]]
    hits = ((said_yes == (targets == answer_ids[1])) & answer).sum()
    return loss, answer_sum.detach(), hits


class Objective(Protocol):
    """What the training loop has to know of a kind of model."""

    def packs(self, rows: pa.Table, training: bool) -> Packs:
        """The rows as this objective reads them; `training` may ask more than the rows do."""
        ...

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        """Targets of several micro-batches."""
        ...

    def loss_and_hits(
        self, model: Callable[..., Any], batch: dict[str, torch.Tensor], totals: Counts
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The loss, the sum of the answers' cross-entropies (detached), and the number of right answers."""
        ...


class NextToken:
    """Causal language models: the answer is the token after the question; see [`loss_and_hits`]."""

    def __init__(self, recipe: Recipe, tokenizer: Any):
        self.recipe, self.tokenizer = recipe, tokenizer
        no, yes = tokenizer.convert_tokens_to_ids(["No", "Yes"])
        self.answer_ids = (no, yes)

    def packs(self, rows: pa.Table, training: bool) -> Packs:
        prompt_targets = training and self.recipe.prompt_loss_weight > 0
        return PackedPrompts(rows, self.tokenizer, self.recipe.packing, prompt_targets)

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        return Counts.of(batches, self.answer_ids)

    def loss_and_hits(self, model, batch, totals):
        # The prompt's loss is no measure of the answers, so validation leaves it out.
        weight = self.recipe.prompt_loss_weight if torch.is_grad_enabled() else 0.0
        return loss_and_hits(model, batch, self.answer_ids, totals, weight)


class SentenceAnswers:
    """Sequence classifiers that read sentences: the answer is a class of the question.

    Beside it, with `sentence_loss_weight`, every statement is asked whether its cause is reached from the question's.
    """

    def __init__(self, recipe: Recipe, tokenizer: Any):
        self.recipe, self.tokenizer = recipe, tokenizer

    def packs(self, rows: pa.Table, training: bool) -> Packs:
        recipe = self.recipe
        if not training:
            return QuestionPacks(rows, self.tokenizer, all_questions=False)
        return QuestionPacks(rows, self.tokenizer, recipe.all_questions, recipe.repeat_sentences, recipe.seed)

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        answers = sum((batch["labels"] != IGNORED).sum() for batch in batches)
        sentences = sum((batch["sentence_labels"] != IGNORED).sum() for batch in batches)
        return Counts(torch.as_tensor(answers), torch.as_tensor(sentences))

    def loss_and_hits(self, model, batch, totals):
        labels = batch["labels"]
        outputs = model(input_ids=batch["input_ids"], question_words=batch["question_words"])
        logits = outputs.question_logits.float()
        answer_sum = nn.functional.cross_entropy(
            logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED, reduction="sum"
        )
        loss = answer_sum / totals.answers
        if self.recipe.sentence_loss_weight:
            sentence_sum = nn.functional.cross_entropy(
                outputs.sentence_logits.float().flatten(0, 2),
                batch["sentence_labels"].flatten(),
                ignore_index=IGNORED,
                reduction="sum",
            )
            loss = loss + self.recipe.sentence_loss_weight * sentence_sum / totals.others
        if self.recipe.name_loss_weight and outputs.name_overlap is not None:
            # A mean, not a sum: each part of a batch gets its share of the answers.
            share = (labels != IGNORED).sum() / totals.answers
            loss = loss + self.recipe.name_loss_weight * share * outputs.name_overlap
        hits = ((logits.argmax(-1) == labels) & (labels != IGNORED)).sum()
        return loss, answer_sum.detach(), hits


def make_objective(recipe: Recipe, tokenizer: Any) -> Objective:
    """The objective that fits a recipe's architecture."""
    return SentenceAnswers(recipe, tokenizer) if recipe.model_type == "axiom_looped" else NextToken(recipe, tokenizer)
