"""Endless training rows as a `datasets.IterableDataset`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import datasets
import pyarrow as pa

from hf_causal.corpora import get_config, schema
from hf_causal.corpora.infinite import check_training_split, fresh_shard
from hf_causal.corpora.levels import RowsByIndex
from hf_causal.tasks.shared.schema import CorpusConfig

NUM_SHARDS = 40_320
"""8!: shards of a stream, which most numbers of nodes and workers divide evenly. A billion rows by default."""

_CHUNK = 1000
"""Rows that are turned from Arrow into Python at a time."""


def stream_corpus(corpus: str, config: str, seed: int = 0, **options: Any) -> datasets.IterableDataset:
    """Streams fresh training rows of a config; none of them is in a validation or generalization split.

    The rows are a function of the arguments. `datasets.distributed.split_dataset_by_node` and the workers of a
    `DataLoader` divide the shards among them, and each generates only its own. `state_dict` and `load_state_dict`
    resume at the very row and generate none of the shards before it. After the last of `NUM_SHARDS` shards the stream
    begins again.

    Args:
        corpus, config (`str`): For example `"axiomatic"`, `"transitivity_ts2"`.
        seed (`int`): Of the random numbers; another seed gives other rows.
        **options: Options of the config, such as `nodes`.

    Raises:
        `ValueError`: For an unknown corpus, config or option, or a config without a training split.

    Example:

    ```python
    >>> rows = stream_corpus("axiomatic", "transitivity_ts2", seed=1, rows=400)
    >>> next(iter(rows))["completion"] in ("Yes", "No")
    True

    ```
    """
    corpus_config = get_config(corpus, config, seed=seed, **options)
    check_training_split(corpus_config)
    rows = datasets.IterableDataset.from_generator(
        _rows,
        features=datasets.Features.from_arrow_schema(schema(corpus, config)),
        gen_kwargs={"corpus": corpus, "config": corpus_config, "shards": list(range(NUM_SHARDS))},
        split=datasets.Split.TRAIN,
    )
    return rows.repeat(None)


def stream_blocks(rows: RowsByIndex, columns: pa.Schema) -> datasets.IterableDataset:
    """Streams rows by index without end, block after block; blocks are divided as shards are in [`stream_corpus`]."""
    blocks = datasets.IterableDataset.from_generator(
        _block_rows,
        features=datasets.Features.from_arrow_schema(columns),
        gen_kwargs={"rows": rows, "blocks": list(range(NUM_SHARDS))},
    )
    return blocks.repeat(None)


def _block_rows(rows: RowsByIndex, blocks: list[int]) -> Iterator[dict[str, Any]]:
    for number in blocks:
        yield from rows.block(number).to_pylist()


def _rows(corpus: str, config: CorpusConfig, shards: list[int]) -> Iterator[dict[str, Any]]:
    """Generates the rows of shards; `datasets` calls it with one shard at a time."""
    for shard in shards:
        table = fresh_shard(corpus, config, shard)
        for start in range(0, table.num_rows, _CHUNK):
            yield from table.slice(start, _CHUNK).to_pylist()
