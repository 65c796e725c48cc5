"""The relevance corpus: "A causes B. B causes C. Can changing A affect C if B is held fixed?"

All questions about a premise have sets of the same sizes, as many Yes as No, so that the sizes say nothing about the
answer; the sizes are drawn uniformly among those of the cell that the graph has nodes for. In three quarters of the
premises the No questions are those where a path exists and meets what is held fixed, and in three quarters the Yes
questions are those that no single sentence answers, if there are such questions. A graph none of whose candidates is a
Yes, or none a No, is left out.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.graphs.interception import affected, cyclic_digraphs, paths_to
from hf_causal.tasks.relevance.candidates import Questions, draw_candidates
from hf_causal.tasks.relevance.configs import SetCell
from hf_causal.tasks.relevance.text import WORDS, render_questions
from hf_causal.tasks.shared.balance import choose_balanced
from hf_causal.tasks.shared.named_graphs import draw_edges, names_then_edges
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.rows import QuestionBatch, generate_rows
from hf_causal.tasks.shared.schema import Cell, CorpusConfig, arrow_schema
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.utils.randomness import Stream
from hf_causal.utils.text_arrays import in_order, joined, quoted

_SIZES = ("num_changed", "num_targets", "num_held")
SCHEMA = arrow_schema(*((name, pa.int32()) for name in _SIZES))

_SHARE_HARD = 0.75
"""Share of the premises that have the harder questions only, if there are any."""


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    return generate_rows(config, split, shard, _draw, _ask, SCHEMA, RESERVED_WORDS | WORDS)


def _draw(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    """Draws a few more graphs than are likely to be needed."""
    # A chain of three nodes has few questions of any one size, so it gets two where longer chains get more.
    expected = 2 if cell.num_nodes == 3 else cell.questions_per_premise
    return names_then_edges(cell, 1.2 * rows / expected, stream, assigner, _draw_edges)


def _draw_edges(cell: Cell, count: int, stream: Stream) -> np.ndarray:
    if cell.structure == "feedback":
        assert cell.branching_factor is not None
        return cyclic_digraphs(count, cell.num_nodes, cell.branching_factor, stream)
    larger = cell.structure.endswith(("_held", "_changed"))
    return draw_edges(Cell("flipped", cell.num_nodes, 2) if larger else cell, count, stream)


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
    questions = draw_candidates(cell, edges, stream)
    is_new = questions.are_new()
    fewest = cell.fewest_hops if isinstance(cell, SetCell) else 1
    yes, no = (questions.hops >= fewest) & is_new, (questions.hops < 0) & is_new
    _prefer(yes, questions.hops > 1, stream)
    _prefer(no, questions.intercepted, stream)
    used, graph, drawn = choose_balanced(yes, no, cell, rows, stream)
    edges, names = edges[used], names[used]
    questions = questions.take(np.flatnonzero(used)[graph], drawn)
    sets = questions[:3]
    columns = {name: pa.array(nodes.sum(axis=1).astype(np.int32)) for name, nodes in zip(_SIZES, sets, strict=True)}
    text = render_questions(names, graph, *sets)
    certificate = _certificates(edges, names, graph, questions)
    is_yes = questions.hops > 0
    return QuestionBatch(edges, names, graph, text, is_yes, questions.hops, certificate, extra_columns=columns)


def _prefer(candidates: np.ndarray, harder: np.ndarray, stream: Stream) -> None:
    """Removes the candidates that are not harder from most graphs that have harder ones."""
    harder = candidates & harder
    strict = (stream.uniform((len(candidates),)) < _SHARE_HARD) & harder.any(axis=1)
    candidates[strict] = harder[strict]


def _certificates(edges: np.ndarray, names: np.ndarray, graph: np.ndarray, questions: Questions) -> pa.Array:
    """Writes `{"path": …}` for each Yes and `{"reached": …}` for each No."""
    distance, previous = affected(edges, graph, questions.changed, questions.held)
    yes, no = np.flatnonzero(questions.hops > 0), np.flatnonzero(questions.hops < 0)
    nearest = questions.targets[yes] & (distance[yes] == questions.hops[yes, None])
    paths = paths_to(distance[yes], previous[yes], nearest.argmax(axis=1))
    words, num_nodes = quoted(names), names.shape[1]
    row, step = np.nonzero(paths >= 0)
    path_names = words.take(pa.array(graph[yes[row]] * num_nodes + paths[row, step]))
    row, node = np.nonzero(distance[no] > 0)
    reached_names = words.take(pa.array(graph[no[row]] * num_nodes + node))
    lists = joined(path_names, questions.hops[yes] + 1), joined(reached_names, (distance[no] > 0).sum(axis=1))
    return in_order([_object("path", lists[0]), _object("reached", lists[1])], [yes, no])


def _object(key: str, lists: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(f'{{"{key}": [', lists, "]}", "")
