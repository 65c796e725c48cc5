"""Loads models by folder or name: language models, classifiers, and adapters with their base model."""

from __future__ import annotations

import importlib.util
import json
import struct
from pathlib import Path
from typing import Any

import torch

from hf_causal.evaluation.gguf_files import MissingPackage, find_gguf, gguf_options
from hf_causal.models.complete import IncompleteModel, load_complete, load_complete_adapter

ADAPTER_CONFIG = "adapter_config.json"
LABELS = {0: "No", 1: "Yes"}
QUESTION_PAIRS = "question_pairs"
"""Field of a classifier's config: whether it was trained to read premise and question as two texts."""


def load_pretrained(
    model: str | Path,
    device: str | None = None,
    trust_remote_code: bool = False,
    dtype: torch.dtype | None = None,
    classifiers: bool = True,
    quantization: Any = None,
    merged: bool = False,
) -> tuple[Any, Any]:
    """Loads a model folder, a GGUF file, an adapter, or one of the Hub, as a classifier where its architecture is one.

    Args:
        model (`str` or `Path`): Folder of a model or an adapter, a `.gguf` file or a folder with one, or
            `ORGANIZATION/NAME`.
        device (`str`, *optional*): A GPU where there is one.
        trust_remote_code (`bool`): Whether to run code that comes with the model.
        dtype (`torch.dtype`, *optional*): Type of the weights; as they were saved when not given.
        classifiers (`bool`): Whether to accept a classifier.
        quantization (`BitsAndBytesConfig`, *optional*): How to hold the weights in few bits.
        merged (`bool`): Add an adapter to the weights, instead of computing it separately. With few bits of precision
            the sum differs from what was trained.

    Returns:
        `tuple`: Model and tokenizer.

    Raises:
        `FileNotFoundError`: If it cannot be loaded, with the reason.
        [`IncompleteModel`]: If weights are missing, damaged or not finite.
        `ValueError`: If it is a classifier and `classifiers` is false, or an adapter and PEFT is not installed.
    """
    import hf_causal.models  # noqa: F401  (registers the architectures of this package)

    if file := find_gguf(model):
        return _load_gguf(file, device, dtype, quantization)
    check_model_path(model)
    try:
        adapter = read_adapter(model)
        config = _read_config(model, adapter, trust_remote_code)
        classifies = adapter["task_type"] == "SEQ_CLS" if adapter else is_classifier(config)
        if not classifies or classifiers:
            options = {"trust_remote_code": trust_remote_code, **_weight_options(dtype, device, quantization)}
            tokenizer = _load_tokenizer(model, adapter, trust_remote_code)
            loaded = _load_model(model, adapter, config, classifies, options, len(tokenizer), merged)
            return loaded if quantization is not None else loaded.to(device or default_device()), tokenizer
    except (MissingPackage, IncompleteModel):
        raise
    except (OSError, ValueError) as error:
        raise FileNotFoundError(f"cannot load the model {str(model)!r}: {first_line(error)}") from error
    architecture = "a classifier" if adapter else f"a {config.architectures[0]}"
    raise ValueError(f"the model must be a causal language model, {str(model)!r} is {architecture}")


def check_model_path(model: str | Path) -> None:
    """Raises `FileNotFoundError` unless a model is a folder with a config, or could be the name of one on the Hub."""
    path = Path(model)
    if path.exists() and not any((path / name).is_file() for name in ("config.json", ADAPTER_CONFIG)):
        raise FileNotFoundError(f"{str(model)!r} is not a model folder: it has no config.json")
    if not path.exists() and (path.is_absolute() or str(model).count("/") != 1):
        raise FileNotFoundError(f"no model folder {str(model)!r}; a model on the Hub is named ORGANIZATION/NAME")


def read_adapter(model: str | Path) -> dict[str, Any] | None:
    """Reads the config of an adapter, from a folder or the Hub; returns `None` for complete models.

    Raises:
        [`MissingPackage`]: If it is an adapter and PEFT is not installed.
    """
    from transformers.utils import find_adapter_config_file

    # A folder that also has a complete model is that model.
    if (Path(model) / "config.json").is_file():
        return None
    path = find_adapter_config_file(model)
    if path is None:
        return None
    if importlib.util.find_spec("peft") is None:
        raise MissingPackage(f"{str(model)!r} is an adapter, which PEFT loads: pip install 'hf-causal[finetune]'")
    return json.loads(Path(path).read_text(encoding="utf-8"))


def default_device() -> str:
    """Returns `cuda` where there is a GPU, else `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def is_classifier(config: Any) -> bool:
    """Returns whether a config is that of a sequence classifier."""
    return any("SequenceClassification" in name for name in config.architectures or ())


def yes_no_config(config: Any) -> Any:
    """Gives a classifier's config the labels No and Yes, and premise and question as two texts."""
    config.id2label, config.label2id = dict(LABELS), {name: index for index, name in LABELS.items()}
    setattr(config, QUESTION_PAIRS, True)
    return config


def first_line(error: Exception) -> str:
    """Returns the first line of an error's message, or the name of its type."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _load_gguf(file: Path, device: str | None, dtype: torch.dtype | None, quantization: Any) -> tuple[Any, Any]:
    """Loads the model and the tokenizer of a GGUF file, with its weights unpacked.

    Raises:
        [`MissingPackage`]: If the package gguf is not installed.
        `FileNotFoundError`: If the file cannot be loaded, with the reason, such as an architecture without support.
        `ValueError`: For `quantization`, since the file has its own.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    if quantization is not None:
        raise ValueError(f"{str(file)!r} is a GGUF file, which is unpacked: leave `quantization` out")
    options = gguf_options(file)
    try:
        tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
        loaded = load_complete(AutoModelForCausalLM.from_pretrained, file.parent, **options, dtype=dtype)
    except IncompleteModel:
        raise
    except (OSError, ValueError, KeyError, struct.error) as error:
        raise FileNotFoundError(f"cannot load the model {str(file)!r}: {first_line(error)}") from error
    return loaded.to(device or default_device()), tokenizer


def _base_of(model: str | Path, adapter: dict[str, Any] | None) -> str | Path:
    return adapter["base_model_name_or_path"] if adapter else model


def _read_config(model: str | Path, adapter: dict[str, Any] | None, trust_remote_code: bool) -> Any:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(_base_of(model, adapter), trust_remote_code=trust_remote_code)


def _load_tokenizer(model: str | Path, adapter: dict[str, Any] | None, trust_remote_code: bool) -> Any:
    """Loads the tokenizer of a model; for an adapter, its own if it has one, else that of its base model."""
    from transformers import AutoTokenizer
    from transformers.utils import cached_file

    source: str | Path = model
    if adapter and cached_file(model, "tokenizer_config.json", _raise_exceptions_for_missing_entries=False) is None:
        source = _base_of(model, adapter)
    return AutoTokenizer.from_pretrained(source, trust_remote_code=trust_remote_code)


def _weight_options(dtype: torch.dtype | None, device: str | None, quantization: Any) -> dict[str, Any]:
    options: dict[str, Any] = {} if dtype is None else {"dtype": dtype}
    if quantization is not None:
        options |= {"quantization_config": quantization, "device_map": {"": device or default_device()}}
    return options


def _load_model(
    model: str | Path,
    adapter: dict[str, Any] | None,
    config: Any,
    classifies: bool,
    options: dict[str, Any],
    vocabulary: int,
    merged: bool,
) -> Any:
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    if adapter and classifies:
        config = yes_no_config(config)
    auto_class = AutoModelForSequenceClassification if classifies else AutoModelForCausalLM
    # The head of an adapted classifier comes with the adapter.
    new_head = bool(adapter and classifies)
    base = load_complete(auto_class.from_pretrained, _base_of(model, adapter), new_head, config=config, **options)
    return _with_adapter(base, model, vocabulary, merged) if adapter else base


def _with_adapter(base: Any, adapter: str | Path, vocabulary: int, merged: bool) -> Any:
    if vocabulary > base.get_input_embeddings().weight.shape[0]:
        base.resize_token_embeddings(vocabulary)
    adapted = load_complete_adapter(base, adapter)
    # PEFT's wrapper hides the arguments of the model.
    return adapted.merge_and_unload() if merged else adapted.get_base_model()
