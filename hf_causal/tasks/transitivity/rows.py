"""The transitivity corpus: "A causes B. B causes C. Does A cause C?"

Training configs are chains of 3 to 6 nodes in the mixes of arXiv 2407.07612; `transitivity_generalization` has one
split for each axis along which a trained model may or may not generalize.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from hf_causal.graphs import dags as graphs
from hf_causal.tasks.shared.balance import choose_balanced
from hf_causal.tasks.shared.configs import AxisSizes, generalization_config, training_config
from hf_causal.tasks.shared.named_graphs import edges_then_names, names_then_edges
from hf_causal.tasks.shared.rows import QuestionBatch, generate_rows
from hf_causal.tasks.shared.schema import FEEDBACK_STRUCTURES, Cell, CorpusConfig
from hf_causal.tasks.shared.split_assignment import SplitAssigner
from hf_causal.tasks.transitivity.further_axes import (
    draw_feedback,
    draw_similar,
    further_generalization_config,
)
from hf_causal.tasks.transitivity.text import render_questions
from hf_causal.utils.randomness import Stream
from hf_causal.utils.text_arrays import concatenate, in_order, joined_list

SIZES = AxisSizes(
    chains=(*range(7, 16), 20, 50, 100),
    small=tuple(range(3, 16)),
    shuffled=(*range(3, 16), 50),
    branching=(5, 8, 10, 12, 20, 40),
)

# The published counts are rounded (101k + 73k and 132k + 42k of "175k"); the missing thousand is divided among them.
# TS1 has 12k complete reversals among its 73k flipped rows, as many as independent flips give; TS2 gets the same
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
    "transitivity_further_generalization": further_generalization_config,
}


@dataclass(frozen=True)
class DeepCell(Cell):
    """A cell without the questions that a short path answers."""

    fewest_hops: int = 1
    """Edges of the shortest path of a Yes, at least."""


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    # Training configs keep the order in which their published rows were drawn.
    draw = edges_then_names if "train" in config.splits else _draw
    return generate_rows(config, split, shard, _FURTHER_AXES.get(split, draw), _ask)


_FURTHER_AXES = {"feedback": draw_feedback, "similar_names": draw_similar}


def _draw(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    """Draws a few more graphs than needed: every graph has a Yes and a No, but its names may be in use already."""
    return names_then_edges(cell, 1.02 * rows / cell.questions_per_premise, stream, assigner)


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
    hops = graphs.hop_counts(edges, cell.num_nodes)
    pair = np.arange(cell.num_nodes**2)
    cause, effect = pair // cell.num_nodes, pair % cell.num_nodes
    fewest = cell.fewest_hops if isinstance(cell, DeepCell) else 1
    hops_of_pair = hops.reshape(len(edges), -1)
    allowed = np.asarray((cause == effect) == (cell.structure == "self_questions"))
    if cell.structure in FEEDBACK_STRUCTURES:  # of the nodes that the premise names
        adjacent = graphs.adjacency(edges, cell.num_nodes)
        named = np.asarray(adjacent.any(axis=1) | adjacent.any(axis=2))
        allowed = np.asarray(allowed & named[:, cause] & named[:, effect])
    yes, no = (hops_of_pair >= fewest) & allowed, (hops_of_pair <= 0) & allowed
    used, graph, drawn = choose_balanced(yes, no, cell, rows, stream)
    edges, names, hops, cause, effect = edges[used], names[used], hops[used], cause[drawn], effect[drawn]
    length = hops[graph, cause, effect].astype(np.int32)
    question = render_questions(names, graph, cause, effect)
    certificate = certificates(edges, names, hops, graph, cause, effect)
    return QuestionBatch(edges, names, graph, question, length > 0, length, certificate)


def certificates(
    edges: np.ndarray, names: np.ndarray, hops: np.ndarray, graph: np.ndarray, cause: np.ndarray, effect: np.ndarray
) -> pa.Array:
    """Writes `{"path": …}` for each Yes and `{"reachable": …}` for each No.

    Args:
        edges, names, hops (`np.ndarray`): Of each graph, as `hf_causal.graphs.dags` and `names` have them.
        graph, cause, effect (`np.ndarray`): Of each question, shape (questions,).

    Returns:
        `pa.Array`: A JSON string for each question, which `hf_causal.tasks.transitivity.proof` checks.
    """
    is_yes = hops[graph, cause, effect] > 0
    yes, no = np.flatnonzero(is_yes), np.flatnonzero(~is_yes)
    paths = graphs.shortest_paths(edges, hops, graph[yes], cause[yes], effect[yes])
    path_names = joined_list(names[graph[yes][:, None], paths], paths >= 0)
    reachable = hops[graph[no], cause[no]] > 0
    reachable_names = joined_list(names[graph[no]], reachable)
    return in_order(
        [
            concatenate([b'{"path": [', *path_names, b"]}"], len(yes)),
            concatenate([b'{"reachable": [', *reachable_names, b"]}"], len(no)),
        ],
        [yes, no],
    )
