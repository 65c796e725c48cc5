"""Writing a corpus as Parquet: one file a shard, the same bytes from any engine and any number of processes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hf_causal.corpora.atomic_build import MANIFEST, ShardRecord, Staging
from hf_causal.corpora.executors import Engine, Job
from hf_causal.tasks.shared.schema import CorpusConfig, split_digest
from hf_causal.utils.files import Folder


@dataclass(frozen=True)
class SplitSummary:
    """What was written of one split."""

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
    progress: Callable[[str, int], Callable[[int], Any]] | None = None,
    engine: str = "local",
    ray_address: str | None = None,
) -> dict[str, SplitSummary]:
    """Writes every split of a config as `FOLDER/CONFIG/SPLIT-00000-of-00007.parquet`, and a manifest beside them.

    The files appear under their final name when all of them are complete; another build of the config that is there is
    then replaced. A build that was interrupted goes on: its finished shards are left as they are.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config ([`CorpusConfig`]): As `get_config` makes it.
        folder (`str` or `Path`): Parent folder, or its URL for `fsspec`, such as `hf://datasets/ORG/NAME`.
        num_proc (`int`): Processes that generate and write. Memory is about 200 MB for each with the default rows
            of a shard, whatever the number of shards.
        progress (callable, *optional*): Called with what begins and the number of rows that are to be written;
            returns what is called with the rows of each finished shard.
        engine (`str`): `local` or `ray`, see [`Engine`].
        ray_address (`str`, *optional*): Of a running Ray cluster.

    Returns:
        `dict[str, SplitSummary]`: For each split.

    Raises:
        `ValueError`: If the arguments do not go together, before anything is written.
    """
    runner, staging = Engine(engine, num_proc, ray_address), Staging(Folder.at(folder), corpus, config)
    if runner.leaves_this_process and "memory" in staging.parent.filesystem.protocol:
        raise ValueError(f"`out` {str(staging.parent)!r} is the memory of one process: use `num_proc` 1")
    if manifest := staging.published():
        return {split: SplitSummary(**summary) for split, summary in manifest["splits"].items()}
    try:
        done = _write_missing(staging, runner, progress)
        summaries = {split: _summary(config, split, done) for split in config.splits}
        staging.publish(_manifest(staging, summaries), done)
    except BaseException:
        staging.discard_if_empty()
        raise
    return summaries


def read_manifests(folder: str | Path | Folder) -> list[dict[str, Any]]:
    """The manifests of the configs that a folder holds, by name."""
    parent = Folder.at(folder)
    names = [name for name, size in parent.sizes().items() if size is None and not name.startswith(".")]
    return [json.loads((parent / name).read(MANIFEST)) for name in names if MANIFEST in (parent / name).sizes()]


def _write_missing(
    staging: Staging, engine: Engine, progress: Callable[[str, int], Callable[[int], Any]] | None
) -> dict[Job, ShardRecord]:
    done, jobs, config = staging.finished(), staging.jobs(), staging.config
    rows = sum(map(config.num_rows, config.splits)) - sum(record.rows for record in done.values())
    there = f" ({len(done)} of {len(jobs)} files are there)" if done else ""
    told = progress(f"building {config.name}{there}", rows) if progress else None
    for job, record in engine.run(staging.write, [job for job in jobs if job not in done]):
        done[job] = record
        if told:
            told(record.rows)
    return done


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


def _summary(config: CorpusConfig, split: str, done: Mapping[Job, ShardRecord]) -> SplitSummary:
    parts = [done[split, shard] for shard in range(config.num_shards(split))]
    digest = split_digest(part.sha256 for part in parts)
    return SplitSummary(sum(part.rows for part in parts), len(parts), sum(part.bytes for part in parts), digest)
