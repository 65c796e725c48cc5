"""Recipes: a YAML file is a training run, and options on the command line override its fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from hf_causal.training.objectives import ObjectiveOptions, read_options
from hf_causal.training.old_recipes import take_old_flags, upgrade_fields, upgrade_overrides
from hf_causal.utils.recipe_files import RecipeReader, require

OPTIMIZERS = ("adamw", "muon", "sgd")
SCHEDULES = ("constant_with_warmup", "linear", "cosine", "warmup_stable_decay")
COMPILE_MODES = ("default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a training run, and nothing else.

    A batch counts *premises*: with packing, all questions about a premise are answered after one copy of it.
    """

    name: str
    """Name of the trained model."""
    description: str = ""
    """One sentence for the card."""

    # Model and data
    model_type: str = "axiom"
    """Architecture, as in its config."""
    model: dict[str, Any] = field(default_factory=dict)
    """Arguments of the model config."""
    initial_model: str | None = None
    """Folder of a model of the same architecture and sizes whose weights to start from, instead of random ones."""
    attn_implementation: str = "sdpa"
    """`eager`, `sdpa` or `flex_attention`."""
    corpus: str = "axiomatic"
    """Data set, as in `hf-causal build`."""
    config: str = "transitivity_ts2"
    """Config of the data set, of which the splits `train` and `validation` are used."""
    train_rows: int | None = None
    """The first questions of the training split, for small runs; all of them when null."""
    mixture: dict[str, int] = field(default_factory=dict)
    """Several configs instead of one: from `corpus/config` to its premises in a batch of one."""
    train_apart: bool = False
    """Train each task of the `mixture` by itself and combine their weights, of which a looped reasoner that compares
    spellings shares none."""
    starts: int = 1
    """With `train_apart`, most starts of a task; each has another seed, and in-family validation keeps one."""
    restart_below: float = 1.0
    """A task starts again while its in-family validation accuracy is below this."""
    fresh_rows: bool = False
    """Train on newly generated rows without end instead of the fixed training split; needs `max_steps`."""

    objective: dict[str, Any] = field(default_factory=dict)
    """Options of the architecture's objective, see its `Options`."""

    # Optimizer
    optimizer: str = "adamw"
    """`adamw`, `muon` for the hidden matrices with `adamw` for everything else, or plain `sgd`."""
    learning_rate: float = 1e-4
    """Peak learning rate of AdamW or SGD."""
    muon_learning_rate: float = 0.02
    """Peak learning rate of Muon."""
    weight_decay: float = 0.01
    """Weight decay of matrices; biases and norms have none."""
    adam_beta1: float = 0.9
    """Decay rate of AdamW's mean gradient."""
    adam_beta2: float = 0.999
    """Decay rate of AdamW's mean squared gradient."""
    max_grad_norm: float = 1.0
    """Gradients are clipped to this norm; 0 turns clipping off."""

    # Schedule
    lr_scheduler_type: str = "constant_with_warmup"
    """`constant_with_warmup`, `linear`, `cosine`, or `warmup_stable_decay` (linear decay over `decay_fraction`)."""
    warmup_steps: int = 0
    """Steps of linear warm-up."""
    decay_fraction: float = 0.5
    """Share of all steps in which `warmup_stable_decay` decays, to a hundredth of the peak."""
    num_train_epochs: float = 1.0
    """Passes over the training split; ignored with `max_steps`."""
    max_steps: int | None = None
    """Optimizer steps; replaces `num_train_epochs`."""

    # Batch and computation
    per_device_train_batch_size: int = 16
    """Premises per process and micro-batch (prompts without packing)."""
    gradient_accumulation_steps: int = 1
    """Micro-batches per optimizer step."""
    per_device_eval_batch_size: int = 64
    """Premises per process in validation."""
    mixed_precision: str = "bf16"
    """`bf16` or `no`. Norms, softmax and losses stay in fp32."""
    gradient_checkpointing: bool = False
    """Whether activations are computed again in the backward pass, which needs less memory and more time."""
    compile_mode: str | None = None
    """Mode of `torch.compile` for the blocks of a decoder, not compiled when null. `reduce-overhead` records CUDA
    graphs, for small batches on one GPU."""
    seed: int = 42
    """Seed of the weights, the order of the rows, and everything drawn in training."""

    # Intervals, in optimizer steps
    logging_steps: int = 50
    """Steps between reports."""
    eval_steps: int = 500
    """Steps between validations."""
    eval_rows: int | None = 4000
    """Maximal number of validation questions of a config; all of them when null."""
    save_steps: int = 500
    """Steps between checkpoints."""
    save_total_limit: int = 2
    """Number of checkpoints that are kept, in addition to the best weights."""

    def __post_init__(self) -> None:
        self._check_choices()
        self._check_numbers()
        self._check_data()
        # Options with their default value are dropped, so that equal recipes compare equal.
        defaults = type(self.options)()
        object.__setattr__(self, "objective", _changed_fields(self.options, defaults))

    @cached_property
    def options(self) -> ObjectiveOptions:
        """The options of the objective, checked."""
        return read_options(self.model_type, self.objective, self.corpus)

    @property
    def sources(self) -> dict[tuple[str, str], int]:
        """The configs to train on, as (corpus, config), and the premises of each in a pack."""
        if not self.mixture:
            return {(self.corpus, self.config): 1}
        return {(source.partition("/")[0], source.partition("/")[2]): share for source, share in self.mixture.items()}

    def to_yaml(self) -> str:
        """Returns the recipe as a YAML file that [`load_recipe`] reads back: the essential fields and changed ones."""
        changed = _changed_fields(self, Recipe(name="", model_type=self.model_type))
        kept = {field.name for field in dataclasses.fields(self) if field.name in {*_ESSENTIAL, *changed}}
        values = {name: value for name, value in dataclasses.asdict(self).items() if name in kept}
        return yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=100)

    def _check_choices(self) -> None:
        choices = (("optimizer", OPTIMIZERS), ("lr_scheduler_type", SCHEDULES), ("mixed_precision", ("bf16", "no")),
                   ("compile_mode", (None, *COMPILE_MODES)))  # fmt: skip
        for name, values in choices:
            right = f"one of {', '.join(map(str, values))}"
            require(getattr(self, name) in values, name, getattr(self, name), right)

    def _check_numbers(self) -> None:
        for name in ("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps",
                     "logging_steps", "eval_steps", "save_steps", "save_total_limit"):  # fmt: skip
            require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("max_steps", "train_rows", "eval_rows"):
            value = getattr(self, name)
            require(value is None or value >= 1, name, value, "at least 1, or null")
        for name in ("learning_rate", "muon_learning_rate", "num_train_epochs"):
            require(getattr(self, name) > 0, name, getattr(self, name), "positive")
        for name in ("weight_decay", "warmup_steps", "max_grad_norm"):
            require(getattr(self, name) >= 0, name, getattr(self, name), "not negative")
        require(0 <= self.decay_fraction <= 1, "decay_fraction", self.decay_fraction, "between 0 and 1")

    def _check_apart(self) -> None:
        require(self.starts >= 1, "starts", self.starts, "at least 1")
        require(0 < self.restart_below <= 1, "restart_below", self.restart_below, "an accuracy above 0")
        if not self.train_apart:
            require(self.starts == 1, "starts", self.starts, "1 without `train_apart`")
            return
        tied = any("/d_separation" in source for source in self.mixture) and not self.model.get("separate_blocks")
        apart = self.mixture and self.model.get("name_encoder") == "spelling" and not tied
        right = "false for tasks that share weights: `mixture`, `name_encoder: spelling`, `separate_blocks: true`"
        require(bool(apart), "train_apart", self.train_apart, right)

    def _check_data(self) -> None:
        mixes = not self.mixture or self.model_type == "axiom_looped"
        require(mixes, "mixture", self.mixture, "empty except for 'axiom_looped': other models train on one config")
        for source, share in self.mixture.items():
            right = "`corpus/config: premises` with at least 1 premise"
            is_integer = isinstance(share, int) and not isinstance(share, bool)
            require(source.count("/") == 1 and is_integer and share >= 1, "mixture", {source: share}, right)
        self._check_apart()
        pooled = not self.mixture or self.options.batches == "pooled"
        require(pooled, "batches", self.options.batches, "'pooled' with a `mixture` of several configs")
        if self.fresh_rows:
            require(self.max_steps is not None, "max_steps", None, "given with `fresh_rows`, which never end")
            require(self.train_rows is None, "train_rows", self.train_rows, "null with `fresh_rows`")


_ESSENTIAL = ("name", "description", "model_type", "corpus", "config", "optimizer", "learning_rate",
              "lr_scheduler_type", "max_steps", "per_device_train_batch_size", "mixed_precision", "seed")  # fmt: skip
"""Fields that every recipe file states."""


def _changed_fields(value: Any, default: Any) -> dict[str, Any]:
    """Returns the fields of a dataclass that differ from those of another instance."""
    names = [field.name for field in dataclasses.fields(value)]
    return {name: getattr(value, name) for name in names if getattr(value, name) != getattr(default, name)}


class _RecipeReader(RecipeReader):
    """Reads recipes, and those of earlier versions, whose objective had its options among the other fields."""

    def make(self, values: Mapping[str, Any], overrides: Mapping[str, Any] | None = None) -> Any:
        overrides = upgrade_overrides(overrides or {})
        model_type = overrides.get("model_type", values.get("model_type", "axiom"))
        return super().make(upgrade_fields(values, model_type), overrides)

    def parse_overrides(self, arguments: Iterable[str]) -> dict[str, Any]:
        arguments, overrides = take_old_flags(arguments)
        return super().parse_overrides(arguments) | overrides


RECIPES = _RecipeReader(Recipe, "recipes")


def recipe_names() -> list[str]:
    """Returns the names of the recipes that ship with the package."""
    return RECIPES.names()


def load_recipe(recipe: str | Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Reads a recipe.

    Args:
        recipe (`str` or `Path`): Name of a shipped recipe, or path of a YAML file.
        overrides (mapping, *optional*): From field to value; `model.hidden_size` reaches into the model's config, and
            `objective.packing` into the objective's options.

    Raises:
        `FileNotFoundError`: If the recipe does not exist, with those that ship.
        `ValueError`: For an unknown field or a value that does not fit it.
    """
    return RECIPES.load(recipe, overrides)


def read_recipe(values: Mapping[str, Any]) -> Recipe:
    """Builds a recipe from the fields of a recipe file, of this version or an earlier one."""
    return RECIPES.make(values)


def parse_overrides(arguments: Iterable[str]) -> dict[str, Any]:
    """Reads `--learning-rate 1e-3 --model.hidden-size=64 …` into values, see [`RecipeReader.parse_overrides`]."""
    return RECIPES.parse_overrides(arguments)
