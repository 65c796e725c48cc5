"""The corpora of identification: adjustment sets for an effect, and effects that observations determine.

`adjustment` is small graphs, half of them with one hidden common cause; `adjustment_generalization` has one split for
each axis: size, density, more hidden causes, larger sets, long names and shuffled sentences. `identifiable` has graphs
with hidden causes, with training, validation and a test split of larger sizes.

Graphs are Erdős–Rényi DAGs; hidden causes join uniformly drawn pairs of nodes, whether or not an edge joins them too.
`hf_causal.tasks.identification.questions` says how questions are drawn.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.graphs.mixed_graphs import MixedGraph
from hf_causal.tasks.identification.configs import EffectCell
from hf_causal.tasks.identification.proof import prove
from hf_causal.tasks.identification.questions import Question, adjustment_pairs, identifiability_pairs
from hf_causal.tasks.identification.text import (
    ADJUSTMENT,
    WORDS,
    parse_prompt,
    render_adjustment_questions,
    render_identifiability_questions,
    render_premises,
)
from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.pair_questions import prove_answers
from hf_causal.tasks.shared.rows import QuestionBatch, generate_rows
from hf_causal.tasks.shared.schema import Cell, CorpusConfig, arrow_schema
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.utils.randomness import Draws, Stream

SCHEMA = arrow_schema(("num_hidden", pa.int32()), ("set_size", pa.int32()), ("reason", pa.string()))
"""The shared columns, and: hidden causes, nodes in the set, and what proves the answer."""
REASONS = {"descent": "forbidden", "path": "open path", "from_child": "valid", "factors": "factors", "outer": "hedge"}
"""From a key that only certificates of a type have to the `reason` of the row."""


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    return generate_rows(config, split, shard, _draw, _ask, SCHEMA, RESERVED_WORDS | WORDS)


def _draw(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    branching = replace(cell, structure="branching")
    return names_then_edges(branching, _GRAPHS_PER_USED_GRAPH * rows / cell.questions_per_premise, stream, assigner)


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
    assert isinstance(cell, EffectCell)
    hidden = _draw_hidden(len(edges), cell, stream)
    used, graph, questions = _draw_questions(cell, edges, hidden, rows, stream)
    edges, names, hidden = edges[used], names[used], hidden[used]
    premise = _write_premises(cell, edges, names, hidden, stream)
    x, y = (np.array([question[end] for question in questions], dtype=np.int64) for end in (0, 1))
    yes = np.array([question.yes for question in questions], dtype=bool)
    sets = np.array([question.z for question in questions], dtype=np.int64)
    given = (sets[:, None] >> np.arange(cell.num_nodes) & 1).astype(bool)
    if cell.asks == ADJUSTMENT:
        text = render_adjustment_questions(names, graph, x, y, given)
    else:
        text = render_identifiability_questions(names, graph, x, y)
    prompts = pc.binary_join_element_wise(premise.take(pa.array(graph)), text, " ").to_pylist()
    hops, certificate = prove_answers(prompts, yes, parse_prompt, prove)
    columns = {
        "num_hidden": pa.array(np.full(len(graph), hidden.shape[1], dtype=np.int32)),
        "set_size": pa.array(given.sum(axis=1).astype(np.int32)),
        "reason": pa.array([_reason(text) for text in certificate.to_pylist()], pa.string()),
    }
    return QuestionBatch(edges, names, graph, text, yes, hops, certificate, premise, columns)


def _draw_hidden(num_graphs: int, cell: EffectCell, stream: Stream) -> np.ndarray:
    """Draws pairs of nodes with a hidden cause, all pairs equally likely: shape (graphs, hidden causes, 2)."""
    first, second = np.triu_indices(cell.num_nodes, 1)
    drawn = stream.permutations(num_graphs, len(first))[:, : cell.num_hidden]
    return np.stack([first[drawn], second[drawn]], axis=-1)


def _draw_questions(
    cell: EffectCell, edges: np.ndarray, hidden: np.ndarray, rows: int, stream: Stream
) -> tuple[list[int], np.ndarray, list[Question]]:
    """Returns the graphs that have a question, and for each question the number of its graph among them."""
    used, graph = list[int](), list[int]()
    questions: list[Question] = []
    pairs_of = adjustment_pairs if cell.asks == ADJUSTMENT else identifiability_pairs
    seeds = stream.words((len(edges),)).tolist()
    for index, (directed, bidirected) in enumerate(zip(edges.tolist(), hidden.tolist(), strict=True)):
        most = min(cell.questions_per_premise, rows - len(questions)) // 2
        if not most:
            break
        draws = Draws(seeds[index])
        mixed = MixedGraph.of_edges(cell.num_nodes, directed, bidirected)
        pairs = [pair for pair, _ in zip(pairs_of(mixed, cell.set_sizes, draws), range(most), strict=False)]
        if pairs:
            graph += [len(used)] * (2 * len(pairs))
            used.append(index)
            questions += draws.shuffled(question for pair in pairs for question in pair)
    return used, np.array(graph, dtype=np.int64), questions


def _write_premises(
    cell: EffectCell, edges: np.ndarray, names: np.ndarray, hidden: np.ndarray, stream: Stream
) -> pa.Array:
    """Writes causal statements and then hidden causes, or all of them in random order."""
    num_pairs = hidden.shape[0] * hidden.shape[1]
    num_statements = edges.shape[0] * edges.shape[1] + num_pairs
    keys = stream.words((num_statements,)) if cell.shuffled else np.arange(num_statements)
    pair_graph = np.repeat(np.arange(len(hidden)), hidden.shape[1])
    return render_premises(edges, names, pair_graph, hidden.reshape(num_pairs, 2), keys)


def _reason(certificate: str) -> str:
    return next(reason for key, reason in REASONS.items() if f'"{key}": ' in certificate)


_GRAPHS_PER_USED_GRAPH = 1.6
"""Roughly how many graphs are drawn for one that has its questions; missing ones are drawn later."""
