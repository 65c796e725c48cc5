"""Changes to a structural model's sentences that leave every quantity as it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.invariances import Change, fresh_names, in_random_order


def rename(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """Gives every variable a fresh name of the same length."""
    for prompt in prompts:
        names = fresh_names(prompt.stated.model.names, set(), random)
        chances = tuple(
            one._replace(
                variable=names[one.variable], condition=tuple((names[name], value) for name, value in one.condition)
            )
            for one in prompt.stated.chances
        )
        yield Prompt(replace(prompt.stated, chances=chances), prompt.quantity.rename(names))


def shuffle(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """Puts the sentences in another order."""
    for prompt in prompts:
        chances = in_random_order(prompt.stated.chances, random)
        yield Prompt(replace(prompt.stated, chances=chances), prompt.quantity)


def repeat(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """States one of the probabilities again."""
    for prompt in prompts:
        again = prompt.stated.chances[random.integers(len(prompt.stated.chances))]
        yield Prompt(replace(prompt.stated, chances=(*prompt.stated.chances, again)), prompt.quantity)


INVARIANCES: Mapping[str, Change] = {"renamed": rename, "shuffled": shuffle, "repeated": repeat}
"""By name."""
