"""The card of a built data set, from the manifests of its folder."""

from __future__ import annotations

from pathlib import Path

from hf_causal.cards.dataset_card import render_dataset_card
from hf_causal.corpora import config_names, datasets
from hf_causal.corpora.parquet import read_manifests
from hf_causal.utils.files import Folder


def render_card(folder: str | Path | Folder, corpus: str, repo_id: str | None = None) -> str:
    """Returns the text of the card of a folder of built configs, the default config first.

    Args:
        folder (`str` or `Path`): Folder that `hf-causal build` wrote, or its URL.
        corpus (`str`): For example `"axiomatic"`.
        repo_id (`str`, *optional*): Repository on the Hub that examples name; the folder's name otherwise.

    Raises:
        `FileNotFoundError`: If the folder holds no built config.
    """
    folder = Folder.at(folder)
    order = {name: rank for rank, name in enumerate(config_names(corpus))}
    manifests = sorted(read_manifests(folder), key=lambda manifest: order.get(manifest["config"], len(order)))
    if not manifests:
        raise FileNotFoundError(f"{str(folder)!r} holds no built config of {corpus!r}")
    return render_dataset_card(folder, datasets()[corpus], manifests, repo_id)


def write_card(folder: str | Path | Folder, corpus: str, repo_id: str | None = None) -> None:
    """Writes the card as `README.md`, see [`render_card`]; `load_dataset` reads the configs from its YAML."""
    Folder.at(folder).write("README.md", render_card(folder, corpus, repo_id).encode())
