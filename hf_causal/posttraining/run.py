"""One fine-tuning run: score, train, save, score again, report."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hf_causal.artifacts import SUMMARY_FILE
from hf_causal.cards.model_card import write_model_card
from hf_causal.corpora import task_name
from hf_causal.posttraining import models
from hf_causal.posttraining.evaluations import Record, find_data, plan_evaluations, write_records
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.posttraining.report import write_before_and_after
from hf_causal.posttraining.saving import find_checkpoint, is_finished, save_merged
from hf_causal.posttraining.scoring import open_records, score_after, score_before
from hf_causal.posttraining.settings import RunSettings
from hf_causal.posttraining.training import train
from hf_causal.tasks.answering import get_form
from hf_causal.tasks.forms import YES_NO
from hf_causal.tasks.registry import get_task, task_of_config
from hf_causal.training.run_lock import RunLock
from hf_causal.utils.progress import Progress


@dataclass(frozen=True)
class FinetuneResult:
    """How a run ended."""

    output_dir: Path
    finished: bool
    """Whether the last step was reached, and the model written."""
    steps: int
    summary: dict[str, Any]
    """The content of `training_summary.json`; empty for a run that is not finished."""
    records: list[Record]
    """The scores before and after."""
    is_main: bool = True
    """Whether this process writes files and prints."""


def finetune(
    recipe: FinetuneRecipe,
    output_dir: str | Path,
    data_dirs: Sequence[str | Path] = (),
    resume_from_checkpoint: str | None = None,
    report_to: str = "none",
    stop_at_step: int | None = None,
    merge: bool = False,
    trust_remote_code: bool = False,
    answers: str | Path | None = None,
    progress: Progress | None = None,
    say: Callable[[str], Any] = lambda text: None,
    stop_after_minutes: float | None = None,
) -> FinetuneResult:
    """Fine-tunes a model and writes a folder: weights or adapter, tokenizer, recipe, log, scores, report and card.

    Scores before and after are of the same questions, with the same prompts as the training rows. Under
    `accelerate launch` each process calls this, and nothing is scored: run it again in one process with
    `resume_from_checkpoint="latest"` for that.

    Args:
        recipe ([`FinetuneRecipe`]): The model, the data, and how to train.
        output_dir (`str` or `Path`): The folder; checkpoints go into its `checkpoints/`.
        data_dirs (sequence): Built corpora or data sets on the Hub; published configs are generated otherwise.
        resume_from_checkpoint (`str`, *optional*): `latest` or the path of a checkpoint. `latest` starts from the
            beginning if there is none, and only computes missing scores if training is finished.
        report_to (`str`): `none`, or a tracker of transformers.
        stop_at_step (`int`, *optional*): Save a checkpoint after this step and return.
        stop_after_minutes (`float`, *optional*): Do so after the first step that ends later than this.
        merge (`bool`): Also write the model with its adapter merged into it, to `merged/`.
        trust_remote_code (`bool`): Whether to run code that comes with the model.
        answers (`str` or `Path`, *optional*): Folder that keeps the replies of language models.
        progress (callable, *optional*): See [`Progress`].
        say (callable, *optional*): Called with a sentence when a step begins.

    Raises:
        `ValueError`: If an argument is wrong, the folder holds another run, another process fine-tunes into it, or a
            package is not installed.
        `FileNotFoundError`: If the model, the data or a checkpoint does not exist.
    """
    output_dir = Path(output_dir)
    recipe = replace(recipe, name=recipe.name or output_dir.resolve().name)
    _check_arguments(recipe, merge, stop_at_step, report_to)
    evaluations = plan_evaluations(recipe, data_dirs)
    config = models.read_config(recipe, trust_remote_code)
    classifies = models.classifies(recipe, config)
    run = RunSettings(recipe, output_dir, classifies, trust_remote_code, answers, progress, say)
    run_lock, is_main = RunLock(output_dir), int(os.environ.get("RANK", "0")) == 0
    if is_main:
        run_lock.check()
    checkpoint = find_checkpoint(output_dir, recipe, resume_from_checkpoint)
    try:
        if is_main:
            run_lock.acquire()
        single_process = int(os.environ.get("WORLD_SIZE", "1")) == 1
        records = open_records(run, evaluations) if single_process else []
        if single_process:
            score_before(run, evaluations, records, can_answer=not classifies or models.can_answer(config))
        if not is_finished(output_dir):
            data_dir = find_data(data_dirs, recipe.corpus, recipe.config) or next(iter(map(str, data_dirs)), None)
            end = train(run, data_dir, checkpoint, report_to, stop_at_step, stop_after_minutes)
            if not end.finished:
                return FinetuneResult(output_dir, False, end.steps, {}, records)
        if single_process:
            score_after(run, evaluations, records)
        elif evaluations:
            say("Several processes score nothing; run the same command in one, with --resume-from-checkpoint latest")
        if is_main:
            _write_reports(run, records, merge)
    finally:
        run_lock.release()
    summary = json.loads((output_dir / SUMMARY_FILE).read_text(encoding="utf-8"))
    return FinetuneResult(output_dir, True, summary["steps"], summary, records, is_main)


def _check_arguments(recipe: FinetuneRecipe, merge: bool, stop_at_step: int | None, report_to: str) -> None:
    from transformers.integrations import get_available_reporting_integrations

    task = task_of_config(recipe.corpus, recipe.config)
    if recipe.form != YES_NO:
        get_form(get_task(task_name(recipe.corpus, recipe.config)), recipe.form)
    elif task is not None:
        task.require_yes_no("`form` 'yes-no'")
    if merge and not recipe.adapts:
        raise ValueError("`merge` is for adapters: add `lora`, or leave it out")
    if stop_at_step is not None and stop_at_step < 1:
        raise ValueError(f"`stop_at_step` must be at least 1, got {stop_at_step}")
    trackers = ["none", *sorted(get_available_reporting_integrations())]
    if report_to not in trackers:
        raise ValueError(f"`report_to` must be an installed tracker, {' or '.join(trackers)}; got {report_to!r}")
    models.require_packages(recipe)


def _write_reports(run: RunSettings, records: Sequence[Record], merge: bool) -> None:
    """Writes report and card of the model, and of the merged model."""
    _write_report(run.output_dir, records)
    if merge:
        run.say("Merging the adapter into the model")
        _write_report(save_merged(run.output_dir, run.trust_remote_code), records)


def _write_report(folder: Path, records: Sequence[Record]) -> None:
    if records and all(record.after for record in records):
        write_before_and_after(folder, records)
    else:
        write_records(folder, records)
    write_model_card(folder)
