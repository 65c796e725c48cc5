"""Drawing models in words, and asking two questions about each until a cell has its rows.

A task of this kind draws graphs and says which questions it asks about a model of each (`AskAbout`); going through the
graphs, and making columns of the questions, is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.names import RESERVED_WORDS, decode_names
from hf_causal.tasks.shared.rows import QuestionBatch, generate_rows
from hf_causal.tasks.shared.schema import Cell, CorpusConfig, arrow_schema
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.utils.randomness import Draws, Stream


class Question(NamedTuple):
    """A question with its answer, as a row has it."""

    text: str
    answer: str
    certificate: str
    hops: int
    columns: Mapping[str, Any]
    """Values of the columns that the task adds."""


AskAbout = Callable[[list[str], list[list[int]], Any, Draws], tuple[str, Sequence[Question]] | None]
"""From names, edges, a cell and random numbers to a premise and two questions, or `None` where there are none."""


@dataclass(frozen=True)
class ModelQuestions:
    """Draws graphs, and asks two questions about a model of each.

    Args:
        draw_edges (callable): From a cell, a number and random numbers to edges of at most that number of graphs.
        ask_about (callable): See `AskAbout`.
        schema (`pa.Schema`): With the columns that the task adds.
        words (frozenset of `str`): Lower-case words that no name may be.
        graphs_per_used_graph (`float`): Roughly how many graphs are drawn for one that has its questions.
        yes_no (`bool`): Whether answers are Yes and No, one of each about a premise.
    """

    draw_edges: Callable[[Cell, int, Stream], np.ndarray]
    ask_about: AskAbout
    schema: pa.Schema
    words: frozenset[str]
    graphs_per_used_graph: float = 1.3
    yes_no: bool = True

    def generate_shard(self, config: CorpusConfig, split: str, shard: int) -> pa.Table:
        """Generates one shard as an Arrow table; the two rows of a premise are next to each other."""
        return generate_rows(config, split, shard, self._draw, self._ask, self.schema, RESERVED_WORDS | self.words)

    def _draw(self, cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
        return names_then_edges(cell, self.graphs_per_used_graph * rows / 2, stream, assigner, self.draw_edges)

    def _ask(self, cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
        """Asks about the graphs of a batch in turn until there are enough questions; see `AskQuestions`."""
        used, premises, questions = list[int](), list[str](), list[Question]()
        seeds = stream.words((len(edges),)).tolist()
        for index, (words, graph) in enumerate(zip(decode_names(names), edges.tolist(), strict=True)):
            if len(questions) >= rows:
                break
            drawn = self.ask_about(words, graph, cell, Draws(seeds[index]))
            if drawn is not None:
                used.append(index)
                premises.append(drawn[0])
                questions += drawn[1]
        return question_batch(edges[used], names[used], premises, questions, self.schema, self.yes_no)


def question_batch(
    edges: np.ndarray,
    names: np.ndarray,
    premises: Sequence[str],
    questions: Sequence[Question],
    schema: pa.Schema,
    yes_no: bool = True,
) -> QuestionBatch:
    """Returns the batch of premises about which there are two questions each.

    Args:
        edges, names (`np.ndarray`): Of the graph of each premise, as [`QuestionBatch`] has them.
        premises (sequence of `str`): Their texts.
        questions (sequence of [`Question`]): Two for each premise.
        schema (`pa.Schema`): With the columns that the questions have.
        yes_no (`bool`): Whether answers are Yes and No.
    """
    shared = set(arrow_schema().names)
    columns = {
        field.name: pa.array([one.columns[field.name] for one in questions], field.type)
        for field in schema
        if field.name not in shared
    }
    return QuestionBatch(
        edges,
        names,
        np.repeat(np.arange(len(premises)), 2),
        pa.array([one.text for one in questions], pa.string()),
        np.array([one.answer == "Yes" for one in questions], dtype=bool),
        np.array([one.hops for one in questions], dtype=np.int32),
        pa.array([one.certificate for one in questions], pa.string()),
        pa.array(premises, pa.string()),
        columns,
        None if yes_no else pa.array([one.answer for one in questions], pa.string()),
    )
