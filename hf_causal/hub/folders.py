"""What is published of a folder: of a data set, a model, a metric and a Space."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import yaml

from hf_causal.artifacts import FINETUNING_FILE, REPORT_FILE, SCORES_FILE, SUMMARY_FILE
from hf_causal.cards.card_check import parse_card, read_space_card
from hf_causal.cards.dataset_info import check_split
from hf_causal.cards.errors import CardError
from hf_causal.cards.eval_results import EVAL_RESULTS_FILE, render_eval_results
from hf_causal.cards.finetuned import ADAPTER_CONFIG, finetuned_scores, is_adapter, public_files, scored_dataset
from hf_causal.cards.model_card import render_model_card
from hf_causal.corpora.card import render_card
from hf_causal.corpora.parquet import MANIFEST, read_manifests
from hf_causal.hub.content import CARD, RepoContent, matches
from hf_causal.hub.errors import PublishError
from hf_causal.hub.links import link_card
from hf_causal.hub.remote_code import dump_config, with_code

RECIPE = "recipe.yaml"
DATASET_FILES = (CARD, f"*/{MANIFEST}", "*/*.parquet")
STORY_FILES = (
    RECIPE,
    "training_log.jsonl",
    SUMMARY_FILE,
    SCORES_FILE,
    FINETUNING_FILE,
    "studies.json",
    "studies.md",
    REPORT_FILE,
    "plots/*.png",
)
"""What tells how a model was made and how good it is."""
TOKENIZER_FILES = ("tokenizer*.json", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt",
                   "chat_template.jinja")  # fmt: skip
WEIGHT_FILES = ("*.safetensors", "*.safetensors.index.json")
CONFIG_FILES = ("config.json", ADAPTER_CONFIG, "generation_config.json")
MODEL_FILES = (CARD, *CONFIG_FILES, "*.py", *WEIGHT_FILES, *TOKENIZER_FILES, *STORY_FILES, EVAL_RESULTS_FILE)
SPACE_FILES = ("**",)
"""A Space is its folder: all of it is published, and nothing else stays."""
_NEVER = ("__pycache__", "node_modules")


def _publish_errors(content: Callable[..., RepoContent]) -> Callable[..., RepoContent]:
    """Makes a function raise what is wrong with a card as a [`PublishError`]."""

    @wraps(content)
    def checked(*args: Any, **options: Any) -> RepoContent:
        try:
            return content(*args, **options)
        except CardError as error:
            raise PublishError(str(error)) from error

    return checked


@_publish_errors
def dataset_content(folder: str | Path, repo_id: str) -> RepoContent:
    """A built corpus: Parquet, manifests and the card, made for where it goes.

    Raises:
        [`PublishError`]: If the folder holds no built corpus, or part of one.
    """
    folder = _folder(folder)
    manifests = read_manifests(folder)
    if not manifests:
        raise PublishError(f"{str(folder)!r} is no data set: `hf-causal build` writes one{_looks_like(folder)}")
    corpora = sorted({manifest["corpus"] for manifest in manifests})
    if len(corpora) > 1:
        raise PublishError(f"{str(folder)!r} holds configs of {', '.join(corpora)}: publish each corpus from a folder")
    try:
        files: dict[str, Path | bytes] = {}
        for manifest in manifests:
            name = manifest["config"]
            files[f"{name}/{MANIFEST}"] = folder / name / MANIFEST
            for split in manifest["splits"]:
                files |= {f"{name}/{path.name}": path for path in check_split(folder, manifest, split)}
        files[CARD] = render_card(folder, corpora[0], repo_id).encode()
    except (FileNotFoundError, ValueError) as error:
        raise PublishError(f"{error}: build it again") from error
    return RepoContent("dataset", files, DATASET_FILES)


@_publish_errors
def model_content(
    folder: str | Path, repo_id: str, dataset_id: str | None = None, base_model: str | None = None
) -> RepoContent:
    """A model folder: weights, config, code, tokenizer, how it was made, scores, and a card made of all of it.

    Args:
        folder (`str` or `Path`): As `hf-causal train` or `finetune` leaves it, or any folder that `save_pretrained`
            wrote, of an adapter too.
        repo_id (`str`): Where it goes.
        dataset_id (`str`, *optional*): Its data on the Hub; the corpus in the same namespace when not given.
        base_model (`str`, *optional*): Of a fine-tuned model, the id of what it was made from; the recipe's otherwise.

    Raises:
        [`PublishError`]: If the folder is not a whole model folder, or its base model is on no Hub.
    """
    folder = _folder(folder)
    adapter = is_adapter(folder)
    config = _read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    if not config.get("model_type") and not adapter:
        raise PublishError(f"{str(folder)!r} is not a model folder: it has no config.json{_looks_like(folder)}")
    found = {path: folder / path for path in _walk(folder) if matches(path, MODEL_FILES)}
    if not any(matches(path, WEIGHT_FILES) for path in found):
        raise PublishError(f"{str(folder)!r} has no weights (*.safetensors): train it to the end, or save the model")
    files: dict[str, Path | bytes] = {**found}
    if not adapter:
        mapped, code = with_code(folder, config)
        files |= code
        if mapped != config:
            files["config.json"] = dump_config(mapped)
    recipe = yaml.safe_load((folder / RECIPE).read_text("utf-8")) if (folder / RECIPE).is_file() else {}
    finetuned = (folder / FINETUNING_FILE).is_file()
    if base_model and not finetuned:
        raise PublishError(f"`base_model` is for what `hf-causal finetune` made, {str(folder)!r} is something else")
    if finetuned:
        base_model, public = public_files(folder, recipe, base_model)
        files |= public
    scored = _scores(folder)
    corpus = recipe.get("corpus") or (scored[0].get("dataset", "axiomatic") if scored else "axiomatic")
    dataset_id = dataset_id or f"{repo_id.split('/')[0]}/{corpus}"
    if recipe or (CARD not in found and not adapter):  # a model from elsewhere keeps the card that it has
        files[CARD] = render_model_card(folder, repo_id, dataset_id, base_model).encode()
    elif CARD in found:
        parse_card((folder / CARD).read_text(encoding="utf-8"))
    else:
        raise PublishError(f"{str(folder)!r} holds an adapter without a README.md, which says what it belongs to")
    files.pop(EVAL_RESULTS_FILE, None)
    entries = [render_eval_results(one, scored_dataset(one, corpus, dataset_id) or dataset_id) for one in scored]
    if entries:
        files[EVAL_RESULTS_FILE] = b"".join(entries)
    return RepoContent("model", files, MODEL_FILES)


def _scores(folder: Path) -> list[dict[str, Any]]:
    """All scores of splits that a model folder holds."""
    if (folder / FINETUNING_FILE).is_file():
        return finetuned_scores(_read_json(folder / FINETUNING_FILE)["evaluations"])
    scores = _read_json(folder / SCORES_FILE) if (folder / SCORES_FILE).is_file() else {}
    return [{"dataset": "axiomatic", **scores}] if scores.get("splits") else []


@_publish_errors
def metric_content(folder: str | Path, repo_id: str) -> RepoContent:
    """A metric of `evaluate`: a Space whose module bears its name.

    Raises:
        [`PublishError`]: If the folder is no metric, or the repository has another name than it.
    """
    folder = _folder(folder)
    name = folder.resolve().name
    if not (folder / f"{name}.py").is_file():
        raise PublishError(f"{str(folder)!r} is not a metric folder: it has no {name}.py{_looks_like(folder)}")
    if repo_id.split("/")[-1] != name:
        raise PublishError(f"`repo_id` must end with the metric's name, as {repo_id.split('/')[0]}/{name}")
    return space_content(folder, repo_id)


@_publish_errors
def space_content(folder: str | Path, repo_id: str) -> RepoContent:
    """A Space: its folder as it is, without caches and hidden files, its card linked to what it names.

    Raises:
        [`PublishError`]: If the card does not say how to start it, or names a file that is not there.
    """
    folder = _folder(folder)
    if not (folder / CARD).is_file():
        raise PublishError(f"{str(folder)!r} is not a Space: it has no {CARD}{_looks_like(folder)}")
    text = (folder / CARD).read_text(encoding="utf-8")
    card = read_space_card(text)
    files: dict[str, Path | bytes] = {path: folder / path for path in _walk(folder)}
    files[CARD] = link_card(text, repo_id).encode()
    app = card.get("app_file", "app.py" if card["sdk"] == "gradio" else None)
    if app and app not in files:
        raise PublishError(f"the card of {str(folder)!r} names `app_file` {app!r}, which is not there")
    return RepoContent("space", files, SPACE_FILES, card["sdk"])


def _folder(folder: str | Path) -> Path:
    folder = Path(folder)
    if not folder.is_dir():
        raise PublishError(f"there is no folder {str(folder)!r}")
    return folder


def _walk(folder: Path) -> list[str]:
    """Files as paths of a repository, without hidden ones, caches and half-written ones."""
    found = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith(".") or part in _NEVER for part in parts)
        if path.is_file() and not hidden and path.suffix not in (".pyc", ".partial"):
            found.append("/".join(parts))
    return found


def _looks_like(folder: Path) -> str:
    """A hint for who named the wrong kind of folder."""
    kinds = {
        "model": (folder / "config.json").is_file() or is_adapter(folder),
        "dataset": bool(list(folder.glob(f"*/{MANIFEST}"))),
        "metric": (folder / f"{folder.resolve().name}.py").is_file(),
        "space": (folder / "app.py").is_file(),
    }
    kind = next((kind for kind, holds in kinds.items() if holds), None)
    return f" (it looks like a {kind}: `hf-causal publish {kind}`)" if kind else ""


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PublishError(f"{str(path)!r} is not JSON: {error}") from error
