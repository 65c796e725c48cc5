"""Publishes everything in a checkout under one namespace, with links between the repositories."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import Collection, HfApi
from huggingface_hub.errors import HfHubHTTPError

from hf_causal.corpora import datasets
from hf_causal.hub.commit import Publication, check_token
from hf_causal.hub.errors import PublishError, explain
from hf_causal.hub.publish import publish, write_dry_run
from hf_causal.utils.repo_ids import check_repo_id

COLLECTION = "hf_causal: causal reasoning from text"
_DESCRIPTION = "Corpora whose every label has a proof, models trained on them, and metrics of how far they generalize."


@dataclass(frozen=True)
class Item:
    """A folder to publish and its repository."""

    artifact: str
    """See [`publish`]."""
    folder: Path
    repo_id: str


def list_items(org: str, root: str | Path, data_dir: str | Path) -> list[Item]:
    """Returns the folders of a checkout and of the built corpora; data first, since the others link to it.

    Args:
        org (`str`): Namespace on the Hub.
        root (`str` or `Path`): The checkout, with `model_cards/` and `spaces/`.
        data_dir (`str` or `Path`): Folder with a folder for each corpus, as `hf-causal build CORPUS --out
            DATA_DIR/CORPUS` writes it.

    Raises:
        [`PublishError`]: If something is missing.
    """
    root, data_dir = Path(root), Path(data_dir)
    items = [Item("dataset", data_dir / corpus, f"{org}/{corpus}") for corpus in datasets()]
    for item in items:
        check_repo_id(item.repo_id)
        if not item.folder.is_dir():
            command = f"hf-causal build {item.folder.name} --out {item.folder}"
            raise PublishError(f"{str(item.folder)!r} does not exist: {command}")
    for artifact, folder in (("model", "model_cards"), ("metric", "spaces/metrics"), ("space", "spaces")):
        cards = sorted((root / folder).glob("*/README.md"))
        if artifact != "space" and not cards:
            raise PublishError(f"`root` {str(root)!r} has no {folder}/: name a checkout of hf_causal")
        items += [Item(artifact, card.parent, f"{org}/{card.parent.name}") for card in cards]
    return items


def publish_all(
    org: str, root: str | Path = ".", data_dir: str | Path = "data", *, private: bool = False
) -> Iterator[Publication | str]:
    """Publishes every corpus, released model, metric and Space, one commit each, and adds them to a collection.

    It can be repeated at any time; repositories that are up to date get no commit.

    Args:
        org (`str`): Namespace, a user or an organization.
        root, data_dir: See [`list_items`].
        private (`bool`): Whether new repositories, and the collection, are private.

    Returns:
        Iterator of [`Publication`], one after each commit, then the address of the collection if the Hub has
        collections.

    Raises:
        [`PublishError`]: At the first failure; the items before it are published.
    """
    publications = []
    for item in list_items(org, root, data_dir):
        publication = publish(item.artifact, item.folder, item.repo_id, private=private)
        publications.append(publication)
        yield publication
    if url := _collect(org, publications, private):
        yield url


def write_dry_run_of_all(
    org: str, out: str | Path, root: str | Path = ".", data_dir: str | Path = "data"
) -> Iterator[tuple[Item, list[str]]]:
    """Writes the files that [`publish_all`] would commit, each repository into a folder of its name."""
    for item in list_items(org, root, data_dir):
        yield item, write_dry_run(item.artifact, item.folder, item.repo_id, Path(out) / item.repo_id.split("/")[1])


def _collect(org: str, publications: list[Publication], private: bool) -> str | None:
    """Returns the address of the collection of all publications; None if the Hub has no collections."""
    api = HfApi(token=check_token())
    try:
        collection = _create_collection(api, org, private)
        if collection is None:
            return None
        for publication in publications:
            item: Any = (publication.repo_id, publication.repo_type)
            api.add_collection_item(collection.slug, *item, exists_ok=True)
    except Exception as error:
        raise explain(error, f"{org}/{COLLECTION}", api.endpoint) from error
    return collection.url


def _create_collection(api: HfApi, org: str, private: bool) -> Collection | None:
    options: dict[str, Any] = {"namespace": org, "description": _DESCRIPTION, "private": private, "exists_ok": True}
    try:
        return api.create_collection(COLLECTION, **options)
    except HfHubHTTPError as error:
        if error.response.status_code in (404, 405, 501):
            return None
        raise
