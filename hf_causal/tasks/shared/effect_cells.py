"""Cells and splits of questions about the effect of one node on another, in graphs with hidden causes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from hf_causal.tasks.shared.configs import mixed_splits
from hf_causal.tasks.shared.schema import Cell

EDGES_PER_NODE = 1.25
"""Of the training families."""


@dataclass(frozen=True)
class EffectCell(Cell):
    """A cell of questions about effects in graphs with a number of hidden causes."""

    branching_factor: float | None = EDGES_PER_NODE
    num_hidden: int = 0
    set_sizes: tuple[int, int] = (0, 2)
    """Nodes of the smallest and of the largest set of a question."""
    shuffled: bool = False
    """Whether the sentences are in random order, rather than by cause with the hidden causes at the end."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.num_hidden > self.num_nodes * (self.num_nodes - 1) // 2:
            raise ValueError(f"`nodes` {self.num_nodes} are too few for {self.num_hidden} hidden causes")


DENSITIES = (1.0, 1.6, 2.0)
"""Edges per node of the axis `density`."""


def effect_axes(
    rows_per_cell: int,
    nodes: tuple[int, ...] | None,
    set_sizes: tuple[int, int] = (0, 2),
    num_hidden: int = 1,
    smallest: int = 4,
) -> dict[str, tuple[EffectCell, ...]]:
    """Returns one split for each axis along which a model of questions about sets may or may not generalize.

    Args:
        rows_per_cell (`int`): Questions of each cell, two about each premise: one Yes and one No.
        nodes (`tuple[int, ...]`, *optional*): These sizes on every axis instead of the published ones.
        set_sizes (`tuple[int, int]`): Nodes of the sets of all axes but `set_size`, which has 3 and 4.
        num_hidden (`int`): Hidden causes of the cells that have them, except on the axis `hidden`.
        smallest (`int`): Nodes of the smallest graphs of the training family.
    """
    cell = partial(EffectCell, rows=rows_per_cell, set_sizes=set_sizes)
    family, up_to_eight = range(smallest, smallest + 3), range(smallest, 9)
    splits = {
        "size": [
            cell(structure, size, num_hidden=hidden)
            for structure, hidden in (("dag", 0), ("hidden", num_hidden))
            for size in nodes or (7, 8, 9, 10, 12)
        ],
        "density": [
            cell("dag", size, branching_factor=density) for density in DENSITIES for size in nodes or (6, 8, 10)
        ],
        "hidden": [cell("hidden", size, num_hidden=size // 2) for size in nodes or (*up_to_eight, 10)],
        "set_size": [cell("dag", size, set_sizes=(3, 4)) for size in nodes or (7, 8, 9, 10, 12)],
        "long_names": [cell("dag", size, name_lengths=(4, 10), uniform_names=True) for size in nodes or family],
        "shuffled": [cell("hidden", size, num_hidden=num_hidden, shuffled=True) for size in nodes or up_to_eight],
    }
    return {axis: tuple(cells) for axis, cells in splits.items()}


def hidden_splits(
    nodes: tuple[int, ...],
    rows: Mapping[str, int],
    questions_per_premise: int,
    num_hidden: int = 1,
    set_sizes: tuple[int, int] = (0, 2),
) -> dict[str, tuple[EffectCell, ...]]:
    """Returns the splits of a training family: half of the graphs have no hidden cause, half have some."""

    def make(structure: str, size: int, count: int) -> EffectCell:
        hidden = num_hidden if structure == "hidden" else 0
        return EffectCell(
            structure,
            size,
            count,
            num_hidden=hidden,
            set_sizes=set_sizes,
            questions_per_premise=questions_per_premise,
        )

    return mixed_splits({"dag": 1.0, "hidden": 1.0}, nodes, rows, make)
