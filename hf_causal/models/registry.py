"""The registry of architectures: their classes, tokenizers and untrained models. One line an architecture.

The architectures of the sister systems come from the registry of systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from huggingface_hub.errors import StrictDataclassError
from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase

from hf_causal.models.axiom import AxiomForCausalLM, AxiomTokenizer
from hf_causal.models.axiom_looped import AxiomLoopedForSequenceClassification
from hf_causal.models.axiom_looped.configuration_axiom_looped import WORDS
from hf_causal.models.axiom_recurrent import AxiomRecurrentForSequenceClassification
from hf_causal.systems import system_of_model, systems
from hf_causal.systems.system import load
from hf_causal.tasks.registry import get_task, tasks

_TRAINABLE: dict[str, type[PreTrainedModel]] = {
    "axiom": AxiomForCausalLM,
    "axiom_looped": AxiomLoopedForSequenceClassification,
    "axiom_recurrent": AxiomRecurrentForSequenceClassification,
    **{system.model_type: load(system.model).MODEL for system in systems().values() if system.model_type is not None},
}
"""Class that is trained, by architecture."""

MODEL_TYPES = tuple(_TRAINABLE)
"""Architectures that can be trained from scratch."""

_TOKENS = {
    **{f"{name}_token_id": f"<{name}>" for name in ("pad", "bos", "eos", "unk")},
    "causes_token_id": "causes",
    "cause_token_id": "cause",
    "does_token_id": "Does",
    "yes_token_id": "Yes",
    "no_token_id": "No",
    "stop_token_id": ".",
    "question_token_id": "?",
}
"""Token of each config field that holds a token id; an architecture has the fields that it needs."""

GRAMMARS = tuple(WORDS)
"""Tasks whose prompts the looped reasoner reads."""


def model_class(model_type: str) -> type[PreTrainedModel]:
    """Returns the class of an architecture that is trained.

    Raises:
        `ValueError`: For an unknown architecture.
    """
    _check_type(model_type)
    return _TRAINABLE[model_type]


def make_tokenizer(model_type: str, grammars: str | Sequence[str] = "transitivity") -> PreTrainedTokenizerBase | None:
    """Makes the tokenizer of an architecture for the prompts of one task or several.

    Args:
        model_type (`str`): Architecture.
        grammars (`str` or sequence of `str`): Names of tasks; the architectures of the sister
            systems have one vocabulary each.

    Returns:
        `PreTrainedTokenizerBase`: Or `None` for an architecture that reads no text.

    Raises:
        `ValueError`: For an unknown architecture, or a task whose prompts it cannot read.
    """
    _check_type(model_type)
    if (system := system_of_model(model_type)) is not None:
        return load(system.model).make_tokenizer()
    names = [grammars] if isinstance(grammars, str) else list(grammars)
    readable = GRAMMARS if model_type == "axiom_looped" else tuple(tasks())
    for grammar in names:
        if grammar not in readable:
            raise ValueError(f"`grammars` must be among {', '.join(readable)}, got {grammar!r}")
    words = (word for grammar in names for word in get_task(grammar).vocabulary)
    tokenizer = AxiomTokenizer(extra_words=tuple(dict.fromkeys(words)))
    for grammar in names:
        if tokenizer.unk_token_id in tokenizer(get_task(grammar).example)["input_ids"]:
            raise ValueError(f"`grammars` must be tasks with a `vocabulary` for the tokenizer, got {grammar!r}")
    return tokenizer


def make_model(
    model_type: str,
    arguments: dict[str, Any],
    tokenizer: PreTrainedTokenizerBase | None,
    attn_implementation: str = "sdpa",
) -> PreTrainedModel:
    """Makes an untrained model that fits a tokenizer.

    Args:
        model_type (`str`): Architecture.
        arguments (`dict`): Arguments of its config.
        tokenizer (`PreTrainedTokenizerBase`): Its vocabulary size and special tokens go into the config; `None` for an
            architecture that reads no text.
        attn_implementation (`str`): `eager`, `sdpa` or `flex_attention`.

    Raises:
        `ValueError`: For an unknown architecture, or an argument that its config does not have or cannot take.
    """
    _check_type(model_type)
    config = AutoConfig.for_model(model_type)
    if unknown := sorted(name for name in arguments if not hasattr(config, name)):
        raise ValueError(f"the config of {model_type!r} has no field {', '.join(map(repr, unknown))}")
    special: dict[str, Any] = {}
    if tokenizer is not None:
        special = {
            name: tokenizer.convert_tokens_to_ids(token) for name, token in _TOKENS.items() if hasattr(config, name)
        }
        special["vocab_size"] = len(tokenizer)
    if tokenizer is not None and hasattr(config, "words"):
        vocabulary = tokenizer.get_vocab()
        special["words"] = {word: vocabulary[word] for words in WORDS.values() for word in words if word in vocabulary}
        # The tasks all of whose words the tokenizer has.
        readable = [grammar for grammar in GRAMMARS if set(WORDS[grammar]) <= set(vocabulary)]
        special["grammars"] = readable
    special |= arguments
    try:
        config = AutoConfig.for_model(model_type, **special)
    except StrictDataclassError as error:
        raise ValueError(f"the config of {model_type!r} cannot be made: {error}") from error
    if model_type != "axiom":  # the others have no attention implementations to choose from
        return model_class(model_type)._from_config(config)
    return model_class(model_type)._from_config(config, attn_implementation=attn_implementation)


def _check_type(model_type: str) -> None:
    if model_type not in MODEL_TYPES:
        raise ValueError(f"`model_type` must be one of {', '.join(MODEL_TYPES)}, got {model_type!r}")
