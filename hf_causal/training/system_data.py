"""Hypotheses about closed systems for models that read sentences: a premise once, with all its hypotheses."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import torch

from hf_causal.tasks.corr2cause import TASK
from hf_causal.tasks.corr2cause.text import parse_premise
from hf_causal.training.packing import IGNORED, premise_starts
from hf_causal.training.question_data import encode_premises
from hf_causal.training.tensors import PAD, TensorSpec, empty_batch

_PREMISE, _HYPOTHESIS = TASK.prompt_prefixes


class _Hypothesis(NamedTuple):
    """A hypothesis as the model reads it."""

    names: tuple[str, ...]
    phrases: tuple[int, ...]
    """Ids of all other tokens except the full stop."""


class SystemData:
    """Premises of closed systems with their hypotheses: two positions in the premise's list, and some phrases.

    Args:
        rows (`pa.Table`): With `premise`, `question`, `label` and `graph_id`; rows of a premise are consecutive.
        tokenizer (`TokenizersBackend`): Encodes premises and hypotheses.

    Raises:
        `ValueError`: If there are no rows, or a hypothesis is about a variable that its premise does not list.
    """

    tensors = {
        "system_ids": TensorSpec("systems", ("system tokens",), PAD),
        "system_words": TensorSpec("systems", ("hypotheses", "variables")),
        "system_phrases": TensorSpec("systems", ("hypotheses", "phrases")),
        "system_labels": TensorSpec("systems", ("hypotheses",), IGNORED),
    }

    def __init__(self, rows: pa.Table, tokenizer: Any):
        starts = premise_starts(rows)
        premises = rows["premise"].take(pa.array(starts[:-1])).to_pylist()
        questions, labels = rows["question"].to_pylist(), rows["label"].to_numpy()
        self._tokens = encode_premises([f"{_PREMISE}{premise}" for premise in premises], tokenizer)
        self._labels = np.split(labels.astype(np.int64), starts[1:-1])
        self._positions: list[np.ndarray] = []
        self._phrases: list[list[tuple[int, ...]]] = []
        read = lru_cache(maxsize=None)(lambda text: _read_hypothesis(text, tokenizer))
        variables_of = [parse_premise(premise).variables for premise in premises]
        for variables, start, stop in zip(variables_of, starts[:-1], starts[1:], strict=True):
            positions = {name: position for position, name in enumerate(variables)}
            hypotheses = [read(text) for text in questions[start:stop]]
            for (names, _), text in zip(hypotheses, questions[start:stop], strict=True):
                if len(names) != 2 or not set(names) <= set(positions):
                    raise ValueError(
                        f"`rows` have the hypothesis {text!r}, which is not about two of the variables "
                        f"{', '.join(positions)}"
                    )
            self._positions.append(np.array([[positions[name] for name in names] for names, _ in hypotheses]))
            self._phrases.append([phrases for _, phrases in hypotheses])
        self.questions = np.diff(starts)
        # The model passes messages from every pair of variables to every third, which costs n ** 3.
        self.lengths = np.array([len(variables) ** 3 for variables in variables_of])

    @classmethod
    def from_options(cls, rows: pa.Table, tokenizer: Any, options: Any, training: bool, seed: int) -> SystemData:
        """Reads rows; no option changes them."""
        return cls(rows, tokenizer)

    def __len__(self) -> int:
        return len(self.lengths)

    def collate(self, packs: np.ndarray, pad_token_id: int) -> dict[str, torch.Tensor]:
        """Returns one batch, padded on the right.

        Returns:
            `dict`: `system_ids` of shape (packs, length), `system_words` (packs, hypotheses, 2), `system_phrases`
            (packs, hypotheses, phrases) and `system_labels` (packs, hypotheses).
        """
        sizes = {
            "systems": len(packs),
            "system tokens": max(len(self._tokens[pack]) for pack in packs),
            "hypotheses": int(self.questions[packs].max()),
            "variables": 2,
            "phrases": max(len(phrases) for pack in packs for phrases in self._phrases[pack]),
        }
        batch = empty_batch(self.tensors, sizes, pad_token_id)
        for index, pack in enumerate(packs):
            count = self.questions[pack]
            batch["system_ids"][index, : len(self._tokens[pack])] = self._tokens[pack]
            batch["system_words"][index, :count] = self._positions[pack]
            for question, phrases in enumerate(self._phrases[pack]):
                batch["system_phrases"][index, question, : len(phrases)] = phrases
            batch["system_labels"][index, :count] = self._labels[pack]
        return {name: torch.from_numpy(array) for name, array in batch.items()}


def _read_hypothesis(text: str, tokenizer: Any) -> _Hypothesis:
    ids = tokenizer(f"{_HYPOTHESIS}{text}", add_special_tokens=False)["input_ids"][1:]
    names: list[str] = []
    phrases: list[int] = []
    in_name = False  # names are spelled by character, everything else is phrases
    for token_id, token in zip(ids, tokenizer.convert_ids_to_tokens(ids), strict=True):
        if len(token) == 1 and token.isalnum():
            names[-1:] = [names[-1] + token] if in_name else [*names[-1:], token]
        elif token != ".":
            phrases.append(token_id)
        in_name = len(token) == 1 and token.isalnum()
    return _Hypothesis(tuple(names), tuple(phrases))
