"""Questions per second of fine-tuning, with a copy of the premise for each question and with one for all of them.

Steps of both ways take turns in one process, on the same weights, so that other load meets both alike. Questions per
second of processor time depend less on that load than those of the clock.

    python benchmarks/shared_premises.py MODEL --lora --steps 5 --out shared_premises.json

The separate way is TRL's `SFTTrainer` on rows of one question each, as `--no-share-premises` trains. Both ways have
batches of the same number of tokens.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from hf_causal.evaluation.language_models.prompts import PromptFormat, PromptRenderer
from hf_causal.posttraining import models
from hf_causal.posttraining.data import language_rows, load_rows
from hf_causal.posttraining.recipe import load_finetune_recipe
from hf_causal.posttraining.trainers import common_arguments, language_trainer, shared_trainer
from hf_causal.utils.files import write_json
from hf_causal.utils.hardware import describe_hardware

MAKERS = {"separate": language_trainer, "shared": shared_trainer}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Returns medians over the steps of each way, and the ratios of the pairs of steps."""
    fields = {"model": options.model, "config": options.config, "train_rows": options.rows, "form": options.form}
    fields |= {"lora": options.lora, "batch_size": options.batch_size, "gradient_checkpointing": options.checkpointing}
    recipe = load_finetune_recipe(None, fields)
    model, tokenizer = models.load_for_training(recipe, False, False)
    renderer = PromptRenderer(tokenizer, PromptFormat(False, form=options.form))
    rows = language_rows(load_rows(recipe, "train", options.data_dir), renderer, recipe.max_length)
    if recipe.adapts:
        model = models.add_adapters(model, recipe, False)
    trainers, batches, questions = {}, {}, {}
    for way, make in MAKERS.items():
        arguments = common_arguments(recipe, Path(tempfile.mkdtemp()), "none", False)
        arguments |= {"eval_strategy": "no", "save_strategy": "no", "load_best_model_at_end": False}
        trainer = make(model, tokenizer, replace(recipe), rows, rows, arguments)
        trainer.create_optimizer()
        trainers[way], batches[way] = trainer, iter(trainer.get_train_dataloader())
        questions[way] = trainer.args.per_device_train_batch_size * rows.questions / len(trainer.train_dataset)
    steps: dict[str, list[tuple[float, float]]] = {way: [] for way in MAKERS}
    for step in range(options.steps + 1):
        for way, trainer in trainers.items():
            taken = _step(trainer, next(batches[way]))
            if step:  # the first one warms up
                steps[way].append(tuple(questions[way] / seconds for seconds in taken))
                print(f"{way}: {steps[way][-1][0]:.2f} questions a second", flush=True)
    return {
        "model": Path(options.model).name,
        "config": options.config,
        "form": options.form,
        "lora": options.lora,
        "gradient_checkpointing": options.checkpointing,
        "questions_per_step": {way: round(count, 1) for way, count in questions.items()},
        "questions_per_second": {way: round(median(rate for rate, _ in steps[way]), 2) for way in MAKERS},
        "questions_per_processor_second": {way: round(median(rate for _, rate in steps[way]), 2) for way in MAKERS},
        "ratio": _ratio(steps, 0),
        "ratio_of_processor_time": _ratio(steps, 1),
        "steps": options.steps,
        "threads": torch.get_num_threads(),
        "hardware": describe_hardware(model.device.type),
        "seed": recipe.seed,
        "date": time.strftime("%Y-%m-%d"),
    }


def _step(trainer: Any, batch: Any) -> tuple[float, float]:
    """Returns the seconds of one optimizer step, by the clock and of processor time."""
    clock, processor = time.perf_counter(), time.process_time()
    trainer.model.train()
    trainer.training_step(trainer.model, batch, num_items_in_batch=(batch["labels"] != -100).sum())
    trainer.optimizer.step()
    trainer.optimizer.zero_grad()
    return time.perf_counter() - clock, time.process_time() - processor


def _ratio(steps: dict[str, list[tuple[float, float]]], which: int) -> float:
    pairs = zip(steps["shared"], steps["separate"], strict=True)
    return round(median(shared[which] / separate[which] for shared, separate in pairs), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--config", default="transitivity_ts2")
    parser.add_argument("--form", default="yes-no")
    parser.add_argument("--data-dir", help="a built corpus [generated]")
    parser.add_argument("--rows", type=int, default=2000, help="questions [%(default)s]")
    parser.add_argument("--batch-size", type=int, default=16, help="questions of a separate batch [%(default)s]")
    parser.add_argument("--steps", type=int, default=5, help="steps of each way [%(default)s]")
    parser.add_argument("--lora", action="store_true")
    parser.add_argument("--checkpointing", action="store_true", help="recompute activations, as by default in runs")
    parser.add_argument("--out", type=Path, help="JSON file for the figures")
    options = parser.parse_args()
    figures = measure(options)
    print(figures)
    if options.out:
        write_json(options.out, figures)


if __name__ == "__main__":
    main()
