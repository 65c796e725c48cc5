"""Publishing data sets, models, metrics and Spaces: one commit each, and none when nothing changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from hf_causal.hub.content import RepoContent
from hf_causal.hub.errors import PublishError
from hf_causal.hub.folders import dataset_content, metric_content, model_content, space_content
from hf_causal.hub.repository import Publication, publish_content
from hf_causal.hub.validation import check_token
from hf_causal.utils.repo_ids import check_repo_id


def publish_dataset(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
) -> Publication:
    """Publishes a built corpus; `load_dataset(repo_id, config)` then loads it.

    The repository holds what the folder holds: configs and shards that are gone locally are removed by the same
    commit, other files of the repository stay. The card is made anew, with the repository's id in its examples.

    Args:
        folder (`str` or `Path`): As `hf-causal build` writes it.
        repo_id (`str`): `NAMESPACE/NAME`; created when it does not exist.
        private (`bool`): Whether a new repository is private.
        revision (`str`, *optional*): Branch, `main` when not given; created when it does not exist.
        create_pr (`bool`): Propose the change as a pull request.

    Returns:
        [`Publication`]: What changed.

    Raises:
        [`PublishError`]: With one line that says what would be right; nothing was committed then.
    """
    check_repo_id(repo_id)
    content = dataset_content(folder, repo_id)
    return publish_content(content, repo_id, private=private, revision=revision, create_pr=create_pr)


def publish_model(
    folder: str | Path,
    repo_id: str,
    *,
    dataset_id: str | None = None,
    base_model: str | None = None,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
) -> Publication:
    """Publishes a model folder; `AutoModel….from_pretrained(repo_id, trust_remote_code=True)` then loads it anywhere.

    The repository gets weights, config, Python files, tokenizer, recipe, log, report, plots, `.eval_results/` and a
    card made of them. Such files that are gone locally are removed by the same commit, other files stay.

    Args:
        folder (`str` or `Path`): As `hf-causal train` or `hf-causal finetune` leaves it.
        repo_id (`str`): `NAMESPACE/NAME`; created when it does not exist.
        dataset_id (`str`, *optional*): Its data on the Hub; the corpus in the same namespace when not given.
        base_model (`str`, *optional*): Of a fine-tuned model, the id of what it was made from; the recipe's otherwise.
        private (`bool`): Whether a new repository is private.
        revision (`str`, *optional*): Branch, `main` when not given; created when it does not exist.
        create_pr (`bool`): Propose the change as a pull request.

    Returns:
        [`Publication`]: What changed.

    Raises:
        [`PublishError`]: With one line that says what would be right; nothing was committed then.
    """
    check_repo_id(repo_id)
    content = model_content(folder, repo_id, dataset_id, base_model)
    return publish_content(content, repo_id, private=private, revision=revision, create_pr=create_pr)


def publish_metric(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
) -> Publication:
    """Publishes a metric as a Space; `evaluate.load(repo_id)` then loads it.

    Args:
        folder (`str` or `Path`): Named as the metric, with `<metric>.py`, `README.md`, `app.py`, `requirements.txt`.
        repo_id (`str`): `NAMESPACE/<metric>`.
        private, revision, create_pr: As for [`publish_dataset`].

    Returns:
        [`Publication`]: What changed.

    Raises:
        [`PublishError`]: With one line that says what would be right; nothing was committed then.
    """
    check_repo_id(repo_id)
    content = metric_content(folder, repo_id)
    return publish_content(content, repo_id, private=private, revision=revision, create_pr=create_pr)


def publish_space(
    folder: str | Path,
    repo_id: str,
    *,
    private: bool = False,
    revision: str | None = None,
    create_pr: bool = False,
) -> Publication:
    """Publishes a Space: its folder as it is; what is gone locally is removed.

    Data sets and models that its card names without a namespace are taken to be in that of the Space.

    Args:
        folder (`str` or `Path`): With `README.md` and the app that it names.
        repo_id (`str`): `NAMESPACE/NAME`; created when it does not exist.
        private, revision, create_pr: As for [`publish_dataset`].

    Returns:
        [`Publication`]: What changed.

    Raises:
        [`PublishError`]: With one line that says what would be right; nothing was committed then.
    """
    check_repo_id(repo_id)
    content = space_content(folder, repo_id)
    return publish_content(content, repo_id, private=private, revision=revision, create_pr=create_pr)


PUBLISHERS: dict[str, Callable[..., Publication]] = {
    "dataset": publish_dataset,
    "model": publish_model,
    "metric": publish_metric,
    "space": publish_space,
}
_CONTENTS: dict[str, Callable[..., RepoContent]] = {
    "dataset": dataset_content,
    "model": model_content,
    "metric": metric_content,
    "space": space_content,
}


def check_destination(repo_id: str | None) -> None:
    """Finds out before a long training run, and without asking the Hub, what would keep it from being published.

    Raises:
        [`PublishError`]: For a missing or bad repository id, or a missing token.
    """
    if repo_id is None:
        raise PublishError("`--push-to-hub` needs `--hub-model-id NAMESPACE/NAME`")
    check_repo_id(repo_id)
    check_token()


def write_dry_run(kind: str, folder: str | Path, repo_id: str, out: str | Path, **options: str | None) -> list[str]:
    """Writes what publishing would commit, without a token and without asking a Hub.

    Args:
        kind (`str`): `dataset`, `model`, `metric` or `space`.
        folder (`str` or `Path`): What would be published.
        repo_id (`str`): Where it would go.
        out (`str` or `Path`): New or empty folder; it appears when all of it is written.
        **options: `dataset_id` and `base_model` of a model.

    Returns:
        `list[str]`: The paths, as they would be in the repository.

    Raises:
        [`PublishError`]: If the folder cannot be published, or `out` holds something.
    """
    check_repo_id(repo_id)
    out = Path(out)
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise PublishError(f"`dry_run` must be a new or empty folder, got {str(out)!r}")
    content = _CONTENTS[kind](folder, repo_id, **options)
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
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
