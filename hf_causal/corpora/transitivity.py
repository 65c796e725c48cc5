"""The transitivity corpus: "A causes B. B causes C. Does A cause C?"

Training configs are chains of 3 to 6 nodes in the mixes of arXiv 2407.07612; `transitivity_generalization` has one
split for each axis along which a trained model may or may not generalize.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal import graphs
from hf_causal.corpora.admission import BUCKETS, NUM_BUCKETS, Admission
from hf_causal.corpora.schema import LABELS, Cell, CorpusConfig, arrow_schema
from hf_causal.language import render_premises, render_questions
from hf_causal.names import draw_names
from hf_causal.randomness import Stream
from hf_causal.text_arrays import concatenate, joined_list

SEQUENTIAL_SIZES = (*range(7, 16), 20, 50, 100)
BRANCHING_SIZES = (5, 8, 10, 12, 20, 40)
BRANCHING_FACTORS = (1.4, 2.0)

_PATIENCE = 30
"""Batches in a row that may admit nothing; with names left, even the smallest batch admits something most times."""

_CHAINS: dict[str, Callable[[np.ndarray], Any]] = {
    "sequential": lambda flipped: ~flipped.any(axis=1),
    "reversed": lambda flipped: flipped.all(axis=1),
    "flipped": lambda flipped: flipped.any(axis=1) & ~flipped.all(axis=1),
}


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
        split: _share_out(mix, nodes, total) for split, total in (("train", rows), ("validation", validation_rows))
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
    rows_per_cell: int = 500, nodes: tuple[int, ...] | None = None, seed: int = 0, rows_per_shard: int = 25_000
) -> CorpusConfig:
    """The evaluation config: one split an axis, one cell a (structure, size, branching factor).

    Args:
        rows_per_cell (`int`): Questions of each cell, two to a premise: one Yes and one No.
        nodes (`tuple[int, ...]`, *optional*): These sizes on every axis instead of the published ones.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    small = nodes or tuple(range(3, 16))
    axes = {
        "sequential": [Cell("sequential", size, rows_per_cell) for size in nodes or SEQUENTIAL_SIZES],
        "flipped": [Cell("flipped", size, rows_per_cell) for size in nodes or SEQUENTIAL_SIZES],
        "reversed": [Cell("reversed", size, rows_per_cell) for size in small],
        "shuffled": [
            Cell(structure, size, rows_per_cell)
            for structure in ("shuffled", "shuffled_flipped")
            for size in nodes or (*small, 50)
        ],
        "branching": [
            Cell("branching", size, rows_per_cell, branching_factor=factor)
            for factor in BRANCHING_FACTORS
            for size in nodes or BRANCHING_SIZES
        ],
        "long_names": [
            Cell("sequential", size, rows_per_cell, name_lengths=(4, 10), uniform_names=True) for size in small
        ],
    }
    return CorpusConfig(
        "transitivity_generalization",
        "One split for each axis of generalization: longer, flipped, reversed, shuffled, branching, longer names.",
        {axis: tuple(cells) for axis, cells in axes.items()},
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


# The published counts are rounded (101k + 73k and 132k + 42k of "175k"); the missing thousand is shared out. TS1 names
# 12k complete reversals among its 73k flipped rows, which is what independent flips give; TS2 gets the same
# proportion.
CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "transitivity_ts2": partial(
        training_config,
        "transitivity_ts2",
        "TS2: chains of 3 to 6 nodes, 132.5k sequential and 42.5k flipped questions (7k completely reversed).",
        {"sequential": 132.5, "flipped": 35.5, "reversed": 7.0},
    ),
    "transitivity_ts1": partial(
        training_config,
        "transitivity_ts1",
        "TS1: chains of 3 to 6 nodes, 101.5k sequential and 73.5k flipped questions (12k completely reversed).",
        {"sequential": 101.5, "flipped": 61.5, "reversed": 12.0},
    ),
    "transitivity_occ": partial(
        training_config,
        "transitivity_occ",
        "OCC (only causal chains): sequential chains of 3 to 6 nodes.",
        {"sequential": 1.0},
    ),
    "transitivity_generalization": generalization_config,
}


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """One shard as an Arrow table; the rows of a premise stand together.

    Training and validation shards are in random order of premises, generalization shards in order of cells.
    """
    num_shards = config.num_shards(split)
    stream = Stream(config.seed, config.version, config.name, split, shard)
    admit = Admission(BUCKETS.get(split, range(1)), shard, num_shards)
    tables, graphs_so_far = [], 0
    for cell in config.splits[split]:
        for questions in _questions(cell, cell.rows_in_shard(shard, num_shards), stream, admit):
            tables.append(_rows(cell, questions, f"{config.name}/{split}/{shard:05d}/", graphs_so_far))
            graphs_so_far += len(questions.edges)
    if not tables:  # more shards than pairs of questions
        return arrow_schema().empty_table()
    table = pa.concat_tables(tables).combine_chunks()
    return _mix_premises(table, stream) if split in BUCKETS else table


@dataclass
class _Questions:
    """Graphs with their names, and the questions about them as (graph, cause, effect)."""

    edges: np.ndarray
    names: np.ndarray
    hops: np.ndarray
    graph: np.ndarray
    cause: np.ndarray
    effect: np.ndarray


def _share_out(mix: Mapping[str, float], nodes: tuple[int, ...], rows: int) -> dict[tuple[str, int], int]:
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


def _draw_edges(cell: Cell, count: int, stream: Stream) -> np.ndarray:
    """Up to `count` graphs of a cell's structure: those of a first draw that have it."""
    if cell.structure == "branching":
        assert cell.branching_factor is not None
        return graphs.erdos_renyi_dags(count, cell.num_nodes, cell.branching_factor, stream)
    structure = {"shuffled": "sequential", "shuffled_flipped": "flipped"}.get(cell.structure, cell.structure)
    edges = graphs.chains(count, cell.num_nodes)
    probability = {"sequential": 0.0, "reversed": 1.0, "flipped": 0.5}[structure]
    edges = graphs.flip_edges(edges, probability, stream)
    edges = edges[_CHAINS[structure](edges[..., 0] > edges[..., 1])]
    return graphs.shuffle_edges(edges, stream) if cell.structure.startswith("shuffled") else edges


def _questions(cell: Cell, rows: int, stream: Stream, admit: Admission) -> Iterator[_Questions]:
    """Batches of graphs with as many Yes as No questions about each, until there are `rows` of them."""
    # A batch is large enough to be fast and small enough that (graphs, nodes, nodes) arrays stay under some tens of
    # megabytes.
    largest = max(1, 4_000_000 // cell.num_nodes**2)
    fruitless = 0
    while rows > 0:
        share = len(admit.buckets) / NUM_BUCKETS
        count = min(largest, int(2 * rows / cell.questions_per_premise / share) + 16)
        edges = _draw_edges(cell, count, stream)
        names = draw_names(stream, len(edges), cell.num_nodes, cell.name_lengths, cell.uniform_names)
        names = admit.move_to_shard(names)
        admitted = admit.admits(names)
        edges, names = edges[admitted], names[admitted]
        fruitless = 0 if len(edges) else fruitless + 1
        if fruitless == _PATIENCE:
            raise ValueError(
                f"`name_lengths` {cell.name_lengths} leave too few different premises for the cell {cell.structure}, "
                f"{cell.num_nodes} nodes: {rows} rows are missing; allow longer names or ask for fewer rows"
            )
        if len(edges) == 0:
            continue
        questions = _ask(edges, names, cell, rows, stream)
        rows -= len(questions.graph)
        yield questions


def _ask(edges: np.ndarray, names: np.ndarray, cell: Cell, rows: int, stream: Stream) -> _Questions:
    """Draws questions without replacement, as many Yes as No for each graph, stopping at `rows` in all."""
    hops = graphs.hop_counts(edges, cell.num_nodes)
    pair = np.arange(cell.num_nodes**2)
    cause, effect = pair // cell.num_nodes, pair % cell.num_nodes
    yes = (hops > 0).reshape(len(edges), -1)
    no = ~yes & (cause != effect)
    wanted = np.minimum(np.minimum(yes.sum(1), no.sum(1)), cell.questions_per_premise // 2)
    before = np.cumsum(wanted) - wanted
    wanted = np.clip(rows // 2 - before, 0, wanted)
    used = wanted > 0
    edges, names, hops, yes, no, wanted = (array[used] for array in (edges, names, hops, yes, no, wanted))
    keys = stream.words(yes.shape) >> np.uint64(1)
    last = np.uint64(2**64 - 1)
    most = int(wanted.max())
    chosen = np.concatenate(
        [np.argsort(np.where(side, keys, last), axis=1, kind="stable")[:, :most] for side in (yes, no)], axis=1
    )
    asked = np.tile(np.arange(most) < wanted[:, None], 2)
    # The order of a premise's questions must not tell their answers.
    order = np.argsort(np.where(asked, stream.words(asked.shape) >> np.uint64(1), last), axis=1, kind="stable")
    chosen, asked = np.take_along_axis(chosen, order, axis=1), np.take_along_axis(asked, order, axis=1)
    graph = np.repeat(np.arange(len(edges)), 2 * wanted)
    return _Questions(edges, names, hops, graph, cause[chosen[asked]], effect[chosen[asked]])


def _rows(cell: Cell, questions: _Questions, id_prefix: str, first_id: int) -> pa.Table:
    graph, size = questions.graph, len(questions.graph)
    hops = questions.hops[graph, questions.cause, questions.effect].astype(np.int32)
    premise = render_premises(questions.edges, questions.names).take(pa.array(graph))
    question = render_questions(questions.names, graph, questions.cause, questions.effect)
    longest = (questions.names != 0).sum(axis=2).max(axis=1)
    graph_id = concatenate(
        [id_prefix.encode(), _decimals(first_id + np.arange(len(questions.edges)))], len(questions.edges)
    )
    columns = {
        "premise": premise,
        "question": question,
        "prompt": pc.binary_join_element_wise(premise, question, " "),
        "completion": pa.array(LABELS).take(pa.array((hops > 0).astype(np.int8))),
        "label": pa.array((hops > 0).astype(np.int64)),
        "certificate": _certificates(questions, hops),
        "structure": pa.repeat(cell.structure, size),
        "num_nodes": pa.repeat(pa.scalar(cell.num_nodes, pa.int32()), size),
        "num_edges": pa.repeat(pa.scalar(questions.edges.shape[1], pa.int32()), size),
        "branching_factor": pa.repeat(pa.scalar(cell.branching_factor, pa.float32()), size),
        "hops": pa.array(hops),
        "name_length": pa.array(longest[graph].astype(np.int32)),
        "graph_id": graph_id.take(pa.array(graph)),
    }
    return pa.table(columns, schema=arrow_schema())


def _certificates(questions: _Questions, hops: np.ndarray) -> pa.Array:
    """`{"path": …}` for Yes and `{"reachable": …}` for No, as `hf_causal.certificates` checks them."""
    graph, cause, effect, names = questions.graph, questions.cause, questions.effect, questions.names
    written = []
    for answer in (True, False):
        rows = np.flatnonzero((hops > 0) == answer)
        if answer:
            nodes = graphs.shortest_paths(questions.edges, questions.hops, graph[rows], cause[rows], effect[rows])
            head, present = b'{"path": [', nodes >= 0
        else:
            present = questions.hops[graph[rows], cause[rows]] > 0
            nodes = np.broadcast_to(np.arange(names.shape[1]), present.shape)
            head = b'{"reachable": ['
        items = names[graph[rows][:, None], nodes]
        written.append(concatenate([head, *joined_list(items, present), b"]}"], len(rows)))
    place = np.empty(len(hops), dtype=np.int64)
    place[np.concatenate([np.flatnonzero(hops > 0), np.flatnonzero(hops <= 0)])] = np.arange(len(hops))
    return pa.concat_arrays(written).take(pa.array(place))


def _decimals(numbers: np.ndarray, places: int = 7) -> np.ndarray:
    """Decimal digits of non-negative integers as ASCII: (rows,) to `uint8` (rows, places)."""
    return ((numbers[:, None] // 10 ** np.arange(places - 1, -1, -1)) % 10 + ord("0")).astype(np.uint8)


def _mix_premises(table: pa.Table, stream: Stream) -> pa.Table:
    """Puts the premises in random order and leaves the rows of each together."""
    ids = table["graph_id"].combine_chunks()
    graph = np.concatenate([[0], np.cumsum(pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False))])
    rank = np.argsort(stream.permutations(1, int(graph[-1]) + 1)[0])
    return table.take(pa.array(np.argsort(rank[graph], kind="stable")))
