"""Objectives: the data, the training loss and the validation count of each kind of model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import nn

from hf_causal.systems import system_of_model
from hf_causal.systems.system import load
from hf_causal.training.packing import IGNORED, PackedData, PackedPrompts, describe_family
from hf_causal.training.question_data import QuestionData
from hf_causal.training.recipe import Recipe
from hf_causal.training.separation_data import SeparationData
from hf_causal.training.system_data import SystemData


@dataclass
class Counts:
    """How many targets a set of batches holds: answers, and auxiliary (prompt tokens, sentences)."""

    answers: torch.Tensor
    auxiliary: torch.Tensor

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
        loss = loss + prompt_loss_weight * (losses * ~answer).sum() / totals.auxiliary
    said_yes = logits[..., answer_ids[1]] > logits[..., answer_ids[0]]
    hits = ((said_yes == (targets == answer_ids[1])) & answer).sum()
    return loss, answer_sum.detach(), hits


class Objective(Protocol):
    """What the training loop has to know of a kind of model."""

    selection_metric: str
    """By what on the validation split the weights are chosen that are kept: `accuracy`, `loss`, or `last` for none."""

    def family(self, rows: pa.Table) -> dict[str, Any]:
        """What a card has to say of the training rows."""
        ...

    def make_data(self, rows: pa.Table, training: bool, task: str = "transitivity") -> PackedData:
        """Rows of a grammar as this objective reads them; `training` may ask more than the rows do."""
        ...

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        """Targets of several micro-batches."""
        ...

    def loss_and_hits(
        self, model: Callable[..., Any], batch: dict[str, torch.Tensor], totals: Counts
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The loss, the sum of the answers' cross-entropies (detached), and the number of right answers."""
        ...


class Questions:
    """What objectives of questions with a right answer have in common."""

    selection_metric = "accuracy"

    def family(self, rows: pa.Table) -> dict[str, Any]:
        return describe_family(rows)


class NextToken(Questions):
    """Causal language models: the answer is the token after the question; see [`loss_and_hits`]."""

    def __init__(self, recipe: Recipe, tokenizer: Any):
        self.recipe, self.tokenizer = recipe, tokenizer
        no, yes = tokenizer.convert_tokens_to_ids(["No", "Yes"])
        self.answer_ids = (no, yes)

    def make_data(self, rows: pa.Table, training: bool, task: str = "transitivity") -> PackedData:
        if task == "corr2cause":  # whose prompts say which part is which
            for name, word in (("premise", "Premise: "), ("question", "Hypothesis: ")):
                told = pc.binary_join_element_wise(word, rows[name], "")
                rows = rows.set_column(rows.schema.get_field_index(name), name, told)
        prompt_targets = training and self.recipe.prompt_loss_weight > 0
        return PackedPrompts(rows, self.tokenizer, self.recipe.packing, prompt_targets)

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        return Counts.of(batches, self.answer_ids)

    def loss_and_hits(self, model, batch, totals):
        # The prompt's loss is no measure of the answers, so validation leaves it out.
        weight = self.recipe.prompt_loss_weight if torch.is_grad_enabled() else 0.0
        return loss_and_hits(model, batch, self.answer_ids, totals, weight)


class SentenceAnswers(Questions):
    """Sequence classifiers that read sentences: the answer is a class of the question.

    Beside it, with `sentence_loss_weight`, the statements are asked: whether the cause of each is reached from the
    question's; in questions about d-separation, whether the Bayes ball travels along it, with and against its arrow.
    """

    def __init__(self, recipe: Recipe, tokenizer: Any):
        self.recipe, self.tokenizer = recipe, tokenizer

    def make_data(self, rows: pa.Table, training: bool, task: str = "transitivity") -> PackedData:
        recipe = self.recipe
        if task == "corr2cause":
            return SystemData(rows, self.tokenizer)
        if task == "d_separation":
            return SeparationData(rows, self.tokenizer, recipe.drawn_questions if training else 0, recipe.seed)
        if not training:
            return QuestionData(rows, self.tokenizer, all_questions=False)
        return QuestionData(rows, self.tokenizer, recipe.all_questions, recipe.repeat_sentences, recipe.seed)

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        def asked(*names: str) -> torch.Tensor:
            parts = [(batch[name] != IGNORED).sum() for batch in batches for name in names if name in batch]
            return torch.as_tensor(sum(parts))

        return Counts(asked("labels", "system_labels"), asked("sentence_labels", "ball_labels"))

    def loss_and_hits(self, model, batch, totals):
        recipe = self.recipe
        outputs = model(**{name: tensor for name, tensor in batch.items() if not name.endswith("labels")})
        answers = [
            (logits.float(), batch[name])
            for logits, name in ((outputs.question_logits, "labels"), (outputs.system_logits, "system_labels"))
            if name in batch
        ]
        answer_sum = torch.stack([_entropy(logits, labels) for logits, labels in answers]).sum()
        loss = answer_sum / totals.answers
        if recipe.sentence_loss_weight:
            sentences = torch.zeros((), device=loss.device)
            if "sentence_labels" in batch:
                sentences = sentences + _entropy(outputs.sentence_logits.float(), batch["sentence_labels"])
            if "ball_labels" in batch:
                labels = batch["ball_labels"]
                losses = nn.functional.binary_cross_entropy_with_logits(
                    outputs.ball_logits.float(), labels.clamp(min=0).float(), reduction="none"
                )
                sentences = sentences + losses[labels != IGNORED].sum()
            loss = loss + recipe.sentence_loss_weight * sentences / totals.auxiliary.clamp(min=1)
        if recipe.name_loss_weight and outputs.name_overlap is not None:
            loss = loss + recipe.name_loss_weight * _share(answers, totals) * outputs.name_overlap
        if recipe.gate_loss_weight and outputs.block_cost is not None:
            loss = loss + recipe.gate_loss_weight * _share(answers, totals) * outputs.block_cost
        hits = sum(((logits.argmax(-1) == labels) & (labels != IGNORED)).sum() for logits, labels in answers)
        return loss, answer_sum.detach(), hits


def _share(answers: list[tuple[torch.Tensor, torch.Tensor]], totals: Counts) -> torch.Tensor:
    """Of a part of a step in what is a mean and not a sum: its share of the answers."""
    return sum((labels != IGNORED).sum() for _, labels in answers) / totals.answers


def _entropy(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    return nn.functional.cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index=IGNORED, reduction="sum")


OBJECTIVES: dict[str, Callable[[Recipe, Any], Objective]] = {"axiom": NextToken, "axiom_looped": SentenceAnswers}
"""From architecture to its objective, for the architectures of the core."""


def make_objective(recipe: Recipe, tokenizer: Any) -> Objective:
    """Returns the objective that fits a recipe's architecture."""
    if (system := system_of_model(recipe.model_type)) is not None:
        return load(system.objective)(recipe, tokenizer)
    return OBJECTIVES[recipe.model_type](recipe, tokenizer)
