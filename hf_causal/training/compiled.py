"""Compiles the blocks of a decoder."""

from __future__ import annotations

from typing import Any

from torch import nn


def compile_blocks(model: nn.Module, **options: Any) -> None:
    """Compiles the blocks of a decoder in place.

    All blocks share one compilation, and with dynamic sizes all lengths share it too. Compiling the complete model
    takes about as many times longer as it has blocks, once for every length of a batch.

    Args:
        model (`nn.Module`): A model of transformers whose base model has `layers`.
        **options: Passed to `torch.compile`, for example `mode` or `backend`.

    Raises:
        `ValueError`: If the model has no such blocks.
    """
    base = getattr(model, "base_model", model)
    if not isinstance(layers := getattr(base, "layers", None), nn.ModuleList):
        raise ValueError(f"recipe field 'compile_mode' needs a decoder with `layers`, this is {type(model).__name__}")
    for layer in layers:
        layer.compile(**{"dynamic": True, **options})
