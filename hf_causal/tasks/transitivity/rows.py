"""The transitivity corpus: "A causes B. B causes C. Does A cause C?"

Training configs are chains of 3 to 6 nodes in the mixes of arXiv 2407.07612; `transitivity_generalization` has one
split for each axis along which a trained model may or may not generalize.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pyarrow as pa

from hf_causal.graphs import dags as graphs
from hf_causal.tasks.shared.named_graphs import edges_then_names, names_then_edges
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
from hf_causal.tasks.transitivity.text import render_questions
from hf_causal.utils.randomness import Stream
from hf_causal.utils.text_arrays import concatenate, in_order, joined_list

SIZES = AxisSizes(
    chains=(*range(7, 16), 20, 50, 100),
    small=tuple(range(3, 16)),
    shuffled=(*range(3, 16), 50),
    branching=(5, 8, 10, 12, 20, 40),
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
    "transitivity_generalization": partial(
        generalization_config,
        "transitivity_generalization",
        "One split for each axis of generalization: longer, flipped, reversed, shuffled, branching, longer names.",
        SIZES,
        version="1.1.0",
    ),
}


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """One shard as an Arrow table; the rows of a premise stand together."""
    # Training configs keep the order in which their published rows were drawn.
    draw = edges_then_names if "train" in config.splits else _draw
    return generate_rows(config, split, shard, draw, _ask)


def _draw(cell: Cell, rows: int, stream: Stream, admit: Admission) -> tuple[np.ndarray, np.ndarray]:
    """A few more graphs than needed: every graph has a Yes and a No, but names may be admitted already."""
    return names_then_edges(cell, 1.02 * rows / cell.questions_per_premise, stream, admit)


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> Asked:
    hops = graphs.hop_counts(edges, cell.num_nodes)
    pair = np.arange(cell.num_nodes**2)
    cause, effect = pair // cell.num_nodes, pair % cell.num_nodes
    yes = (hops > 0).reshape(len(edges), -1)
    used, graph, chosen = choose_balanced(yes, ~yes & (cause != effect), cell, rows, stream)
    edges, names, hops, cause, effect = edges[used], names[used], hops[used], cause[chosen], effect[chosen]
    length = hops[graph, cause, effect].astype(np.int32)
    question = render_questions(names, graph, cause, effect)
    certificate = certificates(edges, names, hops, graph, cause, effect)
    return Asked(edges, names, graph, question, length > 0, length, certificate)


def certificates(
    edges: np.ndarray, names: np.ndarray, hops: np.ndarray, graph: np.ndarray, cause: np.ndarray, effect: np.ndarray
) -> pa.Array:
    """`{"path": …}` for Yes and `{"reachable": …}` for No, as `hf_causal.tasks.proving` checks them."""
    written, places = [], []
    for answer in (True, False):
        rows = np.flatnonzero((hops[graph, cause, effect] > 0) == answer)
        if answer:
            nodes = graphs.shortest_paths(edges, hops, graph[rows], cause[rows], effect[rows])
            head, present = b'{"path": [', nodes >= 0
        else:
            present = hops[graph[rows], cause[rows]] > 0
            nodes = np.broadcast_to(np.arange(names.shape[1]), present.shape)
            head = b'{"reachable": ['
        items = names[graph[rows][:, None], nodes]
        written.append(concatenate([head, *joined_list(items, present), b"]}"], len(rows)))
        places.append(rows)
    return in_order(written, places)
