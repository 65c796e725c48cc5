"""Changes to a structural model's sentences that leave comparisons as they are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np

from hf_causal.tasks.comparisons.text import Prompt
from hf_causal.tasks.quantities import invariances
from hf_causal.tasks.quantities.text import Prompt as QuantityPrompt
from hf_causal.tasks.shared.invariances import Change
from hf_causal.tasks.shared.quantity_texts import Quantity


def _for_comparisons(change: Change) -> Callable[[Sequence[Prompt], np.random.Generator], Iterator[Prompt]]:
    """Returns a change of prompts about one quantity as one of prompts about two."""

    def changed(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
        firsts = [QuantityPrompt(prompt.stated, prompt.first) for prompt in prompts]
        for prompt, new in zip(prompts, change(firsts, random), strict=True):
            second = prompt.second
            if isinstance(second, Quantity):
                old = prompt.stated.model.names if new.stated.chances != prompt.stated.chances else ()
                names = _names(prompt, new) if old else {}
                second = second.rename({name: names.get(name, name) for name in second.names})
            yield Prompt(new.stated, new.quantity, second)

    return changed


def _names(prompt: Prompt, new: QuantityPrompt) -> dict[str, str]:
    """Returns the new name of each variable, if only names were changed."""
    if {one.variable for one in prompt.stated.chances} == {one.variable for one in new.stated.chances}:
        return {}
    pairs = zip(prompt.stated.chances, new.stated.chances, strict=True)
    return {
        old: renamed
        for one, other in pairs
        for old, renamed in (
            (one.variable, other.variable),
            *zip((name for name, _ in one.condition), (name for name, _ in other.condition), strict=True),
        )
    }


INVARIANCES: Mapping[str, Change] = {name: _for_comparisons(one) for name, one in invariances.INVARIANCES.items()}
"""By name."""
