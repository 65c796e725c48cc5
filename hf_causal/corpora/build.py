"""Writes configs of a corpus as Parquet, with a data set card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hf_causal.corpora import check_corpus, config_names, get_config
from hf_causal.corpora.atomic_build import MANIFEST, read_manifest
from hf_causal.corpora.parquet import SplitSummary, write_config
from hf_causal.utils.files import Folder
from hf_causal.utils.progress import Progress


def build(
    corpus: str,
    out: str | Path,
    configs: Sequence[str] | None = None,
    num_proc: int = 1,
    progress: Progress | None = None,
    engine: str = "local",
    ray_address: str | None = None,
    **options: Any,
) -> dict[str, dict[str, SplitSummary]]:
    """Writes configs of a corpus as Parquet with a data set card; `load_dataset(out, config)` then loads them.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        out (`str` or `Path`): Folder to write, or its URL for `fsspec`. Configs that are there already stay, and stay
            on the card; an interrupted build resumes with the shards that are missing.
        configs (sequence of `str`, *optional*): Which configs; all of them when not given.
        num_proc (`int`): Processes; the bytes are the same for any number.
        progress (callable, *optional*): Called with what begins and its number of rows; returns what is told finished
            rows.
        engine (`str`): `local` for processes of this machine, `ray` for tasks of a Ray cluster; the bytes are the
            same.
        ray_address (`str`, *optional*): Of a running Ray cluster, `auto` on one of its machines.
        **options: Options of the configs, such as `seed` and `rows`.

    Returns:
        `dict`: From config to the summaries of its splits.

    Raises:
        `ValueError`: For an unknown corpus, config or option, before anything is written.
    """
    from hf_causal.corpora.card import write_card

    check_corpus(corpus)
    folder = Folder.at(out)
    if folder.is_file():
        raise ValueError(f"`out` must be a folder, {str(out)!r} is a file")
    chosen = [get_config(corpus, name, **options) for name in configs or config_names(corpus)]
    _check_other_manifests(folder, [config.name for config in chosen])
    summaries = {
        config.name: write_config(corpus, config, folder, num_proc, progress, engine, ray_address) for config in chosen
    }
    write_card(folder, corpus)
    return summaries


def _check_other_manifests(folder: Folder, chosen: Sequence[str]) -> None:
    """Raises `ValueError` if the card could not be written after the build, for the manifest of another config."""
    for name, size in folder.sizes().items():
        if size is None and not name.startswith(".") and name not in chosen and MANIFEST in (folder / name).sizes():
            read_manifest(folder / name)
