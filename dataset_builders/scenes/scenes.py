"""A `datasets` builder over images as lists of objects, and the exact effects in the systems that drew them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import datasets

from dataset_builders.base import ShardedBuilder, ShardedConfig
from hf_causal.systems.interventions.corpus import EFFECT_SCHEMA, IMAGE_SCHEMA


@dataclass
class ScenesConfig(ShardedConfig):
    """Options of a config; those that are `None` keep the published value. `effects` and `published` have no
    `rows`."""

    corpus: ClassVar[str] = "scenes"
    rows: int | None = None


class Scenes(ShardedBuilder):
    """Builds any config of the corpus, in several processes or as a stream.

    Example:

    ```python
    >>> row = next(iter(Scenes(config_name="default", rows=10).as_streaming_dataset("train")))
    >>> sorted(row), isinstance(row["objects"], list)
    (['image_id', 'objects', 'scene'], True)

    ```
    """

    BUILDER_CONFIG_CLASS = ScenesConfig
    BUILDER_CONFIGS = ScenesConfig.published()
    DEFAULT_CONFIG_NAME = BUILDER_CONFIGS[0].name
    SCHEMA = IMAGE_SCHEMA

    def _info(self) -> datasets.DatasetInfo:
        info = super()._info()
        if self.config.name == "effects":
            info.features = datasets.Features.from_arrow_schema(EFFECT_SCHEMA)
        return info
