"""Files, folders and data sets on the Hub as tables: what is one split is one table, however many shards it has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from huggingface_hub.errors import HFValidationError
from huggingface_hub.utils import validate_repo_id

from hf_causal.verification.io.columns import Columns, find_columns
from hf_causal.verification.io.formats import BATCH_ROWS, SUFFIXES, Row, read_rows, table_rows

_SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}")
_NO_DATA = frozenset({"manifest.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})


@dataclass(frozen=True)
class Part:
    """One file, or one split of a data set on the Hub."""

    name: str
    """Its path inside of its table's source."""
    path: Path | None = None
    dataset: Any = None
    """A `datasets.Dataset`, where there is no path."""

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[list[Row]]:
        """The rows in batches; columns that are not named may be left out."""
        if self.path is not None:
            yield from read_rows(self.path, columns)
            return
        names = self.dataset.column_names
        chosen = self.dataset.select_columns([name for name in names if columns is None or name in columns])
        for table in chosen.with_format("arrow").iter(BATCH_ROWS):
            for batch in table.to_batches():
                yield table_rows(batch)

    @cached_property
    def schema(self) -> pa.Schema | None:
        """The Arrow schema, of parts that have one."""
        if self.path is None:
            return self.dataset.features.arrow_schema
        if self.path.suffix.lower() != ".parquet":
            return None
        try:
            return pq.read_schema(self.path)
        except pa.ArrowInvalid as error:
            raise ValueError(f"cannot read {str(self.path)!r} as .parquet file: {error}") from error

    @cached_property
    def column_names(self) -> list[str]:
        """The columns, of text files those of the first rows."""
        if self.schema is not None:
            return list(self.schema.names)
        for rows in self.batches():
            if names := list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row)):
                return names
        return []

    @cached_property
    def num_rows(self) -> int | None:
        """The number of rows where it is known without reading them."""
        if self.path is None:
            return len(self.dataset)
        return None if self.schema is None else pq.read_metadata(self.path).num_rows

    @property
    def is_empty(self) -> bool:
        """Whether there is no row at all, broken ones included."""
        return next(self.batches(), None) is None


@dataclass(frozen=True)
class Table:
    """The rows of one file or split, in order."""

    name: str
    parts: tuple[Part, ...]

    @cached_property
    def columns(self) -> Columns:
        """The columns with the text and the label; `ValueError` where there are none."""
        names = list(dict.fromkeys(name for part in self.parts for name in part.column_names))
        if not names and all(part.is_empty for part in self.parts):
            raise ValueError(f"{self.name!r} holds no rows")
        return find_columns(names, repr(self.name), _class_names(self.parts[0].schema))

    def rows(self) -> Iterator[Row]:
        """The rows of all parts, one by one; columns that do not matter here may be left out."""
        return (row for part in self.parts for rows in part.batches(self.columns.names) for row in rows)

    @property
    def num_rows(self) -> int | None:
        """The number of rows where it is known without reading them."""
        counts = [part.num_rows for part in self.parts]
        return None if None in counts else sum(filter(None, counts))


def open_tables(source: str | Path, config: str | None = None, split: str | None = None) -> list[Table]:
    """Finds the tables of a source.

    Args:
        source (`str` or `Path`): A file whose suffix is one of `SUFFIXES`, a folder of them (one that
            `hf-causal build` wrote, too), or a data set on the Hub by its name.
        config (`str`, *optional*): Of a folder, its sub-folder of that name; of a data set, its config.
        split (`str`, *optional*): Only this split; files are known by their name, as `train-00000-of-00002.parquet`.

    Returns:
        `list[Table]`: In the order of their names; at least one.

    Raises:
        `FileNotFoundError`: If nothing is there.
        `ValueError`: If what is there is nothing that can be read.
    """
    path = Path(source)
    if path.is_dir():
        return _folder_tables(path, config, split)
    if not path.is_file():
        if not _may_be_on_the_hub(str(source)):
            raise FileNotFoundError(f"no file or folder {str(source)!r}")
        return _hub_tables(str(source), config, split)
    if config or split:
        raise ValueError(f"`config` and `split` are for folders and data sets on the Hub, {str(path)!r} is a file")
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"the suffix of {str(path)!r} must be one of {', '.join(SUFFIXES)}")
    return [Table(path.name, (Part(path.name, path),))]


def _folder_tables(folder: Path, config: str | None, split: str | None) -> list[Table]:
    parts: dict[str, list[Part]] = {}
    for path in sorted((folder / config if config else folder).rglob("*")):
        inside = path.relative_to(folder)
        hidden = any(name.startswith(".") for name in inside.parts) or path.name in _NO_DATA
        if hidden or path.suffix.lower() not in SUFFIXES or not path.is_file():
            continue
        shard = _SHARD.fullmatch(path.stem)
        if split is None or split == (shard[1] if shard else path.stem):
            name = inside.with_name(shard[1]) if shard else inside
            parts.setdefault(name.as_posix(), []).append(Part(inside.as_posix(), path))
    if not parts:
        wanted = "".join(f", {what} {name!r}" for what, name in (("config", config), ("split", split)) if name)
        raise FileNotFoundError(f"{str(folder)!r}{wanted} holds no files with the suffix {', '.join(SUFFIXES)}")
    return [Table(name, tuple(files)) for name, files in parts.items()]


def _may_be_on_the_hub(source: str) -> bool:
    """Whether a name can be that of a data set on the Hub; a mistyped file is told at once, not asked for there."""
    try:
        validate_repo_id(source)
    except HFValidationError:
        return False
    return Path(source).suffix.lower() not in SUFFIXES


def _hub_tables(source: str, config: str | None, split: str | None) -> list[Table]:
    import datasets

    try:
        tables = []
        for name in [config] if config else datasets.get_dataset_config_names(source):
            loaded = datasets.load_dataset(source, name, split=split)
            splits = loaded if isinstance(loaded, Mapping) else {split: loaded}
            for key, rows in splits.items():
                tables.append(Table(f"{name}/{key}", (Part(f"{name}/{key}.parquet", dataset=rows),)))
        return tables
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise FileNotFoundError(
            f"no file or folder {source!r}, and it cannot be loaded as a data set from the Hub: {reason}"
        ) from error


def _class_names(schema: pa.Schema | None) -> dict[str, list[str]]:
    """From column to the names of its classes, as `datasets` keeps them in the schema of its files."""
    if schema is None or b"huggingface" not in (schema.metadata or {}):
        return {}
    features = json.loads(schema.metadata[b"huggingface"]).get("info", {}).get("features", {})
    return {
        name: feature["names"]
        for name, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }
