"""Publishes data sets, models, metrics and Spaces: one commit each, and none when nothing changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from hf_causal.cards.errors import CardError
from hf_causal.hub.commit import Publication, check_token, publish_content
from hf_causal.hub.content import RepoContent, check_inside
from hf_causal.hub.dataset_content import dataset_content
from hf_causal.hub.errors import PublishError
from hf_causal.hub.model_content import model_content
from hf_causal.hub.space_content import metric_content, space_content
from hf_causal.utils.files import partial_path
from hf_causal.utils.repo_ids import check_repo_id

_CONTENTS: dict[str, Callable[..., RepoContent]] = {
    "dataset": dataset_content,
    "model": model_content,
    "metric": metric_content,
    "space": space_content,
}
ARTIFACTS = tuple(_CONTENTS)


def publish(
    artifact: str,
    folder: str | Path,
    repo_id: str,
    *,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
    **options: str | None,
) -> Publication:
    """Publishes a folder, with a card for its repository.

    Files of the artifact that are gone from the folder are removed by the same commit, other files of the repository
    stay; a Space is its folder, so all other files go.

    | artifact | folder | loaded by |
    |---|---|---|
    | `dataset` | as `hf-causal build` writes it | `load_dataset(repo_id, config)` |
    | `model` | as `hf-causal train`, `finetune` or `save_pretrained` writes it | `from_pretrained(repo_id, …)` |
    | `metric` | named like the metric, with `<metric>.py` and an app | `evaluate.load(repo_id)` |
    | `space` | with `README.md` and the app that it names | |

    Args:
        artifact (`str`): `dataset`, `model`, `metric` or `space`.
        folder (`str` or `Path`): Folder to publish.
        repo_id (`str`): `NAMESPACE/NAME`; created when it does not exist.
        private (`bool`): Whether a new repository is private.
        revision (`str`, *optional*): Branch, `main` by default; created when it does not exist.
        create_pr (`bool`): Propose the change as a pull request.
        **options: `dataset_id` and `base_model` of a model, see [`model_content`].

    Raises:
        [`PublishError`]: With one line that names the remedy; nothing was committed then.
        `ValueError`: For an unknown artifact or an invalid `repo_id`.
    """
    content = make_content(artifact, folder, repo_id, **options)
    return publish_content(content, repo_id, private=private, revision=revision, create_pr=create_pr)


def make_content(artifact: str, folder: str | Path, repo_id: str, **options: str | None) -> RepoContent:
    """Returns the files that publishing commits, without a request; see [`publish`]."""
    if artifact not in _CONTENTS:
        raise ValueError(f"`artifact` must be one of {', '.join(_CONTENTS)}, got {artifact!r}")
    check_repo_id(repo_id)
    try:
        content = _CONTENTS[artifact](folder, repo_id, **options)
        for source in content.files.values():
            if isinstance(source, Path):
                check_inside(Path(folder), source)
        return content
    except CardError as error:
        raise PublishError(str(error)) from error


def check_destination(repo_id: str | None) -> None:
    """Checks before a long training run, without a request, that its model can be published.

    Raises:
        [`PublishError`]: For a missing repository id or token.
        `ValueError`: For an invalid repository id.
    """
    if repo_id is None:
        raise PublishError("`--push-to-hub` needs `--hub-model-id NAMESPACE/NAME`")
    check_repo_id(repo_id)
    check_token()


def write_dry_run(
    artifact: str, folder: str | Path, repo_id: str, out: str | Path, **options: str | None
) -> list[str]:
    """Writes the files that publishing would commit, without a token and without a request.

    Args:
        artifact, folder, repo_id, options: See [`publish`].
        out (`str` or `Path`): New or empty folder; it appears when all files are written.

    Returns:
        `list[str]`: The paths, as they would be in the repository.

    Raises:
        [`PublishError`]: If the folder cannot be published, or `out` is not empty.
    """
    content, out = make_content(artifact, folder, repo_id, **options), Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise PublishError(f"`dry_run` must be a new or empty folder, got {str(out)!r}")
    partial = partial_path(out)
    for path, source in content.files.items():
        target = partial / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, bytes):
            target.write_bytes(source)
        else:
            shutil.copyfile(source, target)
    if out.exists():
        out.rmdir()
    partial.rename(out)
    return sorted(content.files)
