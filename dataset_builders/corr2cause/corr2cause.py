"""A `datasets` builder over the corpus of correlation and causation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dataset_builders.base import ShardedBuilder, ShardedConfig
from hf_causal.tasks.corr2cause.rows import SCHEMA


@dataclass
class Corr2CauseConfig(ShardedConfig):
    """Options of a config; those that are `None` keep the published value. `rows` and `rows_per_cell` are options of
    `balanced` alone."""

    corpus: ClassVar[str] = "corr2cause"
    nodes: tuple[int, ...] | None = None
    rows: int | None = None
    rows_per_cell: int | None = None


class Corr2Cause(ShardedBuilder):
    """Builds any config of the corpus, in several processes or as a stream.

    Example:

    ```python
    >>> builder = Corr2Cause(config_name="default", nodes=(3,))
    >>> row = next(iter(builder.as_streaming_dataset("train")))
    >>> row["premise"][:47]
    'Suppose there is a closed system of 3 variables'

    ```
    """

    BUILDER_CONFIG_CLASS = Corr2CauseConfig
    BUILDER_CONFIGS = Corr2CauseConfig.published()
    DEFAULT_CONFIG_NAME = BUILDER_CONFIGS[0].name
    SCHEMA = SCHEMA
