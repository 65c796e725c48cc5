"""The content of a data set repository."""

from __future__ import annotations

from pathlib import Path

from hf_causal.artifacts import CARD_FILE
from hf_causal.cards.dataset_info import check_split
from hf_causal.corpora.card import render_card
from hf_causal.corpora.parquet import MANIFEST, check_rows, read_manifests
from hf_causal.hub.content import RepoContent, check_folder, suggest_artifact
from hf_causal.hub.errors import PublishError

DATASET_FILES = (CARD_FILE, f"*/{MANIFEST}", "*/*.parquet")


def dataset_content(folder: str | Path, repo_id: str) -> RepoContent:
    """Returns the Parquet files and manifests of a built corpus, with a card for its repository.

    Raises:
        [`PublishError`]: If the folder holds no built corpus, several, or an incomplete one.
    """
    folder = check_folder(folder)
    try:
        manifests = read_manifests(folder)
    except ValueError as error:
        raise PublishError(str(error)) from error
    if not manifests:
        raise PublishError(
            f"{str(folder)!r} is not a data set: `hf-causal build` writes one{suggest_artifact(folder)}"
        )
    corpora = sorted({manifest["corpus"] for manifest in manifests})
    if len(corpora) > 1:
        raise PublishError(
            f"{str(folder)!r} holds configs of {', '.join(corpora)}: publish each corpus from its own folder"
        )
    try:
        files: dict[str, Path | bytes] = {}
        for manifest in manifests:
            config = manifest["config"]
            files[f"{config}/{MANIFEST}"] = folder / config / MANIFEST
            for split in manifest["splits"]:
                files |= {f"{config}/{path.name}": path for path in check_split(folder, manifest, split)}
                check_rows(folder, manifest, split)
        files[CARD_FILE] = render_card(folder, corpora[0], repo_id).encode()
    except (FileNotFoundError, ValueError) as error:
        raise PublishError(f"{error}: build it again") from error
    return RepoContent("dataset", files, DATASET_FILES)
