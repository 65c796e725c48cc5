"""A `datasets` builder over the configs that have environments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import datasets

from dataset_builders.base import ShardedBuilder, ShardedConfig
from hf_causal.systems.heterogeneity import cues_corpus as cues
from hf_causal.systems.heterogeneity import sensing_corpus as matrix_sensing


@dataclass
class EnvironmentsConfig(ShardedConfig):
    """Options of a config; those that are `None` keep the published value, and a config has those of its kind."""

    corpus: ClassVar[str] = "environments"
    rows: int | None = None
    validation_rows: int | None = None
    dimension: int | None = None
    rank: int | None = None
    spurious_rank: int | None = None
    environments: int | None = None
    heterogeneity: float | None = None
    mean: float | None = None
    noise: float | None = None
    problem_seed: int | None = None
    strengths: tuple[float, ...] | None = None
    nodes: tuple[int, ...] | None = None


class Environments(ShardedBuilder):
    """Builds any config with environments, in several processes or as a stream.

    Example:

    ```python
    >>> builder = Environments(config_name="matrix_sensing", rows=40, validation_rows=10, dimension=4)
    >>> len(next(iter(builder.as_streaming_dataset("train")))["measurement"])
    10

    ```
    """

    BUILDER_CONFIG_CLASS = EnvironmentsConfig
    BUILDER_CONFIGS = EnvironmentsConfig.published()
    DEFAULT_CONFIG_NAME = BUILDER_CONFIGS[0].name

    def _info(self) -> datasets.DatasetInfo:
        # Measurements and questions have different columns.
        module = cues if self.config.name in cues.CONFIGS else matrix_sensing
        return datasets.DatasetInfo(
            description=self.config.description,
            features=datasets.Features.from_arrow_schema(module.SCHEMA),
            license="apache-2.0",
        )
