"""What a recipe trains on: the rows of one config or of several, fixed or fresh, and the validation rows of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa

from hf_causal.corpora import get_config, task_name
from hf_causal.corpora.infinite import fresh_shard
from hf_causal.corpora.load import load_corpus
from hf_causal.training.mixture import MixedData
from hf_causal.training.objectives import Objective
from hf_causal.training.packing import Grouped, PackedData
from hf_causal.training.recipe import Recipe


def recipe_tasks(recipe: Recipe) -> list[str]:
    """The grammars of what a recipe trains on, and of what its model shall have words for.

    Raises:
        `ValueError`: For an unknown corpus or config.
    """
    trained = [task_name(*source) for source in recipe.sources]
    return list(dict.fromkeys([*trained, *recipe.model.get("grammars", [])]))


class TrainingData:
    """The rows of a recipe, grouped by premise.

    Args:
        recipe ([`Recipe`]): With one config, or a `mixture` of several.
        objective ([`Objective`]): Which reads the rows.
        data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub, see [`load_corpus`]; with configs
            of several corpora, a folder that holds one of each under its name.
    """

    def __init__(self, recipe: Recipe, objective: Objective, data_dir: str | Path | None = None):
        self.recipe, self.objective = recipe, objective
        self.validation: dict[str, PackedData] = {}
        """Of each config."""
        families = []
        fixed = []
        several = len({corpus for corpus, _ in recipe.sources}) > 1
        for corpus, config in recipe.sources:
            folder = f"{data_dir}/{corpus}" if several and data_dir is not None else data_dir
            held_out = load_corpus(corpus, config, "validation", folder)[: recipe.eval_rows]
            self.validation[config] = self._read(held_out, corpus, config, training=False)
            if recipe.fresh_rows:
                families.append(objective.family(self._fresh(corpus, config, 0)) | {"rows": None})
            else:
                rows = load_corpus(corpus, config, "train", folder)[: recipe.train_rows]
                families.append(objective.family(rows))
                fixed.append(self._read(rows, corpus, config, training=True))
        self.family: dict[str, Any] = families[0]
        if recipe.mixture:
            self.family = {"sources": dict(zip(recipe.mixture, families, strict=True))}
        self._fixed = self._mixed(fixed, 0) if fixed else None

    def packs_of(self, epoch: int) -> PackedData:
        """What is trained on in an epoch."""
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
        packs = self.objective.make_data(rows, training, task_name(corpus, config))
        return Grouped(packs, rows) if training and self.recipe.batches == "environment" else packs

    def _mixed(self, sources: list[PackedData], epoch: int) -> PackedData:
        if not self.recipe.mixture:
            return sources[0]
        return MixedData(sources, list(self.recipe.sources.values()), self.recipe.seed + epoch)
