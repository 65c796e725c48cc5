"""The corpus of identification: "A causes B. A and B share a hidden cause. Can the effect of A on B be computed from
observations alone?"

Every treatment causes its outcome, and the Yes and the No of a pair are about the same graph. The cells are what a Yes
is:

- `adjustable`: some set of covariates adjusts for the effect.
- `not_adjustable`: no set does, so that other rules are needed, such as the front-door criterion.
- `many_hidden`: any identifiable effect, in graphs with twice as many hidden causes.

A No is about any effect that is not identifiable; three quarters of them are, where there is a choice, about a
treatment and an outcome that do not share a hidden cause themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from hf_causal.graphs.adjustment import AdjustmentSets
from hf_causal.graphs.identification import Hedge, factors_or_hedge
from hf_causal.graphs.mixed_graphs import MixedGraph
from hf_causal.tasks.identification.proof import prove
from hf_causal.tasks.identification.text import WORDS, parse_prompt, render_questions
from hf_causal.tasks.shared.configs import mixed_splits
from hf_causal.tasks.shared.effect_cells import EffectCell
from hf_causal.tasks.shared.effect_questions import SCHEMA, Asked, EffectQuestions, Question, effects_of
from hf_causal.tasks.shared.names import RESERVED_WORDS
from hf_causal.tasks.shared.rows import generate_rows
from hf_causal.tasks.shared.schema import CorpusConfig
from hf_causal.utils.randomness import Draws

STRUCTURES = ("adjustable", "not_adjustable", "many_hidden")
_INDIRECT_IN_FOUR = 3
"""Of four No, how many are about a pair that does not share a hidden cause where there is a choice."""


def draw_pairs(graph: MixedGraph, cell: EffectCell, draws: Draws) -> Iterator[tuple[Question, Question]]:
    """Yields pairs of an effect that is identifiable in the way of the cell, and one that is not identifiable."""
    yes: list[Question] = []
    direct: list[Question] = []
    indirect: list[Question] = []
    for x, y in draws.shuffled(effects_of(graph)):
        if isinstance(factors_or_hedge(graph, 1 << x, 1 << y), Hedge):
            (direct if graph.siblings[x] >> y & 1 else indirect).append(Question(x, y, 0, False))
        elif _has_structure(graph, cell.structure, x, y):
            yes.append(Question(x, y, 0, True))
    for question in yes:
        preferred, other = (indirect, direct) if draws.below(4) < _INDIRECT_IN_FOUR else (direct, indirect)
        if not preferred and not other:
            return
        yield question, (preferred or other).pop()


def _has_structure(graph: MixedGraph, structure: str, x: int, y: int) -> bool:
    if structure == "many_hidden":
        return True
    return AdjustmentSets(graph, 1 << x, 1 << y).exists() == (structure == "adjustable")


def _render(names: np.ndarray, graph: np.ndarray, asked: Asked) -> pa.Array:
    return render_questions(names, graph, asked.x, asked.y)


QUESTIONS = EffectQuestions(draw_pairs, _render, parse_prompt, prove, {"factors": "factors", "outer": "hedge"})


def generate_shard(config: CorpusConfig, split: str, shard: int) -> pa.Table:
    """Generates one shard as an Arrow table; the rows of a premise are next to each other."""
    return generate_rows(config, split, shard, QUESTIONS.draw, QUESTIONS.ask, SCHEMA, RESERVED_WORDS | WORDS)


def identifiable_config(
    rows: int = 60_000,
    validation_rows: int = 6_000,
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] = (4, 5, 6, 7, 8, 10),
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """Makes the config; training and validation graphs have 4 to 6 nodes, `nodes` are the sizes of the test split."""

    def make(structure: str, size: int, count: int, questions: int = 4) -> EffectCell:
        hidden = size - size % 2 if structure == "many_hidden" else size // 2
        return EffectCell(structure, size, count, num_hidden=hidden, questions_per_premise=questions)

    mix = dict.fromkeys(STRUCTURES, 1.0)
    splits = mixed_splits(mix, (4, 5, 6), {"train": rows, "validation": validation_rows}, make)
    splits["test"] = tuple(make(structure, size, rows_per_cell, 2) for structure in mix for size in nodes)
    return CorpusConfig(
        "identifiable",
        "Effects that observations do or do not determine, in graphs with hidden common causes.",
        splits,
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {"identifiable": identifiable_config}
