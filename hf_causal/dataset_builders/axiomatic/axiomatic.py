"""A `datasets` builder over the axiomatic corpora."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import datasets
import pyarrow as pa

from hf_causal.corpora import config_names, generate_shard, get_config
from hf_causal.corpora.schema import CorpusConfig, arrow_schema


@dataclass
class AxiomaticConfig(datasets.BuilderConfig):
    """Options of a config; those that are `None` keep the published value."""

    seed: int = 0
    rows: int | None = None
    validation_rows: int | None = None
    nodes: tuple[int, ...] | None = None
    name_lengths: tuple[int, int] | None = None
    questions_per_premise: int | None = None
    rows_per_cell: int | None = None
    rows_per_shard: int | None = None

    def corpus_config(self) -> CorpusConfig:
        """The corpus config that these options describe."""
        names = (
            "rows",
            "validation_rows",
            "nodes",
            "name_lengths",
            "questions_per_premise",
            "rows_per_cell",
            "rows_per_shard",
        )
        given = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return get_config("axiomatic", self.name, seed=self.seed, **given)


class Axiomatic(datasets.ArrowBasedBuilder):
    """Builds any config of the axiomatic corpora, in several processes or as a stream.

    Example:

    ```python
    >>> builder = Axiomatic(config_name="transitivity_ts2", rows=400, validation_rows=400)
    >>> next(iter(builder.as_streaming_dataset("train")))["completion"] in ("Yes", "No")
    True

    ```
    """

    BUILDER_CONFIG_CLASS = AxiomaticConfig
    # `datasets` names its cache by the version of the config and ignores that of the class.
    BUILDER_CONFIGS = [
        AxiomaticConfig(
            name=name,
            version=datasets.Version(get_config("axiomatic", name).version),
            description=get_config("axiomatic", name).description,
        )
        for name in config_names("axiomatic")
    ]
    DEFAULT_CONFIG_NAME = config_names("axiomatic")[0]

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(
            description=self.config.description,
            features=datasets.Features.from_arrow_schema(arrow_schema()),
            license="apache-2.0",
        )

    def _split_generators(self, dl_manager) -> list[datasets.SplitGenerator]:
        config = self.config.corpus_config()
        return [
            datasets.SplitGenerator(
                name=split, gen_kwargs={"split": split, "shards": list(range(config.num_shards(split)))}
            )
            for split in config.splits
        ]

    def _generate_tables(self, split: str, shards: list[int]) -> Iterator[tuple[int, pa.Table]]:
        config = self.config.corpus_config()
        for shard in shards:
            yield shard, generate_shard("axiomatic", config, split, shard)
