"""The heads of the looped reasoner: flags to answers, and to what passes each statement."""

from __future__ import annotations

import torch
from torch import nn

from .block_axiom_looped import FLAG_GAIN
from .configuration_axiom_looped import QUESTION_TASKS, AxiomLoopedConfig

SEPARATE_TASKS = ("relevance", "adjustment")
"""Tasks whose questions have blocks and a head of their own in every model that reads them."""
HEADS = {
    "transitivity": ("classifier", True),
    "d_separation": ("separation_classifier", False),
    "relevance": ("relevance_classifier", True),
    "adjustment": ("adjustment_classifier", False),
}
"""Head of the questions about each task, and whether a raised flag speaks for Yes: a path, or against it."""
WALKS = 5
"""Ways in which a question about an adjustment set can pass a statement, see `path_logits`."""


def add_heads(model: nn.Module, config: AxiomLoopedConfig) -> None:
    """Adds the heads of the tasks that have separate blocks to a model that reads them."""
    for task in SEPARATE_TASKS:
        if config.reads(task):
            setattr(model, HEADS[task][0], nn.Linear(config.num_attention_heads, config.num_labels))
    if config.reads("adjustment"):
        model.path_classifier = nn.Linear(config.num_attention_heads, WALKS)


def classify(
    model: nn.Module, config: AxiomLoopedConfig, flags: torch.Tensor, tasks: torch.Tensor | None = None
) -> torch.Tensor:
    """Computes the logits of No and Yes from flags, by the heads of the tasks that the questions are about.

    Two nodes are d-separated, and a set is valid, where no flag says otherwise.

    Args:
        model (`nn.Module`): With the heads.
        config ([`AxiomLoopedConfig`]): Of the model.
        flags (`torch.Tensor`): Of shape (batch, questions, sentences, heads).
        tasks (`torch.Tensor`, *optional*): Indices of `QUESTION_TASKS`, (batch, questions); all about causes without.

    Returns:
        `torch.Tensor`: Of shape (batch, questions, sentences, 2).
    """
    logits = apply_head(model.classifier, config, flags, [-1.0, 1.0])  # type: ignore[arg-type]
    if tasks is None:
        return logits
    for number, task in enumerate(QUESTION_TASKS[1:], start=1):
        if config.reads(task):
            head, speaks_for_yes = HEADS[task]
            signs = [-1.0, 1.0] if speaks_for_yes else [1.0, -1.0]
            of_task = apply_head(getattr(model, head), config, flags, signs)
            logits = torch.where((tasks == number)[:, :, None, None], of_task, logits)
    return logits


def classify_statements(head: nn.Linear, config: AxiomLoopedConfig, flags: torch.Tensor) -> torch.Tensor:
    """Computes the logits of what passes each statement: (batch, questions, statements, outputs of the head)."""
    return apply_head(head, config, flags[:, :, :-1], [1.0] * head.out_features)


def apply_head(head: nn.Linear, config: AxiomLoopedConfig, flags: torch.Tensor, signs: list[float]) -> torch.Tensor:
    """Applies a head to flags (…, heads); in a monotone model its weights have the signs of the outputs."""
    weight = head.weight.float()
    if config.monotone:
        weight = weight.abs() * weight.new_tensor(signs)[:, None]
    return nn.functional.linear(FLAG_GAIN * (2 * flags - 1), weight, head.bias.float())


__all__ = ["SEPARATE_TASKS", "add_heads", "classify", "classify_statements"]
