"""Optimizers and learning-rate schedules that a recipe names."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler
from transformers import get_scheduler

from hf_causal.training.recipe import Recipe

_OTHERS = ("embed", "lm_head", "classifier", "distance_bias")
"""Matrices that are tables or heads and not hidden layers; Muon's authors leave those to AdamW."""


def make_optimizers(model: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """The optimizers of a recipe.

    `sgd` is plain gradient descent on all parameters, without momentum, as the theory of small models has it.
    Muon orthogonalizes the updates of the hidden matrices (Jordan et al., 2024); embeddings, head, biases and norms
    are left to AdamW, as its authors advise. Biases and norms are not decayed.
    """
    if recipe.optimizer == "sgd":
        return [torch.optim.SGD(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)]
    hidden, decayed, plain, gates = [], [], [], []
    for name, parameter in model.named_parameters():
        if "gates" in name and recipe.gate_learning_rate:
            gates.append(parameter)
        elif parameter.ndim < 2 or "gates" in name:
            plain.append(parameter)
        elif recipe.optimizer == "muon" and not any(part in name for part in _OTHERS):
            hidden.append(parameter)
        else:
            decayed.append(parameter)
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": plain, "weight_decay": 0.0}]
    if gates:
        groups.append({"params": gates, "weight_decay": 0.0, "lr": recipe.gate_learning_rate})
    betas = (recipe.adam_beta1, recipe.adam_beta2)
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=betas, fused=True)
    ]
    if hidden:
        optimizers.append(torch.optim.Muon(hidden, lr=recipe.muon_learning_rate, weight_decay=recipe.weight_decay))
    return optimizers


def make_schedulers(optimizers: list[torch.optim.Optimizer], recipe: Recipe, total_steps: int) -> list[LRScheduler]:
    """One schedule for each optimizer, all of the same shape."""
    specific = {}
    if recipe.lr_scheduler_type == "warmup_stable_decay":
        decay = int(recipe.decay_fraction * total_steps)
        specific = {"num_decay_steps": decay, "decay_type": "linear", "min_lr_ratio": 0.01}
    return [
        get_scheduler(recipe.lr_scheduler_type, optimizer, recipe.warmup_steps, total_steps, specific)
        for optimizer in optimizers
    ]
