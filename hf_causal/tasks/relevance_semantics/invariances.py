"""Changes to a model of tables and coins that leave its answers as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from hf_causal.tasks.relevance_semantics.text import Prompt, Statement
from hf_causal.tasks.shared.invariances import Change, fresh_names, in_random_order


def rename(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """Gives every variable and coin a fresh name of the same length."""
    for prompt in prompts:
        new = fresh_names((*prompt.coins, *prompt.numbered.names), set(), random)
        statements = tuple(
            Statement(new[one.variable], tuple(new[name] for name in one.sources), one.ones)
            for one in prompt.statements
        )
        coins, held = (tuple(new[name] for name in names) for names in (prompt.coins, prompt.held))
        yield Prompt(coins, statements, prompt.notion, new[prompt.x], new[prompt.y], held)


def shuffle(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """Puts the statements in another order."""
    for prompt in prompts:
        yield replace(prompt, statements=in_random_order(prompt.statements, random))


def repeat(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """States one of the tables again."""
    for prompt in prompts:
        again = prompt.statements[random.integers(len(prompt.statements))]
        yield replace(prompt, statements=(*prompt.statements, again))


INVARIANCES: Mapping[str, Change] = {"renamed": rename, "shuffled": shuffle, "repeated": repeat}
"""By name."""
