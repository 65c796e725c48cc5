"""The trainers: TRL's for causal language models, that of transformers with class weights for classifiers."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch
from transformers import DataCollatorWithPadding, Trainer, TrainerCallback, TrainingArguments

from hf_causal.evaluation.metrics import BinaryMetrics
from hf_causal.posttraining.checkpoints import SafeCheckpoints
from hf_causal.posttraining.data import TrainingRows
from hf_causal.posttraining.models import uses_bf16
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.posttraining.sharing import SharedCollator, SharedLoss, share_premises


def common_arguments(recipe: FinetuneRecipe, checkpoints: Path, report_to: str, classifies: bool) -> dict[str, Any]:
    """Returns the arguments that both trainers have in common.

    Args:
        recipe ([`FinetuneRecipe`]): The run.
        checkpoints (`Path`): Folder of the checkpoints.
        report_to (`str`): A tracker of transformers, or `none`.
        classifies (`bool`): Whether a classifier is trained.
    """
    return {
        "output_dir": str(checkpoints),
        "per_device_train_batch_size": recipe.batch_size,
        "per_device_eval_batch_size": recipe.eval_batch_size,
        "gradient_accumulation_steps": recipe.gradient_accumulation_steps,
        "learning_rate": recipe.peak_learning_rate(classifies),
        "lr_scheduler_type": recipe.lr_scheduler_type,
        "warmup_steps": recipe.warmup_steps,
        "weight_decay": recipe.weight_decay,
        "max_grad_norm": recipe.max_grad_norm,
        "num_train_epochs": recipe.epochs,
        "max_steps": recipe.max_steps or -1,
        "bf16": uses_bf16(recipe),
        "gradient_checkpointing": recipe.gradient_checkpointing,
        "seed": recipe.seed,
        "logging_steps": recipe.logging_steps,
        "eval_strategy": "steps",
        "eval_steps": recipe.eval_steps,
        "save_strategy": "steps",
        "save_steps": recipe.eval_steps,
        "save_total_limit": recipe.save_total_limit,
        # The checkpoint is selected by in-family validation alone.
        "load_best_model_at_end": True,
        "metric_for_best_model": "eval_f1" if classifies else "eval_loss",
        "greater_is_better": classifies,
        "report_to": report_to,
        "run_name": recipe.name,
        "use_cpu": not torch.cuda.is_available(),
    }


def language_trainer(
    model: Any,
    tokenizer: Any,
    recipe: FinetuneRecipe,
    train: TrainingRows,
    validation: TrainingRows,
    arguments: dict[str, Any],
) -> Any:
    """Returns TRL's `SFTTrainer` for tokenized rows with labels.

    Raises:
        `ValueError`: If transformers does not know the value of an argument.
    """
    import trl

    class SafeSFTTrainer(SafeCheckpoints, trl.SFTTrainer):  # TRL is optional, and its class is known only here
        pass

    # The rows are tokenized and none is too long, so that TRL has nothing to cut.
    max_length = recipe.max_length if recipe.packing else None
    return SafeSFTTrainer(
        model=model,
        args=trl.SFTConfig(max_length=max_length, packing=recipe.packing, eval_packing=False, **arguments),
        train_dataset=train.dataset,
        eval_dataset=validation.dataset,
        processing_class=tokenizer,
    )


def shared_trainer(
    model: Any,
    tokenizer: Any,
    recipe: FinetuneRecipe,
    train: TrainingRows,
    validation: TrainingRows,
    arguments: dict[str, Any],
) -> Any:
    """Returns TRL's `SFTTrainer` for rows in which questions share their premises.

    The batches of `arguments` keep their numbers of tokens.

    Raises:
        `ValueError`: If transformers does not know the value of an argument.
    """
    import trl

    class SharedSFTTrainer(SharedLoss, SafeCheckpoints, trl.SFTTrainer):  # TRL is optional
        pass

    shared = share_premises(train, recipe.batch_size, recipe.seed)
    held_out = share_premises(validation, recipe.eval_batch_size, recipe.seed)
    batches = {
        "per_device_train_batch_size": shared.batch_size,
        "per_device_eval_batch_size": held_out.batch_size,
        # All columns of the rows are read, and they need no preparation by TRL.
        "remove_unused_columns": False,
        "dataset_kwargs": {"skip_prepare_dataset": True},
    }
    return SharedSFTTrainer(
        model=model,
        args=trl.SFTConfig(max_length=None, **{**arguments, **batches}),
        train_dataset=shared.rows.dataset,
        eval_dataset=held_out.rows.dataset,
        data_collator=SharedCollator(tokenizer.pad_token_id),
        processing_class=tokenizer,
    )


def classification_trainer(
    model: Any,
    tokenizer: Any,
    recipe: FinetuneRecipe,
    train: TrainingRows,
    validation: TrainingRows,
    arguments: dict[str, Any],
) -> Trainer:
    """Returns the `Trainer` of transformers with a class-weighted loss and the F1 of Yes in validation."""
    return SafeCheckpoints(
        model=model,
        args=TrainingArguments(**arguments),
        train_dataset=train.dataset,
        eval_dataset=validation.dataset,
        data_collator=DataCollatorWithPadding(tokenizer),
        processing_class=tokenizer,
        compute_loss_func=WeightedLoss(*recipe.weights_of_classes(*train.answers)),
        compute_metrics=_compute_metrics,
    )


class WeightedLoss:
    """Cross-entropy with a weight for each class.

    The weighted losses are summed and divided by the number of rows of the optimizer step, not by the sum of their
    weights, so that a row counts the same in every batch.

    Args:
        no, yes (`float`): Weights of the two classes.
    """

    def __init__(self, no: float, yes: float):
        self.weights = torch.tensor([no, yes])

    def __call__(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        logits = outputs["logits"].float()
        weights = self.weights.to(logits.device)
        total = torch.nn.functional.cross_entropy(logits, labels, weights, reduction="sum")
        return total / (len(labels) if num_items_in_batch is None else num_items_in_batch)


class StopAt(TrainerCallback):
    """Saves a checkpoint after a step and stops training there, to be resumed later."""

    def __init__(self, step: int):
        self.step = step

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Asks the trainer to save and stop once the step is reached."""
        if state.global_step >= self.step:
            control.should_save = control.should_training_stop = True
        return control


class StopAfter(TrainerCallback):
    """Saves a checkpoint and stops training after some minutes, to be resumed later."""

    def __init__(self, minutes: float):
        self.end = time.monotonic() + 60 * minutes

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> Any:
        """Asks the trainer to save and stop once the time is over."""
        if time.monotonic() >= self.end:
            control.should_save = control.should_training_stop = True
        return control


def _compute_metrics(prediction: Any) -> dict[str, float]:
    logits = prediction.predictions[0] if isinstance(prediction.predictions, tuple) else prediction.predictions
    metrics = BinaryMetrics.of(logits.argmax(-1).tolist(), prediction.label_ids.tolist())
    return {name: getattr(metrics, name) for name in ("accuracy", "precision", "recall", "f1")}
