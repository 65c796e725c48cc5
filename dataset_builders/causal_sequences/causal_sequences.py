"""A `datasets` builder over the sequences with a latent causal graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from dataset_builders.base import ShardedBuilder, ShardedConfig
from hf_causal.systems.sequences.corpus import SCHEMA


@dataclass
class CausalSequencesConfig(ShardedConfig):
    """Options of a config; those that are `None` keep the published value."""

    corpus: ClassVar[str] = "causal_sequences"
    length: int | None = None
    states: int | None = None
    rows: int | None = None
    validation_rows: int | None = None
    rows_per_cell: int | None = None
    alpha: float | None = None
    graph_seed: int | None = None


class CausalSequences(ShardedBuilder):
    """Builds any config of the corpus, in several processes or as a stream.

    Example:

    ```python
    >>> builder = CausalSequences(config_name="chain", length=5, states=3, rows=10)
    >>> row = next(iter(builder.as_streaming_dataset("train")))
    >>> row["parents"]
    [[], [0], [1], [2], [], [4]]

    ```
    """

    BUILDER_CONFIG_CLASS = CausalSequencesConfig
    BUILDER_CONFIGS = CausalSequencesConfig.published()
    DEFAULT_CONFIG_NAME = BUILDER_CONFIGS[0].name
    SCHEMA = SCHEMA
