"""What the `datasets` builders of all corpora share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import ClassVar

import datasets
import pyarrow as pa

from hf_causal.corpora import config_names, generate_shard, get_config
from hf_causal.tasks.shared.schema import CorpusConfig


@dataclass
class ShardedConfig(datasets.BuilderConfig):
    """Options of a config. A corpus adds fields; those that are `None` keep the published value."""

    corpus: ClassVar[str]
    seed: int = 0
    rows_per_shard: int | None = None

    @classmethod
    def published(cls) -> list[ShardedConfig]:
        """The configs of the corpus. `datasets` names its cache by their version and ignores that of the builder."""
        configs = {name: get_config(cls.corpus, name) for name in config_names(cls.corpus)}
        return [
            cls(name=name, version=datasets.Version(config.version), description=config.description)
            for name, config in configs.items()
        ]

    def corpus_config(self) -> CorpusConfig:
        """The corpus config that these options describe."""
        inherited = {field.name for field in fields(datasets.BuilderConfig)}
        options = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in inherited}
        given = {name: value for name, value in options.items() if value is not None}
        return get_config(self.corpus, self.name, **given)


class ShardedBuilder(datasets.ArrowBasedBuilder):
    """Builds any config of a corpus, in several processes or as a stream.

    A corpus has a subclass in a module of its own, by whose name `datasets` knows it, with `BUILDER_CONFIG_CLASS`,
    `BUILDER_CONFIGS`, `DEFAULT_CONFIG_NAME` and `SCHEMA`.
    """

    SCHEMA: ClassVar[pa.Schema]

    def _info(self) -> datasets.DatasetInfo:
        return datasets.DatasetInfo(
            description=self.config.description,
            features=datasets.Features.from_arrow_schema(self.SCHEMA),
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
            yield shard, generate_shard(self.config.corpus, config, split, shard)
