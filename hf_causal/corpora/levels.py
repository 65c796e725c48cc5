"""Rows by (seed, index): any row of a level, without those before it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, overload

import pyarrow as pa

from hf_causal.corpora.infinite import fresh_config, label_round
from hf_causal.tasks.registry import get_task
from hf_causal.tasks.shared.levels import SPLITS
from hf_causal.utils.randomness import Stream

MOST_ROWS = 10**12
"""Length of a sequence of rows."""


class RowsByIndex(Sequence[dict[str, Any]]):
    """Rows without end, of which any is generated alone, with the few others of its block.

    The row at an index is a function of the arguments of [`rows_by_index`] and the index, in every process. The block
    that was read last is kept, so that reading on costs the generation of a block once for all of its rows.

    Args:
        block (callable): From the number of a block to its rows.
        block_rows (`int`): Rows of every block.
    """

    def __init__(self, block: Callable[[int], pa.Table], block_rows: int):
        self.block, self.block_rows = block, block_rows
        self._last: tuple[int, list[dict[str, Any]]] = (-1, [])

    def __len__(self) -> int:
        return MOST_ROWS

    @overload
    def __getitem__(self, index: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, index: slice) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: int | slice) -> dict[str, Any] | list[dict[str, Any]]:
        if isinstance(index, slice):
            return [self[position] for position in range(*index.indices(MOST_ROWS))]
        if not 0 <= (index := operator.index(index)) < MOST_ROWS:
            raise IndexError(f"`index` must lie in 0 ... {MOST_ROWS - 1}, got {index}")
        number, position = divmod(index, self.block_rows)
        last = self._last  # one read, since another thread may replace it
        if last[0] != number:
            self._last = last = (number, self.block(number).to_pylist())
        return dict(last[1][position])

    def table(self, rows: int) -> pa.Table:
        """Returns the rows from 0 to `rows`."""
        if not 1 <= rows <= MOST_ROWS:
            raise ValueError(f"`rows` must lie in 1 ... {MOST_ROWS}, got {rows}")
        return pa.concat_tables(map(self.block, range(-(-rows // self.block_rows)))).slice(0, rows)


def rows_by_index(name: str, seed: int = 0, *, level: int = 1, split: str = "train", **options: Any) -> RowsByIndex:
    """Returns the rows of a level of a task, to be read by index.

    Args:
        name (`str`): A task.
        seed (`int`): Of the random numbers; another seed gives other rows.
        level (`int`): Level of the task, from 1.
        split (`str`): `train`, `validation` or `test`.
        **options: A level has no options: any is an error.

    Raises:
        `ValueError`: For an unknown name, level or split, or an option.

    Example:

    ```python
    >>> rows = rows_by_index("d_separation", seed=7, level=3)
    >>> rows[1_000_000] == rows_by_index("d_separation", seed=7, level=3)[1_000_000]
    True
    >>> get_task("d_separation").measures(rows[1_000_000])["nodes"]
    12

    ```
    """
    block_rows = get_task(name).level(level).block_rows
    if options:
        raise ValueError(f"a level has no options, got {', '.join(sorted(options))}")
    if split not in SPLITS:
        raise ValueError(f"`split` of a level must be one of {', '.join(SPLITS)}, got {split!r}")
    return RowsByIndex(partial(_level_block, name, level, seed, split), block_rows)


def _level_block(name: str, number: int, seed: int, split: str, index: int) -> pa.Table:
    """Generates a block of a level, its rows in random order."""
    task, level = get_task(name), get_task(name).level(number)
    config = level.config(name, split, seed)
    fresh_round, shard = divmod(index, level.blocks)
    table = task.generate_shard(fresh_config(config, fresh_round), split, shard)
    order = Stream(seed, config.name, split, index).permutations(1, table.num_rows)[0]
    return label_round(table.take(pa.array(order)), fresh_round)
