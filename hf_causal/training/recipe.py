"""Recipes: one YAML file is one training run, and every field can be overridden."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hf_causal.utils.recipe_files import RecipeReader, require


@dataclass(frozen=True)
class Recipe:
    """Everything that determines a training run, and nothing else.

    A batch counts *premises*: with packing, all questions about a premise are answered behind one copy of it.
    """

    name: str
    """Name of the trained model."""
    description: str = ""
    """One sentence for the card."""

    # What is trained on what
    model_type: str = "axiom"
    """Architecture, as in its config."""
    model: dict[str, Any] = field(default_factory=dict)
    """Arguments of the model config."""
    initial_model: str | None = None
    """Model folder of the same architecture and sizes whose weights to begin with, instead of random ones."""
    attn_implementation: str = "sdpa"
    """`eager`, `sdpa` or `flex_attention`."""
    corpus: str = "axiomatic"
    """Data set, as in `hf-causal build`."""
    config: str = "transitivity_ts2"
    """Config of the data set; its splits `train` and `validation` are used."""
    train_rows: int | None = None
    """Only this many questions of the training split, for small runs."""
    mixture: dict[str, int] = field(default_factory=dict)
    """Several configs instead of one, as `corpus/config: premises of it in a batch of one`."""
    fresh_rows: bool = False
    """Train on rows that are made on the way and never end, instead of the fixed training split; needs `max_steps`."""

    batches: str = "pooled"
    """`pooled`, or `environment`: each step reads rows of one environment, for data with a column `environment`."""

    # Objective
    prompt_loss_weight: float = 0.0
    """Weight of the next-token loss on the prompt beside the loss on the answer; 0 is answer-only training."""
    packing: bool = True
    """Whether the questions about a premise share one copy of it. The loss is the same, the work about a third."""

    all_questions: bool = False
    """For models that read sentences: ask about every ordered pair of a premise's nodes, not the rows' pairs alone."""
    drawn_questions: int = 0
    """For models that read sentences: so many more questions about d-separation for each premise, drawn at random."""
    sentence_loss_weight: float = 0.0
    """For models that read sentences: weight of the loss on whether each statement is reached."""
    name_loss_weight: float = 0.0
    """For models that read sentences: weight of the loss that keeps different names of a batch apart."""
    gate_loss_weight: float = 0.0
    """For models that read sentences: weight of the loss that shuts gates and pulls weights to zero where it can."""
    repeat_sentences: float = 0.0
    """For models that read sentences: share of the premises that say some of their own sentences again."""

    eqsim_weight: float = 0.0
    """For pictures and captions: weight of EqSim, the regulariser of equivariant similarity, beside the loss."""
    eqsim_version: str = "both"
    """`v1`, `v2` or `both`, as published: v2 for hard negatives and v1 for all other couples."""
    eqsim_margin: float = 0.1
    """What v2 lets pass for nothing."""

    # Optimizer
    optimizer: str = "adamw"
    """`adamw`, `muon` for the hidden matrices with `adamw` for everything else, or plain `sgd`."""
    learning_rate: float = 1e-4
    """Peak learning rate of AdamW or SGD."""
    gate_learning_rate: float | None = None
    """Peak learning rate of the gates of models that read sentences; AdamW's when null."""
    muon_learning_rate: float = 0.02
    """Peak learning rate of Muon."""
    weight_decay: float = 0.01
    adam_beta1: float = 0.9
    adam_beta2: float = 0.999
    max_grad_norm: float = 1.0
    """Gradients are clipped to this norm; 0 turns clipping off."""

    # Schedule
    lr_scheduler_type: str = "constant_with_warmup"
    """`constant_with_warmup`, `linear`, `cosine`, or `warmup_stable_decay` (linear decay over `decay_fraction`)."""
    warmup_steps: int = 0
    decay_fraction: float = 0.5
    num_train_epochs: float = 1.0
    """Passes over the training split; ignored when `max_steps` is given."""
    max_steps: int | None = None

    # Batch
    per_device_train_batch_size: int = 16
    """Premises per process and step (prompts without packing)."""
    gradient_accumulation_steps: int = 1
    per_device_eval_batch_size: int = 64
    mixed_precision: str = "bf16"
    """`bf16` or `no`. Norms, softmax and losses stay in fp32."""
    gradient_checkpointing: bool = False
    compile: bool = False
    """Whether to compile the blocks of the decoder with `torch.compile`: once, for batches of any length."""
    cuda_graphs: bool = False
    """Whether to record passes as CUDA graphs, for small batches on one GPU."""
    seed: int = 42

    # Cadence, in optimizer steps
    logging_steps: int = 50
    eval_steps: int = 500
    eval_rows: int | None = 4000
    """At most this many validation questions at each evaluation; all of them when null."""
    save_steps: int = 500
    save_total_limit: int = 2
    """How many checkpoints are kept beside the best one."""

    def __post_init__(self) -> None:
        require(self.optimizer in OPTIMIZERS, "optimizer", self.optimizer, f"one of {', '.join(OPTIMIZERS)}")
        schedules = ("constant_with_warmup", "linear", "cosine", "warmup_stable_decay")
        require(
            self.lr_scheduler_type in schedules, "lr_scheduler_type", self.lr_scheduler_type, f"one of {schedules}"
        )
        require(self.mixed_precision in ("bf16", "no"), "mixed_precision", self.mixed_precision, "'bf16' or 'no'")
        for name in ("per_device_train_batch_size", "per_device_eval_batch_size", "gradient_accumulation_steps",
                     "logging_steps", "eval_steps", "save_steps", "save_total_limit"):  # fmt: skip
            require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("learning_rate", "gate_learning_rate", "muon_learning_rate", "num_train_epochs"):
            value = getattr(self, name)
            require(value is None or value > 0, name, value, "positive")
        for name in ("prompt_loss_weight", "sentence_loss_weight", "name_loss_weight", "gate_loss_weight",
                     "eqsim_weight", "eqsim_margin", "weight_decay", "warmup_steps", "max_grad_norm"):  # fmt: skip
            require(getattr(self, name) >= 0, name, getattr(self, name), "not negative")
        versions = ("v1", "v2", "both")
        require(self.eqsim_version in versions, "eqsim_version", self.eqsim_version, f"one of {', '.join(versions)}")
        require(0 <= self.repeat_sentences <= 1, "repeat_sentences", self.repeat_sentences, "between 0 and 1")
        require(0 <= self.decay_fraction <= 1, "decay_fraction", self.decay_fraction, "between 0 and 1")
        require(self.drawn_questions >= 0, "drawn_questions", self.drawn_questions, "not negative")
        reads = not self.mixture or self.model_type == "axiom_looped"
        require(
            reads, "mixture", self.mixture, "empty for other models than 'axiom_looped', which train on one config"
        )
        for source, share in self.mixture.items():
            right = "`corpus/config: premises` with at least 1 premise"
            whole = isinstance(share, int) and not isinstance(share, bool)
            require(source.count("/") == 1 and whole and share >= 1, "mixture", {source: share}, right)
        require(self.batches in ("pooled", "environment"), "batches", self.batches, "'pooled' or 'environment'")
        single = not self.mixture or self.batches == "pooled"
        require(single, "batches", self.batches, "'pooled' with a `mixture` of several configs")
        if self.fresh_rows:
            require(self.max_steps is not None, "max_steps", None, "given with `fresh_rows`, which never end")
            require(self.train_rows is None, "train_rows", self.train_rows, "null with `fresh_rows`")
        require(self.max_steps is None or self.max_steps >= 1, "max_steps", self.max_steps, "at least 1, or null")

    @property
    def sources(self) -> dict[tuple[str, str], int]:
        """The configs that are trained on, as (corpus, config), and the premises of each in a pack."""
        if not self.mixture:
            return {(self.corpus, self.config): 1}
        return {(source.partition("/")[0], source.partition("/")[2]): share for source, share in self.mixture.items()}

    def to_yaml(self) -> str:
        """The recipe as a YAML file that [`load_recipe`] reads back."""
        return yaml.safe_dump(dataclasses.asdict(self), sort_keys=False, allow_unicode=True, width=100)


OPTIMIZERS = ("adamw", "muon", "sgd")


RECIPES = RecipeReader(Recipe, "recipes")


def recipe_names() -> list[str]:
    """Names of the recipes that ship with the package."""
    return RECIPES.names()


def load_recipe(recipe: str | Path, overrides: Mapping[str, Any] | None = None) -> Recipe:
    """Reads a recipe.

    Args:
        recipe (`str` or `Path`): Name of a shipped recipe, or path of a YAML file.
        overrides (mapping, *optional*): From field to value; `model.hidden_size` reaches into the model's config.

    Raises:
        `FileNotFoundError`: If there is no such recipe, with those that ship.
        `ValueError`: For an unknown field or a value that does not fit it.
    """
    return RECIPES.load(recipe, overrides)


def parse_overrides(arguments: Iterable[str]) -> dict[str, Any]:
    """Reads `--learning-rate 1e-3 --model.hidden-size=64 …` into values, see [`RecipeReader.parse_overrides`]."""
    return RECIPES.parse_overrides(arguments)
