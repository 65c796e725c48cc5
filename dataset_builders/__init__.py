"""Data set builders for the `datasets` library: one folder a data set, with its card template."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hf_causal.corpora import config_names

BUILDERS = {
    "axiomatic": "Axiomatic",
    "corr2cause": "Corr2Cause",
    "causal_sequences": "CausalSequences",
    "scenes": "Scenes",
    "co_occurrence": "CoOccurrence",
    "environments": "Environments",
    "shapes": "Shapes",
}
"""From corpus to the class in the module of the same name."""


def load_builder(corpus: str, config: str, **options: Any):
    """The `datasets` builder of a corpus.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config (`str`): For example `"transitivity_ts2"`.
        **options: Options of the config (`seed`, `rows`, …), and arguments of `datasets.DatasetBuilder` such as
            `cache_dir`.

    Raises:
        `ValueError`: For an unknown corpus or config.
    """
    if corpus not in BUILDERS:
        raise ValueError(f"`corpus` must be one of {', '.join(BUILDERS)}, got {corpus!r}")
    if config not in config_names(corpus):
        raise ValueError(f"corpus {corpus!r} has no config {config!r}; it has {', '.join(config_names(corpus))}")
    module = import_module(f"{__name__}.{corpus}.{corpus}")
    return getattr(module, BUILDERS[corpus])(config_name=config, **options)
