"""The configs of the identification corpora."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from hf_causal.tasks.identification.text import ADJUSTMENT, IDENTIFIABLE
from hf_causal.tasks.shared.configs import share_out
from hf_causal.tasks.shared.schema import Cell, CorpusConfig

EDGES_PER_NODE = 1.25
"""Of the training family."""
DENSITIES = (1.0, 1.6, 2.0)
"""Edges per node of the axis `density`."""


@dataclass(frozen=True)
class EffectCell(Cell):
    """A cell of questions about effects in graphs with a number of hidden causes."""

    branching_factor: float | None = EDGES_PER_NODE
    asks: str = ADJUSTMENT
    num_hidden: int = 0
    set_sizes: range = range(3)
    """How many nodes the sets of the questions have."""
    shuffled: bool = False
    """Whether the sentences are in random order, rather than by cause with the hidden causes at the end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_hidden > self.num_nodes * (self.num_nodes - 1) // 2:
            raise ValueError(f"`nodes` {self.num_nodes} are too few for {self.num_hidden} hidden causes")


def _training_splits(
    mix: Mapping[str, float],
    nodes: tuple[int, ...],
    rows: Mapping[str, int],
    make: Callable[[str, int, int], EffectCell],
) -> dict[str, tuple[EffectCell, ...]]:
    """Returns splits with these rows, shared out among structures and sizes."""
    return {
        split: tuple(make(structure, size, count) for (structure, size), count in share_out(mix, nodes, total).items())
        for split, total in rows.items()
    }


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

    splits = _training_splits({"dag": 1.0, "hidden": 1.0}, nodes, {"train": rows, "validation": validation_rows}, make)
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
        "set_size": [cell("dag", size, set_sizes=range(3, 5)) for size in nodes or (7, 8, 9, 10, 12)],
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
        hidden = {"few_hidden": size // 2, "many_hidden": size}[structure]
        return EffectCell(
            structure, size, count, asks=IDENTIFIABLE, num_hidden=hidden, questions_per_premise=questions
        )

    mix = {"few_hidden": 1.0, "many_hidden": 1.0}
    splits = _training_splits(mix, (4, 5, 6), {"train": rows, "validation": validation_rows}, make)
    splits["test"] = tuple(make(structure, size, rows_per_cell, 2) for structure in mix for size in nodes)
    return CorpusConfig(
        "identifiable",
        "Effects that observations do or do not determine, in graphs with hidden common causes.",
        splits,
        seed=seed,
        rows_per_shard=rows_per_shard,
    )


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "adjustment": adjustment_config,
    "adjustment_generalization": adjustment_generalization_config,
    "identifiable": identifiable_config,
}
