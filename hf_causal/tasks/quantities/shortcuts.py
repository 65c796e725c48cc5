"""Shortcuts of the quantities: 1 where a rule gives the right answer, 0 where it gives another one."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from hf_causal.graphs.counterfactual_networks import Term, Undetermined, evaluate
from hf_causal.graphs.structural_models import OBSERVED, Variable
from hf_causal.tasks.quantities.proof import prove
from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.quantity_texts import combination_of
from hf_causal.tasks.shared.reply_numbers import INSUFFICIENT, read_answer
from hf_causal.tasks.shared.shortcuts import Shortcut, for_each_prompt


def _is_right(prompt: Prompt, value: tuple[Fraction, ...] | None) -> int:
    """Returns whether a value is the answer; `None` says that the information is insufficient."""
    true = read_answer(prove(prompt).answer)
    if value is None or true.insufficient:
        return int(value is None and true.insufficient)
    return int(true.is_exact(value))


def without_interventions(term: Term) -> Term:
    """Returns a term in which variables are observed to have the values that the term sets."""
    set_values = {Variable(0, node): value for world in term.worlds for node, value in world.values.items()}
    observed = {Variable(0, variable.node): value for variable, value in term.given}
    event = {Variable(0, variable.node): value for variable, value in term.event}
    given = {key: value for key, value in (observed | set_values).items() if key not in event}
    return Term(tuple(event.items()), tuple(given.items()), (OBSERVED,))


def conditional(prompt: Prompt) -> int:
    """Takes what is observed for what is set, and so ignores common causes and what an individual is known to have."""
    stated = prompt.stated.model
    combination = combination_of(prompt.quantity, stated)
    try:
        values = {
            name: evaluate(stated.model, without_interventions(term)).value for name, term in combination.terms.items()
        }
        return _is_right(prompt, combination.value(values))
    except (Undetermined, ZeroDivisionError):
        return _is_right(prompt, None)


def stated_number(prompt: Prompt) -> int:
    """Takes the first stated probability of the outcome that agrees with the question's values."""
    wanted = dict(prompt.quantity.values) | ({prompt.quantity.x: 1} if prompt.quantity.x else {})
    for one in prompt.stated.chances:
        if one.variable == prompt.quantity.y and all(
            wanted.get(name, value) == value for name, value in one.condition
        ):
            return _is_right(prompt, (one.probability,))
    return _is_right(prompt, None)


def missing_sentence(prompt: Prompt) -> int:
    """Says that the information is insufficient exactly where a sentence is missing, and nothing else."""
    is_missing = bool(prompt.stated.model.missing) or (prompt.stated.coupling is None and prompt.quantity.rung == 3)
    return int(is_missing and prove(prompt).answer == INSUFFICIENT)


SHORTCUTS: Mapping[str, Shortcut] = {
    "missing sentence": for_each_prompt(missing_sentence),
    "stated number": for_each_prompt(stated_number),
    "observation": for_each_prompt(conditional),
}
"""By name; plots show the last one."""
