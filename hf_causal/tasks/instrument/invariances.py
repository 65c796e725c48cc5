"""Changes to prompts about instruments that leave their answers as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from hf_causal.tasks.instrument.text import Prompt
from hf_causal.tasks.shared.invariances import STATED_GRAPH_INVARIANCES, Change
from hf_causal.tasks.shared.mixed_prompts import SetPrompt


@dataclass(frozen=True)
class _WithInstrument(SetPrompt):
    """The nodes of a prompt, with the instrument as the first of the set."""

    @property
    def question_text(self) -> str:
        return ""


def _with_instrument(change: Change) -> Change:
    """Returns a change of prompts about a set as one of prompts about an instrument and a set."""

    def changed(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
        sets = [_WithInstrument(one.statements, one.question, (one.instrument, *one.given)) for one in prompts]
        for new in change(sets, random):
            yield Prompt(new.statements, new.question, new.given[1:], new.given[0])

    return changed


INVARIANCES: Mapping[str, Change] = {
    name: _with_instrument(change) for name, change in STATED_GRAPH_INVARIANCES.items()
}
"""By name."""
