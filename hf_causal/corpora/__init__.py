"""From tasks and systems to shards of rows: every published data set, its configs and its seeded shard function.

A *source* of configs is a task, or a module of a system with `CONFIGS`, `generate_shard` and `SCHEMA` (or `SCHEMAS`,
from config to schema).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import pyarrow as pa

from hf_causal.systems.datasets import datasets
from hf_causal.systems.datasets import task_name as _task_name
from hf_causal.tasks.registry import tasks
from hf_causal.tasks.shared.schema import CorpusConfig
from hf_causal.utils.option_values import check_values


class Source(NamedTuple):
    """Configs that one task or one module of a system generates."""

    configs: Mapping[str, Callable[..., CorpusConfig]]
    generate_shard: Callable[[CorpusConfig, str, int], pa.Table]
    schemas: Mapping[str, pa.Schema]


def config_names(corpus: str) -> tuple[str, ...]:
    """Returns the names of the configs of a corpus, the default one first."""
    return tuple(name for source in _sources(corpus) for name in source.configs)


def get_config(corpus: str, name: str, **options: Any) -> CorpusConfig:
    """Makes a corpus config.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        name (`str`): For example `"transitivity_ts2"`.
        **options: Departures from the published config, such as `seed` and `rows`.

    Raises:
        `ValueError`: For an unknown corpus, config or option, with those that exist, and for a value of another type.
    """
    known = config_options(corpus, name)
    if unknown := sorted(set(options) - set(known)):
        raise ValueError(f"config {name!r} has no option {', '.join(map(repr, unknown))}; it has {', '.join(known)}")
    make_config = _source(corpus, name).configs[name]
    check_values(make_config, options)
    return make_config(**options)


def config_options(corpus: str, name: str) -> tuple[str, ...]:
    """Returns the options of a config, such as `seed` and `rows`; raises `ValueError` as [`get_config`] does."""
    return tuple(inspect.signature(_source(corpus, name).configs[name]).parameters)


def schema(corpus: str, name: str) -> pa.Schema:
    """Returns the columns of a config's rows; raises `ValueError` as [`get_config`] does."""
    return _source(corpus, name).schemas[name]


def task_name(corpus: str, name: str) -> str:
    """Returns the task of a config's prompts, or the name of the corpus where no task has such prompts.

    Raises:
        `ValueError`: For an unknown corpus or config, with those that exist.
    """
    _source(corpus, name)
    return _task_name(corpus, name)


def generate_shard(corpus: str, config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard of a split: a function of (seed, version, config, split, shard) and nothing else."""
    config.check_shard(split, shard)
    return _source(corpus, config.name).generate_shard(config, split, shard)


def check_corpus(corpus: str) -> None:
    """Raises `ValueError` for a name that is not a published data set, with those that are."""
    if corpus not in datasets():
        raise ValueError(f"`corpus` must be one of {', '.join(datasets())}, got {corpus!r}")


def _sources(corpus: str) -> list[Source]:
    check_corpus(corpus)
    of_tasks = [
        Source(task.configs, task.generate_shard, dict.fromkeys(task.configs, task.schema))
        for task in tasks().values()
        if task.dataset.name == corpus
    ]
    return of_tasks + [_module_source(import_module(module)) for module in datasets()[corpus].modules]


def _module_source(module: ModuleType) -> Source:
    schemas = getattr(module, "SCHEMAS", None) or dict.fromkeys(module.CONFIGS, module.SCHEMA)
    return Source(module.CONFIGS, module.generate_shard, schemas)


def _source(corpus: str, name: str) -> Source:
    for source in _sources(corpus):
        if name in source.configs:
            return source
    raise ValueError(f"corpus {corpus!r} has no config {name!r}; it has {', '.join(config_names(corpus))}")
