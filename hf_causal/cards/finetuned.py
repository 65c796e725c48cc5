"""Fine-tuned models and adapters: their card, and what is published of them."""

from __future__ import annotations

import json
from importlib import resources
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import yaml
from huggingface_hub import ModelCard, ModelCardData

from hf_causal import __version__
from hf_causal.cards.errors import CardError
from hf_causal.cards.validation import parse_card
from hf_causal.utils.repo_ids import check_repo_id

ADAPTER_CONFIG = "adapter_config.json"


def render_finetuned_card(
    folder: Path, recipe: dict[str, Any], scored: bool, parts: dict[str, Any], repo_id: str | None
) -> str:
    """The text of the card of a fine-tuned model.

    Args:
        folder (`Path`): As `hf-causal finetune` leaves it, or its `merged/`.
        recipe (`dict`): Its `recipe.yaml`.
        scored (`bool`): Whether the report is about scores before and after.
        parts (`dict`): `training`, `report`, `dataset_id` and `eval_results`.
        repo_id (`str`, *optional*): Where it will be published.
    """
    adapter = is_adapter(folder)
    base = base_model_id(recipe)
    classifies = (parts["training"] or {}).get("task") == "classification"
    kind = ["lora"] if recipe.get("lora") or recipe.get("qlora") else []
    name = recipe["name"]
    data = ModelCardData(
        language="en",
        license=recipe.get("license") or _licence_of(recipe["model"]),
        library_name="peft" if adapter else "transformers",
        pipeline_tag=task_type(parts["training"]),
        base_model=base,
        base_model_relation=("adapter" if adapter else "finetune") if base else None,
        tags=["causal-reasoning", "hf_causal", *kind, *([] if classifies else ["trl", "sft"])],
        datasets=[parts["dataset_id"] or recipe["corpus"]],
        model_name=name,
        eval_results=parts["eval_results"] or None,
    )
    packages = ["torch", "transformers", *(["peft"] if kind else []), *([] if classifies else ["trl"])]
    card = ModelCard.from_template(
        data,
        template_str=(resources.files("hf_causal.cards") / "templates" / "finetuned_card.md.jinja").read_text("utf-8"),
        name=name,
        recipe=recipe,
        recipe_yaml=yaml.safe_dump(public_recipe(recipe), sort_keys=False, allow_unicode=True, width=100),
        base=base,
        base_name=base_name(recipe),
        adapter=adapter,
        classifies=classifies,
        training=parts["training"],
        report=parts["report"],
        dataset_id=parts["dataset_id"],
        repo_id=repo_id or name,
        scored=scored,
        version=__version__,
        versions={package: installed_version(package) for package in packages},
    )
    return str(card)


def finetuned_scores(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The scores after fine-tuning of everything that has splits."""
    return [record["after"] for record in records if record["after"] and record["after"]["splits"]]


def scored_dataset(scores: dict[str, Any], trained: str, dataset_id: str | None) -> str | None:
    """Where the questions of some scores are on the Hub: beside the training data, whose id is known.

    Example:

    ```python
    >>> scored_dataset({"dataset": "corr2cause"}, "axiomatic", "causal-lab/axioms-2")
    'causal-lab/corr2cause'

    ```
    """
    if dataset_id is None or scores["dataset"] == trained:
        return dataset_id
    return f"{dataset_id.split('/')[0]}/{scores['dataset']}"


def is_adapter(folder: Path) -> bool:
    """Whether a folder holds an adapter alone."""
    return (folder / ADAPTER_CONFIG).is_file() and not (folder / "config.json").is_file()


def task_type(training: dict[str, Any] | None) -> str:
    """The task as the Hub calls it."""
    return "text-classification" if (training or {}).get("task") == "classification" else "text-generation"


def base_model_id(recipe: dict[str, Any]) -> str | None:
    """The id on the Hub of what was fine-tuned; `None` where it is known by a local folder alone."""
    given = recipe.get("base_model") or recipe["model"]
    return given if _may_be_id(given) else None


def base_name(recipe: dict[str, Any]) -> str:
    """The name of what was fine-tuned, which is no path of a machine."""
    return base_model_id(recipe) or Path(recipe["model"]).name


def public_recipe(recipe: dict[str, Any], base_model: str | None = None) -> dict[str, Any]:
    """A recipe as it may be read by others: the model by its id or name, files of questions by their names."""
    questions = [name if not Path(name).suffix else Path(name).name for name in recipe.get("evaluations", [])]
    return {**recipe, "model": base_model or base_name(recipe), "base_model": None, "evaluations": questions}


def check_base_model(model: str, base_model: str | None) -> str:
    """The id of a base model, for cards and adapters.

    Raises:
        [`CardError`]: If it is known by a local folder alone: nobody else could load an adapter for it.
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
    """The base model's id, and the files of a fine-tuned folder that name it, with the id in place of a local path.

    Raises:
        [`CardError`]: See [`check_base_model`].
    """
    base = check_base_model(recipe["model"], base_model or recipe.get("base_model"))
    written = yaml.safe_dump(public_recipe(recipe, base), sort_keys=False, allow_unicode=True, width=100)
    files = {"recipe.yaml": written.encode()}
    if is_adapter(folder):
        config = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
        config["base_model_name_or_path"] = base
        files[ADAPTER_CONFIG] = (json.dumps(config, indent=2, sort_keys=True) + "\n").encode()
    return base, files


def _may_be_id(name: str) -> bool:
    return name.count("/") == 1 and not Path(name).exists() and not name.startswith((".", "/", "~"))


def _licence_of(model: str) -> str | None:
    """The licence that the card of a local base model names."""
    card = Path(model) / "README.md"
    if not card.is_file():
        return None
    try:
        return parse_card(card.read_text(encoding="utf-8")).get("license")
    except CardError:
        return None
