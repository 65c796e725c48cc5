"""Cells and configs of relevance: the training family, and one split for each axis of generalization."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from hf_causal.tasks.shared.configs import AxisSizes, generalization_config, training_config
from hf_causal.tasks.shared.schema import Cell, CorpusConfig

SIZES = AxisSizes(
    chains=(*range(7, 16), 20, 50),
    small=tuple(range(3, 16)),
    shuffled=(*range(3, 16), 50),
    branching=(5, 8, 10, 12, 20, 40),
)
FEEDBACK_SIZES = (5, 8, 10, 12, 20)
LARGER_SIZES = (8, 10, 12, 15)
"""Of the axes `larger_condition` and `larger_sets`, whose graphs are flipped chains."""
FEEDBACK_EDGES = 1.4
"""Edges per node of the graphs of the axis `feedback`."""


@dataclass(frozen=True)
class SetCell(Cell):
    """A cell with the numbers of nodes that a question may have in each of its sets."""

    changed: tuple[int, ...] = (1, 2)
    targets: tuple[int, ...] = (1, 2)
    held: tuple[int, ...] = (0, 1, 2)
    fewest_hops: int = 1
    """Edges of the shortest path of a Yes, at least."""

    def set_sizes(self) -> list[tuple[int, int, int]]:
        """Returns the numbers of nodes that are changed, may be affected and are held fixed, which fit the graph."""
        triples = [(x, y, z) for x in self.changed for y in self.targets for z in self.held]
        return [triple for triple in triples if sum(triple) <= self.num_nodes]

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.set_sizes():
            raise ValueError(f"`nodes` {self.num_nodes} are too few for the questions of the cell {self.structure}")


def set_sizes(cell: Cell) -> list[tuple[int, int, int]]:
    """Returns the set sizes of a cell; those of the training family unless the cell has others."""
    own = cell if isinstance(cell, SetCell) else SetCell(cell.structure, cell.num_nodes, cell.rows)
    return own.set_sizes()


def relevance_generalization(
    rows_per_cell: int = 500, nodes: tuple[int, ...] | None = None, seed: int = 0, rows_per_shard: int = 25_000
) -> CorpusConfig[Cell]:
    """Makes the evaluation config: the six axes of transitivity, larger sets, and graphs with cycles.

    Args:
        rows_per_cell (`int`): Questions of each cell, two about each premise: one Yes and one No.
        nodes (`tuple[int, ...]`, *optional*): These sizes on every axis; the larger sets need 5 to 8 nodes.
        seed (`int`): Of the random numbers.
        rows_per_shard (`int`): Rows of one Parquet file.
    """
    description = (
        "Relevance, one split for each axis: longer, flipped, reversed, shuffled, branching, longer names, more nodes "
        "held fixed, more nodes changed, and graphs with cycles."
    )
    config = generalization_config(
        "relevance_generalization", description, SIZES, rows_per_cell, nodes, seed, rows_per_shard
    )
    larger = nodes or LARGER_SIZES
    axes = {
        "larger_condition": [
            SetCell(f"{word}_held", size, rows_per_cell, held=(held,))
            for word, held in (("three", 3), ("four", 4), ("five", 5))
            for size in larger
            if size >= held + 2
        ],
        "larger_sets": [
            SetCell("three_changed", size, rows_per_cell, changed=(3,), targets=(3,)) for size in larger if size >= 6
        ],
        "feedback": [SetCell("feedback", size, rows_per_cell, FEEDBACK_EDGES) for size in nodes or FEEDBACK_SIZES],
    }
    return replace(config, splits=config.splits | {axis: tuple(cells) for axis, cells in axes.items() if cells})


CONFIGS: dict[str, Callable[..., CorpusConfig]] = {
    "relevance": partial(
        training_config,
        "relevance",
        "Relevance: chains of 3 to 6 nodes, half sequential, half flipped (a seventh of it completely reversed).",
        {"sequential": 87.5, "flipped": 75.0, "reversed": 12.5},
    ),
    "relevance_generalization": relevance_generalization,
}
