"""The corpora of adjustment: "C causes A. C causes B. Is {C} a valid adjustment set for the effect of A on B?"

`adjustment` is small graphs, half of them with one hidden common cause; `adjustment_generalization` has one split for
each axis: size, density, more hidden causes, larger sets, long names and shuffled sentences.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from hf_causal.tasks.adjustment.proof import prove
from hf_causal.tasks.adjustment.questions import draw_pairs
from hf_causal.tasks.adjustment.text import WORDS, parse_prompt, render_questions
from hf_causal.tasks.shared.effect_cells import effect_axes, hidden_splits
from hf_causal.tasks.shared.effect_questions import SCHEMA, EffectQuestions
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.rows import generate_rows
from hf_causal.tasks.shared.schema import CorpusConfig

QUESTIONS = EffectQuestions(
    draw_pairs,
    lambda names, graph, asked: render_questions(names, graph, asked.x, asked.y, asked.given),
    parse_prompt,
    prove,
    {"descent": "forbidden", "arrows": "open path", "from_child": "valid"},
)


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    return generate_rows(config, split, shard, QUESTIONS.draw, QUESTIONS.ask, SCHEMA, RESERVED_WORDS | WORDS)


def adjustment_config(
    rows: int = 175_000,
    validation_rows: int = 17_500,
    nodes: tuple[int, ...] = (4, 5, 6),
    questions_per_premise: int = 8,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """Makes the training config: graphs without hidden causes and with one, sets of 0 to 2 nodes."""
    return CorpusConfig(
        "adjustment",
        "Adjustment sets: graphs of 4 to 6 nodes, half with a hidden common cause, sets of 0 to 2 nodes.",
        hidden_splits(nodes, {"train": rows, "validation": validation_rows}, questions_per_premise),
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


def adjustment_generalization_config(
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
        "adjustment_generalization",
        "Adjustment sets, one split for each axis: size, density, hidden causes, set size, long names, shuffled.",
        effect_axes(rows_per_cell, nodes),
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "adjustment": adjustment_config,
    "adjustment_generalization": adjustment_generalization_config,
}
