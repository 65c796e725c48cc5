"""A `datasets` builder over questions about what appears together and what causes what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dataset_builders.base import ShardedBuilder, ShardedConfig
from hf_causal.tasks.shared.schema import arrow_schema


@dataclass
class CoOccurrenceConfig(ShardedConfig):
    """Options of a config; those that are `None` keep the published value."""

    corpus: ClassVar[str] = "co_occurrence"
    rows: int | None = None
    validation_rows: int | None = None
    rows_per_cell: int | None = None
    nodes: tuple[int, ...] | None = None


class CoOccurrence(ShardedBuilder):
    """Builds the corpus, in several processes or as a stream.

    Example:

    ```python
    >>> builder = CoOccurrence(config_name="co_occurrence", rows_per_cell=2, nodes=(5,))
    >>> "often appear together" in next(iter(builder.as_streaming_dataset("test")))["premise"]
    True

    ```
    """

    BUILDER_CONFIG_CLASS = CoOccurrenceConfig
    BUILDER_CONFIGS = CoOccurrenceConfig.published()
    DEFAULT_CONFIG_NAME = BUILDER_CONFIGS[0].name
    SCHEMA = arrow_schema()
