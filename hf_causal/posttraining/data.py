"""Rows of a corpus as token ids and labels, worded as evaluation words them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa

from hf_causal.corpora import get_config
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.language_models.wording import Wording, shared_length
from hf_causal.evaluation.loading import LABELS
from hf_causal.evaluation.predictors import encode
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.training.packing import IGNORED, describe_family
from hf_causal.utils.progress import Progress

_CHUNK = 1000


@dataclass(frozen=True)
class Rows:
    """What a split gives to a trainer."""

    dataset: datasets.Dataset
    dropped: int
    """Rows that were longer than allowed."""
    answers: tuple[int, int]
    """Rows with No and with Yes, of those that are left."""
    classes: bool
    """Whether labels are classes, and not tokens."""
    family: dict[str, Any]
    """What the questions are about, see [`describe_family`]."""


def load_rows(recipe: FinetuneRecipe, split: str, data_dir: str | Path | None) -> pa.Table:
    """The rows of a split, as many as the recipe takes.

    Raises:
        `ValueError`: For an unknown corpus or config, or a config without that split.
        `FileNotFoundError`: If `data_dir` does not hold it.
    """
    known = get_config(recipe.corpus, recipe.config).splits
    if split not in known:
        raise ValueError(
            f"`config` must be one to train on, {recipe.config!r} has no split {split!r} but {', '.join(known)}"
        )
    rows = load_corpus(recipe.corpus, recipe.config, split, data_dir)
    return rows[: recipe.train_rows if split == "train" else recipe.validation_rows]


def language_rows(rows: pa.Table, wording: Wording, longest: int, progress: Progress | None = None) -> Rows:
    """Questions and answers for a causal language model; the loss is over the answer and the end alone.

    Args:
        rows (`pa.Table`): Of a corpus.
        wording ([`Wording`]): How evaluation asks.
        longest (`int`): Rows of more tokens are left out.
        progress (callable, *optional*): Called with what begins and how many rows; returns what is told finished ones.

    Raises:
        `ValueError`: If no row is short enough.
    """

    def taught(prompts: Sequence[str], answers: Sequence[int]) -> dict[str, list[list[int]]]:
        asked = [wording.render(prompt) for prompt in prompts]
        words = [LABELS[answer] for answer in answers]
        told = [wording.answered(text, word) + wording.end for text, word in zip(asked, words, strict=True)]
        ids, labels = wording.ids(told), []
        for before, whole in zip(wording.ids(asked), ids, strict=True):
            # Where the answer begins to differ from the question: a token that joins both belongs to the answer.
            start = shared_length(before, whole)
            labels.append([IGNORED] * start + whole[start:])
        return {"input_ids": ids, "labels": labels}

    return _collect(rows, taught, longest, progress)


def pair_rows(rows: pa.Table, tokenizer: Any, progress: Progress | None = None) -> Rows:
    """Premises and questions for a classifier; the ends of premises that are too long are left out, as in scoring."""

    def classed(prompts: Sequence[str], answers: Sequence[int]) -> dict[str, Any]:
        return {**encode(tokenizer, prompts, pairs=True), "labels": list(answers)}

    return _collect(rows, classed, None, progress)


def _collect(
    rows: pa.Table, encoded: Callable[..., dict[str, Any]], longest: int | None, progress: Progress | None
) -> Rows:
    prompts, answers = rows["prompt"].to_pylist(), rows["label"].to_pylist()
    told = progress("tokenizing", len(prompts)) if progress else None
    columns: dict[str, list[Any]] = {}
    counts = [0, 0]
    for start in range(0, len(prompts), _CHUNK):
        asked, given = prompts[start : start + _CHUNK], answers[start : start + _CHUNK]
        fields = encoded(asked, given)
        kept = [i for i, ids in enumerate(fields["input_ids"]) if longest is None or len(ids) <= longest]
        for name, values in fields.items():
            columns.setdefault(name, []).extend(values[index] for index in kept)
        for index in kept:
            counts[given[index]] += 1
        if told:
            told(len(asked))
    if not sum(counts):
        raise ValueError(f"`max_length` must be larger than {longest}: each of {len(prompts)} rows has more tokens")
    dropped = len(prompts) - sum(counts)
    dataset, classes = datasets.Dataset.from_dict(columns), isinstance(columns["labels"][0], int)
    return Rows(dataset, dropped, (counts[0], counts[1]), classes, describe_family(rows))
