"""One fine-tuning run: score, train, save, score again, report."""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from hf_causal.artifacts import SUMMARY_FILE
from hf_causal.evaluation.evaluate import Answers
from hf_causal.evaluation.language_models.local import LocalModel
from hf_causal.evaluation.language_models.prompts import PromptFormat
from hf_causal.evaluation.language_models.wording import Wording
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.evaluation.predictors import Answerer
from hf_causal.posttraining import models
from hf_causal.posttraining.data import Rows, language_rows, load_rows, pair_rows
from hf_causal.posttraining.evaluations import Evaluation, find_data, plan_evaluations
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.posttraining.report import Record, read_records, write_records
from hf_causal.posttraining.saving import (
    CHECKPOINTS,
    RECIPE,
    find_checkpoint,
    is_finished,
    save_merged,
    save_model,
    write_story,
)
from hf_causal.posttraining.trainers import StopAt, classification_trainer, common_arguments, language_trainer
from hf_causal.utils.files import write_text
from hf_causal.utils.progress import Progress


@dataclass(frozen=True)
class FinetuneResult:
    """How a run ended."""

    output_dir: Path
    finished: bool
    """Whether it came to its last step, and the model is written."""
    steps: int
    summary: dict[str, Any]
    """What `training_summary.json` says; empty of a run that is not finished."""
    records: list[Record]
    """What was scored, before and after."""
    is_main: bool = True
    """Whether this process is the one that writes and talks."""


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
) -> FinetuneResult:
    """Fine-tunes a model and leaves a folder: weights or adapter, tokenizer, recipe, log, scores, report and card.

    Scores before and after are of the same questions, asked in the same words that the training rows have. Under
    `accelerate launch` each process calls this, and nothing is scored: go on with one process and
    `resume_from_checkpoint="latest"` for that.

    Args:
        recipe ([`FinetuneRecipe`]): What to train.
        output_dir (`str` or `Path`): The folder; checkpoints go into its `checkpoints/`.
        data_dirs (sequence): Built corpora or data sets on the Hub; published configs are generated otherwise.
        resume_from_checkpoint (`str`, *optional*): `latest` or the path of a checkpoint. `latest` starts afresh when
            there is none, and scores what is not scored yet when training has come to its end.
        report_to (`str`): `none`, or a tracker that transformers knows.
        stop_at_step (`int`, *optional*): Save a checkpoint after this step and return.
        merge (`bool`): Also write the model with its adapter merged into it, to `merged/`.
        trust_remote_code (`bool`): Whether a model may bring its own code.
        answers (`str` or `Path`, *optional*): Folder that keeps the replies of language models.
        progress (callable, *optional*): Told what is tokenized and scored, see `hf_causal.evaluation.evaluate`.
        say (callable, *optional*): Told in a sentence what begins.

    Returns:
        [`FinetuneResult`]

    Raises:
        `ValueError`: If an argument is wrong, the folder holds another run, or something is not installed.
        `FileNotFoundError`: If the model, the data or a checkpoint does not exist.
    """
    output_dir = Path(output_dir)
    recipe = replace(recipe, name=recipe.name or output_dir.resolve().name)
    if merge and not recipe.adapts:
        raise ValueError("`merge` is for adapters: add `lora`, or leave it out")
    if stop_at_step is not None and stop_at_step < 1:
        raise ValueError(f"`stop_at_step` must be at least 1, got {stop_at_step}")
    _check_tracker(report_to)
    models.require_packages(recipe)
    evaluations = plan_evaluations(recipe, data_dirs)
    config = models.read_config(recipe, trust_remote_code)
    classifier = models.classifies(recipe, config)
    checkpoint = find_checkpoint(output_dir, recipe, resume_from_checkpoint)
    run = _Run(recipe, output_dir, classifier, trust_remote_code, answers, progress, say)
    alone = int(os.environ.get("WORLD_SIZE", "1")) == 1
    records = run.records(evaluations) if alone else []
    if alone:
        run.score_before(evaluations, records, not classifier or models.answers_already(config))
    if not is_finished(output_dir):
        data_dir = find_data(data_dirs, recipe.corpus, recipe.config) or next(iter(map(str, data_dirs)), None)
        steps, finished = run.train(data_dir, checkpoint, report_to, stop_at_step)
        if not finished:
            return FinetuneResult(output_dir, False, steps, {}, records)
    if alone:
        run.score_after(evaluations, records)
    elif evaluations:
        say("Several processes score nothing: the same command in one, with --resume-from-checkpoint latest, does")
    is_main = int(os.environ.get("RANK", "0")) == 0
    if is_main:
        write_story(output_dir, records)
        if merge:
            say("Merging the adapter into the model")
            write_story(save_merged(output_dir, trust_remote_code), records)
    summary = json.loads((output_dir / SUMMARY_FILE).read_text(encoding="utf-8"))
    return FinetuneResult(output_dir, True, summary["steps"], summary, records, is_main)


def _check_tracker(report_to: str) -> None:
    from transformers.integrations import get_available_reporting_integrations

    known = ["none", *sorted(get_available_reporting_integrations())]
    if report_to not in known:
        raise ValueError(f"`report_to` must be a tracker that is installed, {' or '.join(known)}; got {report_to!r}")


class _Run:
    """What the steps of one run share."""

    def __init__(
        self,
        recipe: FinetuneRecipe,
        output_dir: Path,
        classifier: bool,
        trust_remote_code: bool,
        answers: str | Path | None,
        progress: Progress | None,
        say: Callable[[str], Any],
    ):
        self.recipe, self.output_dir, self.classifier = recipe, output_dir, classifier
        self.trust_remote_code, self.answers, self.progress, self.say = trust_remote_code, answers, progress, say
        self.prompt_format = PromptFormat(instructed=recipe.generate)

    def records(self, evaluations: Sequence[Evaluation]) -> list[Record]:
        """What was scored so far of these questions in this way, and empty records for the rest."""
        recipe = self.recipe
        way = {"limit": recipe.eval_limit, "generate": recipe.generate, "chat_template": recipe.chat_template}
        known = {record["title"]: record for record in read_records(self.output_dir) if record["way"] == way}
        empty = {"way": way, "before": None, "after": None, "before_done": False}
        return [known.get(one.title, {"title": one.title, "slug": one.slug, **empty}) for one in evaluations]

    def score_before(self, evaluations: Sequence[Evaluation], records: list[Record], can_answer: bool) -> None:
        """Scores the base model where it says Yes and No; each score is kept as it comes."""
        for record, one in zip(records, evaluations, strict=True):
            if not record["before_done"]:
                if can_answer:
                    self.say(f"Scoring {self.recipe.base_name} on {one.title}, before fine-tuning")
                    record["before"] = self._score(one, self.recipe.model, self.recipe.base_name)
                else:
                    self.say("Not scored before: the model has no head that says Yes and No")
                record["before_done"] = True
                self.output_dir.mkdir(parents=True, exist_ok=True)
                write_records(self.output_dir, records)

    def score_after(self, evaluations: Sequence[Evaluation], records: list[Record]) -> None:
        """Scores what the run left in its folder."""
        for record, one in zip(records, evaluations, strict=True):
            if record["after"] is None:
                self.say(f"Scoring {self.recipe.name} on {one.title}, after fine-tuning")
                record["after"] = self._score(one, self.output_dir, self.recipe.name)
                write_records(self.output_dir, records)

    def _score(self, evaluation: Evaluation, model: str | Path, name: str) -> dict[str, Any]:
        scores = evaluation.score(self._load(model), name, self.recipe.eval_limit, self.progress)
        _free()
        return scores

    def _load(self, model: str | Path) -> Callable[[], Answers]:
        """Loads what is asked, as anyone would load it from its folder."""

        def load() -> Answers:
            quantized = models.quantization(self.recipe)
            if self.classifier:
                return Answerer(
                    *load_pretrained(model, trust_remote_code=self.trust_remote_code, quantization=quantized)
                )
            return LocalModel.load(
                model,
                trust_remote_code=self.trust_remote_code,
                quantization=quantized,
                prompt_format=self.prompt_format,
                generate=self.recipe.generate,
                chat_template=self.recipe.chat_template,
                answers=self.answers,
            )

        return load

    def train(
        self, data_dir: str | None, checkpoint: Path | None, report_to: str, stop_at_step: int | None
    ) -> tuple[int, bool]:
        """Trains to the last step, or to the step to stop at, and writes the model when it is the last one."""
        from transformers import set_seed

        recipe = self.recipe
        tables = [load_rows(recipe, split, data_dir) for split in ("train", "validation")]
        set_seed(recipe.seed)  # before a new head or an adapter is drawn
        model, tokenizer = models.load_for_training(recipe, self.classifier, self.trust_remote_code)
        if recipe.packing:
            models.require_separate_packs(model)
            tokens = recipe.batch_size * recipe.max_length
            if "flash" not in str(model.config._attn_implementation) and tokens > 8192:
                self.say(
                    f"A batch of packs is one sequence of up to {tokens:,} tokens; without FlashAttention, time and "
                    "memory grow with its square: take fewer packs (--batch-size) or shorter ones (--max-length)"
                )
        train, validation = (self._rows(table, tokenizer, model) for table in tables)
        if train.dropped:
            self.say(f"{train.dropped:,} of {tables[0].num_rows:,} rows have more tokens than fit and are left out")
        if recipe.adapts:
            model = models.add_adapters(model, recipe, self.classifier)
        arguments = common_arguments(recipe, self.output_dir / CHECKPOINTS, report_to, self.classifier)
        make = classification_trainer if self.classifier else language_trainer
        trainer = make(model, tokenizer, recipe, train, validation, arguments)
        if stop_at_step is not None:
            trainer.add_callback(StopAt(stop_at_step))
        if trainer.is_world_process_zero():
            self.output_dir.mkdir(parents=True, exist_ok=True)
            write_text(self.output_dir / RECIPE, recipe.to_yaml())
        self.say(f"Training {recipe.name}: {len(train.dataset):,} {'packs' if recipe.packing else 'rows'}")
        began = time.perf_counter()
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        seconds = time.perf_counter() - began
        steps, finished = trainer.state.global_step, trainer.state.global_step >= trainer.state.max_steps
        if finished and trainer.is_world_process_zero():
            save_model(trainer, tokenizer, recipe, self.output_dir, train, validation, seconds)
        trainer.accelerator.wait_for_everyone()
        del trainer, model
        _free()
        return steps, finished

    def _rows(self, table: Any, tokenizer: Any, model: Any) -> Rows:
        if self.classifier:
            return pair_rows(table, tokenizer, self.progress)
        wording = Wording(tokenizer, self.prompt_format, self.recipe.chat_template)
        longest = min(self.recipe.max_length, models.longest_row(model, tokenizer))
        return language_rows(table, wording, longest, self.progress)


def _free() -> None:
    """Gives back the memory of a model that nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
