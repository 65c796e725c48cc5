"""Faster ways to call the same model: compiled blocks, and CUDA graphs that launch a whole pass at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from transformers.modeling_outputs import CausalLMOutputWithPast

from hf_causal.training.recipe import Recipe

GRAPHS = 24
"""At most this many shapes get a graph of their own; each holds its activations and gradients."""


def compile_blocks(model: nn.Module, **options: Any) -> None:
    """Compiles the blocks of a decoder in place.

    All blocks share one compilation, and with dynamic sizes so do all lengths. Compiling the model as a whole takes
    about as many times longer as it has blocks, once for every length of a batch.

    Args:
        model (`nn.Module`): A model of transformers whose base model has `layers`.
        **options: Passed to `torch.compile`, for example `backend`.

    Raises:
        `ValueError`: If the model has no such blocks.
    """
    base = getattr(model, "base_model", model)
    if not isinstance(layers := getattr(base, "layers", None), nn.ModuleList):
        raise ValueError(f"recipe field 'compile' needs a decoder with `layers`, this is {type(model).__name__}")
    for layer in layers:
        layer.compile(**{"dynamic": True, **options})


class GraphedModel:
    """Calls a causal language model through CUDA graphs, one for each shape of a batch.

    A step on 1,000 tokens is a few milliseconds of work in about a thousand kernels: launched one by one, they keep
    the GPU waiting. A graph is launched once. Forward and backward pass are both recorded, so the result can be
    trained; its gradients live in the graph's own memory until the next call, so every call needs an optimizer step of
    its own, without accumulation.

    Args:
        model (callable): Takes `input_ids`, `subtree_ends`, `logits_to_keep` and `use_cache`; on a CUDA device.
        limit (`int`): Shapes beyond this many are computed without a graph.
    """

    def __init__(self, model: nn.Module, limit: int = GRAPHS):
        self.model, self.limit = model, limit
        self.graphs: dict[tuple[torch.Size, torch.Size], Callable[..., torch.Tensor]] = {}

    def __call__(
        self,
        input_ids: torch.Tensor,
        subtree_ends: torch.Tensor,
        logits_to_keep: torch.Tensor,
        use_cache: bool = False,
    ) -> CausalLMOutputWithPast:
        shape = (input_ids.shape, logits_to_keep.shape)
        inputs = (input_ids, subtree_ends, logits_to_keep)
        if shape not in self.graphs and len(self.graphs) < self.limit:
            # Recording keeps the tensors it is given as the places where later inputs are copied to.
            example = tuple(tensor.clone() for tensor in inputs)
            self.graphs[shape] = torch.cuda.make_graphed_callables(_Logits(self.model), example)  # type: ignore
        if (call := self.graphs.get(shape)) is None:
            return self.model(
                input_ids=input_ids, subtree_ends=subtree_ends, use_cache=use_cache, logits_to_keep=logits_to_keep
            )
        return CausalLMOutputWithPast(logits=call(*inputs))


class _Logits(nn.Module):
    """The model as a module of tensors alone, as graphs are recorded of it."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, input_ids, subtree_ends, logits_to_keep):
        outputs = self.model(
            input_ids=input_ids, subtree_ends=subtree_ends, use_cache=False, logits_to_keep=logits_to_keep
        )
        return outputs.logits


def make_forward(model: nn.Module, recipe: Recipe, accelerator: Any) -> Callable[..., Any]:
    """What the training loop calls for a forward pass.

    Args:
        model (`nn.Module`): As Accelerate prepared it.
        recipe ([`Recipe`]): Says with `compile` and `cuda_graphs` how it is to be called.
        accelerator (`Accelerator`): Of the run.

    Raises:
        `ValueError`: If CUDA graphs cannot be had, or the model has no blocks to compile.
    """
    whole = accelerator.unwrap_model(model)
    if recipe.cuda_graphs:
        lacking = None
        if accelerator.device.type != "cuda":
            lacking = f"a CUDA GPU, this is {accelerator.device.type}"
        elif accelerator.num_processes * recipe.gradient_accumulation_steps > 1:
            lacking = "one process without gradient accumulation"
        elif "subtree_ends" not in inspect.signature(type(whole).forward).parameters:
            lacking = f"a decoder that packs prompts, this is {type(whole).__name__}"
        if lacking:
            raise ValueError(f"recipe field 'cuda_graphs' needs {lacking}; set it to false")
    if recipe.compile:
        compile_blocks(whole)
    return GraphedModel(model) if recipe.cuda_graphs else model
