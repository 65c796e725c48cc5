"""Trains the model of a fine-tuning run and writes it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

from hf_causal.artifacts import RECIPE_FILE
from hf_causal.evaluation.language_models.prompts import PromptRenderer
from hf_causal.posttraining import models
from hf_causal.posttraining.checkpoints import CHECKPOINTS
from hf_causal.posttraining.data import TrainingRows, language_rows, load_rows, pair_rows
from hf_causal.posttraining.grpo import grpo_rows, grpo_trainer
from hf_causal.posttraining.saving import save_model
from hf_causal.posttraining.scoring import free_memory
from hf_causal.posttraining.settings import RunSettings
from hf_causal.posttraining.trainers import (
    StopAfter,
    StopAt,
    classification_trainer,
    common_arguments,
    language_trainer,
    shared_trainer,
)
from hf_causal.utils.files import write_text
from hf_causal.utils.shared_prefix import why_not_shared

_LONG_BATCH = 8192
"""Tokens of a packed batch above which attention without FlashAttention takes too much time and memory."""


class TrainingEnd(NamedTuple):
    """How training ended."""

    steps: int
    finished: bool
    """Whether the last step was reached, and the model written."""


def train(
    run: RunSettings,
    data_dir: str | None,
    checkpoint: Path | None,
    report_to: str,
    stop_at_step: int | None,
    stop_after_minutes: float | None = None,
) -> TrainingEnd:
    """Trains to the last step, or to an earlier stop, and writes the model after the last one.

    Args:
        run ([`RunSettings`]): The run.
        data_dir (`str`, *optional*): Built corpus or data set on the Hub; generated if `None`.
        checkpoint (`Path`, *optional*): Checkpoint to resume from.
        report_to (`str`): `none`, or a tracker of transformers.
        stop_at_step (`int`, *optional*): Save a checkpoint after this step and stop.
        stop_after_minutes (`float`, *optional*): Do so after the first step that ends later than this.
    """
    from transformers import set_seed

    recipe = run.recipe
    set_seed(recipe.seed)  # before the weights of a new head or an adapter are drawn
    model, tokenizer = models.load_for_training(recipe, run.classifies, run.trust_remote_code)
    _check_packing(run, model)
    train_rows, validation_rows = _read_rows(run, model, tokenizer, data_dir)
    if train_rows.dropped:
        run.say(
            f"{train_rows.dropped:,} questions have more tokens than fit, or do not fit the form, and are left out"
        )
    if recipe.adapts:
        model = models.add_adapters(model, recipe, run.classifies)
    arguments = common_arguments(recipe, run.output_dir / CHECKPOINTS, report_to, run.classifies)
    trainer = _make_trainer(run, model, tokenizer, train_rows, validation_rows, arguments)
    if stop_at_step is not None:
        trainer.add_callback(StopAt(stop_at_step))
    if stop_after_minutes is not None:
        trainer.add_callback(StopAfter(stop_after_minutes))
    if trainer.is_world_process_zero():
        run.output_dir.mkdir(parents=True, exist_ok=True)
        write_text(run.output_dir / RECIPE_FILE, recipe.to_yaml())
    run.say(f"Training {recipe.name}: {_describe_rows(trainer, train_rows)}")
    start = time.perf_counter()
    trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    seconds = time.perf_counter() - start
    end = TrainingEnd(trainer.state.global_step, trainer.state.global_step >= trainer.state.max_steps)
    if end.finished and trainer.is_world_process_zero():
        save_model(trainer, tokenizer, recipe, run.output_dir, train_rows, validation_rows, seconds)
    trainer.accelerator.wait_for_everyone()
    del trainer, model
    free_memory()
    return end


def _read_rows(
    run: RunSettings, model: Any, tokenizer: Any, data_dir: str | None
) -> tuple[TrainingRows, TrainingRows | None]:
    """Returns the rows of training and of validation, which GRPO does without."""
    if run.recipe.method == "grpo":
        conversational = run.recipe.chat_template and tokenizer.chat_template is not None
        return grpo_rows(run, data_dir, conversational), None
    tables = [load_rows(run.recipe, split, data_dir) for split in ("train", "validation")]
    train, validation = (_tokenize(run, table, tokenizer, model) for table in tables)
    return train, validation


def _make_trainer(
    run: RunSettings,
    model: Any,
    tokenizer: Any,
    train: TrainingRows,
    validation: TrainingRows | None,
    arguments: dict[str, Any],
) -> Any:
    """Returns the trainer of a run; questions share their premises if the model can read such rows."""
    if validation is None:
        return grpo_trainer(model, tokenizer, run, train, arguments)
    make = classification_trainer if run.classifies else language_trainer
    if make is language_trainer and run.recipe.share_premises and not run.recipe.packing:
        longest = max(len(ids) for ids in train.dataset["input_ids"])
        if reason := why_not_shared(model, longest):
            run.say(f"Each question has a copy of its premise: {reason}")
        else:
            make = shared_trainer
    return make(model, tokenizer, run.recipe, train, validation, arguments)


def _describe_rows(trainer: Any, train: TrainingRows) -> str:
    """Returns the number of rows, and of the questions in them where that is larger."""
    rows = len(trainer.train_dataset)
    return f"{train.questions:,} questions" + (f" in {rows:,} rows" if rows < train.questions else "")


def _check_packing(run: RunSettings, model: Any) -> None:
    """Raises `ValueError` if the rows of a pack would see each other; warns if a batch of packs is very long."""
    recipe = run.recipe
    if not recipe.packing:
        return
    models.require_separate_packs(model)
    tokens = recipe.batch_size * recipe.max_length
    if "flash" not in str(model.config._attn_implementation) and tokens > _LONG_BATCH:
        run.say(
            f"A batch of packs is one sequence of up to {tokens:,} tokens; without FlashAttention, time and memory "
            "grow with its square: take fewer packs (--batch-size) or shorter ones (--max-length)"
        )


def _tokenize(run: RunSettings, table: Any, tokenizer: Any, model: Any) -> TrainingRows:
    if run.classifies:
        return pair_rows(table, tokenizer, run.progress)
    renderer = PromptRenderer(tokenizer, run.prompt_format, run.recipe.chat_template)
    max_tokens = min(run.recipe.max_length, models.max_row_tokens(model, tokenizer))
    return language_rows(table, renderer, max_tokens, run.progress)
