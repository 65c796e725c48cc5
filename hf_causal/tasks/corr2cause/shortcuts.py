"""Shortcuts of the correlation-to-causation task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from hf_causal.tasks.corr2cause.text import Prompt
from hf_causal.tasks.shared.shortcuts import Shortcut, majority


def relation_prior(prompts: Sequence[Prompt], references: Sequence[int]) -> list[int]:
    """Answers as most questions with the same relation do: reads the hypothesis, not the premise."""
    relations = np.array([prompt.relation for prompt in prompts])
    answers = np.zeros(len(prompts), dtype=int)
    for relation in np.unique(relations):
        same = relations == relation
        answers[same] = majority(np.asarray(references)[same].tolist())
    return answers.tolist()


def few_independences(prompts: Sequence[Prompt], references: Sequence[int]) -> list[int]:
    """Answers Yes where the number of listed independences is on one side of a bound.

    Uses the best bound for each number of variables; counts sentences, and reads neither them nor the hypothesis.
    """
    sizes = np.array([len(prompt.system.variables) for prompt in prompts])
    counts = np.array([len(prompt.system.independences) for prompt in prompts])
    answers = np.zeros(len(prompts), dtype=int)
    for size in np.unique(sizes):
        same = sizes == size
        answers[same] = _best_bound(counts[same], np.asarray(references)[same])
    return answers.tolist()


def _best_bound(counts: np.ndarray, references: np.ndarray) -> np.ndarray:
    bounds = [-1, *np.unique(counts)]  # the bound -1 answers the same for all
    rules = [answers for bound in bounds for answers in (counts <= bound, counts > bound)]
    return max(rules, key=lambda answers: int((answers == references).sum()))


SHORTCUTS: Mapping[str, Shortcut] = {"relation's prior": relation_prior, "number of independences": few_independences}
"""By name; plots show the last one."""
