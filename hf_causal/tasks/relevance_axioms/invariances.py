"""Changes to statements of irrelevance that leave what follows from them as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from hf_causal.tasks.relevance_axioms.text import Prompt
from hf_causal.tasks.shared.invariances import Change, fresh_names, in_random_order


def rename(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """Gives every node a fresh name of the same length."""
    for prompt in prompts:
        name = fresh_names(prompt.names, set(), random).__getitem__
        statements = tuple(claim.rename(name) for claim in prompt.statements)
        yield Prompt(statements, prompt.question.rename(name))


def shuffle(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """Puts the statements in another order."""
    for prompt in prompts:
        yield replace(prompt, statements=in_random_order(prompt.statements, random))


def repeat(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """States one of the statements again."""
    for prompt in prompts:
        again = prompt.statements[random.integers(len(prompt.statements))]
        yield replace(prompt, statements=(*prompt.statements, again))


INVARIANCES: Mapping[str, Change] = {"renamed": rename, "shuffled": shuffle, "repeated": repeat}
"""By name."""
