"""The training loop, written once for one process and for many."""

from __future__ import annotations

import importlib.util
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState, GradientState
from accelerate.utils import set_seed
from safetensors.torch import load_model, save_model
from tqdm.auto import tqdm

from hf_causal.corpora import get_config, grammar_name
from hf_causal.corpora.fresh import fresh_shard
from hf_causal.dataset_builders import load_corpus
from hf_causal.files import write_json, write_text
from hf_causal.hardware import describe_hardware
from hf_causal.hub.cards import SUMMARY_FILE, write_model_card
from hf_causal.models import make_model, make_tokenizer
from hf_causal.training.checkpoints import Progress, TrainingLog, find_checkpoint, list_checkpoints, save_checkpoint
from hf_causal.training.compiled import make_forward
from hf_causal.training.data import describe_family
from hf_causal.training.feed import Feed
from hf_causal.training.objective import Counts, Packs, make_objective
from hf_causal.training.optimizers import make_optimizers, make_schedulers
from hf_causal.training.recipes import Recipe

REPORT_TO = ("none", "trackio")


@dataclass(frozen=True)
class TrainingResult:
    """How a run ended."""

    output_dir: Path
    steps: int
    total_steps: int
    best_accuracy: float
    """In-family validation accuracy of the saved weights."""
    best_step: int
    seconds: float
    """Spent in training steps, over all parts of an interrupted run."""


def train(
    recipe: Recipe,
    output_dir: str | Path,
    data_dir: str | Path | None = None,
    resume_from_checkpoint: str | None = None,
    report_to: str = "none",
    stop_at_step: int | None = None,
) -> TrainingResult:
    """Trains a recipe and leaves a complete model folder: weights, config, code, tokenizer, recipe, log and card.

    Under `accelerate launch` or `torchrun` every process calls this. The weights kept are those with the best accuracy
    on the validation split, which is of the training family; nothing out of distribution is looked at.

    Args:
        recipe ([`Recipe`]): What to train.
        output_dir (`str` or `Path`): The model folder; checkpoints go into its `checkpoints/`.
        data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub; see [`load_corpus`].
        resume_from_checkpoint (`str`, *optional*): `latest` or the path of a checkpoint. The resumed run ends with the
            same weights, bit for bit, as one that was never interrupted. `latest` starts afresh when there is none.
        report_to (`str`): `none` or `trackio`.
        stop_at_step (`int`, *optional*): Save a checkpoint after this step and return, to go on another time.

    Returns:
        [`TrainingResult`]: What was reached.

    Raises:
        `ValueError`: If the folder holds another run, or an argument is wrong.
        `FileNotFoundError`: If the data or the checkpoint does not exist.
    """
    output_dir = Path(output_dir)
    if report_to not in REPORT_TO:
        raise ValueError(f"`report_to` must be one of {', '.join(REPORT_TO)}, got {report_to!r}")
    if report_to != "none" and importlib.util.find_spec(report_to) is None:
        # Accelerate would train without the tracker, and say nothing.
        raise ValueError(f"`report_to` {report_to!r} is not installed: pip install 'hf-causal[track]'")
    checkpoint = find_checkpoint(output_dir, resume_from_checkpoint) if resume_from_checkpoint else None
    _check_folder(output_dir, recipe, resume_from_checkpoint)
    if resume_from_checkpoint and (finished := _finished(output_dir)):
        return finished
    run = _Run(recipe, output_dir, data_dir, report_to)
    if checkpoint is not None:
        run.restore(checkpoint)
    return run.go(stop_at_step)


def _check_folder(output_dir: Path, recipe: Recipe, resume_from: str | None) -> None:
    started = list_checkpoints(output_dir) or (output_dir / "model.safetensors").exists()
    if started and not resume_from:
        raise ValueError(
            f"`output_dir` {str(output_dir)!r} holds a run already: choose another folder, or go on with "
            "`--resume-from-checkpoint latest`"
        )
    written = output_dir / "recipe.yaml"
    if started and written.is_file() and written.read_text(encoding="utf-8") != recipe.to_yaml():
        raise ValueError(
            f"the run in {str(output_dir)!r} was started with another recipe, see its recipe.yaml: resume with that "
            "recipe and its overrides, or choose another folder"
        )


def _finished(output_dir: Path) -> TrainingResult | None:
    """The result of a run that has come to its end; its model is left as it is."""
    summary = output_dir / SUMMARY_FILE
    if not summary.is_file() or not (output_dir / "model.safetensors").is_file():
        return None
    values = json.loads(summary.read_text(encoding="utf-8"))
    steps = values["steps"]
    return TrainingResult(output_dir, steps, steps, values["accuracy"], values["best_step"], values["seconds"])


class _Run:
    """One training run in one process."""

    def __init__(self, recipe: Recipe, output_dir: Path, data_dir: str | Path | None, report_to: str):
        self.recipe, self.output_dir = recipe, output_dir
        # A process may train several recipes in turn; Accelerate would hold on to the precision of the first one.
        AcceleratorState._reset_state()
        GradientState._reset_state()
        self.accelerator = Accelerator(
            mixed_precision=recipe.mixed_precision,
            gradient_accumulation_steps=recipe.gradient_accumulation_steps,
            log_with=None if report_to == "none" else report_to,
        )
        set_seed(recipe.seed)
        self.tokenizer = make_tokenizer(recipe.model_type, grammar_name(recipe.corpus, recipe.config))
        self.objective = make_objective(recipe, self.tokenizer)
        model = make_model(recipe.model_type, recipe.model, self.tokenizer, recipe.attn_implementation)
        if recipe.gradient_checkpointing:
            model.gradient_checkpointing_enable()
        self._load_data(data_dir)
        optimizers = make_optimizers(model, recipe)
        self.total_steps = recipe.max_steps or math.ceil(
            recipe.num_train_epochs * self.feed.per_epoch / recipe.gradient_accumulation_steps
        )
        self.schedulers = make_schedulers(optimizers, recipe, self.total_steps)
        self.model, *self.optimizers = self.accelerator.prepare(model, *optimizers)
        self.forward = make_forward(self.model, recipe, self.accelerator)
        self.progress = Progress()
        self.grad_norm: torch.Tensor | None = None
        self.lap_began = time.perf_counter()
        self.accelerator.register_for_checkpointing(self.progress, self.feed, *self.schedulers)
        set_seed(recipe.seed, device_specific=True)
        if report_to != "none":
            names = {report_to: {"name": recipe.name}}
            self.accelerator.init_trackers("hf_causal", config=_flat(recipe), init_kwargs=names)

    def _load_data(self, data_dir: str | Path | None) -> None:
        recipe, accelerator = self.recipe, self.accelerator
        # The main process builds or downloads; the others then find everything in the cache.
        with accelerator.main_process_first():
            validation = load_corpus(recipe.corpus, recipe.config, "validation", data_dir)
            packs_of = self._fresh_packs() if recipe.fresh_rows else self._fixed_packs(data_dir)
        self.validation_packs = self.objective.packs(validation[: recipe.eval_rows], training=False)
        self.feed = Feed(
            packs_of,
            self.tokenizer.pad_token_id,
            recipe.per_device_train_batch_size,
            recipe.seed,
            accelerator.process_index,
            accelerator.num_processes,
        )

    def _fixed_packs(self, data_dir: str | Path | None) -> Callable[[int], Packs]:
        recipe = self.recipe
        rows = load_corpus(recipe.corpus, recipe.config, "train", data_dir)[: recipe.train_rows]
        self.family = describe_family(rows)
        packs = self.objective.packs(rows, training=True)
        return lambda epoch: packs

    def _fresh_packs(self) -> Callable[[int], Packs]:
        corpus, config = self.recipe.corpus, get_config(self.recipe.corpus, self.recipe.config, seed=self.recipe.seed)
        self.family = {**describe_family(fresh_shard(corpus, config, 0)), "rows": None}
        return lambda epoch: self.objective.packs(fresh_shard(corpus, config, epoch), training=True)

    def restore(self, checkpoint: Path) -> None:
        self.accelerator.load_state(str(checkpoint))
        self.accelerator.wait_for_everyone()

    def go(self, stop_at_step: int | None) -> TrainingResult:
        recipe, accelerator, progress = self.recipe, self.accelerator, self.progress
        if accelerator.is_main_process:
            self.output_dir.mkdir(parents=True, exist_ok=True)
            write_text(self.output_dir / "recipe.yaml", recipe.to_yaml())
            self.log = TrainingLog(self.output_dir / "training_log.jsonl", progress.step)
        last = min(self.total_steps, stop_at_step or self.total_steps)
        window = _Window()
        batches = self._device_batches()
        bar = tqdm(
            total=self.total_steps,
            initial=progress.step,
            desc=recipe.name,
            unit="step",
            disable=not accelerator.is_main_process,
        )
        self.lap_began = time.perf_counter()
        while progress.step < last:
            window.add(*self._step(list(islice(batches, recipe.gradient_accumulation_steps))))
            progress.step += 1
            self._add_lap(window)
            bar.update()
            finishing = progress.step == last
            if progress.step % recipe.logging_steps == 0 or finishing:
                self._report(window, bar)
                window = _Window()
            if progress.step % recipe.eval_steps == 0 or progress.step == self.total_steps:
                self._evaluate(bar)
            if progress.step % recipe.save_steps == 0 or finishing:
                save_checkpoint(accelerator, self.output_dir, progress.step, recipe.save_total_limit)
            self.lap_began = time.perf_counter()  # validation and checkpoints are no training time
        bar.close()
        if progress.step == self.total_steps and accelerator.is_main_process:
            self._write_model()
        accelerator.wait_for_everyone()
        accelerator.end_training()
        return TrainingResult(
            self.output_dir,
            progress.step,
            self.total_steps,
            progress.best_accuracy,
            progress.best_step,
            progress.seconds,
        )

    def _device_batches(self) -> Iterator[dict[str, torch.Tensor]]:
        for batch in self.feed:
            yield self._to_device(batch)

    def _to_device(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {name: tensor.to(self.accelerator.device, non_blocking=True) for name, tensor in batch.items()}

    def _step(self, micro_batches: list[dict[str, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """One optimizer step; returns this process's sum of answer losses, right answers and answers."""
        recipe, accelerator = self.recipe, self.accelerator
        own = self.objective.count(micro_batches)
        # Gradients are averaged over processes and micro-batches by Accelerate; totals that are the mean count of one
        # of them turn that average into the mean over all questions of the step.
        parts = accelerator.num_processes * len(micro_batches)
        totals = Counts(accelerator.reduce(own.answers, "sum") / parts, accelerator.reduce(own.others, "sum") / parts)
        loss_sum, hits = torch.zeros((), device=accelerator.device), torch.zeros((), device=accelerator.device)
        for batch in micro_batches:
            with accelerator.accumulate(self.model):
                loss, answer_sum, right = self.objective.loss_and_hits(self.forward, batch, totals)
                accelerator.backward(loss)
                if accelerator.sync_gradients and recipe.max_grad_norm:
                    self.grad_norm = accelerator.clip_grad_norm_(self.model.parameters(), recipe.max_grad_norm)
                for optimizer in self.optimizers:
                    optimizer.step()
                    optimizer.zero_grad()
            loss_sum += answer_sum
            hits += right
        for scheduler in self.schedulers:
            scheduler.step()
        return loss_sum, hits, own.answers

    def _report(self, window: _Window, bar: Any) -> None:
        sums = self.accelerator.reduce(window.sums().to(self.accelerator.device), "sum").tolist()
        if not math.isfinite(sums[0]):
            raise FloatingPointError(
                f"the loss is {sums[0]} at step {self.progress.step}: lower the learning rate, or resume earlier"
            )
        self._add_lap(window)  # reading the sums has waited for the device
        if self.accelerator.is_main_process:
            values = {
                "loss": sums[0] / sums[2],
                "accuracy": sums[1] / sums[2],
                "examples_per_second": sums[2] / window.seconds,
                "learning_rate": self.schedulers[0].get_last_lr()[0],
                **({"grad_norm": float(self.grad_norm)} if self.grad_norm is not None else {}),
            }
            bar.set_postfix(loss=f"{values['loss']:.4f}", accuracy=f"{values['accuracy']:.4f}",
                            examples_per_s=f"{values['examples_per_second']:.0f}")  # fmt: skip
            self._record("train", **values)

    @torch.no_grad()
    def _evaluate(self, bar: Any) -> None:
        """Accuracy and loss on the validation split; every question is counted once, on one process."""
        accelerator, packs = self.accelerator, self.validation_packs
        order = np.argsort(packs.lengths, kind="stable")[accelerator.process_index :: accelerator.num_processes]
        size, totals = self.recipe.per_device_eval_batch_size, Counts(torch.ones(()), torch.ones(()))
        sums = torch.zeros(3, device=accelerator.device)
        self.model.eval()
        for start in range(0, len(order), size):
            chosen = order[start : start + size]
            batch = self._to_device(packs.collate(chosen, self.tokenizer.pad_token_id))
            _, loss, hits = self.objective.loss_and_hits(self.model, batch, totals)
            questions = torch.tensor(float(packs.questions[chosen].sum()), device=loss.device)
            sums += torch.stack([loss, hits.float(), questions])
        self.model.train()
        loss, hits, count = accelerator.reduce(sums, "sum").tolist()
        accuracy = hits / count
        # Of equals the later one: it has been trained longer, at a lower learning rate.
        better = accuracy >= self.progress.best_accuracy
        if better:
            self.progress.best_accuracy, self.progress.best_step = accuracy, self.progress.step
        if accelerator.is_main_process:
            bar.write(
                f"step {self.progress.step}: in-family validation accuracy {accuracy:.4f} on {count:.0f} questions"
            )
            self._record("validation", loss=loss / count, accuracy=accuracy, questions=int(count))
            if better:
                self._save_best()

    def _add_lap(self, window: _Window) -> None:
        """Counts the time since the last lap began as training time."""
        before, self.lap_began = self.lap_began, time.perf_counter()
        window.seconds += self.lap_began - before
        self.progress.seconds += self.lap_began - before

    def _record(self, kind: str, **values: float) -> None:
        self.log.write(step=self.progress.step, kind=kind, **values)
        self.accelerator.log({f"{kind}/{name}": value for name, value in values.items()}, step=self.progress.step)

    def _save_best(self) -> None:
        best = self.output_dir / "checkpoints" / "best.safetensors"
        best.parent.mkdir(parents=True, exist_ok=True)
        partial = best.with_suffix(".partial")
        save_model(self.accelerator.unwrap_model(self.model), str(partial))
        partial.replace(best)

    def _write_model(self) -> None:
        model = self.accelerator.unwrap_model(self.model)
        load_model(model, str(self.output_dir / "checkpoints" / "best.safetensors"))
        model.save_pretrained(self.output_dir)
        self.tokenizer.save_pretrained(self.output_dir)
        summary = {
            "steps": self.progress.step,
            "questions": self.feed.questions,
            "seconds": self.progress.seconds,
            "hardware": describe_hardware(self.accelerator.device.type, self.accelerator.num_processes),
            "accuracy": self.progress.best_accuracy,
            "best_step": self.progress.best_step,
            "validation_questions": int(self.validation_packs.questions.sum()),
            "seed": self.recipe.seed,
            "family": self.family,
            "date": time.strftime("%Y-%m-%d"),
        }
        write_json(self.output_dir / SUMMARY_FILE, summary)
        write_model_card(self.output_dir)


class _Window:
    """Sums since the last report."""

    def __init__(self) -> None:
        self.parts: list[torch.Tensor] = []
        self.seconds = 0.0

    def add(self, *values: torch.Tensor) -> None:
        self.parts.append(torch.stack([value.float() for value in values]))

    def sums(self) -> torch.Tensor:
        return torch.stack(self.parts).sum(0).double()


def _flat(recipe: Recipe) -> dict[str, Any]:
    values = dict(vars(recipe))
    return values | {f"model.{name}": value for name, value in values.pop("model").items()}
