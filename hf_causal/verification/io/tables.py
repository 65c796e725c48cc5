"""Opens files, folders and data sets on the Hub as tables: one for each split, however many shards it has."""

from __future__ import annotations

import glob
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
from hf_causal.verification.io.formats import (
    BATCH_ROWS,
    SUFFIXES,
    BrokenRow,
    Row,
    file_holds_lines,
    read_rows,
    table_rows,
)

_SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}")
_ARCHIVES = (".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar", ".7z", ".rar")
_PATTERN = re.compile(r"[*?\[]")
_NO_DATA = frozenset({"manifest.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json"})


@dataclass(frozen=True)
class Part:
    """One file, or one split of a data set on the Hub."""

    name: str
    """Path within the source of its table."""
    path: Path | None = None
    dataset: Any = None
    """A `datasets.Dataset`, for a split on the Hub, which has no path."""

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[list[Row]]:
        """Yields the rows in batches; columns that are not named may be left out."""
        if self.path is not None:
            yield from read_rows(self.path, columns)
            return
        names = self.dataset.column_names
        needed = self.dataset.select_columns([name for name in names if columns is None or name in columns])
        for table in needed.with_format("arrow").iter(BATCH_ROWS):
            for batch in table.to_batches():
                yield table_rows(batch)

    @cached_property
    def schema(self) -> pa.Schema | None:
        """The Arrow schema; `None` for a text file, which has none."""
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
        """The names of the columns; of a text file those of its first rows."""
        if self.schema is not None:
            return list(self.schema.names)
        for rows in self.batches():
            if names := list(dict.fromkeys(name for row in rows if isinstance(row, dict) for name in row)):
                return names
        return []

    @cached_property
    def num_rows(self) -> int | None:
        """The number of rows if it is known without reading them."""
        if self.path is None:
            return len(self.dataset)
        return None if self.schema is None else pq.read_metadata(self.path).num_rows

    @cached_property
    def holds_lines(self) -> bool:
        """Whether the part is a `.json` file that holds JSON lines."""
        if self.path is None or self.path.suffix.lower() != ".json":
            return False
        return file_holds_lines(self.path)

    def first_row(self) -> Row | None:
        """Returns the first row, which may be broken, or `None` if there are none."""
        return next((row for rows in self.batches() for row in rows), None)


@dataclass(frozen=True)
class Table:
    """The rows of one file or split, in order."""

    name: str
    parts: tuple[Part, ...]

    @cached_property
    def first_row(self) -> Row | None:
        """The first row, which may be broken, or `None` if there are none."""
        return next((row for part in self.parts if (row := part.first_row()) is not None), None)

    @cached_property
    def columns(self) -> Columns:
        """The columns with the text and the label.

        Raises:
            `ValueError`: If there are no such columns or no rows, or shards differ in the names of their classes.
        """
        first = self.first_row
        if first is None:
            raise ValueError(f"{self.name!r} holds no rows")
        names = list(dict.fromkeys(name for part in self.parts for name in part.column_names))
        if not names and isinstance(first, BrokenRow):
            raise ValueError(f"{self.name!r} holds no row that can be read; of the first, {first.reason}")
        columns = find_columns(names, repr(self.name), _class_names(self.parts[0].schema))
        self._check_class_names(columns)
        return columns

    def _check_class_names(self, columns: Columns) -> None:
        for part in self.parts[1:]:
            classes = _class_names(part.schema)
            for label in columns.labels:
                expected, names = columns.classes.get(label), classes.get(label)
                if expected != names:
                    raise ValueError(
                        f"the classes of {label!r} must have the same names in all shards of {self.name!r}: they are "
                        f"{expected} in {self.parts[0].name!r} and {names} in {part.name!r}"
                    )

    def rows(self) -> Iterator[Row]:
        """Returns the rows of all parts; columns that [`Columns`] does not name may be left out."""
        return (row for part in self.parts for rows in part.batches(self.columns.names) for row in rows)

    @property
    def num_rows(self) -> int | None:
        """The number of rows if it is known without reading them."""
        counts = [part.num_rows for part in self.parts]
        return None if None in counts else sum(filter(None, counts))


def open_tables(source: str | Path, config: str | None = None, split: str | None = None) -> list[Table]:
    """Opens the tables of a source.

    Args:
        source (`str` or `Path`): A file whose suffix is one of `SUFFIXES`, a folder of them (one that
            `hf-causal build` wrote, too), a pattern such as `data/*.json`, or a data set on the Hub by its name.
        config (`str`, *optional*): Only this sub-folder of a folder, or this config of a data set.
        split (`str`, *optional*): Only this split; that of a file is in its name, as `train-00000-of-00002.parquet`.

    Returns:
        `list[Table]`: In the order of their names; at least one.

    Raises:
        `FileNotFoundError`: If the source does not exist, or a folder has no data files.
        `ValueError`: If a file has another suffix, or a link of a folder leads nowhere or in a circle.
    """
    path = Path(source)
    if path.is_dir():
        return _folder_tables(path, config, split)
    if not path.exists() and _PATTERN.search(str(source)):
        return [Table(name, (Part(name, paths),)) for name, paths in _matching(str(source)).items()]
    if not path.is_file():
        if not _may_be_on_the_hub(str(source)):
            raise FileNotFoundError(f"no file or folder {str(source)!r}")
        return _hub_tables(str(source), config, split)
    if config or split:
        raise ValueError(f"`config` and `split` are for folders and data sets on the Hub, {str(path)!r} is a file")
    if path.suffix.lower() in _ARCHIVES:
        raise ValueError(f"{str(path)!r} is an archive: unpack it, and give the files or the folder that it holds")
    if path.suffix.lower() not in SUFFIXES:
        raise ValueError(f"the suffix of {str(path)!r} must be one of {', '.join(SUFFIXES)}")
    return [Table(path.name, (Part(path.name, path),))]


def find_files(sources: Sequence[str | Path]) -> list[Path]:
    """Returns the data files of files, folders and patterns, each once.

    Raises:
        `FileNotFoundError`: If a source does not exist, or has no data files.
        `ValueError`: If a file has another suffix than `SUFFIXES`.
    """
    paths: dict[Path, None] = {}
    for source in sources:
        if not Path(source).exists() and not _PATTERN.search(str(source)):
            raise FileNotFoundError(f"no data file {str(source)!r}")
        parts = [part for table in open_tables(source) for part in table.parts]
        paths |= dict.fromkeys(part.path for part in parts if part.path is not None)
    return list(paths)


def _matching(pattern: str) -> dict[str, Path]:
    """Returns the data files that match a pattern, with their names within the folder that it begins with.

    Raises:
        `FileNotFoundError`: If there are none.
    """
    folder = Path(pattern[: _PATTERN.search(pattern).start()] + "x").parent  # type: ignore[union-attr]
    matches = [Path(match) for match in sorted(glob.glob(pattern, recursive=True))]
    data = [path for path in matches if path.is_file() and _is_data(path)]
    if not data:
        raise FileNotFoundError(f"no file with the suffix {', '.join(SUFFIXES)} matches {pattern!r}")
    return {path.relative_to(folder).as_posix(): path for path in data}


def _is_data(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.name not in _NO_DATA


def _folder_tables(folder: Path, config: str | None, split: str | None) -> list[Table]:
    parts: dict[str, list[Part]] = {}
    inner = folder / config if config else folder
    for path in sorted(_data_files(inner) if inner.is_dir() else ()):
        inside = path.relative_to(folder)
        shard = _SHARD.fullmatch(path.stem)
        if split is None or split == (shard[1] if shard else path.stem):
            name = inside.with_name(shard[1]) if shard else inside
            parts.setdefault(name.as_posix(), []).append(Part(inside.as_posix(), path))
    if not parts:
        selected = "".join(f", {what} {name!r}" for what, name in (("config", config), ("split", split)) if name)
        raise FileNotFoundError(f"{str(folder)!r}{selected} holds no files with the suffix {', '.join(SUFFIXES)}")
    return [Table(name, tuple(files)) for name, files in parts.items()]


def _data_files(folder: Path, ancestors: tuple[Path, ...] = ()) -> Iterator[Path]:
    """Yields the data files in a folder and its subfolders, linked ones included.

    `load_dataset` reads linked files too, but leaves out linked folders without a word, so nothing would tell that
    their rows had not been verified.

    Raises:
        `ValueError`: If a link leads back to a folder that contains it, or a data file is a link to nothing.
    """
    real = folder.resolve()
    if real in ancestors:
        raise ValueError(f"the link {str(folder)!r} leads back to a folder that contains it; remove the link")
    for path in folder.iterdir():
        if path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _data_files(path, (*ancestors, real))
        elif _is_data(path):
            if not path.exists():
                raise ValueError(f"the link {str(path)!r} leads nowhere; remove or repair it")
            if path.is_file():
                yield path


def _may_be_on_the_hub(source: str) -> bool:
    """Returns whether a name can be that of a data set on the Hub; a mistyped file name is not looked up there."""
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
    """Returns the names of the classes of each column that has them, which `datasets` keeps in the schema."""
    if schema is None or b"huggingface" not in (schema.metadata or {}):
        return {}
    features = json.loads(schema.metadata[b"huggingface"]).get("info", {}).get("features", {})
    return {
        name: feature["names"]
        for name, feature in features.items()
        if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
    }
