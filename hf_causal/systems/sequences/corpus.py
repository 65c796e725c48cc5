"""Generates sequences with a latent causal graph; each sequence has its own transitions (arXiv 2402.14735).

A config is one graph. The parents of each position are the same in every row, so a model can learn them. Evaluation
splits keep the graph and draw the transitions from other priors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from hf_causal.systems.sequences.latent_graphs import (
    MAX_STATES,
    LatentGraph,
    bayes_predictive,
    make_graph,
    sample_sequences,
)
from hf_causal.tasks.shared.schema import CorpusConfig, SampleCell, table_schema
from hf_causal.utils.randomness import Stream

ALPHA = 0.1
"""Concentration of the Dirichlet prior in training, as in the paper's experiments."""

SHIFTED = {"peaked_transitions": 0.02, "broad_transitions": 0.5, "flat_transitions": 2.0}
"""From each split with another prior to the concentration of that prior."""

SCHEMA = table_schema(
    ("tokens", pa.list_(pa.int8())),
    ("target", pa.int8()),
    ("target_probabilities", pa.list_(pa.float32())),
    ("bayes_probabilities", pa.list_(pa.float32())),
    ("parents", pa.list_(pa.list_(pa.int8()))),
    ("alpha", pa.float32()),
    ("num_states", pa.int32()),
    ("structure", pa.string()),
    ("num_nodes", pa.int32()),
    ("num_edges", pa.int32()),
    ("graph_id", pa.string()),
)


@dataclass(frozen=True)
class SequenceCell(SampleCell):
    """Sequences of one graph under one prior. `num_nodes` is their length."""

    num_states: int = 10
    alpha: float = ALPHA
    graph_seed: int = 0

    @property
    def graph(self) -> LatentGraph:
        """The latent graph of all sequences of the cell."""
        return make_graph(self.structure, self.num_nodes, self.graph_seed)


def sequence_config(
    name: str,
    description: str,
    length: int,
    states: int,
    structure: str | None = None,
    rows: int = 100_000,
    validation_rows: int = 10_000,
    rows_per_cell: int = 10_000,
    alpha: float = ALPHA,
    graph_seed: int = 0,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig[SequenceCell]:
    """Makes a config of one latent graph: `train`, `validation` and `test` of one prior, and splits of other priors.

    Args:
        name (`str`): Name of the config.
        description (`str`): Text for the card.
        length (`int`): Number of tokens of a sequence, 3 to 127.
        states (`int`): Number of different tokens, 2 to 100.
        structure (`str`, *optional*): Structure of the graph; defaults to the name of the config.
        rows, validation_rows (`int`): Rows of `train` and `validation`.
        rows_per_cell (`int`): Rows of `test` and of each split with another prior.
        alpha (`float`): Concentration of the Dirichlet prior of the transitions in `train`, `validation` and `test`.
        graph_seed (`int`): Seed of the graph, for structures that are drawn at random.
        seed (`int`): Seed of the sequences.
        rows_per_shard (`int`): Rows of one Parquet file.

    Raises:
        `ValueError`: If an option is out of range.
    """
    if not 2 <= states <= MAX_STATES:
        raise ValueError(f"`states` must lie in 2 ... {MAX_STATES}, got {states}")
    if not 0 < alpha <= 100:
        raise ValueError(f"`alpha` must lie in (0, 100], got {alpha}")
    structure = structure or name
    make_graph(structure, length, graph_seed)  # raises for an invalid length
    counts = {"train": rows, "validation": validation_rows, "test": rows_per_cell}
    priors = dict.fromkeys(counts, alpha) | SHIFTED
    splits: dict[str, tuple[SequenceCell, ...]] = {
        split: (SequenceCell(structure, length, counts.get(split, rows_per_cell), None, states, prior, graph_seed),)
        for split, prior in priors.items()
    }
    return CorpusConfig(name, description, splits, seed=seed, rows_per_shard=rows_per_shard)


CONFIGS: dict[str, Callable[..., CorpusConfig[SequenceCell]]] = {
    "chain": partial(
        sequence_config,
        "chain",
        "Each token depends on the one before it: a Markov chain.",
        length=20,
        states=10,
    ),
    "induction": partial(
        sequence_config,
        "induction",
        "Odd positions depend on the one before them, even ones on nothing: a bigram in context.",
        length=20,
        states=3,
    ),
    "random": partial(
        sequence_config,
        "random",
        "The parent of position i was drawn from none and 0 ... i - 1.",
        length=20,
        states=10,
    ),
    "forest": partial(
        sequence_config,
        "forest",
        "Each position is a root with probability one half, or hangs on one that was drawn from those before it.",
        length=20,
        states=3,
    ),
    "multi_parent": partial(
        sequence_config,
        "multi_parent",
        "Position i has two parents, (i - 1) // 2 and i - 1, and so has the target.",
        length=32,
        states=5,
    ),
    "multi_parent_small": partial(
        sequence_config,
        "multi_parent_small",
        "The graph of `multi_parent` for shorter sequences of fewer states, which a CPU learns.",
        structure="multi_parent",
        length=10,
        states=3,
    ),
}


def generate_shard(config: CorpusConfig[SequenceCell], split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table."""
    stream = Stream(config.seed, config.version, config.name, split, shard)
    num_shards = config.num_shards(split)
    tables = [
        _rows(cell, cell.rows_in_shard(shard, num_shards), f"{config.name}/{split}/{shard:05d}/", stream)
        for cell in config.splits[split]
    ]
    return pa.concat_tables(tables).combine_chunks()


def _rows(cell: SequenceCell, count: int, prefix: str, stream: Stream) -> pa.Table:
    graph = cell.graph
    sequences = sample_sequences(graph, cell.num_states, cell.alpha, count, stream)
    bayes = bayes_predictive(sequences.tokens, graph, cell.num_states, cell.alpha)
    columns = {
        "tokens": _lists(sequences.tokens, pa.int8()),
        "target": pa.array(sequences.target, pa.int8()),
        "target_probabilities": _lists(sequences.target_probabilities.astype(np.float32), pa.float32()),
        "bayes_probabilities": _lists(bayes.astype(np.float32), pa.float32()),
        "parents": pa.repeat(
            pa.scalar([list(parents) for parents in graph.parents], pa.list_(pa.list_(pa.int8()))), count
        ),
        "alpha": pa.repeat(pa.scalar(cell.alpha, pa.float32()), count),
        "num_states": pa.repeat(pa.scalar(cell.num_states, pa.int32()), count),
        "structure": pa.repeat(pa.scalar(cell.structure), count),
        "num_nodes": pa.repeat(pa.scalar(cell.num_nodes, pa.int32()), count),
        "num_edges": pa.repeat(pa.scalar(graph.num_edges, pa.int32()), count),
        "graph_id": pa.array([f"{prefix}{row:07d}" for row in range(count)]),
    }
    return pa.table(columns, schema=SCHEMA)


def _lists(values: np.ndarray, dtype: pa.DataType) -> pa.Array:
    """Converts a matrix to a column of lists."""
    offsets = pa.array(np.arange(len(values) + 1, dtype=np.int32) * values.shape[1])
    return pa.ListArray.from_arrays(offsets, pa.array(values.ravel(), dtype))


def graph_of(rows: pa.Table) -> LatentGraph:
    """Returns the latent graph of rows of one config, from their column `parents`.

    Raises:
        `ValueError`: If there are no rows, or they have several graphs.
    """
    if rows.num_rows == 0:
        raise ValueError("`rows` is empty: so it has no graph")
    column = rows["parents"].combine_chunks()
    first = column[0].as_py()
    of_positions = column.flatten()  # the parents of each position of each row
    flat = [column.value_lengths(), of_positions.value_lengths(), of_positions.flatten()]
    if any(len(values) % len(column) or _differs(values, len(column)) for values in flat):
        raise ValueError("`rows` have sequences of several graphs: pass the rows of one config")
    parents = tuple(map(tuple, first))
    free_last = len(parents[-1]) == 1 and not parents[-2]
    return LatentGraph(rows["structure"][0].as_py(), parents, free_last)


def matrix_of(column: pa.ChunkedArray | pa.Array) -> np.ndarray:
    """Converts a column of lists of equal length to a matrix of shape (rows, length)."""
    flat = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return flat.flatten().to_numpy(zero_copy_only=False).reshape(len(flat), -1)


def _differs(values: pa.Array, rows: int) -> bool:
    """Returns whether flat values differ between rows."""
    return bool(np.ptp(values.to_numpy().reshape(rows, -1), axis=0).any())
