"""Questions about the effect of one node on another, in graphs with hidden common causes.

Graphs are Erdős–Rényi DAGs; hidden causes join uniformly drawn pairs of nodes, whether or not an edge joins them too.
Questions come in pairs of a Yes and a No about the same graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.graphs.mixed_graphs import MixedGraph, bits, node_set
from hf_causal.tasks.shared.effect_cells import EffectCell
from hf_causal.tasks.shared.mixed_premises import render_mixed_premises
from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.pair_questions import prove_answers
from hf_causal.tasks.shared.proofs import Proof
from hf_causal.tasks.shared.rows import QuestionBatch
from hf_causal.tasks.shared.schema import Cell, arrow_schema
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.utils.randomness import Draws, Stream

SCHEMA = arrow_schema(("num_hidden", pa.int32()), ("set_size", pa.int32()), ("reason", pa.string()))
"""The shared columns, and: hidden causes, nodes in the set of the question, and what proves the answer."""


class Question(NamedTuple):
    """A question in numbers, with its answer."""

    x: int
    y: int
    z: int
    """The set as a bit mask; 0 where the question has none."""
    yes: bool
    node: int = 0
    """A further node that the question is about, where there is one."""


class Asked(NamedTuple):
    """The nodes of a batch of questions."""

    x: np.ndarray
    """Shape (questions,)."""
    y: np.ndarray
    given: np.ndarray
    """Sets, boolean of shape (questions, nodes)."""
    node: np.ndarray


def effects_of(graph: MixedGraph) -> list[tuple[int, int]]:
    """Returns all treatments with the outcomes that they cause."""
    nodes = range(len(graph.children))
    return [(x, y) for x in nodes for y in bits(graph.descendants(1 << x) & ~(1 << x))]


def confounded_first(graph: MixedGraph, draws: Draws) -> list[tuple[int, int]]:
    """Returns the effects in random order, those of nodes that share a hidden cause before the others."""
    return sorted(draws.shuffled(effects_of(graph)), key=lambda pair: not graph.siblings[pair[0]] >> pair[1] & 1)


def mentioned(graph: MixedGraph) -> int:
    """Returns the nodes that a statement about the graph mentions."""
    return node_set(
        node for node in bits(graph.nodes) if graph.children[node] | graph.parents[node] | graph.siblings[node]
    )


@dataclass(frozen=True)
class EffectQuestions:
    """Draws graphs and asks about effects in them, as many Yes as No about each graph.

    Args:
        pairs_of (callable): From a graph, a cell and random numbers to pairs of a Yes and a No.
        render (callable): From names, the graph of each question, and [`Asked`] to the texts of the questions.
        parse (callable): From a prompt to a parsed prompt.
        prove (callable): From a parsed prompt to its [`Proof`].
        reasons (mapping): From a key that only certificates of one type have to the `reason` of their rows.
    """

    pairs_of: Callable[[MixedGraph, EffectCell, Draws], Iterator[tuple[Question, Question]]]
    render: Callable[[np.ndarray, np.ndarray, Asked], pa.Array]
    parse: Callable[[str], Any]
    prove: Callable[[Any], Proof]
    reasons: Mapping[str, str]

    def draw(self, cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
        """Draws more graphs than rows need: some have no pair of questions. See `names_then_edges`."""
        branching = replace(cell, structure="branching")
        return names_then_edges(
            branching, _GRAPHS_PER_USED_GRAPH * rows / cell.questions_per_premise, stream, assigner
        )

    def ask(self, cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
        """Asks about the effects in a batch of graphs; see `AskQuestions`."""
        assert isinstance(cell, EffectCell)
        hidden = _draw_hidden(len(edges), cell, stream)
        used, graph, questions = self._draw_questions(cell, edges, hidden, rows, stream)
        edges, names, hidden = edges[used], names[used], hidden[used]
        premise = _write_premises(cell, edges, names, hidden, stream)
        numbers = np.array(questions, dtype=np.int64).reshape(-1, len(Question._fields))
        x, y, sets, yes, node = numbers.T
        given = (sets[:, None] >> np.arange(cell.num_nodes) & 1).astype(bool)
        text = self.render(names, graph, Asked(x, y, given, node))
        prompts = pc.binary_join_element_wise(premise.take(pa.array(graph)), text, " ").to_pylist()
        hops, certificate = prove_answers(prompts, yes.astype(bool), self.parse, self.prove)
        columns = {
            "num_hidden": pa.array(np.full(len(graph), hidden.shape[1], dtype=np.int32)),
            "set_size": pa.array(given.sum(axis=1).astype(np.int32)),
            "reason": pa.array(map(self._reason, certificate.to_pylist()), pa.string()),
        }
        return QuestionBatch(edges, names, graph, text, yes.astype(bool), hops, certificate, premise, columns)

    def _draw_questions(
        self, cell: EffectCell, edges: np.ndarray, hidden: np.ndarray, rows: int, stream: Stream
    ) -> tuple[list[int], np.ndarray, list[Question]]:
        """Returns the graphs that have a question, and for each question the number of its graph among them."""
        used, graph = list[int](), list[int]()
        questions: list[Question] = []
        seeds = stream.words((len(edges),)).tolist()
        for index, (directed, bidirected) in enumerate(zip(edges.tolist(), hidden.tolist(), strict=True)):
            most = min(cell.questions_per_premise, rows - len(questions)) // 2
            if not most:
                break
            draws = Draws(seeds[index])
            mixed = MixedGraph.of_edges(cell.num_nodes, directed, bidirected)
            pairs = [pair for _, pair in zip(range(most), self.pairs_of(mixed, cell, draws), strict=False)]
            if pairs:
                graph += [len(used)] * (2 * len(pairs))
                used.append(index)
                questions += draws.shuffled(question for pair in pairs for question in pair)
        return used, np.array(graph, dtype=np.int64), questions

    def _reason(self, certificate: str) -> str:
        return next(reason for key, reason in self.reasons.items() if f'"{key}": ' in certificate)


def _draw_hidden(num_graphs: int, cell: EffectCell, stream: Stream) -> np.ndarray:
    """Draws pairs of nodes with a hidden cause, all pairs equally likely: shape (graphs, hidden causes, 2)."""
    first, second = np.triu_indices(cell.num_nodes, 1)
    drawn = stream.permutations(num_graphs, len(first))[:, : cell.num_hidden]
    return np.stack([first[drawn], second[drawn]], axis=-1)


def _write_premises(
    cell: EffectCell, edges: np.ndarray, names: np.ndarray, hidden: np.ndarray, stream: Stream
) -> pa.Array:
    """Writes causal statements and then hidden causes, or all of them in random order."""
    num_pairs = hidden.shape[0] * hidden.shape[1]
    num_statements = edges.shape[0] * edges.shape[1] + num_pairs
    keys = stream.words((num_statements,)) if cell.shuffled else np.arange(num_statements)
    pair_graph = np.repeat(np.arange(len(hidden)), hidden.shape[1])
    return render_mixed_premises(edges, names, pair_graph, hidden.reshape(num_pairs, 2), keys)


_GRAPHS_PER_USED_GRAPH = 1.6
"""Roughly how many graphs are drawn for one that has its questions; missing ones are drawn later."""
