"""Trains each task of a recipe apart, some of them from several starts, and combines the blocks into one model.

The tasks of a looped reasoner that compares names by their spelling share no weight: each has its blocks and its head.
Trained together they share the norm that gradients are clipped to, and a seed that fails on one task fails on the
recipe. Apart, a task whose in-family validation is not good enough starts again, and the others keep their weights.
"""

from __future__ import annotations

import dataclasses
import json
import time
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from safetensors.torch import load_file, save_file
from torch import nn

from hf_causal.artifacts import RECIPE_FILE, SUMMARY_FILE, TRAINING_LOG_FILE
from hf_causal.corpora import task_name
from hf_causal.models import make_tokenizer
from hf_causal.training.checkpoints import BEST
from hf_causal.training.data_sources import recipe_tasks
from hf_causal.training.distributed import broadcast_from_main
from hf_causal.training.outputs import TrainingResult, write_model
from hf_causal.training.recipe import Recipe
from hf_causal.training.resuming import check_folder, finished_result
from hf_causal.utils.files import write_text

PARAMETERS = {
    "transitivity": ("model.blocks.", "classifier."),
    "d_separation": ("model.separation_blocks.", "separation_classifier.", "ball_classifier."),
    "corr2cause": ("systems.",),
    "relevance": ("model.relevance_blocks.", "relevance_classifier."),
    "adjustment": ("model.adjustment_blocks.", "adjustment_classifier.", "path_classifier."),
}
"""Beginnings of the names of the weights that answer the questions about each task, and about no other."""
_SEED_STEP = 1000
"""Difference between the seeds of two starts, so that recipes with seeds next to each other share none."""
_FOLDER = "tasks"


def shares_nothing(config: Any) -> bool:
    """Returns whether the tasks of a model share no weight, from its config."""
    spells = getattr(config, "name_encoder", None) == "spelling"
    return spells and (config.separate_blocks or not config.reads("d_separation"))


def freeze_other_tasks(model: nn.Module, trained: list[str]) -> None:
    """Freezes the weights of the tasks that a model reads and a run does not train, where tasks share none."""
    if not shares_nothing(getattr(model, "config", None)):
        return
    beginnings = [beginning for task, names in PARAMETERS.items() if task not in trained for beginning in names]
    for name, parameter in model.named_parameters():
        if name.startswith(tuple(beginnings)):
            parameter.requires_grad_(False)


def train_apart(
    recipe: Recipe, output_dir: Path, data_dir: str | Path | None, resume: str | None, report_to: str
) -> TrainingResult:
    """Trains the tasks of a recipe one after another and writes the model that answers all of them.

    Each start is a run with a folder in `tasks/`. A task starts again, with another seed, while the in-family
    validation accuracy of all its starts is below `restart_below` and it has had fewer than `starts`; the start with
    the best accuracy is kept.

    Args:
        recipe ([`Recipe`]): With `train_apart`.
        output_dir (`Path`), data_dir, report_to: As for [`train`].
        resume (`str`, *optional*): `latest` to skip what is finished and to continue the start that is not.

    Raises:
        `ValueError`: If the folder holds another run, or `resume` names a checkpoint.
    """
    if resume not in (None, "latest"):
        raise ValueError(
            f"`resume_from_checkpoint` must be 'latest' for a recipe with `train_apart`, got {resume!r}: "
            "each task has checkpoints of its folder"
        )
    from hf_causal.training.loop import train

    state = PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"))
    broadcast_from_main(state, lambda: _open_folder(output_dir, recipe, resume))
    if resume and (result := finished_result(output_dir)):
        return result
    kept, starts = {}, []
    for task, task_recipe in task_recipes(recipe).items():
        folder, data = output_dir / _FOLDER / task, _data_of(task_recipe, recipe, data_dir)
        runs = []
        for start in range(recipe.starts):
            again = dataclasses.replace(task_recipe, seed=recipe.seed + start * _SEED_STEP)
            runs.append(train(again, folder / f"start-{start}", data, "latest", report_to))
            if runs[-1].best_value >= recipe.restart_below:
                break
        kept[task] = max(runs, key=lambda run: run.best_value)
        starts += [{"task": task, "kept": run is kept[task], **_summary(run.output_dir)} for run in runs]
    broadcast_from_main(state, lambda: _write(recipe, output_dir, kept, starts))
    return finished_result(output_dir)  # type: ignore[return-value]


def task_recipes(recipe: Recipe) -> dict[str, Recipe]:
    """Returns the recipe of each task: its configs alone, for a model that reads all tasks."""
    model = {**recipe.model, "grammars": recipe_tasks(recipe)}
    mixtures: dict[str, dict[str, int]] = {}
    for source, share in recipe.mixture.items():
        mixtures.setdefault(task_name(*source.split("/")), {})[source] = share
    if unknown := [task for task in mixtures if task not in PARAMETERS]:
        raise ValueError(f"recipe field 'mixture' must have tasks that can be trained apart, got {unknown[0]!r}")
    return {
        task: dataclasses.replace(
            recipe, name=f"{recipe.name}, {task}", mixture=mixture, model=model, train_apart=False, starts=1
        )
        for task, mixture in mixtures.items()
    }


def _open_folder(output_dir: Path, recipe: Recipe, resume: str | None) -> None:
    if (output_dir / _FOLDER).exists() and not resume:
        raise ValueError(
            f"`output_dir` {str(output_dir)!r} holds a run already: choose another folder, or resume with "
            "--resume-from-checkpoint latest"
        )
    check_folder(output_dir, recipe, resume)
    write_text(output_dir / RECIPE_FILE, recipe.to_yaml())


def _data_of(task_recipe: Recipe, recipe: Recipe, data_dir: str | Path | None) -> str | Path | None:
    """Returns the folder with the data of a task, which is of one corpus."""
    corpora = {corpus for corpus, _ in recipe.sources}
    if data_dir is None or len(corpora) == 1:
        return data_dir
    (corpus,) = {corpus for corpus, _ in task_recipe.sources}
    return f"{data_dir}/{corpus}"


def _summary(folder: Path) -> dict[str, Any]:
    return json.loads((folder / SUMMARY_FILE).read_text(encoding="utf-8"))


def _write(recipe: Recipe, output_dir: Path, kept: dict[str, TrainingResult], starts: list[dict[str, Any]]) -> None:
    """Writes the model of the starts that are kept, with the log and the summary of all of them."""
    (output_dir / "checkpoints").mkdir(exist_ok=True)
    save_file(_combined(kept), str(output_dir / "checkpoints" / BEST), metadata={"format": "pt"})
    log = []
    for run in sorted(output_dir.glob(f"{_FOLDER}/*/start-*")):
        for line in (run / TRAINING_LOG_FILE).read_text(encoding="utf-8").splitlines():
            log.append({"task": run.parent.name, "start": int(run.name.removeprefix("start-")), **json.loads(line)})
    write_text(output_dir / TRAINING_LOG_FILE, "".join(json.dumps(entry) + "\n" for entry in log))
    tokenizer = make_tokenizer(recipe.model_type, recipe_tasks(recipe))
    write_model(recipe, tokenizer, output_dir, _summary_of(recipe, starts))


def _combined(kept: dict[str, TrainingResult]) -> dict[str, torch.Tensor]:
    """Returns the weights of each task from its start; a weight of no task is of the first."""
    weights: dict[str, torch.Tensor] = {}
    for task, run in kept.items():
        of_task = load_file(str(run.output_dir / "model.safetensors"))
        weights = weights or of_task
        weights |= {name: tensor for name, tensor in of_task.items() if name.startswith(PARAMETERS[task])}
    return weights


def _summary_of(recipe: Recipe, starts: list[dict[str, Any]]) -> dict[str, Any]:
    """Returns the summary of the combined model: sums over all starts, and accuracies of those that are kept."""
    kept = [start for start in starts if start["kept"]]
    questions = sum(start["validation_questions"] for start in kept)
    hits = sum(start["validation_questions"] * start["accuracy"] for start in kept)
    sources = {source: family for start in kept for source, family in start["family"]["sources"].items()}
    last = starts[-1]
    return {
        **{name: sum(start[name] for start in starts) for name in ("steps", "questions", "seconds")},
        **{name: last[name] for name in ("hardware", "num_processes", "global_batch_size")},
        "accuracy": hits / questions,
        "best_step": sum(start["best_step"] for start in kept),
        "validation_questions": questions,
        "seed": recipe.seed,
        "family": {"sources": sources},
        "starts": [{name: value for name, value in start.items() if name in _SHOWN} for start in starts],
        "date": time.strftime("%Y-%m-%d"),
    }


_SHOWN = ("task", "seed", "steps", "best_step", "accuracy", "validation_questions", "seconds", "kept")
"""What the summary says about each start."""
