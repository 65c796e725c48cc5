"""What a fine-tuning run leaves: weights or adapter, tokenizer, log, summary, report, card; and checkpoints."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path
from typing import Any

import torch

from hf_causal.artifacts import SUMMARY_FILE
from hf_causal.cards.model_card import write_model_card
from hf_causal.evaluation.loading import load_pretrained, read_adapter
from hf_causal.posttraining.data import Rows
from hf_causal.posttraining.recipe import RECIPES, FinetuneRecipe
from hf_causal.posttraining.report import Record, write_before_and_after, write_records
from hf_causal.utils.files import write_json, write_text
from hf_causal.utils.hardware import describe_hardware

RECIPE = "recipe.yaml"
LOG = "training_log.jsonl"
CHECKPOINTS = "checkpoints"
MERGED = "merged"
_CHECKPOINT = re.compile(r"checkpoint-(\d+)")
_METRICS = ("eval_loss", "eval_accuracy", "eval_precision", "eval_recall", "eval_f1")


def is_finished(output_dir: Path) -> bool:
    """Whether a run came to its end there; the summary is written last."""
    return (output_dir / SUMMARY_FILE).is_file()


def find_checkpoint(output_dir: Path, recipe: FinetuneRecipe, resume_from: str | None) -> Path | None:
    """The checkpoint to go on from; `None` where there is none yet.

    Raises:
        `ValueError`: If the folder holds a run and was not to be gone on with, or the run of another recipe.
        `FileNotFoundError`: If `resume_from` is no checkpoint.
    """
    whole = _checkpoints(output_dir)
    if (whole or is_finished(output_dir)) and not resume_from:
        raise ValueError(
            f"`output_dir` {str(output_dir)!r} holds a run already: choose another folder, or go on with "
            "`--resume-from-checkpoint latest`"
        )
    written = output_dir / RECIPE
    if whole and written.is_file() and not RECIPES.load(written).same_training(recipe):
        raise ValueError(
            f"the run in {str(output_dir)!r} was started with another recipe, see its {RECIPE}: resume with the same "
            "options, or choose another folder"
        )
    if not resume_from or resume_from == "latest":
        return whole[-1] if whole else None
    path = Path(resume_from)
    if not _CHECKPOINT.fullmatch(path.name) or not (path / "trainer_state.json").is_file():
        raise FileNotFoundError(
            f"`resume_from_checkpoint` must be 'latest' or a folder checkpoint-N, got {resume_from!r}"
        )
    return path


def _checkpoints(output_dir: Path) -> list[Path]:
    """Whole checkpoints, oldest first; a killed process may have left half of one, without the state."""
    found = (output_dir / CHECKPOINTS).glob("checkpoint-*/trainer_state.json")
    named = [path.parent for path in found if _CHECKPOINT.fullmatch(path.parent.name)]
    return sorted(named, key=lambda path: int(path.name.rpartition("-")[2]))


def save_model(
    trainer: Any,
    tokenizer: Any,
    recipe: FinetuneRecipe,
    output_dir: Path,
    train: Rows,
    validation: Rows,
    seconds: float,
) -> None:
    """Writes the weights that were chosen, the log, and the summary."""
    model = trainer.accelerator.unwrap_model(trainer.model)
    model.save_pretrained(output_dir)
    tokenizer.save_pretrained(output_dir)
    history = trainer.state.log_history
    write_text(output_dir / LOG, "".join(json.dumps(entry) + "\n" for entry in history))
    best = trainer.state.best_global_step or trainer.state.global_step
    metric = trainer.args.metric_for_best_model
    chosen: dict[str, Any] = next((one for one in reversed(history) if metric in one and one["step"] == best), {})
    processes = trainer.accelerator.num_processes
    parameters = list(model.parameters())
    summary = {
        "steps": trainer.state.global_step,
        "best_step": best,
        "rows_per_step": recipe.batch_size * recipe.gradient_accumulation_steps * processes,
        "validation": {name.removeprefix("eval_"): chosen[name] for name in _METRICS if name in chosen},
        "validation_rows": len(validation.dataset),
        "seconds": round(seconds, 1),
        "hardware": describe_hardware(trainer.accelerator.device.type, processes),
        "parameters": sum(parameter.numel() for parameter in parameters),
        "trained_parameters": sum(parameter.numel() for parameter in parameters if parameter.requires_grad),
        "bf16": trainer.args.bf16,
        "learning_rate": trainer.args.learning_rate,
        "class_weights": list(recipe.weights_of_classes(*train.answers)) if train.classes else None,
        "answers": list(train.answers),
        "dropped": train.dropped,
        "family": train.family,
        "task": "classification" if train.classes else "causal-lm",
        "seed": recipe.seed,
        "date": time.strftime("%Y-%m-%d"),
    }
    write_json(output_dir / SUMMARY_FILE, summary)


def save_merged(output_dir: Path, trust_remote_code: bool) -> Path:
    """Writes the model with the adapter added to its weights, to `merged/`: added in fp32, kept as the base was.

    Returns:
        `Path`: Of the folder.
    """
    from transformers import AutoConfig

    folder, adapter = output_dir / MERGED, read_adapter(output_dir)
    if adapter is None:
        raise ValueError(f"{str(output_dir)!r} holds no adapter to merge")
    saved_as = AutoConfig.from_pretrained(
        adapter["base_model_name_or_path"], trust_remote_code=trust_remote_code
    ).dtype
    model, tokenizer = load_pretrained(output_dir, "cpu", trust_remote_code, torch.float32, merged=True)
    model.to(saved_as or torch.float32).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    for name in (RECIPE, LOG, SUMMARY_FILE):
        shutil.copyfile(output_dir / name, folder / name)
    return folder


def write_story(folder: Path, records: list[Record]) -> None:
    """Writes the report of what was scored, and the card."""
    if records and all(record["after"] for record in records):
        write_before_and_after(folder, records)
    else:
        write_records(folder, records)
    write_model_card(folder)
