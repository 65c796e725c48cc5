"""The model that is fine-tuned: its architecture, loading, a new classifier head, and adapters."""

from __future__ import annotations

import importlib.util
from functools import partial
from pathlib import Path
from typing import Any

import torch

from hf_causal.evaluation.batches import accepts
from hf_causal.evaluation.loading import (
    ADAPTER_CONFIG,
    MissingPackage,
    check_model_path,
    default_device,
    first_line,
    is_classifier,
    yes_no_config,
)
from hf_causal.evaluation.predictors import answer_classes
from hf_causal.models.complete import IncompleteModel, load_complete
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.tasks.forms import YES_NO
from hf_causal.utils.hardware import has_bf16

EXTRA = "pip install 'hf-causal[finetune]'"


def require_packages(recipe: FinetuneRecipe) -> None:
    """Raises [`MissingPackage`] if a package or a GPU is missing, before anything is loaded."""
    for package, needed in (("trl", recipe.task != "classification"), ("peft", recipe.adapts)):
        if needed and importlib.util.find_spec(package) is None:
            raise MissingPackage(f"fine-tuning needs {package}, which is not installed: {EXTRA}")
    if recipe.qlora:
        if importlib.util.find_spec("bitsandbytes") is None:
            raise MissingPackage(
                "`qlora` needs bitsandbytes, which is not installed, and a GPU: pip install bitsandbytes; or take "
                "`lora`, with weights in 16 bits"
            )
        if not torch.cuda.is_available():
            raise MissingPackage("`qlora` needs a CUDA GPU, and none was found; `lora` runs anywhere")


def read_config(recipe: FinetuneRecipe, trust_remote_code: bool) -> Any:
    """Reads the config of the model that is to be trained.

    Raises:
        `FileNotFoundError`: If there is no such model.
        `ValueError`: If the recipe names no model, or an adapter.
    """
    from transformers import AutoConfig

    import hf_causal.models  # noqa: F401  (registers the architectures of this package)

    if not recipe.model:
        raise ValueError("`model` must be a model folder or a model on the Hub: give MODEL, or a recipe that names it")
    check_model_path(recipe.model)
    if (Path(recipe.model) / ADAPTER_CONFIG).is_file() and not (Path(recipe.model) / "config.json").is_file():
        raise ValueError(
            f"`model` {recipe.model!r} is an adapter: merge it first, with `--merge` where it was trained"
        )
    try:
        return AutoConfig.from_pretrained(recipe.model, trust_remote_code=trust_remote_code)
    except (OSError, ValueError) as error:
        raise FileNotFoundError(f"cannot load the model {recipe.model!r}: {first_line(error)}") from error


def classifies(recipe: FinetuneRecipe, config: Any) -> bool:
    """Returns whether a classifier is trained, or a causal language model.

    Raises:
        `ValueError`: If the architecture does not say, or does not fit the recipe.
    """
    classifier = _task_is_classification(recipe, config.architectures or [], is_classifier(config))
    for name in ("packing", "generate"):
        if classifier and getattr(recipe, name):
            raise ValueError(f"`{name}` is for causal language models, this is a classifier: leave it out")
    if classifier and recipe.form != YES_NO:
        raise ValueError(f"`form` {recipe.form!r} is for causal language models, a classifier answers Yes or No")
    return classifier


def _task_is_classification(recipe: FinetuneRecipe, architectures: list[str], is_classifier: bool) -> bool:
    causal = any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in architectures)
    # An encoder without a classifier head gets one; the head of a masked language model is not used.
    encoder = is_classifier or any(name.endswith(("ForMaskedLM", "Model")) for name in architectures)
    if recipe.task == "classification":
        return True
    if recipe.task == "causal-lm":
        if architectures and not causal:
            raise ValueError(
                f"`task` 'causal-lm' needs a causal language model, {recipe.model!r} is a {architectures[0]}"
            )
        return False
    if causal or encoder:
        return not causal
    architecture = f"is a {architectures[0]}" if architectures else "does not say which architecture it has"
    raise ValueError(f"give `task`, 'causal-lm' or 'classification': {recipe.model!r} {architecture}")


def can_answer(config: Any) -> bool:
    """Returns whether a classifier has a head with labels for Yes and No."""
    try:
        return is_classifier(config) and bool(answer_classes(config))
    except ValueError:
        return False


def uses_bf16(recipe: FinetuneRecipe) -> bool:
    """Returns whether matrices are multiplied in bf16."""
    return has_bf16(default_device()) if recipe.mixed_precision == "auto" else recipe.mixed_precision == "bf16"


def quantization(recipe: FinetuneRecipe) -> Any:
    """Returns the `BitsAndBytesConfig` of QLoRA (arXiv 2305.14314), NF4 with quantized constants, or `None`."""
    if not recipe.qlora:
        return None
    from transformers import BitsAndBytesConfig

    compute = torch.bfloat16 if uses_bf16(recipe) else torch.float32
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=compute
    )


def load_for_training(recipe: FinetuneRecipe, classifier: bool, trust_remote_code: bool) -> tuple[Any, Any]:
    """Loads model and tokenizer.

    Trained weights are held in fp32, even if matrices are multiplied in bf16: most updates of fine-tuning are smaller
    than the precision of a bf16 weight. Weights below adapters are frozen, and in bf16 on hardware that has it.

    Raises:
        `FileNotFoundError`: If they cannot be loaded.
        [`IncompleteModel`]: If weights are missing, damaged or not finite.
    """
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"trust_remote_code": trust_remote_code}
    weight_options: dict[str, Any] = {
        "dtype": torch.bfloat16 if recipe.adapts and uses_bf16(recipe) else torch.float32
    }
    if (config := quantization(recipe)) is not None:
        weight_options |= {"quantization_config": config, "device_map": {"": torch.cuda.current_device()}}
    if recipe.attn_implementation:
        weight_options["attn_implementation"] = recipe.attn_implementation
    try:
        tokenizer = AutoTokenizer.from_pretrained(recipe.model, **options)
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        if classifier:
            model = _load_classifier(recipe, options, weight_options)
            model.config.pad_token_id = tokenizer.pad_token_id
            tokenizer.model_max_length = min(recipe.max_length, max_row_tokens(model, tokenizer))
        else:
            load = AutoModelForCausalLM.from_pretrained
            model = load_complete(load, recipe.model, **options, **weight_options)
    except ImportError as error:  # the package of an attention or a quantization
        raise MissingPackage(f"`model` {recipe.model!r} needs another package: {first_line(error)}") from error
    except IncompleteModel:
        raise
    except (OSError, ValueError) as error:
        raise FileNotFoundError(f"cannot load the model {recipe.model!r}: {first_line(error)}") from error
    return model, tokenizer


def max_row_tokens(model: Any, tokenizer: Any) -> int:
    """Returns the largest number of tokens that model and tokenizer accept."""
    positions = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    for name, module in model.named_modules():
        # The RoBERTa family starts its positions after that of the padding token.
        if name.endswith("position_embeddings") and getattr(module, "padding_idx", None) is not None:
            positions = module.num_embeddings - module.padding_idx - 1
    return int(min(length for length in (positions, tokenizer.model_max_length) if length))


def add_adapters(model: Any, recipe: FinetuneRecipe, classifier: bool) -> Any:
    """Adds new adapters; they and the head of a classifier are the only weights that are trained.

    Raises:
        `ValueError`: If the model lacks the target modules.
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
        raise ValueError(f"`lora_target_modules` {recipe.lora_target_modules!r}: {first_line(error)}") from error
    if Path(recipe.model).is_dir():  # an absolute path, so that the base is found from any working directory
        adapted.peft_config["default"].base_model_name_or_path = str(Path(recipe.model).resolve())
    return adapted


@torch.no_grad()
def require_separate_packs(model: Any, length: int = 6) -> None:
    """Raises `ValueError` if the rows of a pack see each other, which depends on the architecture and its attention.

    The model reads two packs with different first rows and equal second rows, whose logits must be equal.
    """
    if not accepts(model, "position_ids"):
        raise ValueError(f"`packing` needs a model that takes `position_ids`, a {type(model).__name__} does not")
    training = model.training
    model.eval()
    shared = torch.arange(1, length + 1)
    packs = [torch.cat([torch.full((length,), token), shared]) for token in (2, 3)]
    positions = torch.arange(length).repeat(2)[None].to(model.device)
    logits = [
        model(input_ids=pack[None].to(model.device), position_ids=positions, use_cache=False).logits[0, length:]
        for pack in packs
    ]
    model.train(training)
    if not torch.allclose(logits[0], logits[1], rtol=1e-3, atol=1e-4):
        raise ValueError(
            f"`packing` would let the rows of a pack see each other: a {type(model).__name__} does not keep them "
            "apart; leave it out"
        )


def _load_classifier(recipe: FinetuneRecipe, options: dict[str, Any], weight_options: dict[str, Any]) -> Any:
    """Loads a classifier with the classes No and Yes, initialized from its own classes if their labels are known."""
    from transformers import AutoConfig, AutoModelForSequenceClassification

    load = partial(
        load_complete,
        AutoModelForSequenceClassification.from_pretrained,
        recipe.model,
        new_head=True,
        **options,
        **weight_options,
    )
    old_config = AutoConfig.from_pretrained(recipe.model, **options)
    config = yes_no_config(AutoConfig.from_pretrained(recipe.model, **options))
    model = load(config=config)
    if can_answer(old_config) and not recipe.qlora:
        old_model = load()
        _initialize_head(model, old_model.state_dict(), *answer_classes(old_config))
    return model


@torch.no_grad()
def _initialize_head(model: Any, old_weights: dict[str, torch.Tensor], yes: int, no: list[int]) -> None:
    """Copies the weights of the old classes to Yes and No; several classes that mean No are averaged."""
    num_labels = 1 + len(no)
    for name, weight in model.state_dict().items():
        in_head = not name.startswith(f"{model.base_model_prefix}.") and name in old_weights
        if in_head and weight.shape[:1] == (2,) and old_weights[name].shape == (num_labels, *weight.shape[1:]):
            weight.copy_(torch.stack([old_weights[name][no].mean(0), old_weights[name][yes]]))
