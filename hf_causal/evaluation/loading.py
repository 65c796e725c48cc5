"""Models by folder or name: language models, classifiers, and adapters with the model that they belong to."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import torch

ADAPTER_CONFIG = "adapter_config.json"
LABELS = {0: "No", 1: "Yes"}
PAIRS = "question_pairs"
"""Field of a classifier's config: whether it reads premise and question as two texts, as it was trained to."""


def load_pretrained(
    model: str | Path,
    device: str | None = None,
    trust_remote_code: bool = False,
    dtype: torch.dtype | None = None,
    classifiers: bool = True,
    quantization: Any = None,
    merged: bool = False,
) -> tuple[Any, Any]:
    """Loads a folder or a model on the Hub, a classifier where its architecture is one.

    An adapter is loaded into the model that it belongs to.

    Args:
        model (`str` or `Path`): Folder of a model or an adapter, or either on the Hub.
        device (`str`, *optional*): A GPU where there is one.
        trust_remote_code (`bool`): Whether a model may bring its own code.
        dtype (`torch.dtype`, *optional*): Of the weights; as they were saved when not given.
        classifiers (`bool`): Whether a classifier will do.
        quantization (`BitsAndBytesConfig`, *optional*): Holds the weights in few bits.
        merged (`bool`): Add an adapter to the weights, instead of computing it beside them: in few bits of precision
            the sum is another one than that which was trained.

    Returns:
        `tuple`: Model and tokenizer.

    Raises:
        `FileNotFoundError`: If it cannot be loaded, with what went wrong.
        `ValueError`: If it is a classifier and should not be, or an adapter and PEFT is not installed.
    """
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

    import hf_causal.models  # noqa: F401  (registers the architectures of this package)

    require_place(model)
    device = device or default_device()
    options: dict[str, Any] = {"trust_remote_code": trust_remote_code}
    placed: dict[str, Any] = {} if dtype is None else {"dtype": dtype}
    if quantization is not None:
        placed |= {"quantization_config": quantization, "device_map": {"": device}}
    try:
        adapter = read_adapter(model)
        base = adapter["base_model_name_or_path"] if adapter else model
        tokenizer = AutoTokenizer.from_pretrained(_tokenizer_place(model, base), **options)
        config = AutoConfig.from_pretrained(base, **options)
        classifies = adapter["task_type"] == "SEQ_CLS" if adapter else is_classifier(config)
        if not classifies or classifiers:
            if adapter and classifies:
                config, placed = yes_no_config(config), {**placed, "ignore_mismatched_sizes": True}
            head = AutoModelForSequenceClassification if classifies else AutoModelForCausalLM
            loaded = head.from_pretrained(base, config=config, **options, **placed)
            if adapter:
                loaded = _with_adapter(loaded, model, len(tokenizer), merged)
            return loaded if quantization is not None else loaded.to(device), tokenizer
    except (OSError, ValueError) as error:
        if isinstance(error, MissingPackage):
            raise
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise FileNotFoundError(f"cannot load the model {str(model)!r}: {reason}") from error
    kind = "a classifier" if adapter else f"a {config.architectures[0]}"
    raise ValueError(f"the model must be a causal language model, {str(model)!r} is {kind}")


class MissingPackage(ValueError):
    """Something that is not installed."""


def require_place(model: str | Path) -> None:
    """Raises `FileNotFoundError` unless a model is a folder with a config, or could be one on the Hub."""
    path = Path(model)
    if path.exists() and not any((path / name).is_file() for name in ("config.json", ADAPTER_CONFIG)):
        raise FileNotFoundError(f"{str(model)!r} is not a model folder: it has no config.json")
    if not path.exists() and (path.is_absolute() or str(model).count("/") != 1):
        raise FileNotFoundError(f"no model folder {str(model)!r}; a model on the Hub is named ORGANIZATION/NAME")


def read_adapter(model: str | Path) -> dict[str, Any] | None:
    """The config of an adapter, here or on the Hub; `None` for whole models.

    Raises:
        [`MissingPackage`]: If it is an adapter and PEFT is not installed.
    """
    from transformers.utils import find_adapter_config_file

    # A folder that has a model too is that model.
    if (Path(model) / "config.json").is_file():
        return None
    path = find_adapter_config_file(model)
    if path is None:
        return None
    if importlib.util.find_spec("peft") is None:
        raise MissingPackage(f"{str(model)!r} is an adapter, which PEFT loads: pip install 'hf-causal[finetune]'")
    return json.loads(Path(path).read_text(encoding="utf-8"))


def default_device() -> str:
    """A GPU where there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def is_classifier(config: Any) -> bool:
    """Whether a config is that of a sequence classifier."""
    return any("SequenceClassification" in name for name in config.architectures or ())


def yes_no_config(config: Any) -> Any:
    """The config of a classifier with the labels No and Yes that reads premise and question as two texts."""
    config.id2label, config.label2id = dict(LABELS), {name: index for index, name in LABELS.items()}
    setattr(config, PAIRS, True)
    return config


def _tokenizer_place(model: str | Path, base: str | Path) -> str | Path:
    """An adapter folder has the tokenizer that it was trained with, unless someone else made it."""
    from transformers.utils import cached_file

    if model == base:
        return model
    missing_is_none = {"_raise_exceptions_for_missing_entries": False}
    return base if cached_file(model, "tokenizer_config.json", **missing_is_none) is None else model


def _with_adapter(base: Any, adapter: str | Path, vocabulary: int, merged: bool) -> Any:
    from peft import PeftModel

    if vocabulary > base.get_input_embeddings().weight.shape[0]:
        base.resize_token_embeddings(vocabulary)
    adapted = PeftModel.from_pretrained(base, adapter)
    # What PEFT wraps around a model hides the arguments that it takes.
    return adapted.merge_and_unload() if merged else adapted.get_base_model()
