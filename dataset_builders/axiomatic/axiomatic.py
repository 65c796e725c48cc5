"""A `datasets` builder over the axiomatic corpora."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dataset_builders.base import ShardedBuilder, ShardedConfig
from hf_causal.tasks.shared.schema import arrow_schema


@dataclass
class AxiomaticConfig(ShardedConfig):
    """Options of a config; those that are `None` keep the published value."""

    corpus: ClassVar[str] = "axiomatic"
    rows: int | None = None
    validation_rows: int | None = None
    nodes: tuple[int, ...] | None = None
    name_lengths: tuple[int, int] | None = None
    questions_per_premise: int | None = None
    rows_per_cell: int | None = None


class Axiomatic(ShardedBuilder):
    """Builds any config of the axiomatic corpora, in several processes or as a stream.

    Example:

    ```python
    >>> builder = Axiomatic(config_name="transitivity_ts2", rows=400, validation_rows=400)
    >>> next(iter(builder.as_streaming_dataset("train")))["completion"] in ("Yes", "No")
    True

    ```
    """

    BUILDER_CONFIG_CLASS = AxiomaticConfig
    BUILDER_CONFIGS = AxiomaticConfig.published()
    DEFAULT_CONFIG_NAME = BUILDER_CONFIGS[0].name
    SCHEMA = arrow_schema()
