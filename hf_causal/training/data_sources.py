"""The rows that a recipe trains on: of one config or of several, fixed or fresh, and the validation rows of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from hf_causal.corpora import get_config, task_name
from hf_causal.corpora.infinite import fresh_shard
from hf_causal.corpora.load import load_corpus
from hf_causal.tasks.registry import get_task, tasks
from hf_causal.training.mixture import MixedData
from hf_causal.training.objectives import Objective
from hf_causal.training.packing import PackedData, premise_starts
from hf_causal.training.recipe import Recipe


def recipe_tasks(recipe: Recipe) -> list[str]:
    """Returns the tasks that a recipe trains on, and those whose words its model has in addition.

    Raises:
        `ValueError`: For an unknown corpus or config.
    """
    trained = [task_name(*source) for source in recipe.sources]
    for name in trained:
        if name in tasks():
            get_task(name).require_yes_no("a model that is trained from scratch")
    grammars = recipe.model.get("grammars", [])
    if recipe.model_type == "axiom":  # sequences of a sister system have no words
        trained = [name for name in trained if name in tasks()]
    # A model that reads more tasks than one run trains has the same words as those of the other runs.
    return list(grammars) if set(trained) <= set(grammars) else list(dict.fromkeys([*trained, *grammars]))


class TrainingData:
    """The rows of a recipe, grouped by premise.

    Args:
        recipe ([`Recipe`]): With one config, or a `mixture` of several.
        objective ([`Objective`]): Reads the rows.
        data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub, see [`load_corpus`]; with configs
            of several corpora, a folder that holds each of them under its name.
    """

    def __init__(self, recipe: Recipe, objective: Objective, data_dir: str | Path | None = None):
        self.recipe, self.objective = recipe, objective
        self.validation: dict[str, PackedData] = {}
        """Validation questions of each config."""
        families = []
        fixed = []
        several = len({corpus for corpus, _ in recipe.sources}) > 1
        for corpus, config in recipe.sources:
            folder = f"{data_dir}/{corpus}" if several and data_dir is not None else data_dir
            validation_rows = load_corpus(corpus, config, "validation", folder)[: recipe.eval_rows]
            self.validation[config] = self._read(validation_rows, corpus, config, training=False)
            if recipe.fresh_rows:
                families.append(objective.family(self._fresh(corpus, config, 0)) | {"rows": None})
            else:
                rows = load_corpus(corpus, config, "train", folder)[: recipe.train_rows]
                families.append(objective.family(rows))
                fixed.append(self._read(rows, corpus, config, training=True))
        self.family: dict[str, Any] = families[0]
        """Description of the training rows on the card."""
        if recipe.mixture:
            self.family = {"sources": dict(zip(recipe.mixture, families, strict=True))}
        self._fixed = self._mixed(fixed, 0) if fixed else None

    def training(self, epoch: int) -> PackedData:
        """Returns the training data of an epoch."""
        if self._fixed is not None:
            return self._fixed
        sources = [
            self._read(self._fresh(corpus, config, epoch), corpus, config, training=True)
            for corpus, config in self.recipe.sources
        ]
        return self._mixed(sources, epoch)

    def _fresh(self, corpus: str, config: str, number: int) -> pa.Table:
        return fresh_shard(corpus, get_config(corpus, config, seed=self.recipe.seed), number)

    def _read(self, rows: pa.Table, corpus: str, config: str, training: bool) -> PackedData:
        data = self.objective.make_data(rows, training, task_name(corpus, config))
        by_environment = training and self.recipe.options.batches == "environment"
        return EnvironmentData(data, rows) if by_environment else data

    def _mixed(self, sources: list[PackedData], epoch: int) -> PackedData:
        if not self.recipe.mixture:
            return sources[0]
        return MixedData(sources, list(self.recipe.sources.values()), self.recipe.seed + epoch)  # type: ignore[arg-type]


class EnvironmentData:
    """Data whose packs each belong to an environment, so that every batch is of one environment.

    Args:
        data ([`PackedData`]): The packs.
        rows (`pa.Table`): Their rows, with `environment`; the rows of a pack have the same one.

    Raises:
        `ValueError`: If the rows have no column `environment`.
    """

    def __init__(self, data: PackedData, rows: pa.Table):
        if "environment" not in rows.column_names:
            raise ValueError(
                "recipe field 'batches' must be 'pooled' where rows have no column `environment`, got 'environment'"
            )
        self.lengths, self.questions, self._data = data.lengths, data.questions, data
        one_row_packs = len(data.lengths) == rows.num_rows
        first_rows = np.arange(rows.num_rows) if one_row_packs else premise_starts(rows)[:-1]
        self.environments = rows["environment"].to_numpy()[first_rows]
        """Environment of each pack."""

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Returns one batch of the data."""
        return self._data.collate(packs, pad_token_id)
