"""Data set builders for the `datasets` library: one folder a data set, with its class and the template of its card.

A data set without a folder, such as that of a new task, gets a builder and the general card all the same.
"""

from __future__ import annotations

from typing import Any

from dataset_builders.base import ShardedBuilder, make_builder
from hf_causal.corpora import get_config


def load_builder(corpus: str, config: str, **options: Any) -> ShardedBuilder:
    """Makes the `datasets` builder of a config.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config (`str`): For example `"transitivity_ts2"`.
        **options: Options of the config (`seed`, `rows`, …), and arguments of `datasets.DatasetBuilder` such as
            `cache_dir`.

    Raises:
        `ValueError`: For an unknown corpus or config.
    """
    get_config(corpus, config)
    return make_builder(corpus)(config_name=config, **options)
