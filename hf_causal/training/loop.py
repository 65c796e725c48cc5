"""The training loop, for one process and for many."""

from __future__ import annotations

import importlib.util
import sys
import time
from pathlib import Path

import torch
from accelerate import PartialState
from accelerate.utils import parse_flag_from_env
from tqdm.auto import tqdm

from hf_causal.training.checkpoints import RESUME, list_checkpoints
from hf_causal.training.dataloader import StepBatch
from hf_causal.training.distributed import CpuReducer, broadcast_from_main
from hf_causal.training.errors import with_clear_errors
from hf_causal.training.log import Reporter, TrainingLog
from hf_causal.training.metrics import LossWindow, NotFinite
from hf_causal.training.objectives import Counts
from hf_causal.training.outputs import TrainingResult, save_best, write_model
from hf_causal.training.recipe import Recipe
from hf_causal.training.resuming import check_folder, choose_checkpoint, finished_result
from hf_causal.training.run_lock import RunLock
from hf_causal.training.run_setup import RunSetup, set_up
from hf_causal.training.signals import StopRequests
from hf_causal.training.validation import mean_result, to_device
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
    """Trains a recipe and writes a complete model folder: weights, config, code, tokenizer, recipe, log and card.

    Under `accelerate launch` or `torchrun` every process calls this. The weights that are kept have the best accuracy
    on the validation split, which is of the training family; nothing out of distribution is evaluated.

    A SIGTERM or SIGINT to any process ends the step and saves a checkpoint, and then has its usual effect:
    `SystemExit` with status 0, or `KeyboardInterrupt`. A second signal has its effect at once.

    Args:
        recipe ([`Recipe`]): The recipe to train.
        output_dir (`str` or `Path`): The model folder; checkpoints are in its `checkpoints/`.
        data_dir (`str` or `Path`, *optional*): Built corpus, or data set on the Hub; see [`load_corpus`].
        resume_from_checkpoint (`str`, *optional*): `latest` or the path of a checkpoint. The resumed run ends with the
            same weights, bit for bit, as one that was never interrupted. `latest` starts from the beginning if there
            is none, and skips damaged ones with a warning. The number of processes may differ if each step has as many
            premises as before; sums are then rounded differently.
        report_to (`str`): `none` or `trackio`.
        stop_at_step (`int`, *optional*): Save a checkpoint after this step and return, to resume later.

    Returns:
        [`TrainingResult`]: The end of the run.

    Raises:
        `ValueError`: If the folder holds another run, a checkpoint is damaged or of another one, an argument is wrong,
            or another training writes to the folder ([`InUse`]).
        `FileNotFoundError`: If the data or the checkpoint does not exist.
        `FloatingPointError`: If the loss or a weight is not finite. No checkpoint holds such weights.
        `MemoryError`: If there is too little memory, with the options to change.
        `ConnectionError`: If another process of the run has ended.
        `OSError`: If a disk is full. Everything that was saved before is intact.
    """
    output_dir = Path(output_dir)
    _check_tracker(report_to)
    if recipe.train_apart:
        from hf_causal.training.apart import train_apart  # which trains each task here

        if stop_at_step is not None:
            raise ValueError(
                "`stop_at_step` does not exist for a recipe with `train_apart`, whose tasks have steps each"
            )
        return train_apart(recipe, output_dir, data_dir, resume_from_checkpoint, report_to)
    # Like Accelerate: without the flag, several processes on CPUs would not find each other.
    state = PartialState(cpu=parse_flag_from_env("ACCELERATE_USE_CPU"))
    batch_size = recipe.per_device_train_batch_size * recipe.gradient_accumulation_steps * state.num_processes

    run_lock = RunLock(output_dir)

    def find_start() -> Path | TrainingResult | None:
        run_lock.check()
        check_folder(output_dir, recipe, resume_from_checkpoint)
        if not resume_from_checkpoint:
            return None
        checkpoint = choose_checkpoint(output_dir, resume_from_checkpoint, recipe, batch_size)
        return finished_result(output_dir) or checkpoint

    start = broadcast_from_main(state, find_start)
    if isinstance(start, TrainingResult):
        return start
    setup = set_up(recipe, output_dir, data_dir, report_to)
    try:
        broadcast_from_main(state, run_lock.acquire)
        if start is not None:
            setup.checkpoints.restore(start)
        return TrainingRun(setup).run(stop_at_step)
    finally:
        run_lock.release()


def _check_tracker(report_to: str) -> None:
    if report_to not in REPORT_TO:
        raise ValueError(f"`report_to` must be one of {', '.join(REPORT_TO)}, got {report_to!r}")
    if report_to != "none" and importlib.util.find_spec(report_to) is None:
        # Accelerate would train without the tracker and without a word.
        raise ValueError(f"`report_to` {report_to!r} is not installed: pip install 'hf-causal[track]'")


class TrainingRun:
    """One training run in one process.

    Args:
        setup ([`RunSetup`]): The parts of the run.
    """

    def __init__(self, setup: RunSetup):
        self.setup, self.recipe, self.progress = setup, setup.recipe, setup.progress
        self.accelerator, self.model = setup.accelerator, setup.model
        self.reducer = CpuReducer(setup.accelerator)
        self.requests = StopRequests(launched=setup.accelerator.num_processes > 1)
        self.terminate = self.interrupt = False
        self.reporter: Reporter | None = None
        """Of the main process."""
        self.grad_norm: torch.Tensor | None = None
        self.lap_start = time.perf_counter()

    def run(self, stop_at_step: int | None) -> TrainingResult:
        """Trains to the end, to `stop_at_step`, or until a signal."""
        setup = self.setup
        with with_clear_errors(self.accelerator, self.recipe, setup.output_dir, self.progress), self.requests:
            self._take_steps(min(setup.total_steps, stop_at_step or setup.total_steps))
            if self.progress.step == setup.total_steps:
                broadcast_from_main(self.accelerator, self._write_model)
        self.accelerator.wait_for_everyone()
        self.reducer.close()
        # Not `end_training`, which would leave the processes of a second recipe without connections.
        for tracker in self.accelerator.trackers:
            tracker.finish()
        if self.progress.step < setup.total_steps:
            self._raise_request()
        progress, best_value = self.progress, abs(self.progress.best_score)
        position = (progress.step, setup.total_steps, best_value, progress.best_step, progress.seconds)
        return TrainingResult(setup.output_dir, *position, setup.validation.measure)

    def _take_steps(self, last_step: int) -> None:
        recipe, accelerator, progress = self.recipe, self.accelerator, self.progress
        is_main = accelerator.is_main_process
        # The bar is closed after an error too, so that the message has a line of its own.
        bar = tqdm(total=self.setup.total_steps, initial=progress.step, desc=recipe.name, unit="step",
                   disable=not is_main)  # fmt: skip
        with bar:
            if is_main:
                folder = self.setup.output_dir
                folder.mkdir(parents=True, exist_ok=True)
                write_text(folder / "recipe.yaml", recipe.to_yaml())
                log = TrainingLog(folder / "training_log.jsonl", progress.step)
                self.reporter = Reporter(log, accelerator, bar)
                if accelerator.num_processes > 1:
                    sizes = f"{accelerator.num_processes} processes x {recipe.per_device_train_batch_size}"
                    sizes = f"{sizes} x {recipe.gradient_accumulation_steps} micro-batches"
                    bar.write(f"{sizes} = {self.setup.loader.global_batch_size} premises a step")
            window = LossWindow(progress.step + 1)
            batches = iter(self.setup.loader)
            self.lap_start = time.perf_counter()
            while progress.step < last_step and not (self.terminate or self.interrupt):
                window = self._train_and_report(next(batches), window, last_step)
                bar.update()

    def _train_and_report(self, batch: StepBatch, window: LossWindow, last_step: int) -> LossWindow:
        """Takes a step, then reports, validates and saves if it is time; returns the window of the next step."""
        recipe, progress = self.recipe, self.progress
        window.add(batch, *self._step(batch.micro_batches))
        progress.step += 1
        self._add_lap(window)
        ends = progress.step == last_step or self.terminate or self.interrupt
        validates = progress.step % recipe.eval_steps == 0 or progress.step == self.setup.total_steps
        saves = progress.step % recipe.save_steps == 0 or ends
        reports = progress.step % recipe.logging_steps == 0 or ends
        if validates or saves or reports:
            self._check_finite(window)  # before weights or losses are kept
            self._add_lap(window)  # reading the losses has waited for the device
        if reports:
            self._report(window)
            window = LossWindow(progress.step + 1)
        if validates:
            self._validate()
        if saves:
            self._save()
        self.lap_start = time.perf_counter()  # time of validation and checkpoints does not count as training
        return window

    def _step(self, micro_batches: list[dict[str, torch.Tensor]]) -> tuple[torch.Tensor, torch.Tensor, float]:
        """Takes one optimizer step; returns this process's sum of answer losses, correct answers and answers."""
        setup, accelerator = self.setup, self.accelerator
        counts = setup.objective.count(micro_batches)
        answers = float(counts.answers)
        sums = self.reducer.sum(answers, float(counts.auxiliary), *self.requests.poll())
        *global_counts, terminate, interrupt = sums
        self.terminate, self.interrupt = terminate > 0, interrupt > 0
        # Accelerate averages gradients over processes and micro-batches. Dividing by the mean count of one of them
        # turns that average into the mean over all questions of the step.
        num_parts = accelerator.num_processes * len(micro_batches)
        totals = Counts(*(torch.tensor(count / num_parts) for count in global_counts))
        loss_sum, hits = torch.zeros((), device=accelerator.device), torch.zeros((), device=accelerator.device)
        for batch in micro_batches:
            batch = to_device(batch, accelerator.device)
            with accelerator.accumulate(self.model):
                loss, answer_loss_sum, correct = setup.objective.loss_and_hits(self.model, batch, totals)
                accelerator.backward(loss)
                if accelerator.sync_gradients and self.recipe.max_grad_norm:
                    self.grad_norm = accelerator.clip_grad_norm_(self.model.parameters(), self.recipe.max_grad_norm)
                for optimizer in setup.optimizers:
                    optimizer.step()
                    optimizer.zero_grad()
            loss_sum += answer_loss_sum
            hits += correct
        for scheduler in setup.schedulers:
            scheduler.step()
        return loss_sum, hits, answers

    def _check_finite(self, window: LossWindow) -> None:
        try:
            window.check(self.model)
        except NotFinite as error:
            if self.reporter:
                self.reporter.not_finite(error.batch)
            raise

    def _report(self, window: LossWindow) -> None:
        loss, hits, answers = self.accelerator.reduce(window.sums().to(self.accelerator.device), "sum").tolist()
        if self.reporter:
            values = {
                "loss": loss / answers,
                "accuracy": hits / answers,
                "examples_per_second": answers / window.seconds,
                "learning_rate": self.setup.schedulers[0].get_last_lr()[0],
                **({"grad_norm": float(self.grad_norm)} if self.grad_norm is not None else {}),
            }
            self.reporter.training(self.progress.step, values)

    def _validate(self) -> None:
        """Validates, and saves the weights if they are the best so far."""
        validation, progress = self.setup.validation, self.progress
        results = validation.run(self.model)
        mean = mean_result(results)
        if self.reporter:
            self.reporter.validation(progress.step, mean, results, validation.measure)
        score = validation.score(mean)
        if validation.is_best(score, progress.best_score):
            progress.best_score, progress.best_step = score, progress.step
            save_best(self.accelerator, self.model, self.setup.output_dir)

    def _save(self) -> None:
        self.setup.checkpoints.save(self.progress)

    def _add_lap(self, window: LossWindow) -> None:
        """Counts the time since the last lap as training time."""
        before, self.lap_start = self.lap_start, time.perf_counter()
        window.seconds += self.lap_start - before
        self.progress.seconds += self.lap_start - before

    def _write_model(self) -> None:
        setup, progress, num_processes = self.setup, self.progress, self.accelerator.num_processes
        summary = {
            "steps": progress.step,
            "questions": setup.loader.questions,
            "seconds": progress.seconds,
            "hardware": describe_hardware(self.accelerator.device.type, num_processes),
            "num_processes": num_processes,
            "global_batch_size": setup.loader.global_batch_size,
            setup.validation.measure: abs(progress.best_score),
            "best_step": progress.best_step,
            "validation_questions": setup.validation.num_questions,
            "seed": self.recipe.seed,
            "family": setup.family,
            "date": time.strftime("%Y-%m-%d"),
        }
        write_model(self.recipe, setup.tokenizer, setup.output_dir, summary)

    def _raise_request(self) -> None:
        """Gives a signal its usual effect, now that everything is saved."""
        if not (self.terminate or self.interrupt):
            return
        if self.reporter:
            tqdm.write(
                f"{'SIGINT' if self.interrupt else 'SIGTERM'}: stopped after step {self.progress.step} of "
                f"{self.setup.total_steps} and saved it in {list_checkpoints(self.setup.output_dir)[-1]}; {RESUME}",
                file=sys.stderr,
            )
        raise KeyboardInterrupt if self.interrupt else SystemExit(0)
