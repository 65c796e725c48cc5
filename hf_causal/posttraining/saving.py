"""Files of a fine-tuning run: weights or adapter, tokenizer, log, summary and checkpoints."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import torch

from hf_causal.artifacts import RECIPE_FILE, SUMMARY_FILE
from hf_causal.evaluation.loading import load_pretrained, read_adapter
from hf_causal.posttraining.checkpoints import choose_checkpoint, list_checkpoints
from hf_causal.posttraining.data import TrainingRows
from hf_causal.posttraining.recipe import RECIPES, FinetuneRecipe
from hf_causal.utils.files import write_json, write_text
from hf_causal.utils.hardware import describe_hardware

LOG_FILE = "training_log.jsonl"
MERGED = "merged"
_METRICS = ("eval_loss", "eval_accuracy", "eval_precision", "eval_recall", "eval_f1")


def is_finished(output_dir: Path) -> bool:
    """Returns whether a folder holds a finished run; its summary is written last."""
    return (output_dir / SUMMARY_FILE).is_file()


def find_checkpoint(output_dir: Path, recipe: FinetuneRecipe, resume_from: str | None) -> Path | None:
    """Returns the checkpoint to resume from; `None` if there is none yet.

    Raises:
        `ValueError`: If the folder holds a run and `resume_from` is not given, a run of another recipe, or a damaged
            checkpoint.
        `FileNotFoundError`: If `resume_from` is not a checkpoint.
    """
    checkpoints = list_checkpoints(output_dir)
    if (checkpoints or is_finished(output_dir)) and not resume_from:
        raise ValueError(
            f"`output_dir` {str(output_dir)!r} holds a run already: choose another folder, or continue it with "
            "`--resume-from-checkpoint latest`"
        )
    recipe_file = output_dir / RECIPE_FILE
    if checkpoints and recipe_file.is_file() and not RECIPES.load(recipe_file).same_training(recipe):
        raise ValueError(
            f"the run in {str(output_dir)!r} was started with another recipe, see its {RECIPE_FILE}: resume with the "
            "same options, or choose another folder"
        )
    return choose_checkpoint(output_dir, resume_from) if resume_from else None


def save_model(
    trainer: Any,
    tokenizer: Any,
    recipe: FinetuneRecipe,
    output_dir: Path,
    train: TrainingRows,
    validation: TrainingRows | None,
    seconds: float,
) -> None:
    """Writes the best weights, the tokenizer, the log, and last the summary."""
    trainer.accelerator.unwrap_model(trainer.model).save_pretrained(output_dir)
    tokenizer.save_pretrained(output_dir)
    write_text(output_dir / LOG_FILE, "".join(json.dumps(entry) + "\n" for entry in trainer.state.log_history))
    write_json(output_dir / SUMMARY_FILE, _summary(trainer, recipe, train, validation, seconds))


def _summary(
    trainer: Any, recipe: FinetuneRecipe, train: TrainingRows, validation: TrainingRows | None, seconds: float
) -> dict[str, Any]:
    best_step = trainer.state.best_global_step or trainer.state.global_step
    processes = trainer.accelerator.num_processes
    parameters = list(trainer.accelerator.unwrap_model(trainer.model).parameters())
    class_weights = list(recipe.weights_of_classes(*train.answers)) if train.labels_are_classes else None
    return {
        "steps": trainer.state.global_step,
        "best_step": best_step,
        "rows_per_step": _questions_per_step(trainer, train),
        "validation": _validation_metrics(trainer, best_step),
        "validation_rows": validation.questions if validation else 0,
        "seconds": round(seconds, 1),
        "hardware": describe_hardware(trainer.accelerator.device.type, processes),
        "parameters": sum(parameter.numel() for parameter in parameters),
        "trained_parameters": sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        "bf16": trainer.args.bf16,
        "learning_rate": trainer.args.learning_rate,
        "class_weights": class_weights,
        "answers": list(train.answers),
        "dropped": train.dropped,
        "family": train.family,
        "task": "classification" if train.labels_are_classes else "causal-lm",
        "seed": recipe.seed,
        "date": time.strftime("%Y-%m-%d"),
    } | ({} if validation else {"rewards": _rewards(trainer)})


def _questions_per_step(trainer: Any, train: TrainingRows) -> int:
    """Returns how many questions an optimizer step has on average; a row of the data set may hold several."""
    arguments = trainer.args
    rows = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps * arguments.world_size
    return round(rows * train.questions / len(trainer.train_dataset))


def _rewards(trainer: Any) -> dict[str, float]:
    """Returns the last logged reward of GRPO with its components, and the mean share of groups without a gradient."""
    entries = [entry for entry in trainer.state.log_history if "reward" in entry]
    if not entries:
        return {}
    names = ("reward", "answer_right", "proof_valid", "readable")
    last = {name: round(entries[-1][name], 4) for name in names if name in entries[-1]}
    equal = sum(entry["frac_reward_zero_std"] for entry in entries) / len(entries)
    return {**last, "groups_with_equal_answers": round(equal, 4)}


def _validation_metrics(trainer: Any, step: int) -> dict[str, float]:
    """Returns the last validation metrics of a step, without the prefix of their names."""
    metric = trainer.args.metric_for_best_model
    entries = (entry for entry in reversed(trainer.state.log_history) if metric in entry and entry["step"] == step)
    entry: dict[str, Any] = next(entries, {})
    return {name.removeprefix("eval_"): entry[name] for name in _METRICS if name in entry}


def save_merged(output_dir: Path, trust_remote_code: bool) -> Path:
    """Writes the model with the adapter added to its weights to `merged/`, and returns that folder.

    The sum is computed in fp32 and saved in the type of the base model.

    Raises:
        `ValueError`: If the folder holds no adapter.
    """
    from transformers import AutoConfig

    folder, adapter = output_dir / MERGED, read_adapter(output_dir)
    if adapter is None:
        raise ValueError(f"{str(output_dir)!r} holds no adapter to merge")
    base_config = AutoConfig.from_pretrained(adapter["base_model_name_or_path"], trust_remote_code=trust_remote_code)
    model, tokenizer = load_pretrained(output_dir, "cpu", trust_remote_code, torch.float32, merged=True)
    model.to(base_config.dtype or torch.float32).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for name in (RECIPE_FILE, LOG_FILE, SUMMARY_FILE):
        shutil.copyfile(output_dir / name, folder / name)
    return folder
