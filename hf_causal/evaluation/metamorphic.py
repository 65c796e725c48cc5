"""Checks that need no labels: changes to a prompt that must leave its answer as it is.

They tell a reasoner from a shortcut inside the training family, so that a model can be chosen without looking at any
generalization split.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hf_causal.evaluation.predictors import Answerer
from hf_causal.tasks.proving import read


def check_consistency(answerer: Answerer, prompts: Sequence[str], seed: int = 0) -> dict[str, float]:
    """Share of prompts whose answer stays when something that does not matter is changed.

    Args:
        answerer ([`Answerer`]): The model.
        prompts (sequence of `str`): For example of the validation split, all of one grammar.
        seed (`int`): Of the changes.

    Returns:
        `dict`: Agreement with the answer to the prompt as it is. `renamed`: every node gets a fresh name of the same
        length. `shuffled`: the statements stand in another order. `repeated`: one statement is said three more times.
        `irrelevant`: the statements of other prompts, about other nodes, stand around it. `loops`: twice as many loops
        as the model took, where it has loops. A closed system states all that holds of its variables, so
        `repeated` and `irrelevant` are left out there.

    Raises:
        `ValueError`: If there are no prompts, or they are of several grammars.
    """
    if not prompts:
        raise ValueError("`prompts` is empty: there is nothing to check")
    grammars, parsed = zip(*map(read, prompts), strict=True)
    if len(names := sorted({grammar.name for grammar in grammars})) > 1:
        raise ValueError(f"`prompts` must be of one grammar, got {', '.join(names)}")
    plain = np.array(answerer.answers([str(prompt) for prompt in parsed]))
    agreement = {}
    for name, change in grammars[0].invariances.items():
        random = np.random.default_rng([seed, len(name)])
        changed = np.array(answerer.answers([str(prompt) for prompt in change(parsed, random)]))
        agreement[name] = float((changed == plain).mean())
    if answerer.loops:
        agreement["loops"] = float((np.array(answerer.answers(list(map(str, parsed)), loop_factor=2)) == plain).mean())
    return agreement
