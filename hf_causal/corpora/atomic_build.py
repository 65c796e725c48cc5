"""Builds a config shard by shard in a hidden folder, and renames the folder when all shards are complete.

Next to the final folder `CONFIG/`, the hidden `.CONFIG.FINGERPRINT.partial/` holds finished shards in `data/` and a
record of each in `records/`. The fingerprint covers everything that determines the bytes, so that a build resumes with
the shards of a killed one, and never with those of another build.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hf_causal import __version__
from hf_causal.corpora import generate_shard
from hf_causal.corpora.executors import Job
from hf_causal.tasks.shared.schema import CorpusConfig, rows_digest, split_digest
from hf_causal.utils.files import Folder
from hf_causal.utils.locks import lock

MANIFEST = "manifest.json"
_COUNTS = ("rows", "shards", "bytes")
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ShardRecord:
    """Size and digest of a finished shard."""

    rows: int
    bytes: int
    sha256: str
    """Of its rows, see `rows_digest`."""


@dataclass(frozen=True)
class Staging:
    """A build of one config in a parent folder; workers receive it and call [`Staging.write`]."""

    parent: Folder
    corpus: str
    config: CorpusConfig

    @property
    def fingerprint(self) -> str:
        """Hash of everything that determines the bytes: config and package for the rows, Arrow for the files."""
        made_of = [self.corpus, asdict(self.config), __version__, pa.__version__]
        return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def final(self) -> Folder:
        """Folder of the complete config."""
        return self.parent / self.config.name

    @property
    def partial(self) -> Folder:
        """Folder of the shards until all are complete."""
        return self.parent / f".{self.config.name}.{self.fingerprint}.partial"

    def jobs(self) -> list[Job]:
        """Returns every shard of every split."""
        config = self.config
        return [(split, shard) for split in config.splits for shard in range(config.num_shards(split))]

    def file_name(self, split: str, shard: int) -> str:
        """Returns the file name of a shard, such as `train-00000-of-00007.parquet`."""
        return f"{split}-{shard:05d}-of-{self.config.num_shards(split):05d}.parquet"

    def write(self, split: str, shard: int) -> ShardRecord:
        """Generates a shard and writes it, then its record: a shard with a record is finished."""
        table = generate_shard(self.corpus, self.config, split, shard)
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer, compression="zstd")
        content = buffer.getvalue()
        record = ShardRecord(table.num_rows, content.size, rows_digest(table))
        name = self.file_name(split, shard)
        (self.partial / "data").write(name, content.to_pybytes())
        (self.partial / "records").write(f"{name}.json", json.dumps(asdict(record)).encode())
        return record

    def finished(self) -> dict[Job, ShardRecord]:
        """Returns the undamaged shards that an earlier call has finished, with their records."""
        records, data = self.partial / "records", (self.partial / "data").sizes()
        known = records.sizes()
        done = {}
        for job in self.jobs():
            name = self.file_name(*job)
            if f"{name}.json" in known and name in data:
                record = _read_record(records.read(f"{name}.json"))
                if record and record.bytes == data[name] and self._holds(self.partial / "data", name, record.sha256):
                    done[job] = record
        return done

    def _holds(self, folder: Folder, name: str, sha256: str) -> bool:
        """Returns whether a shard has the rows of a digest; of a remote one only the size is compared."""
        return not folder.is_local or read_rows_digest(Path(folder.path, name)) == sha256

    def published(self, compare_rows: bool = True) -> dict[str, Any] | None:
        """Returns the manifest of the final folder if it is this very build and complete, or `None`.

        Args:
            compare_rows (`bool`): Whether to compare the rows of local files with their SHA-256, and not only the
                sizes of the files.
        """
        sizes = self.final.sizes()
        try:
            manifest = read_manifest(self.final) if MANIFEST in sizes else {}
        except ValueError:
            return None
        if manifest.get("fingerprint") != self.fingerprint:
            return None
        for split, summary in manifest["splits"].items():
            names = [self.file_name(split, shard) for shard in range(summary["shards"])]
            file_sizes = [sizes.get(name) for name in names]
            if None in file_sizes or sum(size or 0 for size in file_sizes) != summary["bytes"]:
                return None
            if compare_rows and self.final.is_local and read_split_digest(self.final, names) != summary["sha256"]:
                return None
        return manifest

    def publish(self, manifest: dict[str, Any], done: Mapping[Job, ShardRecord]) -> None:
        """Renames the complete build to its final name, replaces an earlier build, and removes partial folders.

        Raises:
            `FileNotFoundError`: If a shard that a worker has written is not here.
        """
        data = self.partial / "data"
        expected = {self.file_name(*job): record.bytes for job, record in done.items()}
        sizes = data.sizes()
        if missing := [name for name, size in expected.items() if sizes.get(name) != size]:
            raise FileNotFoundError(
                f"{missing[0]!r} and {len(missing) - 1} other files are not in {str(data)!r}: they were removed, or "
                "the machines of a cluster do not share `out`, which must be a folder of all of them, or a URL"
            )
        for name in sizes.keys() - expected.keys():  # of a worker that was killed while it wrote
            (data / name).remove()
        data.write(MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())
        if self.final.exists():
            self.final.move_to(self.partial / "replaced")
        data.move_to(self.final)
        if not self.parent.is_local:  # another build may be running, which no lock keeps out
            self.partial.remove()
            return
        ours = re.compile(rf"\.{re.escape(self.config.name)}\.[0-9a-f]{{16}}\.partial")
        for name in filter(ours.fullmatch, self.parent.sizes()):
            (self.parent / name).remove()

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other builds of this config out of a local folder until this one has ended, or waits for them."""
        if not self.parent.is_local:
            yield
            return
        parent = Path(self.parent.path)
        is_new = not parent.exists()
        try:
            with lock(parent / f".{self.config.name}.lock", waiting=self._tell_waiting):
                yield
        finally:
            if is_new and not any(parent.iterdir()):
                parent.rmdir()

    def _tell_waiting(self) -> None:
        _logger.warning("waiting for another build of %s in %s", self.config.name, self.parent)

    def discard_if_empty(self) -> None:
        """Removes the folder of a build that failed before its first shard was finished."""
        if not self.finished():
            self.partial.remove()


def read_manifest(folder: Folder) -> dict[str, Any]:
    """Reads the manifest of a built config.

    Raises:
        `ValueError`: If it is not a manifest, or that of another folder.
    """
    path = f"{str(folder)}/{MANIFEST}"
    try:
        manifest = json.loads(folder.read(MANIFEST))
        if not all(isinstance(manifest[key], str) for key in ("corpus", "config")):
            raise TypeError("`corpus` and `config` must be texts")
        for split, summary in manifest["splits"].items():
            if not split.isidentifier() or not all(isinstance(summary[key], int) for key in _COUNTS):
                raise TypeError(f"split {split!r} must have whole numbers as {', '.join(_COUNTS)}")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else error
        raise ValueError(f"{path!r} is not the manifest of a build ({reason}): build this config again") from error
    # Paths are made from the name, and must not lead elsewhere.
    if manifest["config"] != (name := folder.path.rstrip("/").rpartition("/")[2]):
        raise ValueError(
            f"{path!r} is the manifest of {manifest['config']!r}, not of {name!r}: build this config again"
        )
    return manifest


def read_split_digest(folder: Folder, names: Sequence[str]) -> str | None:
    """Returns the digest of the rows of a split, from its local files in order; `None` if one cannot be read."""
    digests = [read_rows_digest(Path(folder.path, name)) for name in names]
    return None if None in digests else split_digest(digest for digest in digests if digest)


def read_rows_digest(path: Path) -> str | None:
    """Returns the digest of the rows of a Parquet file, or `None` if it cannot be read."""
    try:
        return rows_digest(pq.read_table(path, partitioning=None))
    except (pa.ArrowException, OSError, ValueError):
        return None


def _read_record(content: bytes) -> ShardRecord | None:
    """Returns the record of a finished shard, or `None` if it is damaged."""
    try:
        return ShardRecord(**json.loads(content))
    except (ValueError, TypeError):
        return None
