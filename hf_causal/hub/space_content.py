"""The content of a Space, and of a metric, which is a Space."""

from __future__ import annotations

import re
from pathlib import Path

from huggingface_hub import RepoCard

from hf_causal.artifacts import CARD_FILE
from hf_causal.cards.validation import parse_space_card
from hf_causal.hub.content import RepoContent, check_folder, list_files, suggest_artifact
from hf_causal.hub.errors import PublishError

_LINKS = ("datasets", "models", "preload_from_hub")
"""Metadata of a Space that names repositories."""


def metric_content(folder: str | Path, repo_id: str) -> RepoContent:
    """Returns the content of a metric of `evaluate`: a Space whose module has the name of the repository.

    Raises:
        [`PublishError`]: If the folder holds no metric, or the repository does not have the metric's name.
    """
    folder = check_folder(folder)
    name = folder.resolve().name
    if not (folder / f"{name}.py").is_file():
        raise PublishError(f"{str(folder)!r} is not a metric folder: it has no {name}.py{suggest_artifact(folder)}")
    if repo_id.split("/")[-1] != name:
        raise PublishError(f"`repo_id` must end with the metric's name, as {repo_id.split('/')[0]}/{name}")
    return space_content(folder, repo_id)


def space_content(folder: str | Path, repo_id: str) -> RepoContent:
    """Returns all files of a Space's folder except caches and hidden files, with links in its card.

    Raises:
        [`PublishError`]: If there is no card, or it names an app file that does not exist.
        [`CardError`]: If the card does not describe how to start the Space.
    """
    folder = check_folder(folder)
    if not (folder / CARD_FILE).is_file():
        raise PublishError(f"{str(folder)!r} is not a Space: it has no {CARD_FILE}{suggest_artifact(folder)}")
    text = (folder / CARD_FILE).read_text(encoding="utf-8")
    card = parse_space_card(text)
    files: dict[str, Path | bytes] = {path: folder / path for path in list_files(folder)}
    files[CARD_FILE] = link_card(text, repo_id).encode()
    app = card.get("app_file", "app.py" if card["sdk"] == "gradio" else None)
    if app and app not in files:
        raise PublishError(f"the card of {str(folder)!r} names `app_file` {app!r}, which is not there")
    return RepoContent("space", files, ("**",), card["sdk"])


def link_card(text: str, repo_id: str) -> str:
    """Returns a Space's card in which bare names of data sets and models are ids in the Space's namespace.

    In examples, the bare name of a metric becomes its id.

    Args:
        text (`str`): The card with bare names, as it is in the source tree.
        repo_id (`str`): Repository of the Space.

    Example:

    ```python
    >>> card = "---\\nsdk: gradio\\ndatasets:\\n- axiomatic\\n- other/data\\n---\\nevaluate.load('f1')"
    >>> print(link_card(card, "causal-lab/f1"))
    ---
    sdk: gradio
    datasets:
    - causal-lab/axiomatic
    - other/data
    ---
    evaluate.load('causal-lab/f1')

    ```
    """
    namespace, name = repo_id.split("/")
    card = RepoCard(text)
    for key in _LINKS:
        if links := card.data.get(key):
            card.data[key] = [link if "/" in link else f"{namespace}/{link}" for link in links]
    example = rf"""evaluate\.load\((["']){re.escape(name)}\1"""
    body = re.sub(example, rf"evaluate.load(\1{repo_id}\1", card.text)
    return f"---\n{card.data.to_yaml()}\n---\n{body}"
