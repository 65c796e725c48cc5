"""Objectives: what each architecture is trained on. An objective makes batches of rows and computes their loss."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol

import pyarrow as pa
import torch

from hf_causal.systems import objective_on_data, system_of_model, systems
from hf_causal.systems.system import load
from hf_causal.training.packing import PackedData
from hf_causal.utils.recipe_files import RecipeReader, require


@dataclass(frozen=True)
class ObjectiveOptions:
    """Options that every objective has: the fields of a recipe's `objective` mapping."""

    batches: str = "pooled"
    """`pooled`, or `environment`: each step reads rows of one environment, for data with a column `environment`."""

    def __post_init__(self) -> None:
        require(self.batches in ("pooled", "environment"), "batches", self.batches, "'pooled' or 'environment'")

    @property
    def learning_rates(self) -> dict[str, float]:
        """Peak learning rates of parameters that have their own, by a part of their names."""
        return {}


@dataclass
class Counts:
    """Number of targets in the micro-batches of a step."""

    answers: torch.Tensor
    """Answers to questions."""
    auxiliary: torch.Tensor
    """Other targets: prompt tokens or statements."""


class BatchLoss(NamedTuple):
    """Result of an objective on one micro-batch."""

    loss: torch.Tensor
    """The loss to differentiate."""
    answer_loss_sum: torch.Tensor
    """Sum of the answers' losses, detached."""
    hits: torch.Tensor
    """Number of correct answers."""


class Objective(Protocol):
    """Data, training loss and validation score of an architecture."""

    Options: ClassVar[type[ObjectiveOptions]]
    """The dataclass of the recipe's `objective` mapping."""
    selection_metric: str
    """Validation metric that chooses the weights to keep: `accuracy`, `loss`, or `last` for the last weights."""

    def family(self, rows: pa.Table) -> dict[str, Any]:
        """Returns the description of the training rows on a card."""
        ...

    def make_data(self, rows: pa.Table, training: bool, task: str = "transitivity") -> PackedData:
        """Returns the rows of a task as arrays; with `training` there may be more questions than rows."""
        ...

    def count(self, batches: list[dict[str, torch.Tensor]]) -> Counts:
        """Counts the targets of several micro-batches."""
        ...

    def loss_and_hits(
        self, model: Callable[..., Any], batch: dict[str, torch.Tensor], totals: Counts, training: bool = True
    ) -> BatchLoss | tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Computes the loss of a micro-batch.

        Args:
            model (callable): The model.
            batch (`dict`): From the data's `collate`.
            totals ([`Counts`]): Targets of the complete optimizer step. Losses are divided by these, so that
                micro-batches and processes add up to the loss of one large batch, however many targets each has.
            training (`bool`): Whether the loss is differentiated; validation needs only the answers.
        """
        ...


OBJECTIVES = {
    "axiom": "hf_causal.training.next_token:NextToken",
    "axiom_looped": "hf_causal.training.sentence_answers:SentenceAnswers",
    "axiom_recurrent": "hf_causal.training.prompt_answers:PromptAnswers",
}
"""Objective class of each architecture of the core; a sister system names its own."""


def objective_class(model_type: str, corpus: str | None = None) -> Any:
    """Returns the objective class of an architecture, on the data set of a sister system that of the system.

    Raises:
        `ValueError`: For an unknown architecture, with those that can be trained.
    """
    if (system := system_of_model(model_type)) is not None:
        return load(system.objective)
    if (on_data := objective_on_data(model_type, corpus)) is not None:
        return on_data
    if model_type not in OBJECTIVES:
        known = [*OBJECTIVES, *(system.model_type for system in systems().values() if system.model_type)]
        raise ValueError(f"recipe field 'model_type' must be one of {', '.join(known)}, got {model_type!r}")
    return load(OBJECTIVES[model_type])


def make_objective(recipe: Any, tokenizer: Any) -> Objective:
    """Returns the objective of a [`Recipe`]."""
    return objective_class(recipe.model_type, recipe.corpus)(recipe, tokenizer)


def read_options(model_type: str, options: Mapping[str, Any], corpus: str | None = None) -> ObjectiveOptions:
    """Reads the `objective` mapping of a recipe.

    Raises:
        `ValueError`: For an option that the objective does not have, with those that it has, or for a wrong value.
    """
    options_class = objective_class(model_type, corpus).Options
    known = [field.name for field in dataclasses.fields(options_class)]
    for name in options:
        if name not in known:
            raise ValueError(
                f"recipe field 'objective.{name}' does not exist for {model_type!r}; its options: {', '.join(known)}"
            )
    return RecipeReader(options_class, "recipes").make(options)
