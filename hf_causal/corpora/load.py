"""Loads the rows of a corpus: from a folder, from the Hub, or built into the cache."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from huggingface_hub.constants import HF_HOME

from hf_causal import __version__
from hf_causal.corpora import get_config
from hf_causal.corpora.parquet import write_config
from hf_causal.utils.files import Folder

CACHE = Path(HF_HOME) / "hf_causal" / "corpora"
"""Where published configs are built when no folder is given, by version of the package and corpus."""


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
        data_dir = _build_into_cache(corpus, config)
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


def _build_into_cache(corpus: str, config: str) -> Path:
    """Builds the published config into the cache, unless it is there, and returns the corpus folder."""
    folder = CACHE / __version__ / corpus
    write_config(corpus, get_config(corpus, config), Folder.at(folder))
    return folder
