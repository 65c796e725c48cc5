"""The corpora of adjustment: "C causes A. C causes B. Is {C} a valid adjustment set for the effect of A on B?"

`adjustment` is small graphs, half of them with one hidden common cause; `adjustment_generalization` has one split for
each axis: size, density, more hidden causes, larger sets, long names and shuffled sentences.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pyarrow as pa

from hf_causal.tasks.adjustment.proof import prove
from hf_causal.tasks.adjustment.questions import draw_pairs
from hf_causal.tasks.adjustment.text import WORDS, parse_prompt, render_questions
from hf_causal.tasks.shared.configs import mixed_splits
from hf_causal.tasks.shared.effect_questions import SCHEMA, EffectCell, EffectQuestions
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.rows import generate_rows
from hf_causal.tasks.shared.schema import CorpusConfig

DENSITIES = (1.0, 1.6, 2.0)
"""Edges per node of the axis `density`."""
QUESTIONS = EffectQuestions(
    draw_pairs,
    render_questions,
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

    def make(structure: str, size: int, count: int) -> EffectCell:
        hidden = int(structure == "hidden")
        return EffectCell(structure, size, count, num_hidden=hidden, questions_per_premise=questions_per_premise)

    splits = mixed_splits({"dag": 1.0, "hidden": 1.0}, nodes, {"train": rows, "validation": validation_rows}, make)
    return CorpusConfig(
        "adjustment",
        "Adjustment sets: graphs of 4 to 6 nodes, half with a hidden common cause, sets of 0 to 2 nodes.",
        splits,
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
    cell = partial(EffectCell, rows=rows_per_cell)
    splits = {
        "size": [
            cell(structure, size, num_hidden=hidden)
            for structure, hidden in (("dag", 0), ("hidden", 1))
            for size in nodes or (7, 8, 9, 10, 12)
        ],
        "density": [
            cell("dag", size, branching_factor=density) for density in DENSITIES for size in nodes or (6, 8, 10)
        ],
        "hidden": [cell("hidden", size, num_hidden=size // 2) for size in nodes or (4, 5, 6, 7, 8, 10)],
        "set_size": [cell("dag", size, set_sizes=(3, 4)) for size in nodes or (7, 8, 9, 10, 12)],
        "long_names": [cell("dag", size, name_lengths=(4, 10), uniform_names=True) for size in nodes or (4, 5, 6)],
        "shuffled": [cell("hidden", size, num_hidden=1, shuffled=True) for size in nodes or (4, 5, 6, 7, 8)],
    }
    return CorpusConfig(
        "adjustment_generalization",
        "Adjustment sets, one split for each axis: size, density, hidden causes, set size, long names, shuffled.",
        {axis: tuple(cells) for axis, cells in splits.items()},
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "adjustment": adjustment_config,
    "adjustment_generalization": adjustment_generalization_config,
}
