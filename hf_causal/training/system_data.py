"""Training data about closed systems for models that read sentences: a premise once, with all its hypotheses."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from hf_causal.tasks.corr2cause.text import parse_premise
from hf_causal.training.packing import IGNORED, premise_starts
from hf_causal.training.question_data import encode_premises


class SystemData:
    """Premises of closed systems with their hypotheses, each as two places in the premise's list and some phrases.

    Args:
        rows (`pa.Table`): With `premise`, `question`, `label` and `graph_id`; the rows of a premise stand together.
        tokenizer (`TokenizersBackend`): Encodes premises and hypotheses.

    Raises:
        `ValueError`: If there are no rows, or a hypothesis is about a variable that its premise does not list.
    """

    def __init__(self, rows: pa.Table, tokenizer: Any):
        starts = premise_starts(rows)
        premises = rows["premise"].take(pa.array(starts[:-1])).to_pylist()
        asked, labels = rows["question"].to_pylist(), rows["label"].to_numpy()
        self._tokens = encode_premises([f"Premise: {premise}" for premise in premises], tokenizer)
        self._labels = np.split(labels.astype(np.int64), starts[1:-1])
        self._places: list[np.ndarray] = []
        self._phrases: list[list[tuple[int, ...]]] = []
        read = lru_cache(maxsize=None)(lambda text: _wording(text, tokenizer))
        for premise, start, stop in zip(premises, starts[:-1], starts[1:], strict=True):
            variables = {name: place for place, name in enumerate(parse_premise(premise).variables)}
            wordings = [read(text) for text in asked[start:stop]]
            for (names, _), text in zip(wordings, asked[start:stop], strict=True):
                if len(names) != 2 or not set(names) <= set(variables):
                    raise ValueError(
                        f"`rows` have the hypothesis {text!r}, which is not about two of the variables "
                        f"{', '.join(variables)}"
                    )
            self._places.append(np.array([[variables[name] for name in names] for names, _ in wordings]))
            self._phrases.append([phrases for _, phrases in wordings])
        self.questions = np.diff(starts)
        # Every pair of variables hears of every third.
        self.lengths = np.array([len(parse_premise(premise).variables) ** 3 for premise in premises])

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """One batch, padded on the right.

        Returns:
            `dict`: `system_ids` of shape (packs, length), `system_words` (packs, hypotheses, 2), `system_phrases`
            (packs, hypotheses, phrases) and `system_labels` (packs, hypotheses).
        """
        size, asked = len(packs), int(self.questions[packs].max())
        length = max(len(self._tokens[pack]) for pack in packs)
        most = max(len(phrases) for pack in packs for phrases in self._phrases[pack])
        batch = {
            "system_ids": np.full((size, length), pad_token_id, dtype=np.int64),
            "system_words": np.zeros((size, asked, 2), dtype=np.int64),
            "system_phrases": np.zeros((size, asked, most), dtype=np.int64),
            "system_labels": np.full((size, asked), IGNORED, dtype=np.int64),
        }
        for index, pack in enumerate(packs):
            count = self.questions[pack]
            batch["system_ids"][index, : len(self._tokens[pack])] = self._tokens[pack]
            batch["system_words"][index, :count] = self._places[pack]
            for question, phrases in enumerate(self._phrases[pack]):
                batch["system_phrases"][index, question, : len(phrases)] = phrases
            batch["system_labels"][index, :count] = self._labels[pack]
        return {name: torch.from_numpy(array) for name, array in batch.items()}


def _wording(text: str, tokenizer: Any) -> tuple[tuple[str, ...], tuple[int, ...]]:
    """The names that a hypothesis mentions, and its other tokens but for the stop."""
    ids = tokenizer(f"Hypothesis: {text}", add_special_tokens=False)["input_ids"][1:]
    names: list[str] = []
    phrases: list[int] = []
    inside = False
    for token, written in zip(ids, tokenizer.convert_ids_to_tokens(ids), strict=True):
        if len(written) == 1 and written.isalnum():
            names[-1:] = [names[-1] + written] if inside else [*names[-1:], written]
        elif written != ".":
            phrases.append(token)
        inside = len(written) == 1 and written.isalnum()
    return tuple(names), tuple(phrases)
