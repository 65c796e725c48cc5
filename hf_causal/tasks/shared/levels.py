"""Levels of difficulty: what a level of a task draws, and the sizes of its blocks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hf_causal.tasks.shared.schema import BaseCell, Cell, CorpusConfig

SPLITS = ("train", "validation", "test")
"""Splits of every level. No two of them share a premise, and `train` shares none with the published evaluation splits.
In Corr2Cause that holds for equivalence classes."""


@dataclass(frozen=True)
class Level:
    """One level of difficulty of a task.

    Its rows come in blocks. A block is a function of (task, level, seed, split, number of the block), and has as many
    rows of each cell as the cell says. `blocks` blocks make a round, in which no premise occurs twice.
    """

    number: int
    """From 1, the easiest level."""
    description: str
    cells: tuple[BaseCell, ...]
    """What a block has; half of the rows of each cell are Yes."""
    blocks: int = 4096
    """Blocks of a round."""

    @property
    def block_rows(self) -> int:
        """Rows of one block."""
        return sum(cell.rows for cell in self.cells)

    def config(self, task: str, split: str, seed: int) -> CorpusConfig[BaseCell]:
        """Returns the config whose shards are the blocks of one round."""
        cells = tuple(replace(cell, rows=cell.rows * self.blocks) for cell in self.cells)
        name = f"{task}_level_{self.number}"
        return CorpusConfig(name, self.description, {split: cells}, seed=seed, rows_per_shard=self.block_rows)


STATED_GRAPH_LEVELS = tuple(
    Level(number, f"branching graphs of {nodes} nodes", (Cell("branching", nodes, 64, 1.4),))
    for number, nodes in enumerate((6, 9, 12, 16, 20), start=1)
)
"""Levels of a task whose premises state a graph, unless it has others."""
