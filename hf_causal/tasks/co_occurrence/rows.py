"""The corpus of co-occurrence: "A and B often appear together. C causes A. C causes B. Does A cause B?"

Every question is about two things that are stated to appear together. A rule that takes appearing together for causing
therefore always answers Yes, and is right on exactly half of every cell. The cells are the relations of the two:

- `direct`: the premise states that one causes the other; the question has that direction or the opposite one.
- `mediated`: one causes the other through others, and no statement has both; the question has either direction.
- `confounded`: something causes both, along paths that do not pass through either. For a Yes, one also causes the
  other through others; for a No, neither causes the other. No statement has both.

Cells whose name ends in `_distractors` also state other pairs to appear together. Whatever is stated to appear
together has a reason in the stated graph: one of the two causes the other, or something causes both.

Graphs are Erdős–Rényi DAGs, so a premise also has causal statements that have nothing to do with the question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from hf_causal.graphs import dags as graphs
from hf_causal.tasks.co_occurrence.text import render_premises
from hf_causal.tasks.shared.balance import choose_balanced
from hf_causal.tasks.shared.configs import training_config
from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.rows import QuestionBatch, generate_rows
from hf_causal.tasks.shared.schema import Cell, CorpusConfig
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.tasks.transitivity.text import render_questions
from hf_causal.utils.randomness import Stream
from hf_causal.utils.text_arrays import concatenate, in_order, joined_list

RELATIONS = ("direct", "mediated", "confounded")
STRUCTURES = tuple(f"{relation}{ending}" for ending in ("", "_distractors") for relation in RELATIONS)
EDGES_PER_NODE = 1.25
_NODES_PER_DISTRACTOR = 3
"""A cell with distractors has one and a further one for every three nodes."""
_GRAPHS_PER_USED_GRAPH = {"direct": 1.1, "mediated": 1.4, "confounded": 4.0}
"""Roughly how many graphs are drawn for one that has a Yes and a No of the relation; missing ones are drawn later."""


def _config(
    rows: int = 60_000,
    validation_rows: int = 6_000,
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] = (5, 6, 7, 8, 10, 12),
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """Makes the config; training and validation graphs have 5 to 7 nodes, `nodes` are the sizes of the test split."""
    if min(nodes) < 5:
        raise ValueError(
            f"`nodes` must be sizes of at least 5, so that every relation can be asked about; got {nodes}"
        )
    base = training_config(
        "co_occurrence",
        "Pairs that appear together: direct causes, mediated and confounded ones, with and without distractors.",
        dict.fromkeys(STRUCTURES, 1.0),
        rows=rows,
        validation_rows=validation_rows,
        nodes=(5, 6, 7),
        questions_per_premise=4,
        seed=seed,
        rows_per_shard=rows_per_shard,
    )
    test = tuple(Cell(structure, size, rows_per_cell) for structure in STRUCTURES for size in nodes)
    return replace(base, splits={**base.splits, "test": test})


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {"co_occurrence": _config}


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    return generate_rows(config, split, shard, _draw, _ask)


def _draw(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    branching = replace(cell, structure="branching", branching_factor=EDGES_PER_NODE)
    num_graphs = _GRAPHS_PER_USED_GRAPH[_relation(cell)] * rows / cell.questions_per_premise
    return names_then_edges(branching, num_graphs, stream, assigner)


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
    hops = graphs.hop_counts(edges, cell.num_nodes)
    yes, no = _candidates(_relation(cell), edges, hops)
    used, graph, drawn = choose_balanced(_flatten(yes), _flatten(no), cell, rows, stream)
    edges, names, hops = edges[used], names[used], hops[used]
    cause, effect = drawn // cell.num_nodes, drawn % cell.num_nodes
    length = hops[graph, cause, effect].astype(np.int32)
    pair_graph, together = _pairs_together(cell, hops, graph, cause, effect, stream)
    keys = stream.words((edges.shape[0] * edges.shape[1] + len(pair_graph),))
    return QuestionBatch(
        edges,
        names,
        graph,
        render_questions(names, graph, cause, effect),
        length > 0,
        length,
        _certificates(edges, names, hops, graph, cause, effect),
        render_premises(edges, names, pair_graph, together, keys),
    )


def _relation(cell: Cell) -> str:
    return cell.structure.removesuffix("_distractors")


def _flatten(pairs: np.ndarray) -> np.ndarray:
    return pairs.reshape(len(pairs), pairs.shape[1] * pairs.shape[2])  # -1 fails without pairs


def _candidates(relation: str, edges: np.ndarray, hops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns the pairs [cause, effect] that a Yes may be about, and those that a No may be about.

    Both are boolean of shape (graphs, nodes, nodes).
    """
    if relation == "confounded":
        unrelated = (hops < 0) & (hops.transpose(0, 2, 1) < 0) & ~np.eye(hops.shape[1], dtype=bool)
        return (hops > 1) & _confounded(edges, hops), unrelated & _common_ancestor(hops)
    forward = hops == 1 if relation == "direct" else hops > 1
    return forward, forward.transpose(0, 2, 1)


def _common_ancestor(hops: np.ndarray) -> np.ndarray:
    """Returns whether some node causes both of each pair: boolean (graphs, nodes, nodes)."""
    reaches = (hops > 0).astype(np.int16)
    return np.einsum("gca,gcb->gab", reaches, reaches) > 0


def _confounded(edges: np.ndarray, hops: np.ndarray) -> np.ndarray:
    """Returns whether some node causes x, and y by a path that avoids x: boolean [graph, x, y]."""
    confounded = np.zeros(hops.shape, dtype=bool)
    for x in range(hops.shape[1]):
        # Edges at x become self-loops of x, which lead nowhere else.
        without_x = np.where((edges == x).any(axis=-1, keepdims=True), x, edges)
        avoids_x = graphs.reachability(without_x, hops.shape[1])
        confounded[:, x] = ((hops[:, :, x, None] > 0) & avoids_x).any(axis=1)
        confounded[:, x, x] = False
    return confounded


def _pairs_together(
    cell: Cell, hops: np.ndarray, graph: np.ndarray, cause: np.ndarray, effect: np.ndarray, stream: Stream
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the pairs stated to appear together: the graph of each, and its nodes, (pairs, 2), in random order."""
    stated = np.zeros(hops.shape, dtype=bool)
    stated[graph, np.minimum(cause, effect), np.maximum(cause, effect)] = True
    if cell.structure.endswith("_distractors"):
        stated |= _draw_distractors(hops, stated, 1 + cell.num_nodes // _NODES_PER_DISTRACTOR, stream)
    pair_graph, first, second = np.nonzero(stated)
    pairs = np.stack([first, second], axis=-1)
    swapped = stream.uniform((len(pair_graph),)) < 0.5
    return pair_graph, np.where(swapped[:, None], pairs[:, ::-1], pairs)


def _draw_distractors(hops: np.ndarray, stated: np.ndarray, count: int, stream: Stream) -> np.ndarray:
    """Draws up to `count` further related pairs i < j of each graph: boolean of shape (graphs, nodes, nodes)."""
    related = (hops > 0) | (hops.transpose(0, 2, 1) > 0) | _common_ancestor(hops)
    eligible = _flatten(np.triu(related, 1) & ~stated)
    keys = np.where(eligible, stream.words(eligible.shape) >> np.uint64(1), np.uint64(2**64 - 1))
    lowest = np.argsort(keys, axis=1, kind="stable")[:, :count]
    rows = np.arange(len(eligible))[:, None]
    drawn = np.zeros(eligible.shape, dtype=bool)
    drawn[rows, lowest] = eligible[rows, lowest]
    return drawn.reshape(hops.shape)


def _certificates(
    edges: np.ndarray, names: np.ndarray, hops: np.ndarray, graph: np.ndarray, cause: np.ndarray, effect: np.ndarray
) -> pa.Array:
    """Writes what `hf_causal.tasks.co_occurrence.proof` checks, a JSON string for each question."""
    forward, backward = hops[graph, cause, effect] > 0, hops[graph, effect, cause] > 0
    masks = (forward, ~forward & backward, ~forward & ~backward)
    yes, reverse, common = (np.flatnonzero(mask) for mask in masks)

    def path(rows: np.ndarray, start: np.ndarray, end: np.ndarray) -> list[bytes | np.ndarray]:
        nodes = graphs.shortest_paths(edges, hops, graph[rows], start, end)
        return [b"[", *joined_list(names[graph[rows][:, None], nodes], nodes >= 0), b"]"]

    def reachable(rows: np.ndarray) -> list[bytes | np.ndarray]:
        items = joined_list(names[graph[rows]], hops[graph[rows], cause[rows]] > 0)
        return [b'{"reachable": [', *items, b'], "together": [']

    ancestor = _nearest_common_cause(hops, graph[common], cause[common], effect[common])
    to_cause, to_effect = path(common, ancestor, cause[common]), path(common, ancestor, effect[common])
    texts = [
        concatenate([b'{"path": ', *path(yes, cause[yes], effect[yes]), b"}"], len(yes)),
        concatenate([*reachable(reverse), *path(reverse, effect[reverse], cause[reverse]), b"]}"], len(reverse)),
        concatenate([*reachable(common), *to_cause, b", ", *to_effect, b"]}"], len(common)),
    ]
    return in_order(texts, [yes, reverse, common])


def _nearest_common_cause(hops: np.ndarray, graph: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Returns the common cause of each pair with the fewest edges to both."""
    to_x, to_y = (hops[graph, :, node].astype(np.int64) for node in (x, y))
    return np.where((to_x > 0) & (to_y > 0), to_x + to_y, 4 * graphs.MAX_NODES).argmin(axis=1)
