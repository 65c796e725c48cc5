"""Rows of a corpus as token ids and labels, with the prompts that evaluation uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import datasets
import pyarrow as pa

from hf_causal.corpora import get_config
from hf_causal.corpora.load import load_corpus
from hf_causal.evaluation.language_models.prompts import PromptRenderer
from hf_causal.evaluation.loading import LABELS
from hf_causal.evaluation.predictors import encode_pairs
from hf_causal.posttraining.recipe import FinetuneRecipe
from hf_causal.tasks.answering import applies, write_answer
from hf_causal.tasks.forms import YES_NO
from hf_causal.training.packing import IGNORED, describe_family
from hf_causal.utils.progress import Progress, start
from hf_causal.utils.shared_prefix import common_length

_CHUNK = 1000

Encode = Callable[[Sequence[str], Sequence[int]], dict[str, Any]]
"""From prompts and labels to columns of a training set, `input_ids` and `labels` among them."""


@dataclass(frozen=True)
class TrainingRows:
    """The tokenized rows of a split."""

    dataset: datasets.Dataset
    dropped: int
    """Number of rows that were left out because they are too long."""
    answers: tuple[int, int]
    """Number of rows with No and with Yes, without those left out; rows with other answers are neither."""
    labels_are_classes: bool
    """Whether labels are classes, as classifiers need them, or tokens."""
    family: dict[str, Any]
    """Sizes and forms of the premises, see [`describe_family`]."""
    groups: list[str]
    """`graph_id` of each tokenized question; questions about one premise have the same."""

    @property
    def questions(self) -> int:
        """Number of questions, of which a row of the data set may hold several."""
        return len(self.groups)


def load_rows(recipe: FinetuneRecipe, split: str, data_dir: str | Path | None) -> pa.Table:
    """Loads the rows of a split, as many as the recipe uses.

    Raises:
        `ValueError`: For an unknown corpus or config, or a config without that split.
        `FileNotFoundError`: If `data_dir` does not hold it.
    """
    splits = get_config(recipe.corpus, recipe.config).splits
    if split not in splits:
        raise ValueError(
            f"`config` must be one to train on, {recipe.config!r} has no split {split!r} but {', '.join(splits)}"
        )
    rows = load_corpus(recipe.corpus, recipe.config, split, data_dir)
    return rows[: recipe.train_rows if split == "train" else recipe.validation_rows]


def language_rows(
    rows: pa.Table, renderer: PromptRenderer, max_tokens: int, progress: Progress | None = None
) -> TrainingRows:
    """Tokenizes rows for a causal language model, with a loss over the answer and the end of the text alone.

    Args:
        rows (`pa.Table`): Rows of a corpus.
        renderer ([`PromptRenderer`]): The prompts of evaluation.
        max_tokens (`int`): Rows with more tokens are left out.
        progress (callable, *optional*): See [`Progress`].

    Raises:
        `ValueError`: If all rows are too long.
    """

    form = renderer.prompt_format.form
    if form != YES_NO:
        rows = _rows_for(rows, form)

    def encode(prompts: Sequence[str], answers: Sequence[int]) -> dict[str, list[list[int]]]:
        questions = [renderer.render(prompt) for prompt in prompts]
        texts = [
            renderer.with_answer(
                question, LABELS[answer] if form == YES_NO else write_answer({"prompt": prompt}, form)
            )
            + renderer.end_of_answer
            for prompt, question, answer in zip(prompts, questions, answers, strict=True)
        ]
        ids, labels = renderer.token_ids(texts), []
        for question_ids, text_ids in zip(renderer.token_ids(questions), ids, strict=True):
            # A token that holds the end of the question and the start of the answer belongs to the answer.
            shared = common_length(question_ids, text_ids)
            labels.append([IGNORED] * shared + text_ids[shared:])
        return {"input_ids": ids, "labels": labels}

    return _tokenize(rows, encode, max_tokens, progress)


def _rows_for(rows: pa.Table, form: str) -> pa.Table:
    """Returns the rows whose question can be put in a form of answer.

    Raises:
        `ValueError`: If there are none, or the task does not have the form.
    """
    fits = [applies({"prompt": prompt}, form) for prompt in rows["prompt"].to_pylist()]
    if not any(fits):
        raise ValueError(f"`form` {form!r} fits none of {rows.num_rows} questions")
    return rows.filter(pa.array(fits))


def pair_rows(rows: pa.Table, tokenizer: Any, progress: Progress | None = None) -> TrainingRows:
    """Tokenizes premise and question for a classifier; long premises are cut at their end, as in evaluation."""

    def encode(prompts: Sequence[str], answers: Sequence[int]) -> dict[str, Any]:
        return {**encode_pairs(tokenizer, prompts), "labels": list(answers)}

    return _tokenize(rows, encode, None, progress)


def _tokenize(rows: pa.Table, encode: Encode, max_tokens: int | None, progress: Progress | None) -> TrainingRows:
    prompts, answers = rows["prompt"].to_pylist(), rows["label"].to_pylist()
    advance = start(progress, "tokenizing", len(prompts))
    columns: dict[str, list[Any]] = {}
    answer_counts: dict[int | None, int] = {0: 0, 1: 0, None: 0}
    graphs = rows["graph_id"].to_pylist()
    groups: list[str] = []
    for first in range(0, len(prompts), _CHUNK):
        chunk_answers = answers[first : first + _CHUNK]
        encoded = encode(prompts[first : first + _CHUNK], chunk_answers)
        kept = [i for i, ids in enumerate(encoded["input_ids"]) if max_tokens is None or len(ids) <= max_tokens]
        for name, values in encoded.items():
            columns.setdefault(name, []).extend(values[index] for index in kept)
        for index in kept:
            answer_counts[chunk_answers[index]] += 1
            groups.append(graphs[first + index])
        advance(len(chunk_answers))
    num_kept = sum(answer_counts.values())
    if not num_kept:
        raise ValueError(f"`max_length` must be larger than {max_tokens}: each of {len(prompts)} rows has more tokens")
    return TrainingRows(
        dataset=datasets.Dataset.from_dict(columns),
        dropped=len(prompts) - num_kept,
        answers=(answer_counts[0], answer_counts[1]),
        labels_are_classes=isinstance(columns["labels"][0], int),
        family=describe_family(rows),
        groups=groups,
    )
