"""Makes and loads rows by the name of a task or a config, as `datasets` objects."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets as hf_datasets
import pyarrow as pa
from datasets.table import InMemoryTable

from hf_causal.corpora import config_names, config_options, datasets, generate_shard, get_config
from hf_causal.corpora.levels import rows_by_index
from hf_causal.corpora.load import load_corpus
from hf_causal.corpora.stream import stream_blocks, stream_corpus
from hf_causal.corpora.variants import create_variants
from hf_causal.tasks.registry import get_task, tasks
from hf_causal.utils.randomness import Stream

_LEAST_ROWS = 400
"""Rows of a draw that has all cells of every training config; fewer rows are a sample of such a draw."""


def create(
    name: str,
    rows: int = 1000,
    seed: int = 0,
    *,
    split: str | None = None,
    level: int | None = None,
    variant: str | None = None,
    streaming: bool = False,
    **options: Any,
) -> hf_datasets.Dataset | hf_datasets.IterableDataset:
    """Generates rows of a task or a config; the same arguments give the same rows on every machine.

    Args:
        name (`str`): A task such as `"d_separation"` (its training config is used), a config such as
            `"transitivity_generalization"`, or `"CORPUS/CONFIG"`.
        rows (`int`): Number of rows. Less than 400 rows, or less than a config of fixed size has, are a random sample
            of its rows, in random order.
        seed (`int`): Of the random numbers; another seed gives other rows.
        split (`str`, *optional*): Split of the config; `train` where there is one, or else the first one.
        level (`int`, *optional*): Level of difficulty of a task, from 1; its splits are `train`, `validation` and
            `test`, and fewer rows are the first of more rows.
        variant (`str`, *optional*): Variant of the rows, such as `"story"`, see [`hf_causal.vary`]; rows that have
            none are replaced by others.
        streaming (`bool`): Whether to return an `IterableDataset` of training rows without end; `rows` is ignored.
        **options: Options of the config, such as `nodes`.

    Returns:
        `datasets.Dataset`, or `datasets.IterableDataset` with `streaming`.

    Raises:
        `ValueError`: For an unknown name, split, level or option, or a number of rows that cannot be generated.

    Example:

    ```python
    >>> rows = create("d_separation", rows=6, seed=7)
    >>> len(rows), rows[2] == create("d_separation", rows=6, seed=7)[2]
    (6, True)
    >>> create("transitivity", rows=3, seed=7, variant="chinese")[0]["prompt"].endswith("？")
    True
    >>> create("d_separation", rows=1, level=5)[0]["num_nodes"] >= 15
    True
    >>> next(iter(create("transitivity", streaming=True)))["prompt"].endswith("?")
    True

    ```
    """
    if variant is not None:
        if streaming:
            raise ValueError("`variant` is for a number of rows, not for `streaming`")
        options |= {"split": split, "level": level}
        return create_variants(variant, rows, seed, lambda count: create(name, count, seed, **options))
    if level is not None:
        level_rows = rows_by_index(name, seed, level=level, split=split or "train", **options)
        return stream_blocks(level_rows, get_task(name).schema) if streaming else as_dataset(level_rows.table(rows))
    corpus, config_name = find_config(name)
    if streaming:
        return stream_corpus(corpus, config_name, seed, **options)
    if rows < 1:
        raise ValueError(f"`rows` must be at least 1, got {rows}")
    if split in (None, "train") and "rows" in config_options(corpus, config_name):
        options["rows"] = max(rows + rows % 2, _LEAST_ROWS)
    config = get_config(corpus, config_name, seed=seed, **options)
    split = split or ("train" if "train" in config.splits else next(iter(config.splits)))
    config.check_shard(split, 0)
    shards = (generate_shard(corpus, config, split, shard) for shard in range(config.num_shards(split)))
    return as_dataset(_sample(pa.concat_tables(shards), rows, seed))


def load(
    name: str, split: str | None = None, data_dir: str | Path | None = None
) -> hf_datasets.Dataset | hf_datasets.DatasetDict:
    """Loads the published rows of a task or a config; they are generated once and then kept in a cache.

    Args:
        name (`str`): As in [`create`].
        split (`str`, *optional*): All splits without it.
        data_dir (`str` or `Path`, *optional*): Folder that `hf-causal build` wrote, its URL, or a data set on the Hub,
            to be read instead.

    Returns:
        `datasets.Dataset`, or `datasets.DatasetDict` without `split`.

    Raises:
        `ValueError`: For an unknown name.
        `FileNotFoundError`: If there is no such split.

    Example:

    ```python
    >>> load("scenes/effects", "pairs").num_rows
    1656

    ```
    """
    corpus, config = find_config(name)
    if split is not None:
        return as_dataset(load_corpus(corpus, config, split, data_dir))
    splits = get_config(corpus, config).splits
    return hf_datasets.DatasetDict(
        {split: as_dataset(load_corpus(corpus, config, split, data_dir)) for split in splits}
    )


def find_config(name: str) -> tuple[str, str]:
    """Returns corpus and config of a name: a task (its training config), a config, or `"CORPUS/CONFIG"`.

    Raises:
        `ValueError`: For an unknown name, or a config name that several corpora have.

    Example:

    ```python
    >>> find_config("corr2cause"), find_config("transitivity_occ"), find_config("scenes/default")
    (('corr2cause', 'balanced'), ('axiomatic', 'transitivity_occ'), ('scenes', 'default'))

    ```
    """
    if name in tasks():
        return _training_config(name)
    corpus, _, config = name.rpartition("/")
    if corpus:
        get_config(corpus, config)
        return corpus, config
    matches = [corpus for corpus in datasets() if config in config_names(corpus)]
    if len(matches) == 1:
        return matches[0], config
    if matches:
        raise ValueError(f"{name!r} is a config of several data sets: {', '.join(f'{m}/{config}' for m in matches)}")
    every = [config for corpus in datasets() for config in config_names(corpus)]
    raise ValueError(f"{name!r} is neither a task ({', '.join(tasks())}) nor a config ({', '.join(every)})")


def as_dataset(table: pa.Table) -> hf_datasets.Dataset:
    """Returns a table as a `Dataset` in memory, with the features that its schema describes."""
    return hf_datasets.Dataset(InMemoryTable(table))


def _training_config(name: str) -> tuple[str, str]:
    """Returns the config that few-shot examples come from, or the task's first config of any size."""
    task = tasks()[name]
    corpus = task.dataset.name
    candidates = (task.few_shot_config, *task.configs)
    sized = (config for config in candidates if "rows" in config_options(corpus, config))
    return corpus, next(sized, task.few_shot_config)


def _sample(table: pa.Table, rows: int, seed: int) -> pa.Table:
    """Draws rows without replacement; all of them, in order, if the table has one row more at most."""
    if rows > table.num_rows:
        raise ValueError(f"`rows` must be at most {table.num_rows} for this split, got {rows}")
    if table.num_rows <= rows + 1:
        return table.slice(0, rows)
    order = Stream(seed, "create").permutations(1, table.num_rows)[0]
    return table.take(pa.array(order[:rows]))
