"""Scores a model before and after fine-tuning, and keeps each score as soon as it is computed."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from hf_causal.evaluation.language_models.local import LocalModel
from hf_causal.evaluation.loading import load_pretrained
from hf_causal.evaluation.predictors import Predictor, make_predictor
from hf_causal.evaluation.scores import Scores
from hf_causal.posttraining.evaluations import Evaluation, Record, read_records, write_records
from hf_causal.posttraining.models import quantization
from hf_causal.posttraining.proofs import ProofPredictor
from hf_causal.posttraining.settings import RunSettings
from hf_causal.tasks.forms import YES_NO


def open_records(run: RunSettings, evaluations: Sequence[Evaluation]) -> list[Record]:
    """Returns a record for each evaluation, from the output folder if its settings are the same."""
    recipe = run.recipe
    settings: dict[str, Any] = {
        "limit": recipe.eval_limit,
        "generate": recipe.generate,
        "chat_template": recipe.chat_template,
    }
    if recipe.form != YES_NO:
        settings |= {"form": recipe.form, "max_new_tokens": recipe.max_new_tokens}
    stored = {record.title: record for record in read_records(run.output_dir) if record.settings == settings}
    return [stored.get(one.title, Record(one.title, one.slug, settings)) for one in evaluations]


def score_before(
    run: RunSettings, evaluations: Sequence[Evaluation], records: Sequence[Record], can_answer: bool
) -> None:
    """Scores the base model, unless it cannot answer Yes or No."""
    recipe = run.recipe
    for record, evaluation in zip(records, evaluations, strict=True):
        if record.before_done:
            continue
        if can_answer:
            run.say(f"Scoring {recipe.base_name} on {evaluation.title}, before fine-tuning")
            record.before = _score(run, evaluation, recipe.model, recipe.base_name)
        else:
            run.say("Not scored before: the model has no head that says Yes and No")
        record.before_done = True
        write_records(run.output_dir, records)


def score_after(run: RunSettings, evaluations: Sequence[Evaluation], records: Sequence[Record]) -> None:
    """Scores the fine-tuned model in the output folder."""
    for record, evaluation in zip(records, evaluations, strict=True):
        if record.after is None:
            run.say(f"Scoring {run.recipe.name} on {evaluation.title}, after fine-tuning")
            record.after = _score(run, evaluation, run.output_dir, run.recipe.name)
            write_records(run.output_dir, records)


def free_memory() -> None:
    """Frees the memory of a model after the last reference to it is gone."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _score(run: RunSettings, evaluation: Evaluation, model: str | Path, name: str) -> Scores:
    scores = evaluation.score(_loader(run, model, evaluation.measure), name, run.recipe.eval_limit, run.progress)
    free_memory()
    return scores


def _loader(run: RunSettings, model: str | Path, measure: str | None) -> Callable[[], Predictor]:
    """Returns a function that loads a model from its folder, as any user would."""

    def load() -> Predictor:
        weights = quantization(run.recipe)
        if run.classifies:
            loaded = load_pretrained(model, trust_remote_code=run.trust_remote_code, quantization=weights)
            return make_predictor(*loaded)
        options: dict[str, Any] = {"max_new_tokens": run.max_new_tokens} if run.writes else {}
        language_model = LocalModel.load(
            model,
            trust_remote_code=run.trust_remote_code,
            quantization=weights,
            prompt_format=run.prompt_format,
            generate=run.writes,
            chat_template=run.recipe.chat_template,
            answers=run.answers,
            **options,
        )
        return ProofPredictor(language_model, measure) if measure else language_model

    return load
