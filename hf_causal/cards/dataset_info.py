"""Features and split sizes of built configs, for the YAML of a data set card."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from hf_causal.utils.files import Folder


def read_dataset_info(folder: Folder, manifest: Mapping[str, Any]):
    """Returns the `datasets.DatasetInfo` of a built config: features, and rows and bytes of each split.

    Rows and the size on disk come from the manifest; the size in memory is that of the first file, scaled to all
    rows, so that a remote corpus of thousands of files needs one request per split.

    Args:
        folder ([`Folder`]): Folder that `hf-causal build` wrote.
        manifest (mapping): Manifest of the config.
    """
    import datasets

    splits, features = datasets.SplitDict(), None
    for split, summary in manifest["splits"].items():
        footer = _first_footer(folder / manifest["config"], split, summary["shards"])
        size = sum(footer.row_group(group).total_byte_size for group in range(footer.num_row_groups))
        scaled = round(size * summary["rows"] / max(1, footer.num_rows))
        splits.add(datasets.SplitInfo(split, num_bytes=scaled, num_examples=summary["rows"]))
        features = features or datasets.Features.from_arrow_schema(footer.schema.to_arrow_schema())
    return datasets.DatasetInfo(
        features=features,
        splits=splits,
        download_size=sum(summary["bytes"] for summary in manifest["splits"].values()),
        dataset_size=sum(split.num_bytes for split in splits.values()),
    )


def check_split(folder: Path, manifest: Mapping[str, Any], split: str) -> list[Path]:
    """Returns the Parquet files of a split in a local folder.

    Raises:
        `FileNotFoundError`: If their number is not that of the manifest.
        `ValueError`: If their number of rows is not that of the manifest.
    """
    name, summary = f"{manifest['config']}/{split}", manifest["splits"][split]
    files = sorted((folder / manifest["config"]).glob(f"{split}-*.parquet"))
    if len(files) != summary["shards"]:
        raise FileNotFoundError(
            f"{str(folder)!r} holds {len(files)} of the {summary['shards']} Parquet files of {name}"
        )
    rows = sum(pq.read_metadata(path).num_rows for path in files)
    if rows != summary["rows"]:
        raise ValueError(f"{name} in {str(folder)!r} holds {rows} rows, its manifest says {summary['rows']}")
    return files


def _first_footer(folder: Folder, split: str, shards: int) -> pq.FileMetaData:
    path = f"{folder.path}/{split}-00000-of-{shards:05d}.parquet"
    with folder.filesystem.open(path, "rb") as stream:
        return pq.read_metadata(stream)
