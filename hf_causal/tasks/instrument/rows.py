"""The corpora of instruments: "Z causes A. A causes B. A and B share a hidden cause. Is Z an instrument for the effect
of A on B?"

`instrument` is small graphs, half of them with two hidden common causes; `instrument_generalization` has one split for
each axis: size, density, more hidden causes, larger sets, long names and shuffled sentences.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from hf_causal.tasks.instrument.proof import AFFECTED, EFFECT_PATH, TO_OUTCOME, TO_TREATMENT, prove
from hf_causal.tasks.instrument.questions import draw_pairs
from hf_causal.tasks.instrument.text import WORDS, parse_prompt, render_questions
from hf_causal.tasks.shared.effect_cells import effect_axes, hidden_splits
from hf_causal.tasks.shared.effect_questions import SCHEMA, EffectQuestions
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.rows import generate_rows
from hf_causal.tasks.shared.schema import CorpusConfig

NODES = (4, 5, 6)
"""Sizes of the graphs of the training family."""
NUM_HIDDEN = 2
QUESTIONS = EffectQuestions(
    draw_pairs,
    render_questions,
    parse_prompt,
    prove,
    {AFFECTED: "instrument", EFFECT_PATH: "affected", TO_TREATMENT: "separated", TO_OUTCOME: "open to outcome"},
)


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    return generate_rows(config, split, shard, QUESTIONS.draw, QUESTIONS.ask, SCHEMA, RESERVED_WORDS | WORDS)


def instrument_config(
    rows: int = 60_000,
    validation_rows: int = 6_000,
    nodes: tuple[int, ...] = NODES,
    questions_per_premise: int = 4,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """Makes the training config: graphs without hidden causes and with two, sets of 0 to 2 nodes."""
    counts = {"train": rows, "validation": validation_rows}
    return CorpusConfig(
        "instrument",
        "Instruments: graphs of 4 to 6 nodes, half with two hidden common causes, sets of 0 to 2 nodes.",
        hidden_splits(nodes, counts, questions_per_premise, NUM_HIDDEN),
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


def instrument_generalization_config(
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
        "instrument_generalization",
        "Instruments, one split for each axis: size, density, hidden causes, set size, long names, shuffled.",
        effect_axes(rows_per_cell, nodes, num_hidden=NUM_HIDDEN),
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "instrument": instrument_config,
    "instrument_generalization": instrument_generalization_config,
}
