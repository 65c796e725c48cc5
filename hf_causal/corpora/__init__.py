"""Corpora: one module each, with its configs, its splits and its seeded shard function.

A corpus module defines `CONFIGS`, a mapping from config name to a function that makes the [`CorpusConfig`] (options
are its keyword arguments), and `generate_shard(config, split, shard)`, which returns an Arrow table. Adding a corpus
is adding such a module and one line to `CORPORA`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pyarrow as pa

from hf_causal.corpora.schema import CorpusConfig

CORPORA: dict[str, tuple[str, ...]] = {
    "axiomatic": ("transitivity", "d_separation"),
    "corr2cause": ("corr2cause",),
    "causal_sequences": ("causal_sequences",),
    "scenes": ("scenes",),
    "co_occurrence": ("co_occurrence",),
    "environments": ("matrix_sensing", "cues"),
    "shapes": ("shapes",),
}
"""From the name of a published data set to the modules whose configs it offers."""


def config_names(corpus: str) -> tuple[str, ...]:
    """Names of the configs of a corpus, the default one first."""
    return tuple(name for module in _modules(corpus) for name in module.CONFIGS)


def get_config(corpus: str, name: str, **options: Any) -> CorpusConfig:
    """Makes a corpus config.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        name (`str`): For example `"transitivity_ts2"`.
        **options: Departures from the published config, such as `seed` and `rows`.

    Raises:
        `ValueError`: For an unknown corpus, config or option, with those that exist.
    """
    factory = _factory(corpus, name)
    known = inspect.signature(factory).parameters
    if unknown := sorted(set(options) - set(known)):
        raise ValueError(f"config {name!r} has no option {', '.join(map(repr, unknown))}; it has {', '.join(known)}")
    return factory(**options)


def grammar_name(corpus: str, name: str) -> str:
    """The grammar of a config's prompts: the `GRAMMAR` of the module that writes them, or else its name.

    Raises:
        `ValueError`: For an unknown corpus or config, with those that exist.
    """
    module = _module(corpus, name)
    return getattr(module, "GRAMMAR", module.__name__.rpartition(".")[2])


def generate_shard(corpus: str, config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """One shard of a split: a function of (seed, version, config, split, shard) and nothing else."""
    config.check_shard(split, shard)
    return _module(corpus, config.name).generate_shard(config, split, shard)


def _modules(corpus: str) -> list[Any]:
    if corpus not in CORPORA:
        raise ValueError(f"`corpus` must be one of {', '.join(CORPORA)}, got {corpus!r}")
    return [import_module(f"{__name__}.{module}") for module in CORPORA[corpus]]


def _factory(corpus: str, name: str) -> Callable[..., CorpusConfig]:
    return _module(corpus, name).CONFIGS[name]


def _module(corpus: str, name: str) -> Any:
    for module in _modules(corpus):
        if name in module.CONFIGS:
            return module
    raise ValueError(f"corpus {corpus!r} has no config {name!r}; it has {', '.join(config_names(corpus))}")
