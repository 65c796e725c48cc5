"""The corpora of the front-door criterion: "A causes M. M causes B. A and B share a hidden cause. Does {M} satisfy the
front-door criterion for the effect of A on B?"

`front_door` is small graphs, half of them with two hidden common causes; `front_door_generalization` has one split for
each axis: size, density, more hidden causes, larger sets, long names and shuffled sentences.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from hf_causal.tasks.front_door.proof import CAUSAL_PATH, REACHED, TO_OUTCOME, TO_SET, prove
from hf_causal.tasks.front_door.questions import draw_pairs
from hf_causal.tasks.front_door.text import WORDS, parse_prompt, render_questions
from hf_causal.tasks.shared.effect_cells import effect_axes, hidden_splits
from hf_causal.tasks.shared.effect_questions import SCHEMA, EffectQuestions
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.rows import generate_rows
from hf_causal.tasks.shared.schema import CorpusConfig

NODES = (5, 6, 7)
"""Sizes of the graphs of the training family."""
NUM_HIDDEN = 2
SET_SIZES = (1, 2)
QUESTIONS = EffectQuestions(
    draw_pairs,
    render_questions,
    parse_prompt,
    prove,
    {REACHED: "valid", CAUSAL_PATH: "causal path", TO_SET: "open to set", TO_OUTCOME: "open to outcome"},
)


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    return generate_rows(config, split, shard, QUESTIONS.draw, QUESTIONS.ask, SCHEMA, RESERVED_WORDS | WORDS)


def front_door_config(
    rows: int = 60_000,
    validation_rows: int = 6_000,
    nodes: tuple[int, ...] = NODES,
    questions_per_premise: int = 4,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """Makes the training config: graphs without hidden causes and with two, sets of 1 and 2 nodes."""
    counts = {"train": rows, "validation": validation_rows}
    return CorpusConfig(
        "front_door",
        "The front-door criterion: graphs of 5 to 7 nodes, half with two hidden causes, sets of 1 and 2 nodes.",
        hidden_splits(nodes, counts, questions_per_premise, NUM_HIDDEN, SET_SIZES),
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


def front_door_generalization_config(
    rows_per_cell: int = 500, nodes: tuple[int, ...] | None = None, seed: int = 0, rows_per_shard: int = 25_000
) -> CorpusConfig:
    """Makes the evaluation config: one split for each axis along which a model may or may not generalize.

    Args:
        rows_per_cell (`int`): Questions of each cell, two about each premise: one Yes and one No.
        nodes (`tuple[int, ...]`, *optional*): These sizes on every axis instead of the published ones.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    return CorpusConfig(
        "front_door_generalization",
        "The front-door criterion, one split for each axis: size, density, hidden causes, set size, long names, "
        "shuffled.",
        effect_axes(rows_per_cell, nodes, SET_SIZES, NUM_HIDDEN, NODES[0]),
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "front_door": front_door_config,
    "front_door_generalization": front_door_generalization_config,
}
