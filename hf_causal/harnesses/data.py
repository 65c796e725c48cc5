"""The rows that harnesses evaluate: from a built folder, from a data set on the Hub, or generated here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import datasets

from hf_causal.corpora import get_config
from hf_causal.corpora.load import load_corpus


class Splits(Mapping[str, datasets.Dataset]):
    """The splits of a config, each loaded on first access.

    Args:
        corpus, config (`str`): For example `"axiomatic"` and `"transitivity_generalization"`.
        source (`str` or `Path`, *optional*): A folder that `hf-causal build` wrote, or a data set on the Hub. The
            published rows are generated when not given.

    Raises:
        `FileNotFoundError`: On access, if the source does not hold that config and split.
    """

    def __init__(self, corpus: str, config: str, source: str | Path | None = None):
        self.corpus, self.config, self.source = corpus, config, source
        self._names = tuple(get_config(corpus, config).splits)

    def __getitem__(self, split: str) -> datasets.Dataset:
        if split not in self._names:
            raise KeyError(split)
        return datasets.Dataset(load_corpus(self.corpus, self.config, split, self.source))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def load_for_lm_eval(corpus: str, config: str, **metadata: Any) -> Splits:
    """Returns the rows of a task; lm-evaluation-harness calls this with the entries of its `--metadata`.

    Args:
        corpus, config (`str`): From the task's file.
        **metadata: An entry with the name of the corpus is the source of its rows, see [`Splits`]; other entries are
            ignored.
    """
    return Splits(corpus, config, metadata.get(corpus))
