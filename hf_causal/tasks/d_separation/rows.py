"""The d-separation corpus: "A causes B. C causes B. Are A and C d-separated given {B}?"

`d_separation` is chains of 3 to 6 nodes, `d_separation_generalization` has one split for each axis along which a
trained model may or may not generalize; both follow arXiv 2407.07612.

Candidate questions about a graph are drawn in three steps: an ordered pair of nodes uniformly, the size of the
conditioning set uniformly from 0 to n - 2, and a set of that size uniformly from the other nodes. As many Yes as No
are then chosen from the candidates. "Are X and Y" and "Are Y and X" are the same question; only one of them is asked.
The consequences:

- Neighbours are never d-separated, so questions about them have the answer No.
- Within a cell the conditioning sets of Yes and of No questions differ in size as the graphs make them differ: on
  sequential chains a larger set blocks more often, on flipped ones it also opens colliders.
- A graph none of whose candidates is a Yes, or none a No, is left out: a few per cent of the densest branching graphs,
  and all complete ones, which is why no cell consists of these.
- A chain of three nodes has one Yes, so it gets two questions where longer chains get up to eight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.graphs import dags as graphs
from hf_causal.graphs.d_separation import bayes_ball, is_d_separated, open_paths
from hf_causal.tasks.d_separation.text import render_questions
from hf_causal.tasks.shared.balance import choose_balanced
from hf_causal.tasks.shared.configs import AxisSizes, generalization_config, training_config
from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.names import repeated
from hf_causal.tasks.shared.rows import QuestionBatch, generate_rows
from hf_causal.tasks.shared.schema import Cell, CorpusConfig
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.utils.randomness import Stream
from hf_causal.utils.text_arrays import in_order, joined, quoted

SIZES = AxisSizes(
    chains=(*range(7, 16), 20),
    small=tuple(range(3, 16)),
    shuffled=tuple(range(3, 16)),
    branching=(5, 8, 10, 12, 20),
    complete_graphs=False,
)

# Half of the training questions are about sequential chains, which have no collider. A seventh of the others are about
# completely reversed chains, which is what independent flips give over the four sizes.
CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "d_separation": partial(
        training_config,
        "d_separation",
        "d-separation: chains of 3 to 6 nodes, half sequential, half flipped (a seventh of it completely reversed).",
        {"sequential": 87.5, "flipped": 75.0, "reversed": 12.5},
        validation_rows=25_000,
    ),
    "d_separation_trees": partial(
        training_config,
        "d_separation_trees",
        "d-separation: polytrees of 3 to 6 nodes, among them what no chain has, a node with two causes and an effect.",
        {"tree": 1.0},
        validation_rows=25_000,
    ),
    "d_separation_generalization": partial(
        generalization_config,
        "d_separation_generalization",
        "d-separation, one split for each axis: longer, flipped, reversed, shuffled, branching, longer names.",
        SIZES,
    ),
}

_FEWEST_CANDIDATES = 32
"""Smallest number of candidate questions about a graph."""
_GRAPHS_PER_USED_GRAPH = 8
"""Roughly how many graphs are drawn for one that has an eligible Yes and No, in an `OpenPathCell`."""


@dataclass(frozen=True)
class OpenPathCell(Cell):
    """A cell whose No questions have no short open path, and whose sets are small."""

    fewest_hops: int = 1
    """Edges of a shortest open path, at least."""
    fewest_descents: int = 0
    """Colliders of a shortest open path that are outside of the conditioning set, at least."""
    largest_set: int = graphs.MAX_NODES
    """Size of the conditioning set, at most."""


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    return generate_rows(config, split, shard, _draw, _ask)


def _draw(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    """Draws a few more graphs than are likely to be needed."""
    # A chain of three nodes separates one pair by one set, so it has one Yes and gets one No.
    expected = 2 if cell.num_nodes == 3 else cell.questions_per_premise
    factor = _GRAPHS_PER_USED_GRAPH if isinstance(cell, OpenPathCell) else 1.1
    return names_then_edges(cell, factor * rows / expected, stream, assigner)


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
    x, y, given, separated, is_new = _draw_candidates(cell, edges, stream)
    used, graph, drawn = choose_balanced(separated & is_new, ~separated & is_new, cell, rows, stream)
    question = np.flatnonzero(used)[graph], drawn
    x, y, given, separated = x[question], y[question], given[question], separated[question]
    edges, names = edges[used], names[used]
    text = render_questions(names, graph, x, y, given)
    certificate, hops = _certificates(edges, names, graph, x, y, given, separated)
    return QuestionBatch(edges, names, graph, text, separated, hops, certificate)


def _num_candidates(cell: Cell) -> int:
    """Returns a number of candidates with which most graphs get all their questions.

    It is at most three times the number of different questions: more candidates would hardly add a new one.
    """
    pairs, sets = cell.num_nodes * (cell.num_nodes - 1) // 2, 2 ** (cell.num_nodes - 2)
    return min(max(_FEWEST_CANDIDATES, 4 * cell.questions_per_premise), 3 * pairs * sets)


def _draw_candidates(cell: Cell, edges: np.ndarray, stream: Stream) -> tuple[np.ndarray, ...]:
    """Draws candidate questions in two rounds; the second is for graphs that still lack Yes or No questions.

    Returns:
        `tuple`: x, y, the conditioning set, the answer, and whether the candidate was drawn, not drawn before, and is
        eligible. Each has the shape (graphs, candidates), the set with the nodes as third axis.
    """
    shape = (len(edges), _num_candidates(cell))
    x, y, codes = (np.zeros(shape, dtype=dtype) for dtype in (np.int64, np.int64, np.uint64))
    given = np.zeros((*shape, cell.num_nodes), dtype=bool)
    separated, is_new = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    first_round = min(max(_FEWEST_CANDIDATES // 4, 2 * cell.questions_per_premise), shape[1])
    lacking = np.arange(len(edges))
    largest_set = cell.largest_set if isinstance(cell, OpenPathCell) else graphs.MAX_NODES
    for columns in (slice(0, first_round), slice(first_round, shape[1])):
        block = (lacking, columns)
        num_columns = columns.stop - columns.start
        drawn = _draw_questions(len(lacking) * num_columns, cell.num_nodes, stream, largest_set)
        graph = np.repeat(np.arange(len(lacking)), num_columns)
        answers = is_d_separated(edges[lacking], cell.num_nodes, graph, *drawn)
        eligible = _is_eligible(cell, edges[lacking], graph, *drawn, answers)
        arrays = (x, y, given, separated, codes, is_new)
        for array, value in zip(arrays, (*drawn, answers, _question_codes(*drawn), eligible), strict=True):
            array[block] = value.reshape(array[block].shape)
        is_new[lacking] &= ~repeated(codes[lacking])
        of_each_answer = np.minimum((separated & is_new).sum(axis=1), (~separated & is_new).sum(axis=1))
        lacking = np.flatnonzero(of_each_answer < cell.questions_per_premise // 2)
    return x, y, given, separated, is_new


def _is_eligible(
    cell: Cell,
    edges: np.ndarray,
    graph: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    given: np.ndarray,
    separated: np.ndarray,
) -> np.ndarray:
    """Returns which questions belong to a cell, boolean of shape (questions,)."""
    eligible = np.ones(len(graph), dtype=bool)
    if not isinstance(cell, OpenPathCell):
        return eligible
    no = np.flatnonzero(~separated)
    paths = open_paths(edges, cell.num_nodes, graph[no], x[no], y[no], given[no])
    causes = graphs.adjacency(edges, cell.num_nodes)
    row, step = np.nonzero(paths[:, 2:] >= 0)
    before, node, after = (paths[row, step + offset] for offset in range(3))
    descends = causes[graph[no][row], before, node] & causes[graph[no][row], after, node] & ~given[no][row, node]
    descents = np.bincount(row[descends], minlength=len(no))
    hops = (paths >= 0).sum(axis=1) - 1
    eligible[no] = (hops >= cell.fewest_hops) & (descents >= cell.fewest_descents)
    return eligible


def _draw_questions(
    count: int, num_nodes: int, stream: Stream, largest_set: int = graphs.MAX_NODES
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draws pairs and conditioning sets: x, y and a boolean (questions, nodes)."""
    x, y = stream.integers(num_nodes, (count,)), stream.integers(num_nodes - 1, (count,))
    y += y >= x
    missing = stream.integers(min(largest_set, num_nodes - 2) + 1, (count,))
    remaining = np.full(count, num_nodes - 2)
    given = np.zeros((num_nodes, count), dtype=bool)
    # Selection sampling (Knuth, The Art of Computer Programming, volume 2, 3.4.2, Algorithm S): each remaining node is
    # taken with the probability missing / remaining, which makes all sets of the drawn size equally likely.
    for node in range(num_nodes):
        eligible = (x != node) & (y != node)
        given[node] = eligible & (stream.uniform((count,)) * remaining < missing)
        missing -= given[node]
        remaining -= eligible
    return x, y, given.T


def _question_codes(x: np.ndarray, y: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Returns a number for each question, the same whether x or y comes first."""
    codes = (np.minimum(x, y) * given.shape[1] + np.maximum(x, y)).astype(np.uint64)
    # Up to 33 nodes different questions have different numbers. With more nodes, two may rarely have the same number
    # by chance; one of them is then merely not asked.
    for node in range(given.shape[1]):
        codes = codes * np.uint64(3) + given[:, node]
    return codes


def _certificates(
    edges: np.ndarray,
    names: np.ndarray,
    graph: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    given: np.ndarray,
    separated: np.ndarray,
) -> tuple[pa.Array, np.ndarray]:
    """Returns the certificate of each question, and the number of edges of its open path, -1 where there is none."""
    yes, no = np.flatnonzero(separated), np.flatnonzero(~separated)
    node_names = _NodeNames(names)
    ball = bayes_ball(edges, names.shape[1], graph[yes], x[yes], given[yes])
    sets = [node_names.join_sets(graph[yes], nodes) for nodes in (ball.from_child, ball.from_parent, ball.ancestors)]
    closed = _concat('{"from_child": [', sets[0], '], "from_parent": [', sets[1], '], "ancestors": [', sets[2], "]}")
    paths = open_paths(edges, names.shape[1], graph[no], x[no], y[no], given[no])
    reasons = _reasons(edges, node_names, graph[no], paths, given[no])
    opened = _concat('{"path": [', node_names.join_paths(graph[no], paths), '], "open": [', reasons, "]}")
    hops = np.full(len(graph), -1, dtype=np.int32)
    hops[no] = (paths >= 0).sum(axis=1) - 1
    return in_order([closed, opened], [yes, no]), hops


class _NodeNames:
    """The names of a batch as JSON strings, and comma-separated lists of them."""

    def __init__(self, names: np.ndarray):
        self._words, self._num_nodes = quoted(names), names.shape[1]

    def take(self, graph: np.ndarray, node: np.ndarray) -> pa.Array:
        """Returns the name of each (graph, node)."""
        return self._words.take(pa.array(graph * self._num_nodes + node))

    def join_sets(self, graph: np.ndarray, sets: np.ndarray) -> pa.Array:
        """Joins the nodes of each set, booleans of shape (rows, nodes)."""
        row, node = np.nonzero(sets)
        return joined(self.take(graph[row], node), sets.sum(axis=1))

    def join_paths(self, graph: np.ndarray, paths: np.ndarray) -> pa.Array:
        """Joins the nodes of each path, of shape (rows, longest) and padded with -1."""
        row, step = np.nonzero(paths >= 0)
        return joined(self.take(graph[row], paths[row, step]), (paths >= 0).sum(axis=1))


def _reasons(
    edges: np.ndarray, names: _NodeNames, graph: np.ndarray, paths: np.ndarray, given: np.ndarray
) -> pa.Array:
    """Writes why each inner node of each path is open, a comma-separated list for each path."""
    is_inner = paths[:, 2:] >= 0
    row, step = np.nonzero(is_inner)
    before, node, after = (paths[row, step + offset] for offset in range(3))
    causes = graphs.adjacency(edges, given.shape[1])
    incoming = causes[graph[row], before, node].astype(np.int8) + causes[graph[row], after, node]
    collider, other = np.flatnonzero(incoming == 2), np.flatnonzero(incoming < 2)
    collider_graph = graph[row[collider]]
    descents = _descents(edges, collider_graph, node[collider], given[row[collider]])
    last = descents[np.arange(len(descents)), (descents >= 0).sum(axis=1) - 1]
    descendant, path = names.take(collider_graph, last), names.join_paths(collider_graph, descents)
    collider_ends = _concat(', "descendant": ', descendant, ', "path": [', path, "]}")
    ends = in_order([pa.repeat("}", len(other)), collider_ends], [other, collider])
    types = pa.array(["fork", "chain", "collider"]).take(pa.array(incoming))
    reasons = _concat('{"node": ', names.take(graph[row], node), ', "type": "', types, '"', ends)
    return joined(reasons, is_inner.sum(axis=1))


def _descents(edges: np.ndarray, graph: np.ndarray, node: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Returns a shortest directed path from each node to its conditioning set; the node alone if it is in the set."""
    outside = np.flatnonzero(~given[np.arange(len(node)), node])
    needed_graphs, graph_index = np.unique(graph[outside], return_inverse=True)
    hops = graphs.hop_counts(edges[needed_graphs], given.shape[1])
    distance = hops[graph_index, node[outside]].astype(np.int64)
    nearest = np.argmin(np.where(given[outside] & (distance > 0), distance, graphs.MAX_NODES), axis=1)
    paths = graphs.shortest_paths(edges[needed_graphs], hops, graph_index, node[outside], nearest)
    descents = np.full((len(node), paths.shape[1]), -1, dtype=np.int64)
    descents[:, 0] = node
    descents[outside] = paths
    return descents


def _concat(*pieces: str | pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*pieces, "")
