"""The content of a model repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from hf_causal.artifacts import (
    CARD_FILE,
    FINETUNING_FILE,
    RECIPE_FILE,
    REPORT_FILE,
    SCORES_FILE,
    STUDIES_FILE,
    STUDY_SCORES_FILE,
    SUMMARY_FILE,
    TRAINING_LOG_FILE,
)
from hf_causal.cards.eval_results import EVAL_RESULTS_FILE, render_eval_results
from hf_causal.cards.finetuned_card import ADAPTER_CONFIG, finetuned_scores, is_adapter, public_files, scored_dataset
from hf_causal.cards.model_card import render_model_card
from hf_causal.cards.validation import parse_card
from hf_causal.hub.content import RepoContent, check_folder, list_files, matches, suggest_artifact
from hf_causal.hub.errors import PublishError
from hf_causal.hub.figures import check_figures
from hf_causal.hub.remote_code import dump_config, with_code

REPORT_FILES = (
    RECIPE_FILE,
    TRAINING_LOG_FILE,
    SUMMARY_FILE,
    SCORES_FILE,
    FINETUNING_FILE,
    STUDY_SCORES_FILE,
    STUDIES_FILE,
    REPORT_FILE,
    "plots/*.png",
)
"""How a model was trained, and its scores."""
TOKENIZER_FILES = ("tokenizer*.json", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt",
                   "chat_template.jinja")  # fmt: skip
WEIGHT_FILES = ("*.safetensors", "*.safetensors.index.json")
CONFIG_FILES = ("config.json", ADAPTER_CONFIG, "generation_config.json")
MODEL_FILES = (CARD_FILE, *CONFIG_FILES, "*.py", *WEIGHT_FILES, *TOKENIZER_FILES, *REPORT_FILES, EVAL_RESULTS_FILE)


def model_content(
    folder: str | Path, repo_id: str, dataset_id: str | None = None, base_model: str | None = None
) -> RepoContent:
    """Returns the content of a model folder: weights, config, code, tokenizer, report, scores, and a card.

    Args:
        folder (`str` or `Path`): Folder that `hf-causal train`, `hf-causal finetune` or `save_pretrained` wrote; an
            adapter's folder too.
        repo_id (`str`): Repository of the model.
        dataset_id (`str`, *optional*): Its data on the Hub; the corpus in the same namespace by default.
        base_model (`str`, *optional*): Id of the model that was fine-tuned; the recipe's by default.

    Raises:
        [`PublishError`]: If the folder is not a complete model folder.
        [`CardError`]: If its card is invalid, or its base model is not on the Hub.
    """
    folder = check_folder(folder)
    config = _read_config(folder)
    files: dict[str, Path | bytes] = {path: folder / path for path in list_files(folder, MODEL_FILES)}
    check_figures(folder)
    if not any(matches(path, WEIGHT_FILES) for path in files):
        raise PublishError(f"{str(folder)!r} has no weights (*.safetensors): train it to the end, or save the model")
    if not is_adapter(folder):
        files |= _code_files(folder, config)
    recipe = yaml.safe_load((folder / RECIPE_FILE).read_text("utf-8")) if (folder / RECIPE_FILE).is_file() else {}
    if (folder / FINETUNING_FILE).is_file():
        base_model, public = public_files(folder, recipe, base_model)
        files |= public
    elif base_model:
        raise PublishError(f"`base_model` needs a folder of `hf-causal finetune`, {str(folder)!r} is something else")
    scores = _read_scores(folder)
    corpus = recipe.get("corpus") or (scores[0].get("dataset", "axiomatic") if scores else "axiomatic")
    dataset_id = dataset_id or f"{repo_id.split('/')[0]}/{corpus}"
    if recipe or not (CARD_FILE in files or is_adapter(folder)):
        files[CARD_FILE] = render_model_card(folder, repo_id, dataset_id, base_model).encode()
    else:
        _check_own_card(folder)
    files.pop(EVAL_RESULTS_FILE, None)
    if scores:
        entries = [
            render_eval_results(score, scored_dataset(score, corpus, dataset_id) or dataset_id) for score in scores
        ]
        files[EVAL_RESULTS_FILE] = b"".join(entries)
    return RepoContent("model", files, MODEL_FILES)


def _read_config(folder: Path) -> dict[str, Any]:
    """Returns the config of a model; an empty one for an adapter."""
    config = _read_json(folder / "config.json") if (folder / "config.json").is_file() else {}
    if not config.get("model_type") and not is_adapter(folder):
        raise PublishError(f"{str(folder)!r} is not a model folder: it has no config.json{suggest_artifact(folder)}")
    return config


def _code_files(folder: Path, config: dict[str, Any]) -> dict[str, Path | bytes]:
    """Returns the Python files that the model needs, and its config where the `auto_map` has to be completed."""
    mapped, code = with_code(folder, config)
    return {**code, **({} if mapped == config else {"config.json": dump_config(mapped)})}


def _check_own_card(folder: Path) -> None:
    """Raises an error if a model that this package did not train has no valid card; its card stays as it is."""
    if not (folder / CARD_FILE).is_file():
        raise PublishError(f"{str(folder)!r} holds an adapter without a README.md that names its base model")
    parse_card((folder / CARD_FILE).read_text(encoding="utf-8"))


def _read_scores(folder: Path) -> list[dict[str, Any]]:
    """Returns all scores in a model folder that have splits."""
    if (folder / FINETUNING_FILE).is_file():
        return finetuned_scores(_read_json(folder / FINETUNING_FILE)["evaluations"])
    scores = _read_json(folder / SCORES_FILE) if (folder / SCORES_FILE).is_file() else {}
    return [{"dataset": "axiomatic", **scores}] if scores.get("splits") else []


def _read_json(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PublishError(f"{str(path)!r} is not JSON: {error}") from error
