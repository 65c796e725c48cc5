"""The corpus of co-occurrence: "A and B often appear together. C causes A. C causes B. Does A cause B?"

Every question is about two things that are stated to appear together, so who takes that for causing answers Yes
always, and is right on exactly half of every cell. The cells are what the two have to do with each other:

- `direct`: the premise states that the one causes the other; asked in that direction, or the other way round.
- `mediated`: the one causes the other through others, and no statement says so; asked either way round.
- `confounded`: something causes both, along ways that do not pass through either. To a Yes the one also causes the
  other through others; to a No neither causes the other. No statement says so either way.

Cells whose name ends in `_distractors` also state other pairs to appear together. Whatever is stated to appear
together does so in the stated graph: one of the two causes the other, or something causes both.

Graphs are Erdős–Rényi DAGs, so a premise has causal statements that have nothing to do with the question.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa

from hf_causal.graphs import dags as graphs
from hf_causal.tasks.co_occurrence.text import render_premises
from hf_causal.tasks.shared.named_graphs import names_then_edges
from hf_causal.tasks.shared.premises import Asked, choose_balanced, generate_rows, training_config
from hf_causal.tasks.shared.schema import Cell, CorpusConfig
from hf_causal.tasks.shared.split_assignment import Admission
from hf_causal.tasks.transitivity.text import render_questions
from hf_causal.utils.randomness import Stream
from hf_causal.utils.text_arrays import concatenate, in_order, joined_list

RELATIONS = ("direct", "mediated", "confounded")
STRUCTURES = tuple(f"{relation}{ending}" for ending in ("", "_distractors") for relation in RELATIONS)
EDGES_A_NODE = 1.25
_DISTRACTING = 3
"""One more pair appears together for so many nodes."""
_OVERDRAWN = {"direct": 1.1, "mediated": 1.4, "confounded": 4.0}
"""Graphs for each that has a Yes and a No of the cell's relation, about; whatever is missing is drawn again."""


def _config(
    rows: int = 60_000,
    validation_rows: int = 6_000,
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] = (5, 6, 7, 8, 10, 12),
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """Training and validation graphs have 5 to 7 nodes; `nodes` are the sizes of the test split."""
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
    """One shard as an Arrow table; the rows of a premise stand together."""
    return generate_rows(config, split, shard, _draw, _ask)


def _draw(cell: Cell, rows: int, stream: Stream, admit: Admission) -> tuple[np.ndarray, np.ndarray]:
    branching = replace(cell, structure="branching", branching_factor=EDGES_A_NODE)
    wanted = _OVERDRAWN[_relation(cell)] * rows / cell.questions_per_premise
    return names_then_edges(branching, wanted, stream, admit)


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> Asked:
    hops = graphs.hop_counts(edges, cell.num_nodes)
    yes, no = _candidates(_relation(cell), edges, hops)
    used, graph, chosen = choose_balanced(_flat(yes), _flat(no), cell, rows, stream)
    edges, names, hops = edges[used], names[used], hops[used]
    cause, effect = chosen // cell.num_nodes, chosen % cell.num_nodes
    length = hops[graph, cause, effect].astype(np.int32)
    own, together = _together(cell, hops, graph, cause, effect, stream)
    keys = stream.words((edges.shape[0] * edges.shape[1] + len(own),))
    return Asked(
        edges,
        names,
        graph,
        render_questions(names, graph, cause, effect),
        length > 0,
        length,
        _certificates(edges, names, hops, graph, cause, effect),
        render_premises(edges, names, own, together, keys),
    )


def _relation(cell: Cell) -> str:
    return cell.structure.removesuffix("_distractors")


def _flat(pairs: np.ndarray) -> np.ndarray:
    return pairs.reshape(len(pairs), pairs.shape[1] * pairs.shape[2])  # -1 fails without pairs


def _candidates(relation: str, edges: np.ndarray, hops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pairs [cause, effect] of each graph that may be asked about with a Yes and with a No: two booleans of shape
    (graphs, nodes, nodes)."""
    if relation == "confounded":
        unrelated = (hops < 0) & (hops.transpose(0, 2, 1) < 0) & ~np.eye(hops.shape[1], dtype=bool)
        return (hops > 1) & _common_cause(edges, hops), unrelated & _common_ancestor(hops)
    forward = hops == 1 if relation == "direct" else hops > 1
    return forward, forward.transpose(0, 2, 1)


def _common_ancestor(hops: np.ndarray) -> np.ndarray:
    """Whether some node causes both of each pair."""
    above = (hops > 0).astype(np.int16)
    return np.einsum("gca,gcb->gab", above, above) > 0


def _common_cause(edges: np.ndarray, hops: np.ndarray) -> np.ndarray:
    """Whether some node causes x, and y by a way that does not pass through x: boolean (graphs, nodes, nodes)."""
    found = np.zeros(hops.shape, dtype=bool)
    for x in range(hops.shape[1]):
        # Edges at x are turned into ones between x and itself, which lead nowhere.
        without = np.where((edges == x).any(axis=-1, keepdims=True), x, edges)
        around = graphs.reachability(without, hops.shape[1])
        found[:, x] = ((hops[:, :, x, None] > 0) & around).any(axis=1)
        found[:, x, x] = False
    return found


def _together(
    cell: Cell, hops: np.ndarray, graph: np.ndarray, cause: np.ndarray, effect: np.ndarray, stream: Stream
) -> tuple[np.ndarray, np.ndarray]:
    """The pairs that are stated to appear together: their graphs, and nodes of shape (pairs, 2), in random order."""
    stated = np.zeros(hops.shape, dtype=bool)
    stated[graph, np.minimum(cause, effect), np.maximum(cause, effect)] = True
    if cell.structure.endswith("_distractors"):
        related = (hops > 0) | (hops.transpose(0, 2, 1) > 0) | _common_ancestor(hops)
        free = _flat(np.triu(related, 1) & ~stated)
        keys = np.where(free, stream.words(free.shape) >> np.uint64(1), np.uint64(2**64 - 1))
        taken = np.argsort(keys, axis=1, kind="stable")[:, : 1 + cell.num_nodes // _DISTRACTING]
        rows = np.arange(len(free))[:, None]
        chosen = np.zeros(free.shape, dtype=bool)
        chosen[rows, taken] = free[rows, taken]
        stated |= chosen.reshape(stated.shape)
    own, first, second = np.nonzero(stated)
    pairs = np.stack([first, second], axis=-1)
    turned = stream.uniform((len(own),)) < 0.5
    return own, np.where(turned[:, None], pairs[:, ::-1], pairs)


def _certificates(
    edges: np.ndarray, names: np.ndarray, hops: np.ndarray, graph: np.ndarray, cause: np.ndarray, effect: np.ndarray
) -> pa.Array:
    """What `hf_causal.tasks.co_occurrence.proof` checks, for each question."""
    forward, backward = hops[graph, cause, effect] > 0, hops[graph, effect, cause] > 0
    written: list[pa.Array] = []
    places: list[np.ndarray] = []
    for rows in (np.flatnonzero(forward), np.flatnonzero(backward), np.flatnonzero(~forward & ~backward)):
        own, x, y = graph[rows], cause[rows], effect[rows]

        def path(start: np.ndarray, end: np.ndarray, own: np.ndarray = own) -> list[bytes | np.ndarray]:
            nodes = graphs.shortest_paths(edges, hops, own, start, end)
            return [b"[", *joined_list(names[own[:, None], nodes], nodes >= 0), b"]"]

        present = hops[own, x] > 0
        nodes = np.broadcast_to(np.arange(names.shape[1]), present.shape)
        reached = [b'{"reachable": [', *joined_list(names[own[:, None], nodes], present), b'], "together": [']
        if not places:
            pieces = [b'{"path": ', *path(x, y), b"}"]
        elif len(places) == 1:
            pieces = [*reached, *path(y, x), b"]}"]
        else:
            common = _nearest_cause(hops, own, x, y)
            pieces = [*reached, *path(common, x), b", ", *path(common, y), b"]}"]
        written.append(concatenate(pieces, len(rows)))
        places.append(rows)
    return in_order(written, places)


def _nearest_cause(hops: np.ndarray, graph: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The common cause of each pair with the shortest ways to both."""
    to_x, to_y = (hops[graph, :, node].astype(np.int64) for node in (x, y))
    return np.where((to_x > 0) & (to_y > 0), to_x + to_y, 4 * graphs.MAX_NODES).argmin(axis=1)
