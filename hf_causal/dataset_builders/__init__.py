"""Data set builders, one module a corpus, and the function that writes a corpus with its card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from hf_causal.corpora import CORPORA, config_names, get_config
from hf_causal.corpora.parquet import SplitSummary, write_config

BUILDERS = {"axiomatic": "Axiomatic"}
"""From corpus to the class in the module of the same name."""


def load_builder(corpus: str, config: str, **options: Any):
    """The `datasets` builder of a corpus.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        config (`str`): For example `"transitivity_ts2"`.
        **options: Options of the config (`seed`, `rows`, …), and arguments of `datasets.DatasetBuilder` such as
            `cache_dir`.

    Raises:
        `ValueError`: For an unknown corpus or config.
    """
    if corpus not in BUILDERS:
        raise ValueError(f"`corpus` must be one of {', '.join(BUILDERS)}, got {corpus!r}")
    if config not in config_names(corpus):
        raise ValueError(f"corpus {corpus!r} has no config {config!r}; it has {', '.join(config_names(corpus))}")
    module = import_module(f"{__name__}.{corpus}.{corpus}")
    return getattr(module, BUILDERS[corpus])(config_name=config, **options)


def build(
    corpus: str,
    out: str | Path,
    configs: Sequence[str] | None = None,
    num_proc: int = 1,
    progress: Callable[[str], Callable[[int], Any]] | None = None,
    **options: Any,
) -> dict[str, dict[str, SplitSummary]]:
    """Writes configs of a corpus as Parquet with a data set card; `load_dataset(out, config)` then loads them.

    Args:
        corpus (`str`): For example `"axiomatic"`.
        out (`str` or `Path`): Folder to write. Configs that are there already stay, and stay on the card.
        configs (sequence of `str`, *optional*): Which configs; all of them when not given.
        num_proc (`int`): Processes; the bytes are the same for any number.
        progress (callable, *optional*): Called with each config's name; returns a callable that is told finished rows.
        **options: Options of the configs, such as `seed` and `rows`.

    Returns:
        `dict`: From config to the summaries of its splits.

    Raises:
        `ValueError`: For an unknown corpus, config or option, before anything is written.
    """
    from hf_causal.hub.cards import write_dataset_card

    if corpus not in CORPORA:
        raise ValueError(f"`corpus` must be one of {', '.join(CORPORA)}, got {corpus!r}")
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise ValueError(f"`out` must be a folder, {str(out)!r} is a file")
    chosen = [get_config(corpus, name, **options) for name in configs or config_names(corpus)]
    summaries = {}
    for config in chosen:
        summaries[config.name] = write_config(corpus, config, out, num_proc, progress and progress(config.name))
    write_dataset_card(out, corpus)
    return summaries
