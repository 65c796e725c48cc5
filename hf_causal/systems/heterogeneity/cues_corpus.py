"""Generates transitivity questions with a spurious cue, which predicts the answer with a probability per environment.

The questions are those of the training family, chains of 3 to 6 nodes, and every label is exact and proved. Each
premise also carries a cue for Yes or No: the order of its sentences, or the case of its names. In environment `e` the
cue agrees with the answer with probability `strengths[e]`. A model that learns the cue is right in that share of the
training rows and wrong in all rows of `cue_reversed`; a model that learns the axiom is right everywhere. This carries
matrix sensing in several environments (arXiv 2403.01420) over to text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import cast

import numpy as np
import pyarrow as pa

from hf_causal.graphs import dags as graphs
from hf_causal.tasks.shared.configs import share_out
from hf_causal.tasks.shared.named_graphs import draw_edges, edges_then_names, names_then_edges
from hf_causal.tasks.shared.names import draw_names
from hf_causal.tasks.shared.rows import QuestionBatch, generate_rows
from hf_causal.tasks.shared.schema import LABELS, Cell, CorpusConfig, arrow_schema
from hf_causal.tasks.shared.split_assignment import BUCKETS, SplitAssigner
from hf_causal.tasks.transitivity.rows import certificates
from hf_causal.tasks.transitivity.text import render_questions
from hf_causal.utils.randomness import Stream

TASK = "transitivity"
"""Task of the prompts."""

SCHEMA = arrow_schema(("environment", pa.int32()), ("cue", pa.string()))


@dataclass(frozen=True)
class CueCell(Cell):
    """A cell whose premises carry a cue, with one question for each premise."""

    cue: str = "order"
    """`order`: sentences follow the chain for Yes, and run from its end to its start for No. `names`: all letters of
    the names are lower case for Yes, and upper case for No."""
    strengths: tuple[float, ...] = (0.95, 0.75)
    """Probability that the cue is right, for each environment."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.strengths or not all(0 <= strength <= 1 for strength in self.strengths):
            raise ValueError(f"`strengths` must be probabilities, one for each environment, got {self.strengths}")


def cue_config(
    name: str,
    description: str,
    cue: str,
    mix: Mapping[str, float],
    rows: int = 40_000,
    validation_rows: int = 2_000,
    nodes: tuple[int, ...] = (3, 4, 5, 6),
    strengths: tuple[float, ...] = (0.95, 0.75),
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """Makes a config with a cue.

    Args:
        name, description (`str`): Name of the config, and text for the card.
        cue (`str`): `order` or `names`, see [`CueCell`].
        mix (mapping): Share of the rows of each chain structure.
        rows, validation_rows (`int`): Rows of `train`, and of each other split.
        nodes (`tuple[int, ...]`): Chain sizes.
        strengths (`tuple[float, ...]`): Probability that the cue is right, for each environment.
        seed (`int`): Seed of the rows.
        rows_per_shard (`int`): Rows of one Parquet file.
    """

    def cells(count: int, probabilities: tuple[float, ...]) -> tuple[CueCell, ...]:
        return tuple(
            CueCell(structure, size, own, questions_per_premise=2, cue=cue, strengths=probabilities)
            for (structure, size), own in share_out(mix, nodes, count).items()
        )

    splits = {
        "train": cells(rows, tuple(strengths)),
        "validation": cells(validation_rows, tuple(strengths)),
        "cue_absent": cells(validation_rows, (0.5,) * len(strengths)),
        "cue_reversed": cells(validation_rows, (0.0,) * len(strengths)),
    }
    right = ", ".join(f"{strength:g}" for strength in strengths)
    return CorpusConfig(
        name,
        f"{description} The cue is right with probability {right} in environments 0 to {len(strengths) - 1}.",
        splits,
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "cue_order": partial(
        cue_config,
        "cue_order",
        "Sequential chains of 3 to 6 nodes whose order of sentences is the cue.",
        "order",
        {"sequential": 1.0},
    ),
    "cue_names": partial(
        cue_config,
        "cue_names",
        "Sequential and flipped chains of 3 to 6 nodes where the case of the names is the cue.",
        "names",
        {"sequential": 3.0, "flipped": 1.0},
    ),
}


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table, one row for each premise."""
    cells = cast(tuple[CueCell, ...], config.splits[split])
    draw = edges_then_names if split in BUCKETS else _many_names_then_edges
    if cells[0].cue == "names":
        draw = _styled
    return generate_rows(config, split, shard, draw, _ask, SCHEMA)


def _many_names_then_edges(
    cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner
) -> tuple[np.ndarray, np.ndarray]:
    return names_then_edges(cell, 1.1 * rows, stream, assigner)


def _styled(cell: Cell, rows: int, stream: Stream, assigner: SplitAssigner) -> tuple[np.ndarray, np.ndarray]:
    """Draws graphs whose names are all lower case or all upper case, and keeps those that belong to the split.

    Moving names to a split would change their case, so most graphs drawn for a small split are rejected.
    """
    count = min(4_000_000 // cell.num_nodes**2, int(1.5 * rows / assigner.share * assigner.num_shards) + 16)
    names = draw_names(stream, count, cell.num_nodes, cell.name_lengths)
    capital = stream.integers(2, (count, 1, 1)) == 1
    small = np.where((names >= ord("A")) & (names <= ord("Z")), names + np.uint8(32), names)
    large = np.where((names >= ord("a")) & (names <= ord("z")), names - np.uint8(32), names)
    names = np.where(capital, large, small)
    names = names[(small != large).any(axis=(1, 2))]  # names of digits have no case
    names = names[assigner.accept_new(names)]
    edges = draw_edges(cell, len(names), stream)
    return edges, names[: len(edges)]


def _ask(cell: Cell, edges: np.ndarray, names: np.ndarray, rows: int, stream: Stream) -> QuestionBatch:
    cell = cast(CueCell, cell)
    count = len(edges)
    environment = stream.integers(len(cell.strengths), (count,))
    right = stream.uniform((count,)) < np.array(cell.strengths)[environment]
    says_yes = stream.integers(2, (count,)) == 1
    if cell.cue == "names":
        says_yes = ((names >= ord("a")) & (names <= ord("z"))).any(axis=(1, 2))
    yes = says_yes == right
    # Equally many of both answers; which rows are left out does not depend on the cue.
    pairs = min(rows // 2, int(yes.sum()), int((~yes).sum()))
    kept = np.sort(np.concatenate([np.flatnonzero(yes)[:pairs], np.flatnonzero(~yes)[:pairs]]))
    edges, names, environment = edges[kept], names[kept], environment[kept].astype(np.int32)
    yes, says_yes = yes[kept], says_yes[kept]
    hops = graphs.hop_counts(edges, cell.num_nodes)
    node = np.arange(cell.num_nodes)
    fits = (hops > 0) == yes[:, None, None]
    fits[:, node, node] = False  # no question is about a node and itself
    fits = fits.reshape(len(kept), cell.num_nodes**2)
    keys = np.where(fits, stream.words(fits.shape) >> np.uint64(1), np.uint64(2**64 - 1))
    cause, effect = np.divmod(keys.argmin(axis=1), cell.num_nodes)
    graph = np.arange(len(kept))
    if cell.cue == "order":
        edges = np.where(says_yes[:, None, None], edges, edges[:, ::-1])
    return QuestionBatch(
        edges,
        names,
        graph,
        render_questions(names, graph, cause, effect),
        yes,
        hops[graph, cause, effect].astype(np.int32),
        certificates(edges, names, hops, graph, cause, effect),
        extra_columns={
            "environment": pa.array(environment),
            "cue": pa.array(LABELS).take(pa.array(says_yes.astype(np.int8))),
        },
    )
