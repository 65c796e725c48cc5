"""Data set builders, one module a corpus, and the functions that write a corpus with its card and load it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hf_causal.corpora import CORPORA, config_names, get_config
from hf_causal.corpora.parquet import SplitSummary, write_config
from hf_causal.files import Folder

BUILDERS = {
    "axiomatic": "Axiomatic",
    "corr2cause": "Corr2Cause",
    "causal_sequences": "CausalSequences",
    "scenes": "Scenes",
    "co_occurrence": "CoOccurrence",
    "environments": "Environments",
    "shapes": "Shapes",
}
"""From corpus to the class in the module of the same name."""


def load_builder(corpus: str, config: str, **options: Any):
    """The `datasets` builder of a corpus.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config (`str`): For example `"transitivity_ts2"`.
        **options: Options of the config (`seed`, `rows`, …), and arguments of `datasets.DatasetBuilder` such as
            `cache_dir`.

    Raises:
        `ValueError`: For an unknown corpus or config.
    """
    if corpus not in BUILDERS:
        raise ValueError(f"`corpus` must be one of {', '.join(BUILDERS)}, got {corpus!r}")
    if config not in config_names(corpus):
        raise ValueError(f"corpus {corpus!r} has no config {config!r}; it has {', '.join(config_names(corpus))}")
    module = import_module(f"{__name__}.{corpus}.{corpus}")
    return getattr(module, BUILDERS[corpus])(config_name=config, **options)


def load_corpus(corpus: str, config: str, split: str, data_dir: str | Path | None = None) -> pa.Table:
    """The rows of a split as one Arrow table.

    Args:
        corpus, config, split (`str`): For example `"axiomatic"`, `"transitivity_ts2"`, `"train"`.
        data_dir (`str` or `Path`, *optional*): A folder that `hf-causal build` wrote, its URL, or a data set on the
            Hub. The published config is built into the cache of `datasets` when not given.

    Raises:
        `FileNotFoundError`: If `data_dir` does not hold that config and split.
    """
    if data_dir is None:
        builder = load_builder(corpus, config)
        builder.download_and_prepare()
        return builder.as_dataset(split).with_format("arrow")[:]
    if "://" in str(data_dir) or Path(data_dir).is_dir():
        # Read as they are: the cache of `datasets` goes by the folder's name and may hold another folder's rows.
        folder = Folder.at(data_dir) / config
        files = [(folder / name).path for name in folder.sizes() if name.startswith(f"{split}-")]
        if not files:
            raise FileNotFoundError(f"{str(data_dir)!r} holds no config {config!r} with a split {split!r}")
        return pq.read_table(files, filesystem=folder.filesystem)
    import datasets

    try:
        return datasets.load_dataset(str(data_dir), config, split=split).with_format("arrow")[:]
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise FileNotFoundError(
            f"cannot load config {config!r}, split {split!r} of the data set {str(data_dir)!r}: {reason}"
        ) from error


def build(
    corpus: str,
    out: str | Path,
    configs: Sequence[str] | None = None,
    num_proc: int = 1,
    progress: Callable[[str, int], Callable[[int], Any]] | None = None,
    engine: str = "local",
    ray_address: str | None = None,
    **options: Any,
) -> dict[str, dict[str, SplitSummary]]:
    """Writes configs of a corpus as Parquet with a data set card; `load_dataset(out, config)` then loads them.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        out (`str` or `Path`): Folder to write, or its URL for `fsspec`. Configs that are there already stay, and stay
            on the card; an interrupted build goes on with the shards that are missing.
        configs (sequence of `str`, *optional*): Which configs; all of them when not given.
        num_proc (`int`): Processes; the bytes are the same for any number.
        progress (callable, *optional*): Called with what begins and its number of rows; returns what is told finished
            rows.
        engine (`str`): `local` for processes of this machine, `ray` for tasks of a Ray cluster; the bytes are the
            same.
        ray_address (`str`, *optional*): Of a running Ray cluster, `auto` on one of its machines.
        **options: Options of the configs, such as `seed` and `rows`.

    Returns:
        `dict`: From config to the summaries of its splits.

    Raises:
        `ValueError`: For an unknown corpus, config or option, before anything is written.
    """
    from hf_causal.hub.cards import write_dataset_card

    if corpus not in CORPORA:
        raise ValueError(f"`corpus` must be one of {', '.join(CORPORA)}, got {corpus!r}")
    folder = Folder.at(out)
    if folder.is_file():
        raise ValueError(f"`out` must be a folder, {str(out)!r} is a file")
    chosen = [get_config(corpus, name, **options) for name in configs or config_names(corpus)]
    summaries = {
        config.name: write_config(corpus, config, folder, num_proc, progress, engine, ray_address) for config in chosen
    }
    write_dataset_card(folder, corpus)
    return summaries
