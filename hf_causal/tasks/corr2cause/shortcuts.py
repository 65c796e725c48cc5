"""Shortcuts of the correlation-to-causation task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hf_causal.tasks.corr2cause.text import Prompt
from hf_causal.tasks.shared.shortcuts import Shortcut, majority


def relation_prior(prompts: Sequence[Prompt], references: Sequence[int]) -> list[int]:
    """The more frequent answer among the questions with the same relation: reads the hypothesis, not the premise."""
    relations = np.array([prompt.relation for prompt in prompts])
    answers = np.zeros(len(prompts), dtype=int)
    for relation in np.unique(relations):
        chosen = relations == relation
        answers[chosen] = majority(np.asarray(references)[chosen].tolist())
    return answers.tolist()


def few_independences(prompts: Sequence[Prompt], references: Sequence[int]) -> list[int]:
    """Yes where the premise lists at most, or at least, so many independences: the best such bound for each number of
    variables. Counts sentences, and reads neither them nor the hypothesis.
    """
    sizes = np.array([len(prompt.system.variables) for prompt in prompts])
    counts = np.array([len(prompt.system.independences) for prompt in prompts])
    answers = np.zeros(len(prompts), dtype=int)
    for size in np.unique(sizes):
        chosen = sizes == size
        answers[chosen] = _best_bound(counts[chosen], np.asarray(references)[chosen])
    return answers.tolist()


def _best_bound(counts: np.ndarray, references: np.ndarray) -> np.ndarray:
    bounds = [-1, *np.unique(counts)]  # at most -1 is never, at least 0 always
    ways = [way for bound in bounds for way in (counts <= bound, counts > bound)]
    return max(ways, key=lambda way: int((way == references).sum()))


SHORTCUTS: Mapping[str, Shortcut] = {"relation's prior": relation_prior, "number of independences": few_independences}
"""By name; plots show the last one."""
