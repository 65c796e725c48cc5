"""Loads the rows of a corpus: from a folder, from the Hub, or built into the cache."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from huggingface_hub.constants import HF_HOME

from hf_causal import __version__
from hf_causal.corpora import get_config
from hf_causal.corpora.parquet import is_built, write_config
from hf_causal.utils.files import Folder

CACHE = Path(HF_HOME) / "hf_causal" / "corpora"
"""Folder of the published configs that were built because no folder was named, by package version and corpus."""


def load_corpus(corpus: str, config: str, split: str, data_dir: str | Path | None = None) -> pa.Table:
    """Loads the rows of a split as one Arrow table.

    Args:
        corpus, config, split (`str`): For example `"axiomatic"`, `"transitivity_ts2"`, `"train"`.
        data_dir (`str` or `Path`, *optional*): A folder that `hf-causal build` wrote, its URL, or a data set on the
            Hub. Without it, the published config is built into the cache.

    Raises:
        `FileNotFoundError`: If `data_dir` does not hold that config and split.
    """
    if data_dir is None:
        data_dir = build_into_cache(corpus, config)
    if "://" in str(data_dir) or Path(data_dir).is_dir():
        return _read_folder(data_dir, config, split)
    import datasets

    try:
        return datasets.load_dataset(str(data_dir), config, split=split).with_format("arrow")[:]
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise FileNotFoundError(
            f"cannot load config {config!r}, split {split!r} of the data set {str(data_dir)!r}: {reason}"
        ) from error


def build_into_cache(corpus: str, config: str) -> Path:
    """Builds the published config into the cache, unless it is there.

    Processes that need the same config at once wait for the first of them. The lock belongs to the operating system,
    which releases it when its process dies; the next process then resumes with the shards that are finished.

    Returns:
        `Path`: The corpus folder, as `hf-causal build` writes it.

    Raises:
        `ValueError`: For an unknown corpus or config.
    """
    folder, published = CACHE / __version__ / corpus, get_config(corpus, config)
    if not is_built(corpus, published, folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_config(corpus, published, folder)  # which holds the lock of the config
    return folder


def _read_folder(data_dir: str | Path, config: str, split: str) -> pa.Table:
    """Reads the Parquet files themselves: `datasets` caches by the folder's name, which another build may have had."""
    folder = Folder.at(data_dir) / config
    files = [(folder / name).path for name in folder.sizes() if name.startswith(f"{split}-")]
    if not files:
        raise FileNotFoundError(f"{str(data_dir)!r} holds no config {config!r} with a split {split!r}")
    return pq.read_table(files, filesystem=folder.filesystem)
