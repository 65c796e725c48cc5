"""Cards of fine-tuned models and adapters, and the files of theirs that are rewritten for the Hub."""

from __future__ import annotations

import json
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import EvalResult, ModelCard, ModelCardData

from hf_causal import __version__
from hf_causal.artifacts import CARD_FILE, RECIPE_FILE
from hf_causal.cards.errors import CardError
from hf_causal.cards.templates import read_template
from hf_causal.cards.validation import parse_card
from hf_causal.utils.repo_ids import check_repo_id

ADAPTER_CONFIG = "adapter_config.json"


def render_finetuned_card(
    folder: Path,
    recipe: dict[str, Any],
    training: dict[str, Any] | None,
    report: str,
    eval_results: list[EvalResult],
    dataset_id: str | None,
    repo_id: str | None,
) -> str:
    """Returns the text of the card of a fine-tuned model.

    Args:
        folder (`Path`): Folder that `hf-causal finetune` wrote, or its `merged/`.
        recipe (`dict`): Its `recipe.yaml`.
        training (`dict`, *optional*): Its `training_summary.json`.
        report (`str`): Scores before and after fine-tuning as Markdown; empty if there are none.
        eval_results (list of [`EvalResult`]): Scores after fine-tuning.
        dataset_id (`str`, *optional*): Training data on the Hub.
        repo_id (`str`, *optional*): Repository that examples name; the recipe's name by default.
    """
    adapter = is_adapter(folder)
    base = base_model_id(recipe)
    classifies = task_type(training) == "text-classification"
    lora = ["lora"] if recipe.get("lora") or recipe.get("qlora") else []
    data = ModelCardData(
        language="en",
        license=recipe.get("license") or _license_of(recipe["model"]),
        library_name="peft" if adapter else "transformers",
        pipeline_tag=task_type(training),
        base_model=base,
        base_model_relation=("adapter" if adapter else "finetune") if base else None,
        tags=["causal-reasoning", "hf_causal", *lora, *([] if classifies else ["trl", recipe.get("method", "sft")])],
        datasets=[dataset_id or recipe["corpus"]],
        model_name=recipe["name"],
        eval_results=eval_results or None,
    )
    packages = ["torch", "transformers", *(["peft"] if lora else []), *([] if classifies else ["trl"])]
    card = ModelCard.from_template(
        data,
        template_str=read_template("finetuned_card.md.jinja"),
        name=recipe["name"],
        recipe=recipe,
        recipe_yaml=_dump(public_recipe(recipe)),
        base=base,
        base_name=base_name(recipe),
        adapter=adapter,
        classifies=classifies,
        training=training,
        report=report,
        dataset_id=dataset_id,
        repo_id=repo_id or recipe["name"],
        version=__version__,
        versions={package: installed_version(package) for package in packages},
    )
    return str(card)


def finetuned_scores(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Returns the scores after fine-tuning, for the evaluations that have splits.

    Of answers with proofs these are the scores of the answers; shares of valid proofs are in the report.
    """
    scores = [record["after"] for record in records if record["after"] and record["after"]["splits"]]
    return [score for score in scores if (score.get("prompting") or {}).get("measure") != "proof valid"]


def scored_dataset(scores: dict[str, Any], corpus: str, dataset_id: str | None) -> str | None:
    """Returns the id of the data set that some scores are about, in the namespace of the training data.

    Args:
        scores (`dict`): With the corpus of the questions as `dataset`.
        corpus (`str`): Corpus of the training data.
        dataset_id (`str`, *optional*): The training data on the Hub.

    Example:

    ```python
    >>> scored_dataset({"dataset": "corr2cause"}, "axiomatic", "causal-lab/axioms-2")
    'causal-lab/corr2cause'

    ```
    """
    if dataset_id is None or scores["dataset"] == corpus:
        return dataset_id
    return f"{dataset_id.split('/')[0]}/{scores['dataset']}"


def is_adapter(folder: Path) -> bool:
    """Returns whether a folder holds an adapter without its base model."""
    return (folder / ADAPTER_CONFIG).is_file() and not (folder / "config.json").is_file()


def task_type(training: dict[str, Any] | None) -> str:
    """Returns the task as the Hub names it."""
    return "text-classification" if (training or {}).get("task") == "classification" else "text-generation"


def base_model_id(recipe: dict[str, Any]) -> str | None:
    """Returns the Hub id of the model that was fine-tuned; `None` if only its local folder is known."""
    model = recipe.get("base_model") or recipe["model"]
    return model if _may_be_id(model) else None


def base_name(recipe: dict[str, Any]) -> str:
    """Returns the name of the model that was fine-tuned: its Hub id, or the last part of its path."""
    return base_model_id(recipe) or Path(recipe["model"]).name


def public_recipe(recipe: dict[str, Any], base_model: str | None = None) -> dict[str, Any]:
    """Returns a recipe without local paths: the model by its id or name, files of questions by their names."""
    evaluations = [name if not Path(name).suffix else Path(name).name for name in recipe.get("evaluations", [])]
    return {**recipe, "model": base_model or base_name(recipe), "base_model": None, "evaluations": evaluations}


def check_base_model(model: str, base_model: str | None) -> str:
    """Returns the id of a base model, for cards and adapters.

    Raises:
        [`CardError`]: If only its local folder is known, since nobody else could load an adapter for it.
        `ValueError`: If `base_model` is not an id.
    """
    if base_model:
        check_repo_id(base_model)
        return base_model
    if not _may_be_id(model):
        raise CardError(
            f"the base model is the local folder {Path(model).name!r}, which nobody else has: publish it, and name it "
            "with `--base-model NAMESPACE/NAME`"
        )
    return model


def public_files(folder: Path, recipe: dict[str, Any], base_model: str | None) -> tuple[str, dict[str, bytes]]:
    """Returns the base model's id, and the files of a fine-tuned folder with this id instead of a local path.

    Raises:
        [`CardError`]: See [`check_base_model`].
    """
    base = check_base_model(recipe["model"], base_model or recipe.get("base_model"))
    files = {RECIPE_FILE: _dump(public_recipe(recipe, base)).encode()}
    if is_adapter(folder):
        config = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = base
        files[ADAPTER_CONFIG] = (json.dumps(config, indent=2, sort_keys=True) + "\n").encode()
    return base, files


def _may_be_id(name: str) -> bool:
    return name.count("/") == 1 and not Path(name).exists() and not name.startswith((".", "/", "~"))


def _license_of(model: str) -> str | None:
    """Returns the licence in the card of a local base model."""
    card = Path(model) / CARD_FILE
    if not card.is_file():
        return None
    try:
        return parse_card(card.read_text(encoding="utf-8")).get("license")
    except CardError:
        return None


def _dump(recipe: dict[str, Any]) -> str:
    return yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=100)
