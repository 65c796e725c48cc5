"""Architectures. Importing this module registers them with the Auto classes of transformers."""

from __future__ import annotations

from typing import Any

from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel, PreTrainedTokenizerBase

from hf_causal.models.axiom import AxiomConfig, AxiomForCausalLM, AxiomModel, AxiomTokenizer

MODEL_TYPES = ("axiom",)
"""Architectures that can be trained from scratch."""


def make_tokenizer(model_type: str) -> PreTrainedTokenizerBase:
    """The tokenizer of an architecture.

    Raises:
        `ValueError`: For an unknown architecture.
    """
    _check_type(model_type)
    return AxiomTokenizer()


def make_model(
    model_type: str, arguments: dict[str, Any], tokenizer: PreTrainedTokenizerBase, attn_implementation: str = "sdpa"
) -> PreTrainedModel:
    """An untrained model that fits a tokenizer.

    Args:
        model_type (`str`): Architecture.
        arguments (`dict`): Arguments of its config.
        tokenizer (`PreTrainedTokenizerBase`): Its vocabulary size and special tokens go into the config.
        attn_implementation (`str`): `eager`, `sdpa` or `flex_attention`.

    Raises:
        `ValueError`: For an unknown architecture, or an argument that its config does not have or cannot take.
    """
    _check_type(model_type)
    config = AutoConfig.for_model(model_type)
    if unknown := sorted(name for name in arguments if not hasattr(config, name)):
        raise ValueError(f"the config of {model_type!r} has no field {', '.join(map(repr, unknown))}")
    special = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
    try:
        config = AutoConfig.for_model(model_type, vocab_size=len(tokenizer), **special, **arguments)
    except StrictDataclassError as error:
        raise ValueError(f"the config of {model_type!r} cannot be made: {error}") from error
    return AutoModelForCausalLM.from_config(config, attn_implementation=attn_implementation)


def _check_type(model_type: str) -> None:
    if model_type not in MODEL_TYPES:
        raise ValueError(f"`model_type` must be one of {', '.join(MODEL_TYPES)}, got {model_type!r}")


__all__ = ["AxiomConfig", "AxiomForCausalLM", "AxiomModel", "AxiomTokenizer", "make_model", "make_tokenizer"]
