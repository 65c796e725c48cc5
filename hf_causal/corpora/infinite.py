"""Fresh training rows without end, in addition to the fixed training split of a config."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.corpora import generate_shard
from hf_causal.tasks.shared.schema import CorpusConfig


def fresh_shard(corpus: str, config: CorpusConfig, number: int) -> pa.Table:
    """Generates one of infinitely many shards of training rows of a config.

    As many shards as the training split has make one round, and each round is the training split of another seed. So a
    round never uses a premise twice, rounds differ up to chance, and no row occurs in a validation or generalization
    split, since the premises of those are disjoint from training premises for every seed.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config ([`CorpusConfig`]): As `get_config` makes it; its seed is that of the complete sequence of shards.
        number (`int`): Index of the shard, from 0.

    Raises:
        `ValueError`: If the config has no training split, or `number` is negative.
    """
    check_training_split(config)
    if number < 0:
        raise ValueError(f"`number` must not be negative, got {number}")
    fresh_round, shard = divmod(number, config.num_shards("train"))
    return label_round(generate_shard(corpus, fresh_config(config, fresh_round), "train", shard), fresh_round)


def fresh_config(config: CorpusConfig, fresh_round: int) -> CorpusConfig:
    """Returns the config of a round: the same with another seed."""
    return replace(config, seed=_seed(config.seed, fresh_round))


def label_round(table: pa.Table, fresh_round: int) -> pa.Table:
    """Puts the round before the `graph_id` of rows, so that the ids of different rounds differ."""
    index = table.schema.get_field_index("graph_id")
    if index < 0:  # rows without graphs
        return table
    ids = pc.binary_join_element_wise(f"fresh-{fresh_round:07d}", table["graph_id"], "/")
    return table.set_column(index, table.schema.field(index), ids)


def check_training_split(config: CorpusConfig) -> None:
    """Raises `ValueError` for a config without a split `train`."""
    if "train" not in config.splits:
        raise ValueError(f"config {config.name!r} has no split 'train'; it has {', '.join(config.splits)}")


def _seed(seed: int, fresh_round: int) -> int:
    """Hashes seed and round, so that no round is one of another sequence, or the fixed split of another seed."""
    return int.from_bytes(hashlib.sha256(f"fresh/{seed}/{fresh_round}".encode()).digest()[:7])
