"""Writes configs as Parquet: one file a shard, the same bytes from every engine and number of processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hf_causal.corpora.atomic_build import MANIFEST, ShardRecord, Staging, read_manifest, read_split_digest
from hf_causal.corpora.executors import Engine, Job
from hf_causal.tasks.shared.schema import CorpusConfig, split_digest
from hf_causal.utils.files import Folder
from hf_causal.utils.progress import Progress, start


@dataclass(frozen=True)
class SplitSummary:
    """Size and digest of a written split."""

    rows: int
    shards: int
    bytes: int
    sha256: str
    """Over the rows, see `split_digest`; independent of Parquet and of the engine."""


def write_config(
    corpus: str,
    config: CorpusConfig,
    folder: str | Path | Folder,
    num_proc: int = 1,
    progress: Progress | None = None,
    engine: str = "local",
    ray_address: str | None = None,
) -> dict[str, SplitSummary]:
    """Writes every split of a config as `FOLDER/CONFIG/SPLIT-00000-of-00007.parquet`, and a manifest next to them.

    The files get their final names when all of them are complete, and then replace an earlier build of the config. A
    build that was interrupted resumes with the shards that are missing.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config ([`CorpusConfig`]): As `get_config` makes it.
        folder (`str` or `Path`): Parent folder, or its URL for `fsspec`, such as `hf://datasets/ORG/NAME`.
        num_proc (`int`): Processes that generate and write. Each needs about 200 MB of memory with the default rows
            of a shard, whatever the number of shards.
        progress ([`Progress`], *optional*): Shows the rows that were written.
        engine (`str`): `local` or `ray`, see [`Engine`].
        ray_address (`str`, *optional*): Of a running Ray cluster.

    Returns:
        `dict[str, SplitSummary]`: For each split.

    Raises:
        `ValueError`: If the arguments do not fit together, before anything is written.
    """
    runner, staging = Engine(engine, num_proc, ray_address), Staging(Folder.at(folder), corpus, config)
    if runner.leaves_this_process and "memory" in staging.parent.filesystem.protocol:
        raise ValueError(f"`out` {str(staging.parent)!r} is the memory of one process: use `num_proc` 1")
    with staging.locked():  # equal builds wait for the first of them, and then find it complete
        if manifest := staging.published():
            return _summaries(manifest)
        try:
            records = _write_missing(staging, runner, progress)
            summaries = {split: _summary(config, split, records) for split in config.splits}
            staging.publish(_manifest(staging, summaries), records)
        except BaseException as error:
            # An equal build may have been faster where no lock is.
            if isinstance(error, FileNotFoundError) and (manifest := staging.published()):
                return _summaries(manifest)
            staging.discard_if_empty()
            raise
    return summaries


def check_rows(folder: str | Path, manifest: Mapping[str, Any], split: str) -> None:
    """Compares the rows of a split in a local folder with the SHA-256 of its manifest.

    Raises:
        `ValueError`: If a file is damaged, or holds other rows.
    """
    config, summary = manifest["config"], manifest["splits"][split]
    names = sorted(path.name for path in Path(folder, config).glob(f"{split}-*.parquet"))
    if read_split_digest(Folder.at(folder) / config, names) != summary["sha256"]:
        raise ValueError(
            f"the rows of {config}/{split} in {str(folder)!r} are damaged: their SHA-256 is not that of the manifest"
        )


def is_built(corpus: str, config: CorpusConfig, folder: str | Path | Folder) -> bool:
    """Returns whether a folder holds this very build of a config, complete by the sizes of its files."""
    return Staging(Folder.at(folder), corpus, config).published(compare_rows=False) is not None


def read_manifests(folder: str | Path | Folder) -> list[dict[str, Any]]:
    """Reads the manifests of the configs that a folder holds, in the order of their names.

    Raises:
        `ValueError`: If one of them is damaged.
    """
    parent = Folder.at(folder)
    names = [name for name, size in parent.sizes().items() if size is None and not name.startswith(".")]
    return [read_manifest(parent / name) for name in names if MANIFEST in (parent / name).sizes()]


def _summaries(manifest: Mapping[str, Any]) -> dict[str, SplitSummary]:
    return {split: SplitSummary(**summary) for split, summary in manifest["splits"].items()}


def _write_missing(staging: Staging, engine: Engine, progress: Progress | None) -> dict[Job, ShardRecord]:
    """Writes the shards that no earlier call has finished, and returns the records of all shards."""
    records, jobs, config = staging.finished(), staging.jobs(), staging.config
    rows = sum(map(config.num_rows, config.splits)) - sum(record.rows for record in records.values())
    resumed = f" ({len(records)} of {len(jobs)} files are there)" if records else ""
    advance = start(progress, f"building {config.name}{resumed}", rows)
    for job, record in engine.run(staging.write, [job for job in jobs if job not in records]):
        records[job] = record
        advance(record.rows)
    return records


def _manifest(staging: Staging, summaries: Mapping[str, SplitSummary]) -> dict[str, Any]:
    config = staging.config
    return {
        "corpus": staging.corpus,
        "config": config.name,
        "description": config.description,
        "version": config.version,
        "seed": config.seed,
        "fingerprint": staging.fingerprint,
        "splits": {split: asdict(summary) for split, summary in summaries.items()},
    }


def _summary(config: CorpusConfig, split: str, records: Mapping[Job, ShardRecord]) -> SplitSummary:
    shards = [records[split, shard] for shard in range(config.num_shards(split))]
    digest = split_digest(shard.sha256 for shard in shards)
    return SplitSummary(sum(shard.rows for shard in shards), len(shards), sum(shard.bytes for shard in shards), digest)
