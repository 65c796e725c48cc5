"""What the YAML of a data set card says of each config: features and the size of every split."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq


def split_files(folder: Path, manifest: Mapping[str, Any], split: str) -> list[Path]:
    """The Parquet files of a split.

    Raises:
        `FileNotFoundError`: If there are not as many as the manifest counts.
    """
    files = sorted((folder / manifest["config"]).glob(f"{split}-*.parquet"))
    expected = manifest["splits"][split]["shards"]
    if len(files) != expected:
        name = f"{manifest['config']}/{split}"
        raise FileNotFoundError(f"{str(folder)!r} holds {len(files)} of the {expected} Parquet files of {name}")
    return files


def read_dataset_info(folder: Path, manifest: Mapping[str, Any]):
    """The `datasets.DatasetInfo` of a built config, from the footers of its files alone.

    Args:
        folder (`Path`): As `hf-causal build` writes it.
        manifest (mapping): Of the config.

    Returns:
        `datasets.DatasetInfo`: With features, and rows and bytes of each split.

    Raises:
        `FileNotFoundError`: If a file is missing.
        `ValueError`: If the files of a split do not hold the rows that the manifest counts.
    """
    import datasets

    splits, schema, download_size = datasets.SplitDict(), None, 0
    for split, summary in manifest["splits"].items():
        files = split_files(folder, manifest, split)
        footers = [pq.read_metadata(path) for path in files]
        rows = sum(footer.num_rows for footer in footers)
        if rows != summary["rows"]:
            name = f"{manifest['config']}/{split}"
            raise ValueError(f"{name} in {str(folder)!r} holds {rows} rows, its manifest says {summary['rows']}")
        size = sum(f.row_group(group).total_byte_size for f in footers for group in range(f.num_row_groups))
        splits.add(datasets.SplitInfo(split, num_bytes=size, num_examples=rows))
        download_size += sum(path.stat().st_size for path in files)
        schema = schema or footers[0].schema.to_arrow_schema()
    return datasets.DatasetInfo(
        features=datasets.Features.from_arrow_schema(schema),
        splits=splits,
        download_size=download_size,
        dataset_size=sum(split.num_bytes for split in splits.values()),
    )
