"""Model cards, rendered from the files of a model folder."""

from __future__ import annotations

import json
from importlib import resources
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from hf_causal import __version__
from hf_causal.artifacts import FINETUNING_FILE, LICENSE, REPORT_FILE, SCORES_FILE, SUMMARY_FILE, all_scores
from hf_causal.cards.finetuned import finetuned_scores, render_finetuned_card, scored_dataset, task_type
from hf_causal.systems import evaluation_of_model_type
from hf_causal.systems.datasets import datasets, task_name
from hf_causal.tasks.registry import get_task
from hf_causal.utils.files import write_text


def write_model_card(folder: str | Path, repo_id: str | None = None) -> Path:
    """Writes `README.md` for a model folder from its config, recipe, training log, scores and report.

    Args:
        folder (`str` or `Path`): As `hf-causal train` leaves it; `hf-causal report` adds the scores and the report.
        repo_id (`str`, *optional*): Where it will be published; the model's name in examples otherwise.

    Returns:
        `Path`: Of the card.

    Raises:
        `FileNotFoundError`: If the folder has no `config.json` and was not fine-tuned.
    """
    return write_text(Path(folder) / "README.md", render_model_card(folder, repo_id))


def render_model_card(
    folder: str | Path, repo_id: str | None = None, dataset_id: str | None = None, base_model: str | None = None
) -> str:
    """The text of a model card, see [`write_model_card`].

    Args:
        folder (`str` or `Path`): Model folder.
        repo_id (`str`, *optional*): Where it will be published.
        dataset_id (`str`, *optional*): Its training and evaluation data on the Hub; the corpus' name otherwise.
        base_model (`str`, *optional*): Of a fine-tuned model, the id of what it was made from; the recipe's otherwise.
    """
    folder = Path(folder)
    if (folder / FINETUNING_FILE).is_file():
        return _render_finetuned(folder, repo_id, dataset_id, base_model)
    if not (folder / "config.json").is_file():
        raise FileNotFoundError(f"{str(folder)!r} is not a model folder: it has no config.json")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    system = evaluation_of_model_type(config.get("model_type"))
    about: dict[str, Any] = system.card if system else {}
    recipe_yaml = _read(folder / "recipe.yaml")
    recipe: dict[str, Any] = yaml.safe_load(recipe_yaml) if recipe_yaml else {}
    scores = json.loads(_read(folder / SCORES_FILE) or "{}")
    name = recipe.get("name", folder.name)
    task = "text-classification" if config.get("model_type") == "axiom_looped" else "text-generation"
    data = ModelCardData(
        language=None if system else "en",
        license=LICENSE,
        library_name="transformers",
        pipeline_tag=about["task"] if system else task,
        tags=["causal-reasoning", *(about["tags"] if system else ["length-generalization"]), "hf_causal"],
        datasets=[_data_of(corpus, dataset_id) for corpus in _corpora(recipe)] if recipe else None,
        model_name=name,
        eval_results=_eval_results(scores, task, dataset_id) or None,
    )
    template = "kind_card.md.jinja" if system else "model_card.md.jinja"
    card = ModelCard.from_template(
        data,
        template_str=(resources.files("hf_causal.cards") / "templates" / template).read_text("utf-8"),
        name=name,
        description=recipe.get("description") or "A decoder that answers questions about cause and effect.",
        config=config,
        parameters=_count_parameters(folder),
        recipe={**recipe, **recipe.get("objective", {})},
        recipe_yaml=recipe_yaml,
        dataset_id=dataset_id,
        training=_training_summary(folder),
        report=_read(folder / REPORT_FILE),
        repo_id=repo_id or name,
        version=__version__,
        versions={package: installed_version(package) for package in ("torch", "transformers")},
        usage=about["usage"].format(repo_id=repo_id or name).strip() if system else "",
        about=about.get("about", "").strip(),
        sources=about.get("sources", "").strip(),
    )
    return str(card)


def _corpora(recipe: dict[str, Any]) -> list[str]:
    """The corpora that a recipe trains on."""
    sources = recipe.get("mixture") or {f"{recipe['corpus']}/": 1}
    return list(dict.fromkeys(source.partition("/")[0] for source in sources))


def _data_of(corpus: str, dataset_id: str | None) -> str:
    """The data set of a corpus on the Hub, beside the one of the main corpus."""
    if dataset_id is None or dataset_id.rpartition("/")[2] not in datasets():
        return dataset_id or corpus
    return f"{dataset_id.rpartition('/')[0]}/{corpus}"


def _render_finetuned(folder: Path, repo_id: str | None, dataset_id: str | None, base_model: str | None) -> str:
    recipe = yaml.safe_load(_read(folder / "recipe.yaml"))
    recipe |= {"base_model": base_model} if base_model else {}
    records = json.loads(_read(folder / FINETUNING_FILE))["evaluations"]
    training = _training_summary(folder)
    results = [
        result
        for scores in finetuned_scores(records)
        for result in _eval_results(scores, task_type(training), scored_dataset(scores, recipe["corpus"], dataset_id))
    ]
    parts = {"training": training, "report": _read(folder / REPORT_FILE), "eval_results": results}
    return render_finetuned_card(folder, recipe, bool(records), {**parts, "dataset_id": dataset_id}, repo_id)


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _count_parameters(folder: Path) -> int:
    from safetensors import safe_open

    total = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as weights:
            for name in weights.keys():  # noqa: SIM118  (a safe_open file is not a mapping)
                size = 1
                for extent in weights.get_slice(name).get_shape():
                    size *= extent
                total += size
    return total


def _training_summary(folder: Path) -> dict[str, Any] | None:
    """The figures of the training table, or None for a folder that no finished run left."""
    text = _read(folder / SUMMARY_FILE)
    return json.loads(text) if text else None


def _eval_results(scores: dict[str, Any], task: str, dataset_id: str | None) -> list[EvalResult]:
    return [result for own in all_scores(scores) for result in _task_results(own, task, dataset_id)]


def _task_results(scores: dict[str, Any], task: str, dataset_id: str | None) -> list[EvalResult]:
    corpus, config = scores.get("dataset", "axiomatic"), scores.get("config", "transitivity_generalization")
    return [
        EvalResult(
            task_type=task,
            task_name=f"{get_task(task_name(corpus, config)).title}, Yes or No",
            dataset_type=_data_of(corpus, dataset_id),
            dataset_name=f"{config} ({split})",
            dataset_config=config,
            dataset_split=split,
            metric_type="accuracy",
            metric_value=round(score["accuracy"], 4),
        )
        for split, score in scores.get("splits", {}).items()
    ]
