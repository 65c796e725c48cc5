"""What can be adjusted for: sets that are enough, and nodes that no valid set has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hf_causal.tasks.adjustment.set_forms import MOST_CANDIDATES, minimal_set, sets_of
from hf_causal.tasks.adjustment.text import Prompt, parse_prompt
from hf_causal.tasks.shared.mixed_prompts import numbered_graph

QUESTIONS = {
    "adjustment_set": "Which minimal adjustment set is valid for the effect of {x} on {y}?",
    "smallest_adjustment_set": "Which smallest adjustment set is valid for the effect of {x} on {y}?",
    "any_adjustment": "Is the empty set no valid adjustment set for the effect of {x} on {y}, and another set valid?",
    "exists_adjustment_set": "Is any set a valid adjustment set for the effect of {x} on {y}?",
    "forbidden_adjustment": "Which variables are in no valid adjustment set for the effect of {x} on {y}?",
}
"""Questions about all adjustment sets, by the name that the reader has for them."""


@dataclass(frozen=True)
class Choices:
    """The adjustment sets for the effect of a prompt, by the names of their nodes."""

    prompt: Prompt
    minimal: tuple[tuple[str, ...], ...]
    """Minimal valid sets, the smallest first; all of them where `complete`, else one."""
    complete: bool
    largest: tuple[str, ...]
    """A set that is valid if any is."""
    with_member: dict[str, tuple[str, ...]]
    """For each node but treatment and outcome a set with it that is valid if any such set is."""

    def prompt_of(self, members: Iterable[str]) -> str:
        """Returns the prompt that asks whether a set is valid."""
        return str(replace(self.prompt, given=tuple(members)))


def choices(text: str) -> Choices:
    """Returns the adjustment sets for the effect of a prompt.

    Example:

    ```python
    >>> question = "Is {} a valid adjustment set for the effect of A on B?"
    >>> made = choices(f"C causes A. C causes B. A causes B. B causes D. {question}")
    >>> made.minimal, made.with_member["D"]
    ((('C',),), ('D',))
    >>> made.prompt_of(["C"])[-55:]
    'Is {C} a valid adjustment set for the effect of A on B?'

    ```
    """
    prompt = parse_prompt(text)
    stated, sets = numbered_graph(prompt.statements), sets_of(prompt)
    complete = sets.ancestral.bit_count() <= MOST_CANDIDATES
    one = minimal_set(sets)
    minimal = sets.minimal() if complete else [] if one is None else [one]
    others = [name for name in prompt.names if name not in prompt.question]
    with_member = {name: sets.with_member(stated.set_of([name]).bit_length() - 1) for name in others}
    return Choices(
        prompt,
        tuple(tuple(stated.names_of(one)) for one in minimal),
        complete,
        tuple(stated.names_of(sets.ancestral)),
        {name: tuple(stated.names_of(one)) for name, one in with_member.items()},
    )


def ask_about_sets(text: str, question: str) -> str:
    """Returns a prompt with one of `QUESTIONS` instead of that about one set."""
    prompt = parse_prompt(text)
    x, y = prompt.question
    return f"{prompt.premise} {QUESTIONS[question].format(x=x, y=y)}"
