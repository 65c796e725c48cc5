"""The d-separation corpus: "A causes B. C causes B. Are A and C d-separated given {B}?"

`d_separation` is chains of 3 to 6 nodes, `d_separation_generalization` has one split for each axis along which a
trained model may or may not generalize; both follow arXiv 2407.07612.

Questions about a graph are drawn so: an ordered pair of nodes uniformly, the size of the conditioning set uniformly
from 0 to n - 2, a set of that size uniformly from the other nodes; and of what was drawn as many Yes as No. "Are X and
Y" and "Are Y and X" are the same question and are not both asked. The consequences:

- Neighbours are never d-separated, so they are asked about only where the answer is No.
- Within a cell the sets of Yes and of No questions differ in size as the graphs make them differ: on sequential chains
  a larger set blocks more often, on flipped ones it also opens colliders.
- A graph of which no candidate has the one or the other answer is left out: a few per cent of the densest branching
  graphs, and all complete ones, which is why no cell consists of these.
- A chain of three nodes has one Yes, so it gets two questions where longer chains get up to eight.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from hf_causal.graphs import dags as graphs
from hf_causal.graphs.d_separation import bayes_ball, is_d_separated, open_paths
from hf_causal.tasks.d_separation.text import render_questions
from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.names import repeated
from hf_causal.tasks.shared.premises import (
    Asked,
    AxisSizes,
    choose_balanced,
    generalization_config,
    generate_rows,
    training_config,
)
from hf_causal.tasks.shared.schema import Cell, CorpusConfig
from hf_causal.tasks.shared.split_assignment import Admission
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
"""Candidates of a graph, drawn in two steps: the second only where the first leaves questions missing."""


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """One shard as an Arrow table; the rows of a premise stand together."""
    return generate_rows(config, split, shard, _draw, _ask)


def _draw(cell: Cell, rows: int, stream: Stream, admit: Admission) -> tuple[np.ndarray, np.ndarray]:
    """A few more graphs than are likely to do."""
    # A chain of three nodes separates one pair by one set, so it has one Yes and gets one No.
    expected = 2 if cell.num_nodes == 3 else cell.questions_per_premise
    return names_then_edges(cell, 1.1 * rows / expected, stream, admit)


def _num_candidates(cell: Cell) -> int:
    """So many that most graphs get all their questions; more than there are different ones would add little."""
    pairs, sets = cell.num_nodes * (cell.num_nodes - 1) // 2, 2 ** (cell.num_nodes - 2)
    return min(max(_FEWEST_CANDIDATES, 4 * cell.questions_per_premise), 3 * pairs * sets)


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> Asked:
    x, y, given, separated, fresh = _questions(cell, edges, stream)
    used, graph, chosen = choose_balanced(separated & fresh, ~separated & fresh, cell, rows, stream)
    asked = np.flatnonzero(used)[graph], chosen
    x, y, given, separated = x[asked], y[asked], given[asked], separated[asked]
    edges, names = edges[used], names[used]
    question = render_questions(names, graph, x, y, given)
    certificate, hops = _certificates(edges, names, graph, x, y, given, separated)
    return Asked(edges, names, graph, question, separated, hops, certificate)


def _questions(cell: Cell, edges: np.ndarray, stream: Stream) -> tuple[np.ndarray, ...]:
    """Draws candidates for each graph, and more of them for graphs that these leave without enough Yes or No.

    Returns:
        `tuple`: x, y, the conditioning set, the answer and whether the candidate was drawn and not drawn before, each
        of shape (graphs, candidates), the set with the nodes as third axis.
    """
    shape = (len(edges), _num_candidates(cell))
    x, y, codes = (np.zeros(shape, dtype=kind) for kind in (np.int64, np.int64, np.uint64))
    given = np.zeros((*shape, cell.num_nodes), dtype=bool)
    separated, fresh = np.zeros(shape, dtype=bool), np.zeros(shape, dtype=bool)
    first = min(max(_FEWEST_CANDIDATES // 4, 2 * cell.questions_per_premise), shape[1])
    lacking = np.arange(len(edges))
    for part in (slice(0, first), slice(first, shape[1])):
        block = (lacking, part)
        count = len(lacking) * (part.stop - part.start)
        drawn = _candidates(count, cell.num_nodes, stream)
        graph = np.repeat(np.arange(len(lacking)), part.stop - part.start)
        answers = is_d_separated(edges[lacking], cell.num_nodes, graph, *drawn)
        for array, values in zip((x, y, given, separated, codes), (*drawn, answers, _codes(*drawn)), strict=True):
            array[block] = values.reshape(array[block].shape)
        fresh[block] = True
        fresh[lacking] &= ~repeated(codes[lacking])
        found = np.minimum((separated & fresh).sum(axis=1), (~separated & fresh).sum(axis=1))
        lacking = np.flatnonzero(found < cell.questions_per_premise // 2)
    return x, y, given, separated, fresh


def _candidates(count: int, num_nodes: int, stream: Stream) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs and conditioning sets: x, y and a boolean (candidates, nodes)."""
    x, y = stream.integers(num_nodes, (count,)), stream.integers(num_nodes - 1, (count,))
    y += y >= x
    wanted = stream.integers(num_nodes - 1, (count,))
    left = np.full(count, num_nodes - 2)
    given = np.zeros((num_nodes, count), dtype=bool)
    # Selection sampling (Knuth, The Art of Computer Programming, volume 2, 3.4.2, Algorithm S): each of the nodes that
    # are left is taken with the probability that makes all sets of the wanted size equally likely.
    for node in range(num_nodes):
        other = (x != node) & (y != node)
        given[node] = other & (stream.uniform((count,)) * left < wanted)
        wanted -= given[node]
        left -= other
    return x, y, given.T


def _codes(x: np.ndarray, y: np.ndarray, given: np.ndarray) -> np.ndarray:
    """A number for each question, whichever of x and y comes first."""
    codes = (np.minimum(x, y) * given.shape[1] + np.maximum(x, y)).astype(np.uint64)
    # Up to 33 nodes different questions have different numbers; among more, two that meet by chance are rare, and then
    # one of them is merely not asked.
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
    """What `hf_causal.tasks.d_separation.proof` checks, for each question, and the edges of its open path or -1."""
    yes, no = np.flatnonzero(separated), np.flatnonzero(~separated)
    ball = bayes_ball(edges, names.shape[1], graph[yes], x[yes], given[yes])
    paths = open_paths(edges, names.shape[1], graph[no], x[no], y[no], given[no])
    hops = np.full(len(graph), -1, dtype=np.int32)
    hops[no] = (paths >= 0).sum(axis=1) - 1
    node_names = _Names(quoted(names), names.shape[1])
    sets = [node_names.lists(graph[yes], reached) for reached in (ball.from_child, ball.from_parent, ball.ancestors)]
    closed = _text('{"from_child": [', sets[0], '], "from_parent": [', sets[1], '], "ancestors": [', sets[2], "]}")
    reasons = _reasons(edges, node_names, graph[no], paths, given[no])
    opened = _text('{"path": [', node_names.paths(graph[no], paths), '], "open": [', reasons, "]}")
    return in_order([closed, opened], [yes, no]), hops


class _Names:
    """The names of a batch as JSON strings, and lists of them."""

    def __init__(self, words: pa.Array, num_nodes: int):
        self._words, self._num_nodes = words, num_nodes

    def of(self, graph: np.ndarray, node: np.ndarray) -> pa.Array:
        return self._words.take(pa.array(graph * self._num_nodes + node))

    def lists(self, graph: np.ndarray, sets: np.ndarray) -> pa.Array:
        """The nodes of each set, booleans of shape (rows, nodes), joined by commas."""
        row, node = np.nonzero(sets)
        return joined(self.of(graph[row], node), sets.sum(axis=1))

    def paths(self, graph: np.ndarray, paths: np.ndarray) -> pa.Array:
        """The nodes of each path, of shape (rows, longest) and filled up with -1, joined by commas."""
        row, step = np.nonzero(paths >= 0)
        return joined(self.of(graph[row], paths[row, step]), (paths >= 0).sum(axis=1))


def _reasons(edges: np.ndarray, names: _Names, graph: np.ndarray, paths: np.ndarray, given: np.ndarray) -> pa.Array:
    """Why each inner node of each path is open, joined by commas."""
    inner = paths[:, 2:] >= 0
    row, step = np.nonzero(inner)
    before, node, after = (paths[row, step + shift] for shift in range(3))
    own = graph[row]
    causes = graphs.adjacency(edges, given.shape[1])
    into = causes[own, before, node].astype(np.int8) + causes[own, after, node]
    collider, other = np.flatnonzero(into == 2), np.flatnonzero(into < 2)
    descents = _descents(edges, own[collider], node[collider], given[row[collider]])
    last = descents[np.arange(len(descents)), (descents >= 0).sum(axis=1) - 1]
    ends = _text(
        ', "descendant": ', names.of(own[collider], last), ', "path": [', names.paths(own[collider], descents), "]}"
    )
    tails = in_order([pa.repeat("}", len(other)), ends], [other, collider])
    kinds = pa.array(["fork", "chain", "collider"]).take(pa.array(into))
    return joined(_text('{"node": ', names.of(own, node), ', "type": "', kinds, '"', tails), inner.sum(axis=1))


def _descents(edges: np.ndarray, graph: np.ndarray, node: np.ndarray, given: np.ndarray) -> np.ndarray:
    """A shortest directed path from each node to its conditioning set, the node alone where it is in the set."""
    below = np.flatnonzero(~given[np.arange(len(node)), node])
    graph_below, graph_of = np.unique(graph[below], return_inverse=True)
    hops = graphs.hop_counts(edges[graph_below], given.shape[1])
    steps = hops[graph_of, node[below]].astype(np.int64)
    nearest = np.argmin(np.where(given[below] & (steps > 0), steps, graphs.MAX_NODES), axis=1)
    found = graphs.shortest_paths(edges[graph_below], hops, graph_of, node[below], nearest)
    descents = np.full((len(node), found.shape[1]), -1, dtype=np.int64)
    descents[:, 0] = node
    descents[below] = found
    return descents


def _text(*pieces: str | pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(*pieces, "")
