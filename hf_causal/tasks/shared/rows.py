"""From named graphs and questions about them to the rows of a shard, for tasks whose premises state a graph.

A task of this kind has a function that draws named graphs (`DrawGraphs`) and one that asks about a batch of them
([`AskQuestions`]); assigning graphs to splits, balancing answers and making columns is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.tasks.shared.named_graphs import DrawGraphs
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.schema import LABELS, Cell, CorpusConfig, arrow_schema
from hf_causal.tasks.shared.split_assignment import BUCKETS, SplitAssigner
from hf_causal.tasks.shared.statements import render_premises
from hf_causal.utils.randomness import Stream
from hf_causal.utils.text_arrays import concatenate

_MOST_EMPTY_BATCHES = 30
"""Batches in a row that may yield nothing; while names are left, even the smallest batch mostly yields something."""


@dataclass
class QuestionBatch:
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
    """A string for each graph, where a premise states more than its edges."""
    extra_columns: dict[str, pa.Array] = field(default_factory=dict)
    """Columns that a task has in addition to the shared ones."""
    completion: pa.Array | None = None
    """The answers of a task with other answers than Yes and No, whose rows have no label; `yes` is not read then."""


AskQuestions = Callable[[Cell, np.ndarray, np.ndarray, int, Stream], QuestionBatch]
"""From a cell, edges, names, a largest number of questions and random numbers to the questions."""


def generate_rows(
    config: CorpusConfig,
    split: str,
    shard: int,
    draw: DrawGraphs,
    ask: AskQuestions,
    schema: pa.Schema | None = None,
    reserved_words: frozenset[str] = RESERVED_WORDS,
) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other.

    Training and validation shards are in random order of premises, the others in the order of their cells.

    Args:
        config, split, shard: As in `hf_causal.corpora.generate_shard`.
        draw (callable): Draws named graphs.
        ask (callable): Asks about them.
        schema (`pa.Schema`, *optional*): With the task's extra columns.
        reserved_words (`frozenset[str]`): Words that no name may be, in any case.

    Raises:
        `ValueError`: If the names are too short for that many different premises.
    """
    num_shards = config.num_shards(split)
    stream = Stream(config.seed, config.version, config.name, split, shard)
    assigner = SplitAssigner(BUCKETS.get(split, range(1)), shard, num_shards, reserved_words)
    tables, num_graphs = [], 0
    for cell in config.splits[split]:
        for batch in _batches(cell, cell.rows_in_shard(shard, num_shards), stream, assigner, draw, ask):
            tables.append(_to_table(cell, batch, f"{config.name}/{split}/{shard:05d}/", num_graphs))
            num_graphs += len(batch.edges)
    if not tables:  # more shards than pairs of questions
        return (schema or arrow_schema()).empty_table()
    table = pa.concat_tables(tables).combine_chunks()
    return _shuffle_premises(table, stream) if split in BUCKETS else table


def _batches(
    cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner, draw: DrawGraphs, ask: AskQuestions
) -> Iterator[QuestionBatch]:
    """Yields batches with as many Yes as No questions about each graph, `rows` questions in all."""
    num_empty = 0
    while rows > 0:
        edges, names = draw(cell, rows, stream, assigner)
        batch = ask(cell, edges, names, rows, stream) if len(edges) else None
        if batch is not None and len(batch.graph):
            num_empty = 0
            rows -= len(batch.graph)
            yield batch
            continue
        num_empty += 1
        if num_empty == _MOST_EMPTY_BATCHES:
            raise ValueError(
                f"`name_lengths` {cell.name_lengths} leave too few different premises for the cell {cell.structure}, "
                f"{cell.num_nodes} nodes: {rows} rows are missing; allow longer names or ask for fewer rows"
            )


def _to_table(cell: Cell, batch: QuestionBatch, id_prefix: str, first_id: int) -> pa.Table:
    graph, size = pa.array(batch.graph), len(batch.graph)
    premise = batch.premise if batch.premise is not None else render_premises(batch.edges, batch.names)
    premise = premise.take(graph)
    name_length = (batch.names != 0).sum(axis=2).max(axis=1)
    numbers = _decimals(first_id + np.arange(len(batch.edges)))
    graph_id = concatenate([id_prefix.encode(), numbers], len(batch.edges))
    columns = {
        "premise": premise,
        "question": batch.question,
        "prompt": pc.binary_join_element_wise(premise, batch.question, " "),
        "completion": pa.array(LABELS).take(pa.array(batch.yes.astype(np.int8))),
        "label": pa.array(batch.yes.astype(np.int64)),
        "certificate": batch.certificate,
        "structure": pa.repeat(cell.structure, size),
        "num_nodes": pa.repeat(pa.scalar(cell.num_nodes, pa.int32()), size),
        "num_edges": pa.repeat(pa.scalar(batch.edges.shape[1], pa.int32()), size),
        "branching_factor": pa.repeat(pa.scalar(cell.branching_factor, pa.float32()), size),
        "hops": pa.array(batch.hops),
        "name_length": pa.array(name_length[batch.graph].astype(np.int32)),
        "graph_id": graph_id.take(graph),
        **batch.extra_columns,
    }
    if batch.completion is not None:
        columns |= {"completion": batch.completion, "label": pa.nulls(size, pa.int64())}
    extra = ((name, column.type) for name, column in batch.extra_columns.items())
    return pa.table(columns, schema=arrow_schema(*extra))


def _decimals(numbers: np.ndarray, num_digits: int = 7) -> np.ndarray:
    """Writes non-negative integers as ASCII digits: shape (rows,) to `uint8` (rows, num_digits)."""
    return ((numbers[:, None] // 10 ** np.arange(num_digits - 1, -1, -1)) % 10 + ord("0")).astype(np.uint8)


def _shuffle_premises(table: pa.Table, stream: Stream) -> pa.Table:
    """Puts the premises in random order and keeps the rows of each together."""
    ids = table["graph_id"].combine_chunks()
    graph = np.concatenate([[0], np.cumsum(pc.not_equal(ids[1:], ids[:-1]).to_numpy(zero_copy_only=False))])
    rank = np.argsort(stream.permutations(1, int(graph[-1]) + 1)[0])
    return table.take(pa.array(np.argsort(rank[graph], kind="stable")))
