"""Writing a corpus as Parquet: one file a shard, the same bytes from any number of processes."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from hf_causal.corpora import generate_shard
from hf_causal.corpora.schema import CorpusConfig, rows_digest, split_digest

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class SplitSummary:
    """What was written of one split."""

    rows: int
    shards: int
    bytes: int
    sha256: str
    """Over the rows, see `split_digest`; independent of Parquet and of the number of processes."""


def write_config(
    corpus: str,
    config: CorpusConfig,
    folder: str | Path,
    num_proc: int = 1,
    progress: Callable[[int], Any] | None = None,
) -> dict[str, SplitSummary]:
    """Writes every split of a config as `FOLDER/CONFIG/SPLIT-00000-of-00007.parquet`, and a manifest beside them.

    The files appear under their final name when all of them are complete; an earlier build of the config is replaced.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config ([`CorpusConfig`]): As `get_config` makes it.
        folder (`str` or `Path`): Parent folder.
        num_proc (`int`): Processes that generate and write. Memory is about 200 MB for each, whatever the number of
            rows.
        progress (callable, *optional*): Called with the rows of each finished shard.

    Returns:
        `dict[str, SplitSummary]`: For each split.
    """
    if num_proc < 1:
        raise ValueError(f"`num_proc` must be at least 1, got {num_proc}")
    final = Path(folder) / config.name
    partial = final.with_name(f".{final.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    jobs = [(split, shard) for split in config.splits for shard in range(config.num_shards(split))]
    done: dict[tuple[str, int], tuple[int, int, str]] = {}
    try:
        for job, written in _run(corpus, config, partial, jobs, num_proc):
            done[job] = written
            if progress:
                progress(written[0])
        summaries = {split: _summary(config, split, done) for split in config.splits}
        manifest = {
            "corpus": corpus,
            "config": config.name,
            "description": config.description,
            "version": config.version,
            "seed": config.seed,
            "splits": {split: asdict(summary) for split, summary in summaries.items()},
        }
        (partial / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return summaries


def read_manifests(folder: str | Path) -> list[dict[str, Any]]:
    """The manifests of the configs that a folder holds, by name."""
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(Path(folder).glob(f"*/{MANIFEST}"))]


def _run(corpus: str, config: CorpusConfig, folder: Path, jobs: list[tuple[str, int]], num_proc: int):
    if num_proc == 1:
        for split, shard in jobs:
            yield (split, shard), _write_shard(corpus, config, folder, split, shard)
        return
    # Forked children would inherit the locks of whatever threads this process runs.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(num_proc, len(jobs)), mp_context=context) as pool:
        futures = {pool.submit(_write_shard, corpus, config, folder, *job): job for job in jobs}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _write_shard(corpus: str, config: CorpusConfig, folder: Path, split: str, shard: int) -> tuple[int, int, str]:
    table = generate_shard(corpus, config, split, shard)
    path = folder / f"{split}-{shard:05d}-of-{config.num_shards(split):05d}.parquet"
    pq.write_table(table, path, compression="zstd")
    return table.num_rows, path.stat().st_size, rows_digest(table)


def _summary(config: CorpusConfig, split: str, done: dict[tuple[str, int], tuple[int, int, str]]) -> SplitSummary:
    parts = [done[split, shard] for shard in range(config.num_shards(split))]
    rows, sizes, digests = zip(*parts, strict=True)
    return SplitSummary(sum(rows), len(parts), sum(sizes), split_digest(digests))
