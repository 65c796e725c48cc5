"""Shortcuts of the comparisons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from hf_causal.graphs.counterfactual_networks import Term, Undetermined, evaluate
from hf_causal.tasks.comparisons.proof import second_value
from hf_causal.tasks.comparisons.text import Prompt
from hf_causal.tasks.quantities.shortcuts import without_interventions
from hf_causal.tasks.shared.quantity_texts import Quantity, combination_of
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def _compare(prompt: Prompt, value: Callable[[Quantity], Fraction | None]) -> int:
    """Compares the values that a rule gives; No where it gives none."""
    values = [value(one) for one in prompt.quantities]
    known = [one for one in values if one is not None]
    return int(len(known) == len(values) and known[0] > second_value(prompt, known))


def stated_number(prompt: Prompt) -> int:
    """Compares the first stated probabilities of the outcomes that agree with the values of the quantities."""

    def value(quantity: Quantity) -> Fraction | None:
        wanted = dict(quantity.values) | ({quantity.x: 1} if quantity.x else {})
        fitting = (
            one.probability
            for one in prompt.stated.chances
            if one.variable == quantity.y and all(wanted.get(name, bit) == bit for name, bit in one.condition)
        )
        return next(fitting, None)

    return _compare(prompt, value)


def observation(prompt: Prompt) -> int:
    """Takes what is observed for what is set."""
    stated = prompt.stated.model

    def term_value(term: Term) -> Fraction:
        return evaluate(stated.model, without_interventions(term)).value

    def value(quantity: Quantity) -> Fraction | None:
        combination = combination_of(quantity, stated)
        try:
            return combination.value({name: term_value(term) for name, term in combination.terms.items()})[0]
        except (Undetermined, ZeroDivisionError):
            return None

    return _compare(prompt, value)


SHORTCUTS: Mapping[str, Shortcut] = {
    "stated number": for_each_prompt(stated_number),
    "observation": for_each_prompt(observation),
}
"""By name; plots show the last one."""
