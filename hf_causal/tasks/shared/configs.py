"""Configs of tasks whose premises state a graph: training mixes, and one split for each axis of generalization."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from hf_causal.tasks.shared.schema import Cell, CorpusConfig

AnyCell = TypeVar("AnyCell", bound=Cell)

BRANCHING_FACTORS = (1.4, 2.0)
"""Edges per node of the graphs of the axis `branching`."""


@dataclass(frozen=True)
class AxisSizes:
    """The published graph sizes of a generalization config."""

    chains: tuple[int, ...]
    """Of the axes `sequential` and `flipped`."""
    small: tuple[int, ...]
    """Of the axes `reversed` and `long_names`."""
    shuffled: tuple[int, ...]
    branching: tuple[int, ...]
    complete_graphs: bool = True
    """Whether branching cells may consist of complete DAGs, or are left out where they would."""


def training_config(
    name: str,
    description: str,
    mix: Mapping[str, float],
    rows: int = 175_000,
    validation_rows: int = 17_500,
    nodes: tuple[int, ...] = (3, 4, 5, 6),
    name_lengths: tuple[int, int] = (1, 3),
    questions_per_premise: int = 8,
    seed: int = 0,
    rows_per_shard: int = 25_000,
) -> CorpusConfig:
    """Makes a config with the splits `train` and `validation`, both of the same family.

    Args:
        name, description (`str`): For the card.
        mix (mapping): From graph structure to its share of the rows; every size gets the same number of rows.
        rows, validation_rows (`int`): Rows of the two splits.
        nodes (`tuple[int, ...]`): Graph sizes.
        name_lengths (`tuple[int, int]`): Shortest and longest node name.
        questions_per_premise (`int`): At most this many questions about one premise, half Yes and half No.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    make = partial(Cell, name_lengths=name_lengths, questions_per_premise=questions_per_premise)
    splits = mixed_splits(mix, nodes, {"train": rows, "validation": validation_rows}, make)
    return CorpusConfig(name, description, splits, seed=seed, rows_per_shard=rows_per_shard)


def generalization_config(
    name: str,
    description: str,
    sizes: AxisSizes,
    rows_per_cell: int = 500,
    nodes: tuple[int, ...] | None = None,
    seed: int = 0,
    rows_per_shard: int = 25_000,
    *,
    version: str = "1.0.0",
) -> CorpusConfig:
    """Makes an evaluation config: one split for each axis, one cell for each (structure, size, branching factor).

    Args:
        name, description (`str`): For the card.
        sizes ([`AxisSizes`]): The published sizes.
        rows_per_cell (`int`): Questions of each cell, two about each premise: one Yes and one No.
        nodes (`tuple[int, ...]`, *optional*): These sizes on every axis instead of the published ones.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
        version (`str`): Version of the rows; each version has its own random numbers.
    """
    axes = {
        "sequential": [Cell("sequential", size, rows_per_cell) for size in nodes or sizes.chains],
        "flipped": [Cell("flipped", size, rows_per_cell) for size in nodes or sizes.chains],
        "reversed": [Cell("reversed", size, rows_per_cell) for size in nodes or sizes.small],
        "shuffled": [
            Cell(structure, size, rows_per_cell)
            for structure in ("shuffled", "shuffled_flipped")
            for size in nodes or sizes.shuffled
        ],
        "branching": [
            Cell("branching", size, rows_per_cell, branching_factor=factor)
            for factor in BRANCHING_FACTORS
            for size in nodes or sizes.branching
            if sizes.complete_graphs or int(factor * size) != size * (size - 1) // 2
        ],
        "long_names": [
            Cell("sequential", size, rows_per_cell, name_lengths=(4, 10), uniform_names=True)
            for size in nodes or sizes.small
        ],
    }
    splits = {axis: tuple(cells) for axis, cells in axes.items()}
    return CorpusConfig(name, description, splits, seed=seed, version=version, rows_per_shard=rows_per_shard)


def mixed_splits(
    mix: Mapping[str, float],
    nodes: tuple[int, ...],
    rows: Mapping[str, int],
    make: Callable[[str, int, int], AnyCell],
) -> dict[str, tuple[AnyCell, ...]]:
    """Returns the cells of each split: its rows are divided among structures and sizes, and `make` makes a cell."""
    return {
        split: tuple(make(structure, size, count) for (structure, size), count in share_out(mix, nodes, total).items())
        for split, total in rows.items()
    }


def share_out(mix: Mapping[str, float], nodes: tuple[int, ...], rows: int) -> dict[tuple[str, int], int]:
    """Divides rows among (structure, size) pairs by the shares of the structures; every number is even.

    Example:

    ```python
    >>> share_out({"sequential": 3.0, "flipped": 1.0}, (3, 4), 80)
    {('sequential', 3): 30, ('sequential', 4): 30, ('flipped', 3): 10, ('flipped', 4): 10}

    ```
    """
    if rows % 2:
        raise ValueError(f"`rows` must be even, half Yes and half No; got {rows}")
    keys = [(structure, size) for structure in mix for size in nodes]
    if len(set(keys)) < len(keys) or not keys or min(nodes) < 3:
        raise ValueError(f"`nodes` must be different sizes of at least 3, got {nodes}")
    ends = np.cumsum([mix[structure] for structure, _ in keys])
    pairs = np.diff(np.floor(ends / ends[-1] * (rows // 2) + 1e-6).astype(int), prepend=0)
    if pairs.min() < 1:
        raise ValueError(f"{rows} rows are too few for {len(keys)} cells; give at least {2 * len(keys) * 10}")
    return {key: 2 * int(count) for key, count in zip(keys, pairs, strict=True)}
