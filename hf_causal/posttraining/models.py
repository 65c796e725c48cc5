"""The model that is fine-tuned: which kind it is, how it is loaded, and its adapters."""

from __future__ import annotations

import importlib.util
import inspect
from pathlib import Path
from typing import Any

import torch

from hf_causal.evaluation.loading import MissingPackage, default_device, is_classifier, require_place, yes_no_config
from hf_causal.evaluation.predictors import answer_classes
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.utils.hardware import has_bf16

EXTRA = "pip install 'hf-causal[finetune]'"


def require_packages(recipe: FinetuneRecipe) -> None:
    """Raises [`MissingPackage`] with what to install, or the hardware that is missing, before anything is loaded."""
    for package, needed in (("trl", recipe.task != "classification"), ("peft", recipe.adapts)):
        if needed and importlib.util.find_spec(package) is None:
            raise MissingPackage(f"fine-tuning needs {package}, which is not installed: {EXTRA}")
    if recipe.qlora:
        if importlib.util.find_spec("bitsandbytes") is None:
            raise MissingPackage(
                "`qlora` needs bitsandbytes, which is not installed, and a GPU: pip install bitsandbytes; or take "
                "`lora`, which holds the weights in 16 bits"
            )
        if not torch.cuda.is_available():
            raise MissingPackage("`qlora` needs a CUDA GPU, and none was found; `lora` runs anywhere")


def read_config(recipe: FinetuneRecipe, trust_remote_code: bool) -> Any:
    """The config of the model that is to be trained.

    Raises:
        `FileNotFoundError`: If there is no such model.
        `ValueError`: If no model was named.
    """
    from transformers import AutoConfig

    import hf_causal.models  # noqa: F401  (registers the architectures of this package)

    if not recipe.model:
        raise ValueError("`model` must be a model folder or a model on the Hub: give MODEL, or a recipe that names it")
    require_place(recipe.model)
    if (Path(recipe.model) / "adapter_config.json").is_file() and not (Path(recipe.model) / "config.json").is_file():
        raise ValueError(
            f"`model` {recipe.model!r} is an adapter: merge it first, with `--merge` where it was trained"
        )
    try:
        return AutoConfig.from_pretrained(recipe.model, trust_remote_code=trust_remote_code)
    except (OSError, ValueError) as error:
        raise FileNotFoundError(f"cannot load the model {recipe.model!r}: {_first_line(error)}") from error


def classifies(recipe: FinetuneRecipe, config: Any) -> bool:
    """Whether a classifier is trained, or a causal language model.

    Raises:
        `ValueError`: If the architecture does not tell, or cannot do what was asked for.
    """
    names = config.architectures or []
    causal = any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in names)
    # An encoder without a head for classes gets one; the heads of masked language models are of no use for it.
    encoder = is_classifier(config) or any(name.endswith(("ForMaskedLM", "Model")) for name in names)
    if recipe.task == "classification":
        found = True
    elif recipe.task == "causal-lm":
        found = False
        if names and not causal:
            raise ValueError(f"`task` 'causal-lm' needs a causal language model, {recipe.model!r} is a {names[0]}")
    elif causal or encoder:
        found = not causal
    else:
        said = f"is a {names[0]}" if names else "does not say which architecture it has"
        raise ValueError(f"give `task`, 'causal-lm' or 'classification': {recipe.model!r} {said}")
    if found and recipe.packing:
        raise ValueError("`packing` is for causal language models, this is a classifier: leave it out")
    if found and recipe.generate:
        raise ValueError("`generate` is for causal language models, a classifier writes nothing: leave it out")
    return found


def answers_already(config: Any) -> bool:
    """Whether a classifier has a head whose labels say Yes and No."""
    try:
        return is_classifier(config) and bool(answer_classes(config))
    except ValueError:
        return False


def uses_bf16(recipe: FinetuneRecipe) -> bool:
    """Whether matrices are multiplied in bf16."""
    return has_bf16(default_device()) if recipe.mixed_precision == "auto" else recipe.mixed_precision == "bf16"


def quantization(recipe: FinetuneRecipe) -> Any:
    """The `BitsAndBytesConfig` of QLoRA (arXiv 2305.14314): NF4 with quantized constants; `None` without `qlora`."""
    if not recipe.qlora:
        return None
    from transformers import BitsAndBytesConfig

    compute = torch.bfloat16 if uses_bf16(recipe) else torch.float32
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=compute
    )


def load_for_training(recipe: FinetuneRecipe, classifier: bool, trust_remote_code: bool) -> tuple[Any, Any]:
    """Model and tokenizer.

    Weights that are trained are held in fp32, also where bf16 multiplies them: a bf16 weight does not notice most
    updates of fine-tuning. Weights under adapters are not trained and are held in bf16 where the hardware has it.

    Raises:
        `FileNotFoundError`: If they cannot be loaded.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"trust_remote_code": trust_remote_code}
    placed: dict[str, Any] = {"dtype": torch.bfloat16 if recipe.adapts and uses_bf16(recipe) else torch.float32}
    if (config := quantization(recipe)) is not None:
        placed |= {"quantization_config": config, "device_map": {"": torch.cuda.current_device()}}
    if recipe.attn_implementation:
        placed["attn_implementation"] = recipe.attn_implementation
    try:
        tokenizer = AutoTokenizer.from_pretrained(recipe.model, **options)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        if classifier:
            model = _load_classifier(recipe, options, placed)
            model.config.pad_token_id = tokenizer.pad_token_id
            tokenizer.model_max_length = min(recipe.max_length, longest_row(model, tokenizer))
        else:
            model = AutoModelForCausalLM.from_pretrained(recipe.model, **options, **placed)
    except ImportError as error:  # of an attention or a quantization
        raise MissingPackage(f"`model` {recipe.model!r} needs something else: {_first_line(error)}") from error
    except (OSError, ValueError) as error:
        raise FileNotFoundError(f"cannot load the model {recipe.model!r}: {_first_line(error)}") from error
    return model, tokenizer


def longest_row(model: Any, tokenizer: Any) -> int:
    """The most tokens that a model has positions for."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    for name, module in model.named_modules():
        # The RoBERTa family numbers positions from behind the padding token on.
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            positions = module.num_embeddings - module.padding_idx - 1
    return int(min(length for length in (positions, tokenizer.model_max_length) if length))


def add_adapters(model: Any, recipe: FinetuneRecipe, classifier: bool) -> Any:
    """The model with fresh adapters, which alone are trained, and with the head of a classifier.

    Raises:
        `ValueError`: If the target modules are not in the model.
    """
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if recipe.qlora:
        model = prepare_model_for_kbit_training(model, recipe.gradient_checkpointing)
    config = LoraConfig(
        task_type="SEQ_CLS" if classifier else "CAUSAL_LM",
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_alpha,
        lora_dropout=recipe.lora_dropout,
        target_modules=recipe.target_modules,
    )
    try:
        adapted = get_peft_model(model, config)
    except ValueError as error:
        raise ValueError(f"`lora_target_modules` {recipe.lora_target_modules!r}: {_first_line(error)}") from error
    if Path(recipe.model).is_dir():  # found again wherever the adapter is loaded from
        adapted.peft_config["default"].base_model_name_or_path = str(Path(recipe.model).resolve())
    return adapted


@torch.no_grad()
def require_separate_packs(model: Any, length: int = 6) -> None:
    """Raises `ValueError` unless a row of a pack is read as if it stood alone.

    That depends on the architecture and its attention: two packs whose first rows differ are read, and the second
    rows, which are equal, must come out the same.
    """
    if "position_ids" not in inspect.signature(model.forward).parameters:
        raise ValueError(f"`packing` needs a model that takes `position_ids`, a {type(model).__name__} does not")
    training = model.training
    model.eval()
    shared = torch.arange(1, length + 1)
    packs = [torch.cat([torch.full((length,), token), shared]) for token in (2, 3)]
    positions = torch.arange(length).repeat(2)[None].to(model.device)
    read = [
        model(input_ids=pack[None].to(model.device), position_ids=positions, use_cache=False).logits[0, length:]
        for pack in packs
    ]
    model.train(training)
    if not torch.allclose(read[0], read[1], rtol=1e-3, atol=1e-4):
        raise ValueError(
            f"`packing` would let the rows of a pack see each other: a {type(model).__name__} does not keep them "
            "apart; leave it out"
        )


def _load_classifier(recipe: FinetuneRecipe, options: dict[str, Any], placed: dict[str, Any]) -> Any:
    """A classifier with two classes that begins from the classes it has, where their names say what they mean."""
    from transformers import AutoConfig, AutoModelForSequenceClassification

    head = AutoModelForSequenceClassification
    before = AutoConfig.from_pretrained(recipe.model, **options)
    config = yes_no_config(AutoConfig.from_pretrained(recipe.model, **options))
    model = head.from_pretrained(recipe.model, config=config, ignore_mismatched_sizes=True, **options, **placed)
    if answers_already(before) and not recipe.qlora:
        old = head.from_pretrained(recipe.model, **options, **placed)
        _begin_from(model, old.state_dict(), *answer_classes(before))
    return model


@torch.no_grad()
def _begin_from(model: Any, before: dict[str, torch.Tensor], yes: int, others: list[int]) -> None:
    """Gives the classes Yes and No the weights of what meant them before: the mean, where several classes meant No."""
    labels = 1 + len(others)
    for name, weight in model.state_dict().items():
        in_head = not name.startswith(f"{model.base_model_prefix}.") and name in before
        if in_head and weight.shape[:1] == (2,) and before[name].shape == (labels, *weight.shape[1:]):
            weight.copy_(torch.stack([before[name][others].mean(0), before[name][yes]]))


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
