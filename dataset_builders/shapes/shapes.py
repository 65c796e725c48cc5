"""A `datasets` builder over the corpus of pictures and captions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dataset_builders.base import ShardedBuilder, ShardedConfig
from hf_causal.systems.equivariance.corpus import SCHEMA


@dataclass
class ShapesConfig(ShardedConfig):
    """Options of a config; those that are `None` keep the published value."""

    corpus: ClassVar[str] = "shapes"
    rows: int | None = None
    validation_rows: int | None = None
    rows_per_cell: int | None = None


class Shapes(ShardedBuilder):
    """Builds the corpus, in several processes or as a stream.

    Example:

    ```python
    >>> builder = Shapes(config_name="minimal_changes", rows=8)
    >>> row = next(iter(builder.as_streaming_dataset("train")))
    >>> row["image_0"].size
    (32, 32)

    ```
    """

    BUILDER_CONFIG_CLASS = ShapesConfig
    BUILDER_CONFIGS = ShapesConfig.published()
    DEFAULT_CONFIG_NAME = BUILDER_CONFIGS[0].name
    SCHEMA = SCHEMA
