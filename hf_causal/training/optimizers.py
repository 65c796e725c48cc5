"""Optimizers and learning-rate schedules of a recipe."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim.lr_scheduler import LRScheduler
from transformers import get_scheduler

from hf_causal.training.recipe import Recipe

_NOT_HIDDEN = ("embed", "lm_head", "classifier", "distance_bias", "conv.weight")
"""Tables, heads and convolutions; the authors of Muon advise AdamW for those."""
_NOT_DECAYED = ("gates",)
"""Matrices without weight decay."""
_MIN_LR_RATIO = 0.01
"""Final learning rate of `warmup_stable_decay`, as a share of the peak."""


def make_optimizers(model: nn.Module, recipe: Recipe) -> list[torch.optim.Optimizer]:
    """Returns the optimizers of a recipe, AdamW or SGD first.

    `sgd` is gradient descent on all parameters without momentum, as in the theory of small models. Muon orthogonalizes
    the updates of the hidden matrices (Jordan et al., 2024); embeddings, heads, biases and norms are left to AdamW.
    Biases and norms have no weight decay. Parameters with a learning rate of their own are a group of AdamW.
    """
    if recipe.optimizer == "sgd":
        return [torch.optim.SGD(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)]
    rates = recipe.options.learning_rates
    separate: dict[str, list[nn.Parameter]] = {part: [] for part in rates}
    hidden, decayed, not_decayed = [], [], []
    for name, parameter in model.named_parameters():
        if own_rate := next((part for part in rates if part in name), None):
            separate[own_rate].append(parameter)
        elif parameter.ndim < 2 or any(part in name for part in _NOT_DECAYED):
            not_decayed.append(parameter)
        elif recipe.optimizer == "muon" and not any(part in name for part in _NOT_HIDDEN):
            hidden.append(parameter)
        else:
            decayed.append(parameter)
    groups = [{"params": decayed, "weight_decay": recipe.weight_decay}, {"params": not_decayed, "weight_decay": 0.0}]
    for part, parameters in separate.items():
        if parameters:
            groups.append({"params": parameters, "weight_decay": 0.0, "lr": rates[part]})
    betas = (recipe.adam_beta1, recipe.adam_beta2)
    optimizers: list[torch.optim.Optimizer] = [
        torch.optim.AdamW(groups, lr=recipe.learning_rate, betas=betas, fused=True)
    ]
    if hidden:
        optimizers.append(torch.optim.Muon(hidden, lr=recipe.muon_learning_rate, weight_decay=recipe.weight_decay))
    return optimizers


def make_schedulers(optimizers: list[torch.optim.Optimizer], recipe: Recipe, total_steps: int) -> list[LRScheduler]:
    """Returns a schedule for each optimizer, all of the same shape."""
    arguments = {}
    if recipe.lr_scheduler_type == "warmup_stable_decay":
        decay_steps = int(recipe.decay_fraction * total_steps)
        arguments = {"num_decay_steps": decay_steps, "decay_type": "linear", "min_lr_ratio": _MIN_LR_RATIO}
    return [
        get_scheduler(recipe.lr_scheduler_type, optimizer, recipe.warmup_steps, total_steps, arguments)
        for optimizer in optimizers
    ]
