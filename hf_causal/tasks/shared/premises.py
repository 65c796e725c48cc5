"""What the corpora of stated premises share: configs of the same families, named graphs, balanced questions, columns.

A corpus of this kind says how it draws named graphs (`Draw`) and asks about a batch of them ([`Ask`]); the families of
graphs, their balance and the rows are the same for all of them. Training configs are chains; a generalization config
has one split for each axis along which a trained model may or may not generalize.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.tasks.shared.named_graphs import Draw
from hf_causal.tasks.shared.schema import LABELS, Cell, CorpusConfig, arrow_schema
from hf_causal.tasks.shared.split_assignment import BUCKETS, Admission
from hf_causal.tasks.shared.statements import render_premises
from hf_causal.utils.randomness import Stream
from hf_causal.utils.text_arrays import concatenate

BRANCHING_FACTORS = (1.4, 2.0)

_PATIENCE = 30
"""Batches in a row that may admit nothing; with names left, even the smallest batch admits something most times."""


@dataclass(frozen=True)
class AxisSizes:
    """The published graph sizes of a generalization config."""

    chains: tuple[int, ...]
    """Of the axes `sequential` and `flipped`."""
    small: tuple[int, ...]
    """Of the axes `reversed` and `long_names`."""
    shuffled: tuple[int, ...]
    branching: tuple[int, ...]
    complete_graphs: bool = True
    """Whether branching cells may consist of complete DAGs, or are left out where they would."""


def training_config(
    name: str,
    description: str,
    mix: Mapping[str, float],
    rows: int = 175_000,
    validation_rows: int = 17_500,
    nodes: tuple[int, ...] = (3, 4, 5, 6),
    name_lengths: tuple[int, int] = (1, 3),
    questions_per_premise: int = 8,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """A config with the splits `train` and `validation`, both of the same family.

    Args:
        name, description (`str`): For the card.
        mix (mapping): From chain structure to its share of the rows; every size gets the same number of rows.
        rows, validation_rows (`int`): Rows of the two splits.
        nodes (`tuple[int, ...]`): Chain sizes.
        name_lengths (`tuple[int, int]`): Shortest and longest node name.
        questions_per_premise (`int`): At most this many questions about one premise, half Yes and half No.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    whole = {
        split: share_out(mix, nodes, total) for split, total in (("train", rows), ("validation", validation_rows))
    }
    splits = {
        split: tuple(
            Cell(structure, size, count, name_lengths=name_lengths, questions_per_premise=questions_per_premise)
            for (structure, size), count in counts.items()
        )
        for split, counts in whole.items()
    }
    return CorpusConfig(name, description, splits, seed=seed, rows_per_shard=rows_per_shard)


def generalization_config(
    name: str,
    description: str,
    sizes: AxisSizes,
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] | None = None,
    seed: int = 0,
    rows_per_shard: int = 25_000,
    *,
    version: str = "1.0.0",
) -> CorpusConfig:
    """An evaluation config: one split an axis, one cell a (structure, size, branching factor).

    Args:
        name, description (`str`): For the card.
        sizes ([`AxisSizes`]): The published sizes.
        rows_per_cell (`int`): Questions of each cell, two to a premise: one Yes and one No.
        nodes (`tuple[int, ...]`, *optional*): These sizes on every axis instead of the published ones.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
        version (`str`): Of the rows; another one has other random numbers.
    """
    axes = {
        "sequential": [Cell("sequential", size, rows_per_cell) for size in nodes or sizes.chains],
        "flipped": [Cell("flipped", size, rows_per_cell) for size in nodes or sizes.chains],
        "reversed": [Cell("reversed", size, rows_per_cell) for size in nodes or sizes.small],
        "shuffled": [
            Cell(structure, size, rows_per_cell)
            for structure in ("shuffled", "shuffled_flipped")
            for size in nodes or sizes.shuffled
        ],
        "branching": [
            Cell("branching", size, rows_per_cell, branching_factor=factor)
            for factor in BRANCHING_FACTORS
            for size in nodes or sizes.branching
            if sizes.complete_graphs or int(factor * size) != size * (size - 1) // 2
        ],
        "long_names": [
            Cell("sequential", size, rows_per_cell, name_lengths=(4, 10), uniform_names=True)
            for size in nodes or sizes.small
        ],
    }
    splits = {axis: tuple(cells) for axis, cells in axes.items()}
    return CorpusConfig(name, description, splits, seed=seed, version=version, rows_per_shard=rows_per_shard)


@dataclass
class Asked:
    """Named graphs and the questions about them, each with its answer and proof."""

    edges: np.ndarray
    """Shape (graphs, edges, 2)."""
    names: np.ndarray
    """`uint8` of shape (graphs, nodes, width)."""
    graph: np.ndarray
    """The graph of each question, in ascending order."""
    question: pa.Array
    yes: np.ndarray
    """Boolean of shape (questions,)."""
    hops: np.ndarray
    """`int32` of shape (questions,)."""
    certificate: pa.Array
    premise: pa.Array | None = None
    """A string for each graph, where a premise says more than its edges."""
    further: dict[str, pa.Array] = field(default_factory=dict)
    """Columns that a corpus has beside the shared ones."""


Ask = Callable[[Cell, np.ndarray, np.ndarray, int, Stream], Asked]
"""Asks, with the given random numbers, at most so many questions about the edges and names of a batch."""


def generate_rows(
    config: CorpusConfig, split: str, shard: int, draw: Draw, ask: Ask, schema: pa.Schema | None = None
) -> pa.Table:
    """One shard as an Arrow table; the rows of a premise stand together. `schema` has columns beside the shared ones.

    Training and validation shards are in random order of premises, generalization shards in order of cells.
    """
    num_shards = config.num_shards(split)
    stream = Stream(config.seed, config.version, config.name, split, shard)
    admit = Admission(BUCKETS.get(split, range(1)), shard, num_shards)
    tables, graphs_so_far = [], 0
    for cell in config.splits[split]:
        for asked in _batches(cell, cell.rows_in_shard(shard, num_shards), stream, admit, draw, ask):
            tables.append(_rows(cell, asked, f"{config.name}/{split}/{shard:05d}/", graphs_so_far))
            graphs_so_far += len(asked.edges)
    if not tables:  # more shards than pairs of questions
        return (schema or arrow_schema()).empty_table()
    table = pa.concat_tables(tables).combine_chunks()
    return _mix_premises(table, stream) if split in BUCKETS else table


def choose_balanced(
    yes: np.ndarray, no: np.ndarray, cell: Cell, rows: int, stream: Stream
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws questions without replacement, as many Yes as No for each graph, stopping at `rows` in all.

    Args:
        yes, no (`np.ndarray`): Boolean of shape (graphs, candidates): which candidates have which answer.
        cell ([`Cell`]): Says how many questions a premise may have.
        rows (`int`): Questions wanted in all.
        stream (`Stream`): Source of randomness.

    Returns:
        `tuple`: Which graphs are used, boolean of shape (graphs,); and for each question the number of its graph among
        the used ones and its candidate. The order of a premise's questions does not tell their answers.
    """
    wanted = np.minimum(np.minimum(yes.sum(1), no.sum(1)), cell.questions_per_premise // 2)
    before = np.cumsum(wanted) - wanted
    wanted = np.clip(rows // 2 - before, 0, wanted)
    used = wanted > 0
    yes, no, wanted = yes[used], no[used], wanted[used]
    keys = stream.words(yes.shape) >> np.uint64(1)
    last = np.uint64(2**64 - 1)
    most = int(wanted.max(initial=0))
    chosen = np.concatenate(
        [np.argsort(np.where(side, keys, last), axis=1, kind="stable")[:, :most] for side in (yes, no)], axis=1
    )
    asked = np.tile(np.arange(most) < wanted[:, None], 2)
    order = np.argsort(np.where(asked, stream.words(asked.shape) >> np.uint64(1), last), axis=1, kind="stable")
    chosen, asked = np.take_along_axis(chosen, order, axis=1), np.take_along_axis(asked, order, axis=1)
    return used, np.repeat(np.arange(len(wanted)), 2 * wanted), chosen[asked]


def share_out(mix: Mapping[str, float], nodes: tuple[int, ...], rows: int) -> dict[tuple[str, int], int]:
    """Even numbers of rows for each (structure, size) that sum to `rows`."""
    if rows % 2:
        raise ValueError(f"`rows` must be even, half Yes and half No; got {rows}")
    keys = [(structure, size) for structure in mix for size in nodes]
    if len(set(keys)) < len(keys) or not keys or min(nodes) < 3:
        raise ValueError(f"`nodes` must be different sizes of at least 3, got {nodes}")
    ends = np.cumsum([mix[structure] for structure, _ in keys])
    pairs = np.diff(np.floor(ends / ends[-1] * (rows // 2) + 1e-6).astype(int), prepend=0)
    if pairs.min() < 1:
        raise ValueError(f"{rows} rows are too few for {len(keys)} cells; give at least {2 * len(keys) * 10}")
    return {key: 2 * int(count) for key, count in zip(keys, pairs, strict=True)}


def _batches(cell: Cell, rows: int, stream: Stream, admit: Admission, draw: Draw, ask: Ask) -> Iterator[Asked]:
    """Batches of graphs with as many Yes as No questions about each, until there are `rows` of them."""
    fruitless = 0
    while rows > 0:
        edges, names = draw(cell, rows, stream, admit)
        asked = ask(cell, edges, names, rows, stream) if len(edges) else None
        fruitless = fruitless + 1 if asked is None or len(asked.graph) == 0 else 0
        if fruitless == _PATIENCE:
            raise ValueError(
                f"`name_lengths` {cell.name_lengths} leave too few different premises for the cell {cell.structure}, "
                f"{cell.num_nodes} nodes: {rows} rows are missing; allow longer names or ask for fewer rows"
            )
        if asked is not None and len(asked.graph):
            rows -= len(asked.graph)
            yield asked


def _rows(cell: Cell, asked: Asked, id_prefix: str, first_id: int) -> pa.Table:
    graph, size = pa.array(asked.graph), len(asked.graph)
    premise = asked.premise if asked.premise is not None else render_premises(asked.edges, asked.names)
    premise = premise.take(graph)
    longest = (asked.names != 0).sum(axis=2).max(axis=1)
    graph_id = concatenate([id_prefix.encode(), _decimals(first_id + np.arange(len(asked.edges)))], len(asked.edges))
    columns = {
        "premise": premise,
        "question": asked.question,
        "prompt": pc.binary_join_element_wise(premise, asked.question, " "),
        "completion": pa.array(LABELS).take(pa.array(asked.yes.astype(np.int8))),
        "label": pa.array(asked.yes.astype(np.int64)),
        "certificate": asked.certificate,
        "structure": pa.repeat(cell.structure, size),
        "num_nodes": pa.repeat(pa.scalar(cell.num_nodes, pa.int32()), size),
        "num_edges": pa.repeat(pa.scalar(asked.edges.shape[1], pa.int32()), size),
        "branching_factor": pa.repeat(pa.scalar(cell.branching_factor, pa.float32()), size),
        "hops": pa.array(asked.hops),
        "name_length": pa.array(longest[asked.graph].astype(np.int32)),
        "graph_id": graph_id.take(graph),
        **asked.further,
    }
    return pa.table(columns, schema=arrow_schema(*((name, column.type) for name, column in asked.further.items())))


def _decimals(numbers: np.ndarray, places: int = 7) -> np.ndarray:
    """Decimal digits of non-negative integers as ASCII: (rows,) to `uint8` (rows, places)."""
    return ((numbers[:, None] // 10 ** np.arange(places - 1, -1, -1)) % 10 + ord("0")).astype(np.uint8)


def _mix_premises(table: pa.Table, stream: Stream) -> pa.Table:
    """Puts the premises in random order and leaves the rows of each together."""
    ids = table["graph_id"].combine_chunks()
    graph = np.concatenate([[0], np.cumsum(pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False))])
    rank = np.argsort(stream.permutations(1, int(graph[-1]) + 1)[0])
    return table.take(pa.array(np.argsort(rank[graph], kind="stable")))
