"""Metamorphic tests, which need no labels: changes to a prompt that must not change its answer.

They distinguish reasoning from shortcuts within the training family, so that a model can be selected without looking
at any generalization split.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from hf_causal.tasks.proving import read


class LoopedPredictor(Protocol):
    """A predictor that may have a number of loops, see [`ModelPredictor`]."""

    @property
    def can_loop(self) -> bool:
        """Whether `predict` takes a `loop_factor`."""
        ...

    def predict(self, prompts: Sequence[str], progress: Any = None, loop_factor: int = 1) -> list[int]:
        """Returns 1 for Yes, 0 for No."""
        ...


def check_consistency(predictor: LoopedPredictor, prompts: Sequence[str], seed: int = 0) -> dict[str, float]:
    """Measures how often an answer stays the same when something irrelevant changes.

    Args:
        predictor ([`ModelPredictor`]): The model.
        prompts (sequence of `str`): For example of the validation split, all of one task.
        seed (`int`): Seed of the changes.

    Returns:
        `dict`: For each change, the share of prompts with the same answer as before. `renamed`: every node gets
        another name of the same length. `shuffled`: the statements are in another order. `repeated`: one statement
        is repeated three times. `irrelevant`: the statements of other prompts, about other nodes, are added before
        and after. `loops`: the model takes twice as many loops as it needs, if it has loops. Tasks whose premises
        state all relations of their variables have neither `repeated` nor `irrelevant`.

    Raises:
        `ValueError`: If there are no prompts, or they are of several tasks.
    """
    if not prompts:
        raise ValueError("`prompts` is empty: there is nothing to check")
    tasks, parsed = zip(*map(read, prompts), strict=True)
    if len(names := sorted({task.name for task in tasks})) > 1:
        raise ValueError(f"`prompts` must be of one task, got {', '.join(names)}")
    texts = [str(prompt) for prompt in parsed]
    answers = np.array(predictor.predict(texts))
    agreement = {}
    for name, change in tasks[0].invariances.items():
        random = np.random.default_rng([seed, len(name)])
        changed = np.array(predictor.predict([str(prompt) for prompt in change(parsed, random)]))
        agreement[name] = float((changed == answers).mean())
    if predictor.can_loop:
        agreement["loops"] = float((np.array(predictor.predict(texts, loop_factor=2)) == answers).mean())
    return agreement
