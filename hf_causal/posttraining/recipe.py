"""Fine-tuning recipes: model, data, format, adapters, training and evaluation, each field with its help text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from hf_causal.utils.recipe_files import RecipeReader, require

TASKS = ("auto", "causal-lm", "classification")
METHODS = ("sft", "grpo")
LEARNING_RATES = {"lora": 2e-4, "full": 2e-5, "classification": 1e-5, "grpo-lora": 2e-5, "grpo-full": 1e-6}
"""Default peak rates: for LoRA and full fine-tuning those that are usual for language models, for classifiers that of
the code of Corr2Cause (arXiv 2306.05836), for GRPO the default of TRL and ten to twenty times that with LoRA."""


def _field(default: Any, help: str, group: str = "Training") -> Any:
    return field(default=default, metadata={"help": help, "group": group})


@dataclass(frozen=True)
class FinetuneRecipe:
    """Everything that determines a fine-tuning run. The metadata of a field has its help text and its group."""

    name: str = _field("", "Name of the result; the output folder's name if not given.", "Model")
    description: str = _field("", "One sentence for the card.", "Model")
    model: str = _field("", "Model folder or model on the Hub.", "Model")
    base_model: str | None = _field(None, "Hub id of MODEL where that is a local folder, for the card.", "Model")
    license: str | None = _field(
        None, "Licence for the card, such as `llama3`; none is claimed if not given.", "Model"
    )
    task: str = _field(
        "auto", "`causal-lm`, `classification`, or `auto`: by the architecture that the config names.", "Model"
    )
    method: str = _field(
        "sft",
        "`sft`: imitate the exact answers; `grpo`: sample answers and reinforce those whose proofs hold.",
        "Model",
    )

    corpus: str = _field("axiomatic", "`axiomatic`, `corr2cause` or `co_occurrence`.", "Data")
    config: str = _field("transitivity_ts2", "Config with splits `train` and `validation`.", "Data")
    train_rows: int | None = _field(None, "Questions of the training split to use; all if not given.", "Data")
    validation_rows: int = _field(500, "Questions of the validation split, which selects the checkpoint.", "Data")
    max_length: int = _field(1024, "Longest row in tokens, and length of a pack; longer rows are left out.", "Data")
    packing: bool = _field(False, "Pack several rows into one sequence, each seeing only itself.", "Data")
    share_premises: bool = _field(
        True,
        "Read a premise once for all of its questions; a batch keeps its number of tokens and has more questions.",
        "Data",
    )

    form: str = _field(
        "yes-no",
        "Form of the answers: `yes-no`, or one of the task, such as `proof` or `trace`; `--answers` too.",
        "Format",
    )
    max_new_tokens: int | None = _field(
        None, "Most tokens of a reply in evaluation; those that the form needs if not given.", "Format"
    )
    generate: bool = _field(
        False, "Prompt with the paper's instruction and score generated text, not likelihoods.", "Format"
    )
    chat_template: bool = _field(True, "Use the chat template where the tokenizer has one.", "Format")

    lora: bool = _field(False, "Train low-rank adapters instead of all weights.", "LoRA")
    lora_rank: int = _field(16, "Rank of the adapters.", "LoRA")
    lora_alpha: int = _field(32, "Scale of the adapters, times the rank.", "LoRA")
    lora_dropout: float = _field(0.05, "Dropout before the adapters.", "LoRA")
    lora_target_modules: str = _field(
        "all-linear", "Names separated by commas, or every linear layer but the head.", "LoRA"
    )
    qlora: bool = _field(False, "LoRA over weights held in 4 bits (NF4); needs bitsandbytes and a GPU.", "LoRA")

    num_generations: int = _field(8, "Answers to a question, which are compared with each other.", "GRPO")
    temperature: float = _field(1.0, "Temperature at which answers are sampled.", "GRPO")
    beta: float = _field(0.0, "Weight of the divergence from the model at the beginning.", "GRPO")
    levels: str = _field(
        "", "Levels of difficulty to train on, the easiest first, such as `1,2,3`; the config's rows if empty.", "GRPO"
    )

    class_weights: str = _field(
        "balanced", "Of classifiers: `balanced`, `none`, or two numbers for No and Yes, as `0.6,2.7`.", "Training"
    )
    learning_rate: float | None = _field(
        None, "Peak rate; if not given 2e-4 with LoRA, 2e-5 without, 1e-5 for classifiers."
    )
    lr_scheduler_type: str = _field(
        "linear", "Any schedule of transformers, such as `cosine`, `constant_with_warmup`."
    )
    warmup_steps: float = _field(0.03, "Steps of warm-up; below 1 a share of all steps.")
    weight_decay: float = _field(0.0, "Weight decay of AdamW.")
    max_grad_norm: float = _field(1.0, "Gradients are clipped to this norm; 0 turns clipping off.")
    epochs: float = _field(1.0, "Passes over the training rows; ignored with `max_steps`.")
    max_steps: int | None = _field(None, "Optimizer steps; overrides `epochs`.")
    batch_size: int = _field(16, "Rows, or packs, per process and step; a batch of packs is one long sequence.")
    gradient_accumulation_steps: int = _field(1, "Batches per optimizer step.")
    eval_batch_size: int = _field(16, "Rows per process in validation.")
    mixed_precision: str = _field("auto", "`bf16`, `no`, or `auto`: bf16 where the hardware multiplies it.", "Memory")
    attn_implementation: str | None = _field(
        None, "`sdpa`, `eager`, `flash_attention_2`, …; what transformers chooses if not given.", "Memory"
    )
    gradient_checkpointing: bool = _field(True, "Recompute activations: less memory, a fifth slower.", "Memory")
    seed: int = _field(42, "Seed of adapters, new heads, dropout and order.")
    logging_steps: int = _field(10, "Steps between two entries of the log.")
    eval_steps: int = _field(200, "Steps between two validations, each with a checkpoint; the last step has both.")
    save_total_limit: int = _field(2, "Checkpoints to keep, the best one among them.")

    evaluations: tuple[str, ...] = _field(
        (),
        "Score `CORPUS/CONFIG`, a file of questions, or `none`; may be repeated. [the splits made for `config`]",
        "Evaluation",
    )
    eval_limit: int | None = _field(None, "At most this many questions of each cell; all if not given.", "Evaluation")

    def __post_init__(self) -> None:
        require(self.task in TASKS, "task", self.task, f"one of {', '.join(TASKS)}")
        require(self.method in METHODS, "method", self.method, f"one of {', '.join(METHODS)}")
        self._check_grpo()
        precisions = ("auto", "bf16", "no")
        require(self.mixed_precision in precisions, "mixed_precision", self.mixed_precision, f"one of {precisions}")
        for name in ("validation_rows", "lora_rank", "lora_alpha", "batch_size", "gradient_accumulation_steps",
                     "eval_batch_size", "logging_steps", "eval_steps", "save_total_limit"):  # fmt: skip
            require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("train_rows", "max_steps", "eval_limit", "max_new_tokens"):
            require(getattr(self, name) is None or getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        from hf_causal.tasks.answering import all_form_names  # not for `--help`, since tasks import NumPy

        forms = all_form_names()
        require(self.form in forms, "form", self.form, f"one of {', '.join(forms)}")
        require(self.max_length >= 8, "max_length", self.max_length, "at least 8")
        require(self.learning_rate is None or self.learning_rate > 0, "learning_rate", self.learning_rate, "positive")
        require(self.epochs > 0, "epochs", self.epochs, "positive")
        for name in ("weight_decay", "warmup_steps", "max_grad_norm"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "not negative")
        require(0 <= self.lora_dropout < 1, "lora_dropout", self.lora_dropout, "at least 0 and below 1")
        require(bool(self.target_modules), "lora_target_modules", self.lora_target_modules, "`all-linear` or names")
        self.weights_of_classes(1, 1)

    def _check_grpo(self) -> None:
        """Checks the fields of GRPO against each other."""
        require(self.num_generations >= 2, "num_generations", self.num_generations, "at least 2")
        require(self.temperature > 0, "temperature", self.temperature, "positive")
        require(self.beta >= 0, "beta", self.beta, "not negative")
        if self.method != "grpo":
            require(not self.levels, "levels", self.levels, "empty without `method` 'grpo'")
            return
        require(self.task != "classification", "task", self.task, "'auto' or 'causal-lm' with `method` 'grpo'")
        require(not self.packing, "packing", self.packing, "false with `method` 'grpo'")
        answers = self.batch_size * self.gradient_accumulation_steps
        right = f"a multiple of `num_generations` {self.num_generations}, times `gradient_accumulation_steps`"
        require(answers % self.num_generations == 0, "batch_size", self.batch_size, right)
        require(bool(not self.levels or self.level_numbers), "levels", self.levels, "numbers such as `1,2,3`")

    @property
    def level_numbers(self) -> list[int]:
        """The levels of a curriculum in order; empty where `levels` are not numbers."""
        names = [name.strip() for name in self.levels.split(",") if name.strip()]
        return sorted({int(name) for name in names}) if all(name.isdecimal() for name in names) else []

    @property
    def adapts(self) -> bool:
        """Whether adapters are trained instead of the weights."""
        return self.lora or self.qlora

    @property
    def base_name(self) -> str:
        """The model's name, without the path of a local folder."""
        return self.base_model or (Path(self.model).resolve().name if Path(self.model).exists() else self.model)

    @property
    def target_modules(self) -> str | list[str]:
        """The target modules in the form of PEFT."""
        names = [name.strip() for name in self.lora_target_modules.split(",") if name.strip()]
        return "all-linear" if names == ["all-linear"] else names

    def peak_learning_rate(self, classifies: bool) -> float:
        """Returns the learning rate of the recipe, or the default of its method."""
        default = "lora" if self.adapts else "classification" if classifies else "full"
        if self.method == "grpo":
            default = f"grpo-{default}"
        return self.learning_rate if self.learning_rate is not None else LEARNING_RATES[default]

    def weights_of_classes(self, no: int, yes: int) -> tuple[float, float]:
        """Computes the weights of No and Yes in the loss of a classifier.

        Args:
            no, yes (`int`): Number of training rows of each class.

        Returns:
            `tuple[float, float]`: With `balanced`, rows / (2 * rows of the class), so that the total weights of the
                classes are equal and the mean weight of a row is 1.

        Example:

        ```python
        >>> FinetuneRecipe().weights_of_classes(no=75, yes=25)
        (0.6666666666666666, 2.0)

        ```
        """
        if self.class_weights == "none":
            return 1.0, 1.0
        if self.class_weights == "balanced":
            return (no + yes) / (2 * max(no, 1)), (no + yes) / (2 * max(yes, 1))
        try:
            first, second = (float(part) for part in self.class_weights.split(","))
        except ValueError:
            first = second = -1.0
        right = "`balanced`, `none`, or two positive numbers for No and Yes separated by a comma"
        require(first > 0 and second > 0, "class_weights", self.class_weights, right)
        return first, second

    def same_training(self, other: FinetuneRecipe) -> bool:
        """Returns whether two recipes differ at most in what is scored."""
        scored: dict[str, Any] = {"evaluations": (), "eval_limit": None}
        return replace(self, **scored) == replace(other, **scored)

    def to_yaml(self) -> str:
        """Returns the recipe as YAML that [`load_finetune_recipe`] reads."""
        values = {**dataclasses.asdict(self), "evaluations": list(self.evaluations)}
        return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)


RECIPES = RecipeReader(FinetuneRecipe, "recipes/finetuning")


def finetune_recipe_names() -> list[str]:
    """Returns the names of the fine-tuning recipes that ship with the package."""
    return RECIPES.names()


def load_finetune_recipe(
    recipe: str | Path | None = None, overrides: Mapping[str, Any] | None = None
) -> FinetuneRecipe:
    """Reads a recipe, or takes the defaults.

    Args:
        recipe (`str` or `Path`, *optional*): Name of a shipped recipe, or path of a YAML file.
        overrides (mapping, *optional*): From field to value.

    Raises:
        `FileNotFoundError`: If there is no such recipe, with those that ship.
        `ValueError`: For an unknown field or a value that does not fit it.
    """
    return RECIPES.make({}, overrides) if recipe is None else RECIPES.load(recipe, overrides)
