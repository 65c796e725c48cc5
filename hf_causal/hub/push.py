"""`model.push_to_hub` of the architectures here: the same repository and card as `hf-causal publish model` makes."""

from __future__ import annotations

import filecmp
import shutil
import tempfile
from pathlib import Path
from typing import Any

from hf_causal.hub.commit import Publication, publish_content
from hf_causal.hub.content import list_files
from hf_causal.hub.model_content import REPORT_FILES, TOKENIZER_FILES, WEIGHT_FILES
from hf_causal.hub.publish import make_content
from hf_causal.utils.repo_ids import check_repo_id


def push_model(
    model: Any,
    repo_id: str,
    *,
    commit_message: str | None = None,
    private: bool | None = None,
    token: bool | str | None = None,
    revision: str | None = None,
    create_pr: bool = False,
    max_shard_size: int | str = "50GB",
    **ignored: Any,
) -> Publication:
    """Publishes a model from memory; replaces `push_to_hub` of this package's models.

    The tokenizer comes along, and the recipe, log, scores and report of the folder or repository that the model was
    loaded from, if its weights are still the same: figures never describe other weights.

    Args:
        model (`PreTrainedModel`): What to publish.
        repo_id (`str`): `NAMESPACE/NAME`; without a namespace, that of the token.
        commit_message, private, token, revision, create_pr, max_shard_size: As for `PreTrainedModel.push_to_hub`.
        **ignored: Its further options, such as `tags`, which the card determines.

    Returns:
        [`Publication`]: What changed.
    """
    if "/" not in repo_id:
        from huggingface_hub import HfApi

        repo_id = f"{HfApi(token=token).whoami()['name']}/{repo_id}"
    check_repo_id(repo_id)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        model.save_pretrained(folder, max_shard_size=max_shard_size)
        _add_companions(model, folder)
        return publish_content(
            make_content("model", folder, repo_id),
            repo_id,
            private=bool(private),
            revision=revision,
            create_pr=create_pr,
            message=commit_message,
            token=token,
        )


def _add_companions(model: Any, folder: Path) -> None:
    from hf_causal.models.registry import make_tokenizer

    source = _source(model.config.name_or_path)
    if source is not None and _same_weights(folder, source):
        companions = (*REPORT_FILES, *TOKENIZER_FILES)
        for name in list_files(source, companions):
            (folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source / name, folder / name)
    if not (folder / "tokenizer.json").is_file():
        tokenizer = make_tokenizer(model.config.model_type, getattr(model.config, "grammars", None) or "transitivity")
        if tokenizer is not None:
            tokenizer.save_pretrained(folder)


def _source(name: str) -> Path | None:
    """The folder that a model was loaded from, fetched when it is a repository on the Hub."""
    if not name:
        return None
    if Path(name).is_dir():
        return Path(name)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError

    try:
        return Path(snapshot_download(name, allow_patterns=[*REPORT_FILES, *TOKENIZER_FILES, *WEIGHT_FILES]))
    except (HfHubHTTPError, HFValidationError, OSError):
        return None


def _same_weights(one: Path, other: Path) -> bool:
    names = sorted(path.name for path in one.glob("*.safetensors"))
    if names != sorted(path.name for path in other.glob("*.safetensors")):
        return False
    return all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)
