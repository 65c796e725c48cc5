"""Fresh training rows without end, beside the fixed training split of a config."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.corpora import generate_shard
from hf_causal.tasks.shared.schema import CorpusConfig


def fresh_shard(corpus: str, config: CorpusConfig, number: int) -> pa.Table:
    """One of endlessly many shards of training rows of a config.

    As many shards as the training split has make one round, and each round is the training split of another seed. So a
    round never uses a premise twice, rounds differ as far as chance goes, and no row occurs in a validation or
    generalization split, since those take their premises from elsewhere whatever the seed.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config ([`CorpusConfig`]): As `get_config` makes it; its seed is that of the whole sequence of shards.
        number (`int`): Which shard, from 0 on.

    Raises:
        `ValueError`: If the config has no training split, or `number` is negative.
    """
    if "train" not in config.splits:
        raise ValueError(f"config {config.name!r} has no split 'train'; it has {', '.join(config.splits)}")
    if number < 0:
        raise ValueError(f"`number` must not be negative, got {number}")
    turn, shard = divmod(number, config.num_shards("train"))
    table = generate_shard(corpus, replace(config, seed=_seed(config.seed, turn)), "train", shard)
    index = table.schema.get_field_index("graph_id")
    if index < 0:  # rows without graphs
        return table
    ids = pc.binary_join_element_wise(f"fresh-{turn:07d}", table["graph_id"], "/")
    return table.set_column(index, table.schema.field(index), ids)


def _seed(seed: int, turn: int) -> int:
    """Hashed, so that no round of one sequence is a round of another, or the fixed split of another seed."""
    return int.from_bytes(hashlib.sha256(f"fresh/{seed}/{turn}".encode()).digest()[:7])
