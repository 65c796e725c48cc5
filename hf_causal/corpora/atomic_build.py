"""Builds a config shard by shard in a hidden folder, and renames the folder when all shards are complete.

Next to the final folder `CONFIG/`, the hidden `.CONFIG.FINGERPRINT.partial/` holds finished shards in `data/` and a
record of each in `records/`. The fingerprint covers everything that determines the bytes, so that a build resumes with
the shards of a killed one, and never with those of another build.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hf_causal import __version__
from hf_causal.corpora import generate_shard
from hf_causal.corpora.executors import Job
from hf_causal.tasks.shared.schema import CorpusConfig, rows_digest
from hf_causal.utils.files import Folder

MANIFEST = "manifest.json"


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
        """Returns the shards that an earlier call has finished, with their records."""
        records, data = self.partial / "records", (self.partial / "data").sizes()
        known = records.sizes()
        done = {}
        for job in self.jobs():
            name = self.file_name(*job)
            if f"{name}.json" in known and name in data:
                record = ShardRecord(**json.loads(records.read(f"{name}.json")))
                if record.bytes == data[name]:
                    done[job] = record
        return done

    def published(self) -> dict[str, Any] | None:
        """Returns the manifest of the final folder if it is this very build and complete, or `None`."""
        sizes = self.final.sizes()
        if MANIFEST not in sizes:
            return None
        manifest = json.loads(self.final.read(MANIFEST))
        if manifest.get("fingerprint") != self.fingerprint:
            return None
        for split, summary in manifest["splits"].items():
            found = [sizes.get(self.file_name(split, shard)) for shard in range(summary["shards"])]
            if None in found or sum(size or 0 for size in found) != summary["bytes"]:
                return None
        return manifest

    def publish(self, manifest: dict[str, Any], done: Mapping[Job, ShardRecord]) -> None:
        """Renames the complete build to its final name, replaces an earlier build, and removes partial folders.

        Raises:
            `FileNotFoundError`: If a shard that a worker has written is not here.
        """
        data = self.partial / "data"
        wanted = {self.file_name(*job): record.bytes for job, record in done.items()}
        found = data.sizes()
        if missing := [name for name, size in wanted.items() if found.get(name) != size]:
            raise FileNotFoundError(
                f"{missing[0]!r} and {len(missing) - 1} other files are not in {str(data)!r}: on several machines, "
                "`out` must be a folder that all of them share, or a URL"
            )
        for name in found.keys() - wanted.keys():  # of a worker that was killed while it wrote
            (data / name).remove()
        data.write(MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())
        if self.final.exists():
            self.final.move_to(self.partial / "replaced")
        data.move_to(self.final)
        ours = re.compile(rf"\.{re.escape(self.config.name)}\.[0-9a-f]{{16}}\.partial")
        for name in filter(ours.fullmatch, self.parent.sizes()):
            (self.parent / name).remove()

    def discard_if_empty(self) -> None:
        """Removes the folder of a build that failed before its first shard was finished."""
        if not self.finished():
            self.partial.remove()
