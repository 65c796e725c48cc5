"""Model cards, rendered from the files of a model folder."""

from __future__ import annotations

import json
import math
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from hf_causal import __version__
from hf_causal.artifacts import (
    CARD_FILE,
    FINETUNING_FILE,
    LICENSE,
    RECIPE_FILE,
    REPORT_FILE,
    SCORES_FILE,
    SUMMARY_FILE,
    all_scores,
)
from hf_causal.cards.finetuned_card import finetuned_scores, render_finetuned_card, scored_dataset, task_type
from hf_causal.cards.templates import read_template
from hf_causal.systems import evaluation_of_model_type, objective_on_data
from hf_causal.systems.datasets import datasets, task_name
from hf_causal.tasks.registry import get_task
from hf_causal.utils.files import write_text


def write_model_card(folder: str | Path, repo_id: str | None = None) -> Path:
    """Writes `README.md` for a model folder from its config, recipe, training summary, scores and report.

    Args:
        folder (`str` or `Path`): Folder that `hf-causal train` wrote; `hf-causal report` adds the scores and the
            report.
        repo_id (`str`, *optional*): Repository that examples name; the model's name by default.

    Returns:
        `Path`: The card.

    Raises:
        `FileNotFoundError`: If the folder has no `config.json` and was not fine-tuned.
    """
    return write_text(Path(folder) / CARD_FILE, render_model_card(folder, repo_id))


def render_model_card(
    folder: str | Path, repo_id: str | None = None, dataset_id: str | None = None, base_model: str | None = None
) -> str:
    """Returns the text of a model card, see [`write_model_card`].

    Args:
        folder (`str` or `Path`): Model folder.
        repo_id (`str`, *optional*): Repository that examples name.
        dataset_id (`str`, *optional*): Its training and evaluation data on the Hub; the corpus' name by default.
        base_model (`str`, *optional*): Id of the model that was fine-tuned; the recipe's by default.
    """
    folder = Path(folder)
    if (folder / FINETUNING_FILE).is_file():
        return _render_finetuned(folder, repo_id, dataset_id, base_model)
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{str(folder)!r} is not a model folder: it has no config.json")
    config = json.loads(_read(folder / "config.json"))
    recipe = yaml.safe_load(_read(folder / RECIPE_FILE)) or {}
    name = recipe.get("name", folder.name)
    about = _system_card(config.get("model_type"), recipe.get("corpus"))
    card = ModelCard.from_template(
        _metadata(folder, config, recipe, name, about, dataset_id),
        template_str=read_template("system_card.md.jinja" if about else "model_card.md.jinja"),
        name=name,
        description=recipe.get("description") or "A decoder that answers questions about cause and effect.",
        config=config,
        parameters=_count_parameters(folder),
        recipe={**recipe, **recipe.get("objective", {})},
        recipe_yaml=_read(folder / RECIPE_FILE),
        dataset_id=dataset_id,
        training=_training_summary(folder),
        report=_read(folder / REPORT_FILE),
        repo_id=repo_id or name,
        version=__version__,
        versions={package: installed_version(package) for package in ("torch", "transformers")},
        usage=about.get("usage", "").replace("{repo_id}", repo_id or name).strip(),
        about=about.get("about", "").strip(),
        sources=about.get("sources", "").strip(),
    )
    return str(card)


def _system_card(model_type: str | None, corpus: str | None) -> dict[str, Any]:
    """Returns the text of a sister system's card for a model of it, or for a decoder on its data; empty for others."""
    if evaluation := evaluation_of_model_type(model_type):
        return evaluation.card
    objective = objective_on_data(model_type, corpus)
    return objective.card if objective else {}


def _metadata(
    folder: Path,
    config: dict[str, Any],
    recipe: dict[str, Any],
    name: str,
    about: dict[str, Any],
    dataset_id: str | None,
) -> ModelCardData:
    """Returns the YAML of a card; `about` is the card of a system's model, empty for models that answer questions."""
    task = (
        "text-classification" if config.get("model_type") in ("axiom_looped", "axiom_recurrent") else "text-generation"
    )
    scores = json.loads(_read(folder / SCORES_FILE) or "{}")
    return ModelCardData(
        language=None if about else "en",
        license=LICENSE,
        library_name="transformers",
        pipeline_tag=about["task"] if about else task,
        tags=["causal-reasoning", *(about["tags"] if about else ["length-generalization"]), "hf_causal"],
        datasets=[_dataset_on_hub(corpus, dataset_id) for corpus in _corpora(recipe)] if recipe else None,
        model_name=name,
        eval_results=_eval_results(scores, task, dataset_id) or None,
    )


def _render_finetuned(folder: Path, repo_id: str | None, dataset_id: str | None, base_model: str | None) -> str:
    recipe = yaml.safe_load(_read(folder / RECIPE_FILE))
    recipe |= {"base_model": base_model} if base_model else {}
    records = json.loads(_read(folder / FINETUNING_FILE))["evaluations"]
    training = _training_summary(folder)
    results = [
        result
        for scores in finetuned_scores(records)
        for result in _eval_results(scores, task_type(training), scored_dataset(scores, recipe["corpus"], dataset_id))
    ]
    report = _read(folder / REPORT_FILE) if records else ""
    return render_finetuned_card(folder, recipe, training, report, results, dataset_id, repo_id)


def _corpora(recipe: dict[str, Any]) -> list[str]:
    """Returns the corpora that a recipe trains on, without repetition."""
    sources = recipe.get("mixture") or {f"{recipe['corpus']}/": 1}
    return list(dict.fromkeys(source.partition("/")[0] for source in sources))


def _dataset_on_hub(corpus: str, dataset_id: str | None) -> str:
    """Returns the id of a corpus in the namespace of `dataset_id`.

    That is `dataset_id` itself if its repository does not have the name of a published corpus.
    """
    if dataset_id is None or dataset_id.rpartition("/")[2] not in datasets():
        return dataset_id or corpus
    return f"{dataset_id.rpartition('/')[0]}/{corpus}"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _count_parameters(folder: Path) -> int:
    """Returns the number of weights in the safetensors files of a folder, from their headers."""
    from safetensors import safe_open

    total = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as weights:
            names = weights.keys()
            total += sum(math.prod(weights.get_slice(name).get_shape()) for name in names)
    return total


def _training_summary(folder: Path) -> dict[str, Any] | None:
    """Returns the figures of the training table; None if no training was finished in the folder."""
    text = _read(folder / SUMMARY_FILE)
    return json.loads(text) if text else None


def _eval_results(scores: dict[str, Any], task: str, dataset_id: str | None) -> list[EvalResult]:
    """Returns an entry of the `model-index` for every split of every config in `scores`."""
    return [
        EvalResult(
            task_type=task,
            task_name=f"{_task_title(corpus, config)}, Yes or No",
            dataset_type=_dataset_on_hub(corpus, dataset_id),
            dataset_name=f"{config} ({split})",
            dataset_config=config,
            dataset_split=split,
            metric_type="accuracy",
            metric_value=round(score["accuracy"], 4),
        )
        for config_scores in all_scores(scores)
        for corpus, config in [_scored_config(config_scores)]
        for split, score in config_scores.get("splits", {}).items()
    ]


def _scored_config(scores: dict[str, Any]) -> tuple[str, str]:
    return scores.get("dataset", "axiomatic"), scores.get("config", "transitivity_generalization")


def _task_title(corpus: str, config: str) -> str:
    return get_task(task_name(corpus, config)).title
