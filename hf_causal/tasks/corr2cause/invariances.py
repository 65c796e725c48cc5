"""Changes to a prompt about a closed system that must leave its answer as it is.

A premise states all that holds of its variables, so no statement can be added to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from hf_causal.tasks.corr2cause.text import ClosedSystem, Prompt
from hf_causal.tasks.shared.invariances import Change, fresh_names, in_random_order, rename_all


def rename(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """Gives every variable a fresh name of the same length."""
    for prompt in prompts:
        system = prompt.system
        names = fresh_names(system.variables, set(), random)
        renamed = ClosedSystem(
            rename_all(system.variables, names),
            tuple((names[i], names[j]) for i, j in system.correlations),
            tuple((names[i], names[j], rename_all(given, names)) for i, j, given in system.independences),
        )
        yield replace(prompt, system=renamed, pair=(names[prompt.pair[0]], names[prompt.pair[1]]))


def shuffle(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    """Puts the correlations, and then the independences, in another order."""
    for prompt in prompts:
        correlations = in_random_order(prompt.system.correlations, random)
        independences = in_random_order(prompt.system.independences, random)
        yield replace(prompt, system=replace(prompt.system, correlations=correlations, independences=independences))


INVARIANCES: Mapping[str, Change] = {"renamed": rename, "shuffled": shuffle}
