"""One `datasets` builder class for each published data set, derived from its configs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, make_dataclass
from functools import cache
from typing import Any, ClassVar

import datasets
import pyarrow as pa

from hf_causal.corpora import check_corpus, config_names, config_options, generate_shard, get_config, schema
from hf_causal.tasks.shared.schema import CorpusConfig


class ShardedConfig(datasets.BuilderConfig):
    """Options of a config; those that are `None` keep the published value."""

    corpus: ClassVar[str]

    def corpus_config(self) -> CorpusConfig:
        """Returns the corpus config that these options describe."""
        general = {field.name for field in fields(datasets.BuilderConfig)}
        options = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in general}
        return get_config(
            self.corpus, self.name, **{key: value for key, value in options.items() if value is not None}
        )


class ShardedBuilder(datasets.ArrowBasedBuilder):
    """Builds any config of a data set, in several processes or as a stream."""

    def _info(self) -> datasets.DatasetInfo:
        columns = schema(self.config.corpus, self.config.name)
        return datasets.DatasetInfo(
            description=self.config.description,
            features=datasets.Features.from_arrow_schema(columns),
            license="apache-2.0",
        )

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
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


@cache
def make_builder(corpus: str) -> type[ShardedBuilder]:
    """Makes the builder class of a data set: `CoOccurrence` for `"co_occurrence"`.

    The class belongs to the module `dataset_builders.CORPUS`: `datasets` names its cache by the builder's module.

    Raises:
        `ValueError`: For an unknown corpus.
    """
    check_corpus(corpus)
    name = corpus.title().replace("_", "")
    config_class = _config_class(corpus, f"{name}Config")
    # `datasets` names its cache by the version of the config and ignores that of the builder.
    configs = [
        config_class(name=config.name, version=datasets.Version(config.version), description=config.description)
        for config in (get_config(corpus, config_name) for config_name in config_names(corpus))
    ]
    return type(
        name,
        (ShardedBuilder,),
        {
            "__doc__": f"Builds any config of `{corpus}`, in several processes or as a stream.",
            "__module__": f"{__package__}.{corpus}",
            "BUILDER_CONFIG_CLASS": config_class,
            "BUILDER_CONFIGS": configs,
            "DEFAULT_CONFIG_NAME": configs[0].name,
        },
    )


def _config_class(corpus: str, name: str) -> type[ShardedConfig]:
    """Makes the class of a data set's options: those of all its configs, and a config has some of them."""
    options = {option: None for config in config_names(corpus) for option in config_options(corpus, config)}
    return make_dataclass(
        name,
        [(option, Any, None) for option in options],
        bases=(ShardedConfig,),
        namespace={"corpus": corpus, "__module__": f"{__package__}.{corpus}"},
    )
