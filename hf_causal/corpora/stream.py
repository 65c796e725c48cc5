"""Training rows without end as a `datasets.IterableDataset`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import datasets
import pyarrow as pa
from datasets.iterable_dataset import _BaseExamplesIterable

from hf_causal.corpora import get_config
from hf_causal.corpora.infinite import fresh_shard
from hf_causal.tasks.shared.schema import CorpusConfig

NUM_LANES = 40_320
"""8!: what the nodes and workers share among them, dividing evenly by most numbers of them."""

_CHUNK = 1000
"""Rows of one Arrow table that is handed on."""


def stream_corpus(corpus: str, config: str, seed: int = 0, **options: Any) -> datasets.IterableDataset:
    """Fresh training rows of a config without end; none of them is in a validation or generalization split.

    The rows are a function of the arguments. `datasets.distributed.split_dataset_by_node` and the workers of a
    `DataLoader` share them out, each generating only its own; `state_dict` and `load_state_dict` go on at the very row
    without generating what came before.

    Args:
        corpus, config (`str`): For example `"axiomatic"`, `"transitivity_ts2"`.
        seed (`int`): Of the random numbers; another seed gives other rows.
        **options: Options of the config, such as `nodes`.

    Example:

    ```python
    >>> rows = stream_corpus("axiomatic", "transitivity_ts2", seed=1, rows=400)
    >>> next(iter(rows))["completion"] in ("Yes", "No")
    True

    ```
    """
    chosen = get_config(corpus, config, seed=seed, **options)
    features = datasets.Features.from_arrow_schema(fresh_shard(corpus, chosen, 0).schema)
    shards = FreshShards(corpus, chosen, range(NUM_LANES))
    return datasets.IterableDataset(shards, datasets.DatasetInfo(features=features), datasets.Split.TRAIN)


class FreshShards(_BaseExamplesIterable):
    """Lanes of fresh shards, one shard of each lane in turn: lane 2 has the shards 2, 2 + `NUM_LANES`, …"""

    def __init__(self, corpus: str, config: CorpusConfig, lanes: Sequence[int]):
        super().__init__()
        self.corpus, self.config, self.lanes = corpus, config, lanes
        self._state_dict: dict[str, Any] | None = None

    @property
    def num_shards(self) -> int:
        return len(self.lanes)

    @property
    def iter_arrow(self):
        return self._iter_arrow

    def shard_data_sources(self, num_shards: int, index: int, contiguous: bool = True) -> FreshShards:
        chosen = self.split_shard_indices_by_worker(num_shards, index, contiguous=contiguous)
        return FreshShards(self.corpus, self.config, [self.lanes[lane] for lane in chosen])

    def shuffle_data_sources(self, generator: Any) -> FreshShards:
        return self  # the shards are random already

    def reshard_data_sources(self) -> FreshShards:
        return self

    def _init_state_dict(self) -> dict[str, Any]:
        self._state_dict = {"turn": 0, "row": 0, "type": type(self).__name__}
        return self._state_dict

    def _iter_arrow(self) -> Iterator[tuple[str, pa.Table]]:
        for turn, row, chunk in self._chunks():
            self._stand(turn, row + chunk.num_rows)
            yield f"{turn}-{row}", chunk

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for turn, start, chunk in self._chunks():
            for row, values in enumerate(chunk.to_pylist(), start):
                self._stand(turn, row + 1)
                yield f"{turn}-{row}", values

    def _chunks(self) -> Iterator[tuple[int, int, pa.Table]]:
        """From where it stands: which shard in order, at which row, and some rows from there on."""
        turn, row = (self._state_dict["turn"], self._state_dict["row"]) if self._state_dict else (0, 0)
        while True:
            number = self.lanes[turn % len(self.lanes)] + NUM_LANES * (turn // len(self.lanes))
            table = fresh_shard(self.corpus, self.config, number)
            for start in range(row, table.num_rows, _CHUNK):
                yield turn, start, table.slice(start, _CHUNK)
            turn, row = turn + 1, 0

    def _stand(self, turn: int, row: int) -> None:
        if self._state_dict:
            self._state_dict.update(turn=turn, row=row)
