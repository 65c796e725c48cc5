"""The training loop, written once for one process and for many."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from tqdm.auto import tqdm

from hf_causal.training.checkpoints import TrainingLog, list_checkpoints
from hf_causal.training.distributed import CpuReducer, broadcast_from_main
from hf_causal.training.errors import with_clear_errors
from hf_causal.training.metrics import LossWindow, NotFinite
from hf_causal.training.objectives import Counts
from hf_causal.training.outputs import TrainingResult, save_best, write_model
from hf_causal.training.recipe import Recipe
from hf_causal.training.resuming import check_folder, choose_checkpoint, find_finished
from hf_causal.training.run_setup import RunSetup
from hf_causal.training.signals import StopRequests
from hf_causal.training.validation import validate
from hf_causal.utils.files import write_text
from hf_causal.utils.hardware import describe_hardware

REPORT_TO = ("none", "trackio")


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

    A SIGTERM or SIGINT to any process ends the step, saves a checkpoint, and then does what it would have done at
    once: `SystemExit` with status 0, or `KeyboardInterrupt`. A second one does not wait.

    Args:
        recipe ([`Recipe`]): What to train.
        output_dir (`str` or `Path`): The model folder; checkpoints go into its `checkpoints/`.
        data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub; see [`load_corpus`].
        resume_from_checkpoint (`str`, *optional*): `latest` or the path of a checkpoint. The resumed run ends with the
            same weights, bit for bit, as one that was never interrupted. `latest` starts afresh when there is none,
            and passes over damaged ones with a warning. The number of processes may be another one if each step has as
            many premises as before; sums are then rounded otherwise.
        report_to (`str`): `none` or `trackio`.
        stop_at_step (`int`, *optional*): Save a checkpoint after this step and return, to go on another time.

    Returns:
        [`TrainingResult`]: What was reached.

    Raises:
        `ValueError`: If the folder holds another run, a checkpoint is damaged or of another one, or an argument is
            wrong.
        `FileNotFoundError`: If the data or the checkpoint does not exist.
        `FloatingPointError`: If the loss or the weights are no numbers any more. No checkpoint holds such weights.
        `MemoryError`: If memory does not suffice, with the flags to change.
        `ConnectionError`: If another process of the run has ended.
        `OSError`: If a disk is full. What was saved before is as it was.
    """
    output_dir = Path(output_dir)
    if report_to not in REPORT_TO:
        raise ValueError(f"`report_to` must be one of {', '.join(REPORT_TO)}, got {report_to!r}")
    if report_to != "none" and importlib.util.find_spec(report_to) is None:
        # Accelerate would train without the tracker, and say nothing.
        raise ValueError(f"`report_to` {report_to!r} is not installed: pip install 'hf-causal[track]'")
    # As Accelerate does it: without the flag, several processes on CPUs would not know of each other.
    state = PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"))
    batch = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps * state.num_processes

    def look() -> Path | TrainingResult | None:
        check_folder(output_dir, recipe, resume_from_checkpoint)
        if not resume_from_checkpoint:
            return None
        found = choose_checkpoint(output_dir, resume_from_checkpoint, recipe, batch)
        return find_finished(output_dir) or found

    found = broadcast_from_main(state, look)
    if isinstance(found, TrainingResult):
        return found
    run = TrainingRun(recipe, output_dir, data_dir, report_to)
    if found is not None:
        run.restore(found)
    return run.go(stop_at_step)


class TrainingRun(RunSetup):
    """One training run in one process."""

    def __init__(self, recipe: Recipe, output_dir: Path, data_dir: str | Path | None, report_to: str):
        super().__init__(recipe, output_dir, data_dir, report_to)
        self.agreement = CpuReducer(self.accelerator)
        self.requests = StopRequests(launched=self.accelerator.num_processes > 1)
        self.terminate = self.interrupt = False
        self.log: TrainingLog | None = None
        self.grad_norm: torch.Tensor | None = None
        self.lap_began = time.perf_counter()

    def go(self, stop_at_step: int | None) -> TrainingResult:
        """Trains to the end, or until somebody wants it to stop."""
        with with_clear_errors(self.accelerator, self.recipe, self.output_dir, self.progress), self.requests:
            self._take_steps(min(self.total_steps, stop_at_step or self.total_steps))
            if self.progress.step == self.total_steps:
                broadcast_from_main(self.accelerator, self._write_model)
        self.accelerator.wait_for_everyone()
        self.agreement.close()
        # Not `end_training`, which would leave the processes of a second recipe without connections.
        for tracker in self.accelerator.trackers:
            tracker.finish()
        if self.progress.step < self.total_steps:
            self._stop_as_told()
        return TrainingResult(
            self.output_dir,
            self.progress.step,
            self.total_steps,
            abs(self.progress.best_score),
            self.progress.best_step,
            self.progress.seconds,
            self.measure,
        )

    def _take_steps(self, last: int) -> None:
        recipe, accelerator, progress = self.recipe, self.accelerator, self.progress
        if accelerator.is_main_process:
            self.output_dir.mkdir(parents=True, exist_ok=True)
            write_text(self.output_dir / "recipe.yaml", recipe.to_yaml())
            self.log = TrainingLog(self.output_dir / "training_log.jsonl", progress.step)
        # Closed also when something goes wrong, so that the message has a line of its own.
        with tqdm(
            total=self.total_steps,
            initial=progress.step,
            desc=recipe.name,
            unit="step",
            disable=not accelerator.is_main_process,
        ) as bar:
            if accelerator.num_processes > 1 and accelerator.is_main_process:
                sizes = f"{accelerator.num_processes} processes x {recipe.per_device_train_batch_size}"
                sizes = f"{sizes} x {recipe.gradient_accumulation_steps} micro-batches"
                bar.write(f"{sizes} = {self.feed.global_batch_size} premises a step")
            self._loop(last, bar)

    def _loop(self, last: int, bar: Any) -> None:
        recipe, progress = self.recipe, self.progress
        window = LossWindow(progress.step + 1)
        steps = iter(self.feed)
        self.lap_began = time.perf_counter()
        while progress.step < last and not (self.terminate or self.interrupt):
            batch = next(steps)
            window.add(batch, *self._step(batch.micro_batches))
            progress.step += 1
            self._add_lap(window)
            bar.update()
            finishing = progress.step == last or self.terminate or self.interrupt
            evaluating = progress.step % recipe.eval_steps == 0 or progress.step == self.total_steps
            saving = progress.step % recipe.save_steps == 0 or finishing
            reporting = progress.step % recipe.logging_steps == 0 or finishing
            if evaluating or saving or reporting:
                self._check(window)  # before anything is kept of it
                self._add_lap(window)  # reading the losses has waited for the device
            if reporting:
                self._report(window, bar)
                window = LossWindow(progress.step + 1)
            if evaluating:
                self._evaluate(bar)
            if saving:
                self.save()
            self.lap_began = time.perf_counter()  # validation and checkpoints are no training time

    def _step(self, micro_batches: list[dict[str, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor, float]:
        """One optimizer step; returns this process's sum of answer losses, right answers and answers."""
        recipe, accelerator = self.recipe, self.accelerator
        own = self.objective.count(micro_batches)
        answers = float(own.answers)
        *counts, terminate, interrupt = self.agreement.sum(answers, float(own.auxiliary), *self.requests.look())
        self.terminate, self.interrupt = terminate > 0, interrupt > 0
        # Gradients are averaged over processes and micro-batches by Accelerate; totals that are the mean count of one
        # of them turn that average into the mean over all questions of the step.
        totals = Counts(*(torch.tensor(count / (accelerator.num_processes * len(micro_batches))) for count in counts))
        loss_sum, hits = torch.zeros((), device=accelerator.device), torch.zeros((), device=accelerator.device)
        for batch in micro_batches:
            batch = {name: tensor.to(accelerator.device, non_blocking=True) for name, tensor in batch.items()}
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
        return loss_sum, hits, answers

    def _check(self, window: LossWindow) -> None:
        try:
            window.check(self.model)
        except NotFinite as error:
            if self.log:
                self.log.write(kind="not_finite", **error.batch)
            raise

    def _report(self, window: LossWindow, bar: Any) -> None:
        sums = self.accelerator.reduce(window.sums().to(self.accelerator.device), "sum").tolist()
        if self.log:
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

    def _evaluate(self, bar: Any) -> None:
        """Validates, and keeps the weights if they are the best so far."""
        found = {
            config: validate(
                self.accelerator,
                self.model,
                self.objective,
                packs,
                self.pad_token_id,
                self.recipe.per_device_eval_batch_size,
            )
            for config, packs in self.data.validation.items()
        }
        # Of several configs, the mean of their accuracies, however many questions each of them has.
        accuracies = {config: own.accuracy for config, own in found.items()}
        accuracy, count = sum(accuracies.values()) / len(found), sum(own.questions for own in found.values())
        loss = sum(own.loss * own.questions for own in found.values()) / count
        selection_metric = self.objective.selection_metric
        if self.log:
            each = {f"accuracy/{config}": value for config, value in accuracies.items()} if len(found) > 1 else {}
            told = "".join(f", {config} {value:.4f}" for config, value in accuracies.items()) if each else ""
            value, unit = (accuracy, "questions") if selection_metric == "accuracy" else (loss, "rows")
            found_it = f"in-family validation {self.measure} {value:.4f} on {count} {unit}{told}"
            bar.write(f"step {self.progress.step}: {found_it}")
            self._record("validation", loss=loss, accuracy=accuracy, questions=count, **each)
        # Of equals the later one: it has been trained longer, at a lower learning rate.
        score = accuracy if selection_metric == "accuracy" else -loss
        if score >= self.progress.best_score or selection_metric == "last":
            self.progress.best_score, self.progress.best_step = score, self.progress.step
            save_best(self.accelerator, self.model, self.output_dir)

    def _add_lap(self, window: LossWindow) -> None:
        """Counts the time since the last lap began as training time."""
        before, self.lap_began = self.lap_began, time.perf_counter()
        window.seconds += self.lap_began - before
        self.progress.seconds += self.lap_began - before

    def _record(self, kind: str, **values: float) -> None:
        assert self.log is not None
        self.log.write(step=self.progress.step, kind=kind, **values)
        self.accelerator.log({f"{kind}/{name}": value for name, value in values.items()}, step=self.progress.step)

    def _write_model(self) -> None:
        summary = {
            "steps": self.progress.step,
            "questions": self.feed.questions,
            "seconds": self.progress.seconds,
            "hardware": describe_hardware(self.accelerator.device.type, self.accelerator.num_processes),
            "num_processes": self.accelerator.num_processes,
            "global_batch_size": self.feed.global_batch_size,
            self.measure: abs(self.progress.best_score),
            "best_step": self.progress.best_step,
            "validation_questions": sum(int(packs.questions.sum()) for packs in self.data.validation.values()),
            "seed": self.recipe.seed,
            "family": self.data.family,
            "date": time.strftime("%Y-%m-%d"),
        }
        write_model(self.recipe, self.tokenizer, self.output_dir, summary)

    def _stop_as_told(self) -> None:
        """Does what the signal would have done at once, now that everything is saved."""
        if not (self.terminate or self.interrupt):
            return
        if self.log:
            tqdm.write(
                f"{'SIGINT' if self.interrupt else 'SIGTERM'}: stopped after step {self.progress.step} of "
                f"{self.total_steps} and saved it in {list_checkpoints(self.output_dir)[-1]}; go on with "
                "--resume-from-checkpoint latest",
                file=sys.stderr,
            )
        raise KeyboardInterrupt if self.interrupt else SystemExit(0)
