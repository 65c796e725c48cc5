"""The rows that harnesses evaluate: from a built folder, from a data set on the Hub, or generated here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import datasets

from hf_causal.corpora import get_config
from hf_causal.corpora.load import load_corpus
from hf_causal.tasks.answering import applies, question_in_form, write_answer


class Splits(Mapping[str, datasets.Dataset]):
    """The splits of a config, each loaded on first access.

    Args:
        corpus, config (`str`): For example `"axiomatic"` and `"transitivity_generalization"`.
        source (`str` or `Path`, *optional*): A folder that `hf-causal build` wrote, or a data set on the Hub. The
            published rows are generated when not given.
        form (`str`, *optional*): Form of answer; rows whose question can be put in it get the columns `form`,
            `question` and `answer`, and the others are left out.

    Raises:
        `FileNotFoundError`: On access, if the source does not hold that config and split.
    """

    def __init__(self, corpus: str, config: str, source: str | Path | None = None, form: str | None = None):
        self.corpus, self.config, self.source, self.form = corpus, config, source, form
        self._names = tuple(get_config(corpus, config).splits)

    def __getitem__(self, split: str) -> datasets.Dataset:
        if split not in self._names:
            raise KeyError(split)
        rows = datasets.Dataset(load_corpus(self.corpus, self.config, split, self.source))
        return rows if self.form is None else _put_in_form(rows, self.form)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _put_in_form(rows: datasets.Dataset, form: str) -> datasets.Dataset:
    """Returns the rows whose question can be put in a form; columns are added to a row when it is read."""
    fit = [index for index, prompt in enumerate(rows["prompt"]) if applies({"prompt": prompt}, form)]

    def add_columns(columns: dict[str, list[Any]]) -> dict[str, list[Any]]:
        one_by_one = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        questions = [question_in_form(row, form) for row in one_by_one]
        answers = [write_answer(row, form) for row in one_by_one]
        return {**columns, "form": [form] * len(one_by_one), "question": questions, "answer": answers}

    return rows.select(fit).with_transform(add_columns)


def load_for_lm_eval(corpus: str, config: str, form: str | None = None, **metadata: Any) -> Splits:
    """Returns the rows of a task; lm-evaluation-harness calls this with the entries of its `--metadata`.

    Args:
        corpus, config (`str`): From the task's file.
        form (`str`, *optional*): Form of answer, from the task's file.
        **metadata: An entry with the name of the corpus is the source of its rows, see [`Splits`]; other entries are
            ignored.
    """
    return Splits(corpus, config, metadata.get(corpus), form)
