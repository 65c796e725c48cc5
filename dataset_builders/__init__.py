"""Data set builders for the `datasets` library: one folder a data set, with its card template."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hf_causal.corpora import config_names


def load_builder(corpus: str, config: str, **options: Any):
    """Returns the `datasets` builder of a corpus.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config (`str`): For example `"transitivity_ts2"`.
        **options: Options of the config (`seed`, `rows`, …), and arguments of `datasets.DatasetBuilder` such as
            `cache_dir`.

    Raises:
        `ValueError`: For an unknown corpus or config.
    """
    if config not in config_names(corpus):
        raise ValueError(f"corpus {corpus!r} has no config {config!r}; it has {', '.join(config_names(corpus))}")
    module = import_module(f"{__name__}.{corpus}.{corpus}")
    builder = getattr(module, corpus.title().replace("_", ""))  # `causal_sequences` has the class `CausalSequences`
    return builder(config_name=config, **options)
