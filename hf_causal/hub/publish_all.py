"""Publishing all that a checkout holds under one namespace, with links between the parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError

from hf_causal.corpora import datasets
from hf_causal.hub.errors import PublishError, explain
from hf_causal.hub.publish import PUBLISHERS, write_dry_run
from hf_causal.hub.repository import Publication
from hf_causal.hub.validation import check_token
from hf_causal.utils.repo_ids import check_repo_id

COLLECTION = "hf_causal: causal reasoning from text"
_DESCRIPTION = "Corpora whose every label has a proof, models trained on them, and metrics of how far they generalize."


@dataclass(frozen=True)
class Part:
    """One thing to publish."""

    kind: str
    folder: Path
    repo_id: str


def find_parts(org: str, root: str | Path, data_dir: str | Path) -> list[Part]:
    """What a checkout and a folder of built corpora hold, data first, since the others point at it.

    Args:
        org (`str`): Namespace on the Hub.
        root (`str` or `Path`): The checkout, with `model_cards/` and `spaces/`.
        data_dir (`str` or `Path`): A folder for each corpus, as `hf-causal build CORPUS --out DATA_DIR/CORPUS` makes.

    Raises:
        [`PublishError`]: If something is missing.
    """
    root, data_dir = Path(root), Path(data_dir)
    parts = [Part("dataset", data_dir / corpus, f"{org}/{corpus}") for corpus in datasets()]
    for part in parts:
        check_repo_id(part.repo_id)
        if not part.folder.is_dir():
            name = part.folder.name
            raise PublishError(f"{str(part.folder)!r} does not exist: hf-causal build {name} --out {part.folder}")
    for kind, folder in (("model", "model_cards"), ("metric", "spaces/metrics"), ("space", "spaces")):
        found = [path.parent for path in sorted((root / folder).glob("*/README.md"))]
        if kind != "space" and not found:
            raise PublishError(f"`root` {str(root)!r} has no {folder}/: name a checkout of hf_causal")
        parts += [Part(kind, path, f"{org}/{path.name}") for path in found]
    return parts


def publish_all(
    org: str, root: str | Path = ".", data_dir: str | Path = "data", *, private: bool = False
) -> Iterator[Publication | str]:
    """Publishes every corpus, released model, metric and Space, one commit each, and collects them.

    It can be repeated at any time: what is up to date gets no commit.

    Args:
        org (`str`): Namespace, a user or an organization.
        root, data_dir: See [`find_parts`].
        private (`bool`): Whether new repositories, and the collection, are private.

    Returns:
        Iterator of [`Publication`], as they are made, and at last the address of the collection where the Hub has
        collections.

    Raises:
        [`PublishError`]: At the first that fails; those before it are published.
    """
    done = []
    for part in find_parts(org, root, data_dir):
        publication = PUBLISHERS[part.kind](part.folder, part.repo_id, private=private)
        done.append(publication)
        yield publication
    if collection := _collect(org, done, private):
        yield collection


def write_dry_run_of_all(
    org: str, out: str | Path, root: str | Path = ".", data_dir: str | Path = "data"
) -> Iterator[tuple[Part, list[str]]]:
    """Writes what [`publish_all`] would commit, each repository into a folder of its name."""
    for part in find_parts(org, root, data_dir):
        yield part, write_dry_run(part.kind, part.folder, part.repo_id, Path(out) / part.repo_id.split("/")[1])


def _collect(org: str, publications: list[Publication], private: bool) -> str | None:
    """The address of the collection that holds what was published; None where the Hub has no collections."""
    api = HfApi(token=check_token())
    options: dict[str, Any] = {"namespace": org, "description": _DESCRIPTION, "private": private, "exists_ok": True}
    try:
        collection = _or_none(lambda: api.create_collection(COLLECTION, **options))
        if collection is None:
            return None
        for publication in publications:
            item: Any = (publication.repo_id, publication.repo_type)
            api.add_collection_item(collection.slug, *item, exists_ok=True)
    except Exception as error:
        raise explain(error, f"{org}/{COLLECTION}", api.endpoint) from error
    return collection.url


def _or_none(create: Callable[[], Any]) -> Any:
    try:
        return create()
    except HfHubHTTPError as error:
        if error.response.status_code in (404, 405, 501):
            return None
        raise
