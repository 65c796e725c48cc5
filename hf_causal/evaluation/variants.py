"""How much variants of the questions change a model: the same rows renamed, shuffled, as stories, in Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hf_causal.evaluation.metrics import Accuracy
from hf_causal.evaluation.predictors import Predictor
from hf_causal.evaluation.questions import ANSWERS, QuestionSet
from hf_causal.evaluation.variant_scores import VariantScore, VariantScores
from hf_causal.tasks.proving import read
from hf_causal.tasks.varying import VARIANTS, vary
from hf_causal.utils.progress import Progress, start

SCORED = tuple(name for name in VARIANTS if name != "insufficient")
"""Variants whose answers are Yes or No."""


def check_variants(variants: Iterable[str]) -> None:
    """Raises `ValueError` for a variant that does not exist, or whose answer is neither Yes nor No."""
    for name in variants:
        if name == "insufficient":
            raise ValueError(
                "`variants` has 'insufficient', whose answer is neither Yes nor No; score replies to such rows with "
                "`hf_causal.score`"
            )
        if name not in SCORED:
            raise ValueError(f"`variants` must be among {', '.join(SCORED)}, got {name!r}")


def score_variants(
    predictor: Predictor,
    sets: Sequence[QuestionSet],
    variants: Sequence[str],
    seed: int = 0,
    progress: Progress | None = None,
) -> VariantScores:
    """Scores a model on variants of questions, and on the same questions as they are.

    Args:
        predictor ([`Predictor`]): The model.
        sets (sequence of [`QuestionSet`]): The questions.
        variants (sequence of `str`): See [`hf_causal.vary`].
        seed (`int`): Of the variants.
        progress (callable, *optional*): See [`Progress`].

    Raises:
        `ValueError`: See [`check_variants`].
    """
    check_variants(variants)
    rows: list[dict[str, Any]] = [
        {"prompt": prompt, "label": label}
        for questions in sets
        for prompt, label in zip(questions.prompts, questions.references, strict=True)
    ]
    prompts = [row["prompt"] for row in rows]
    answers = predictor.predict(prompts, start(progress, "questions as they are", len(prompts))) if rows else []
    scores, remarks = {}, {}
    for variant in variants:
        varied, left_out = _readable_variants(predictor, rows, variant, seed)
        if left_out:
            remarks[variant] = left_out
        if varied:
            texts = [row["prompt"] for row in varied.values()]
            new = predictor.predict(texts, start(progress, f"questions, {variant}", len(texts)))
            scores[variant] = _compare(rows, answers, varied, new)
    return VariantScores(scores, remarks)


def _compare(
    rows: Sequence[Mapping[str, Any]], answers: Sequence[int], varied: Mapping[int, Mapping[str, Any]], new: list[int]
) -> VariantScore:
    old = [answers[index] for index in varied]
    n = len(varied)
    return VariantScore(
        Accuracy.of(sum(answers[index] == rows[index]["label"] for index in varied), n),
        Accuracy.of(sum(answer == row["label"] for answer, row in zip(new, varied.values(), strict=True)), n),
        Accuracy.of(sum(map(int.__eq__, old, new)), n),
    )


def _readable_variants(
    predictor: Predictor, rows: Sequence[Mapping[str, Any]], variant: str, seed: int
) -> tuple[dict[int, dict[str, Any]], str]:
    """Returns the variants that exist and that the model can read by the index of their row, and what is left out."""
    varied: dict[int, dict[str, Any]] = {}
    reasons: dict[str, int] = {}
    for index, row in enumerate(rows):
        try:
            one = vary(row, variant, seed)
            predictor.require_readable(read(row["prompt"])[0].name, one["prompt"])
        except ValueError as error:
            reason = str(error).partition(":")[0]
            reasons[reason] = reasons.get(reason, 0) + 1
            continue
        varied[index] = {**one, "label": ANSWERS[one["completion"]]}
    return varied, "; ".join(f"{count:,} left out, {reason}" for reason, count in reasons.items())
