"""Proofs of quantities in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hf_causal.graphs.counterfactual_networks import Term
from hf_causal.graphs.structural_models import World
from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.chances import COUPLINGS
from hf_causal.tasks.shared.exact_numbers import read_number
from hf_causal.tasks.shared.explanations import Drawing, Explanation, Naming, keep_name, rename_edges
from hf_causal.tasks.shared.quantity_texts import Quantity, combination_of
from hf_causal.tasks.shared.reply_numbers import write_answer


def explain(prompt: Prompt, certificate: Mapping[str, Any], naming: Naming = keep_name) -> Explanation:
    """Returns the proof of an answer in words.

    Example:

    ```python
    >>> from hf_causal.tasks.quantities.text import parse_prompt
    >>> text = "A is 1 with probability 0.5. B is 1 with probability 0.2 if A is 0."
    >>> more = "B is 1 with probability 0.6 if A is 1. There are no hidden common causes."
    >>> prompt = parse_prompt(f"{text} {more} What is the average treatment effect of A on B?")
    >>> explanation = explain(prompt, {"terms": {"P(B[A = 1] = 1)": "0.6", "P(B[A = 0] = 1)": "0.2"}})
    >>> explanation.summary, explanation.steps[0]
    ('The average treatment effect of “A” on “B” is 0.4.', '“B” would be 1 if “A” were set to 1: 0.6.')

    ```
    """
    explanation = explain_quantity(prompt.quantity, prompt, certificate, naming)
    marked = frozenset(map(naming, prompt.quantity.names))
    caption = "What causes what; the variables of the question are marked"
    edges = rename_edges(prompt.edges, naming)
    drawings = (Drawing(caption, edges, explanation.summary, marked),) if edges else ()
    return Explanation(explanation.summary, explanation.steps, drawings)


def explain_quantity(
    quantity: Quantity, prompt: Any, certificate: Mapping[str, Any], naming: Naming = keep_name
) -> Explanation:
    """Returns the proof of a quantity's value in words, without a drawing."""
    words = capitalized(str(quantity.rename({name: f"“{naming(name)}”" for name in quantity.names})))
    verb = "are" if quantity.type == "bounds" else "is"
    if "models" in certificate:
        return _explain_models(words, verb, certificate, naming)
    stated = prompt.stated.model
    combination = combination_of(quantity, stated)
    values = {notation: read_number(text).value for notation, text in certificate["terms"].items()}
    shown = [f"“{naming(name)}”" for name in stated.names]
    steps = tuple(
        f"{_describe(term, shown)}: {certificate['terms'][notation]}." for notation, term in combination.terms.items()
    )
    answer = write_answer(combination.value(values), prompt.stated.decimals)
    return Explanation(f"{words} {verb} {answer}.", steps)


def _explain_models(words: str, verb: str, certificate: Mapping[str, Any], naming: Naming) -> Explanation:
    values = certificate["values"]
    summary = f"{words} {verb} not determined: two models agree with every sentence, with {values[0]} and {values[1]}."
    steps = tuple(
        f"{', '.join(_assignment(key, value) for key, value in model.items())}: {result}."
        for model, result in zip(certificate["models"], values, strict=True)
    )
    return Explanation(summary, steps)


def _assignment(key: str, value: str) -> str:
    if key == "responses":
        return COUPLINGS[value].rstrip(".").replace("Responses", "responses").replace("One", "one")
    return f"P({key}) = {value}"


def capitalized(words: str) -> str:
    """Returns words with a capital first letter."""
    return f"{words[:1].upper()}{words[1:]}"


def _describe(term: Term, names: list[str]) -> str:
    """Writes a term as `“B” would be 1 if “A” were set to 1, where “C” is 0`."""
    events = [
        f"{names[variable.node]} {_verb(term.worlds[variable.world])} {value}{_condition(variable.world, term, names)}"
        for variable, value in term.event
    ]
    given = [
        f"{names[variable.node]} {_verb(term.worlds[variable.world])} {value}{_condition(variable.world, term, names)}"
        for variable, value in term.given
    ]
    return " and ".join(events) + (f", where {' and '.join(given)}" if given else "")


def _verb(world: World) -> str:
    return "would be" if world.values or world.copies else "is"


def _condition(number: int, term: Term, names: list[str]) -> str:
    world = term.worlds[number]
    changes = [f"{names[node]} were set to {value}" for node, value in world.values.items()]
    for node, source in world.copies.items():
        inner = " and ".join(f"{names[cause]} at {value}" for cause, value in term.worlds[source].values.items())
        changes.append(f"{names[node]} were as with {inner}")
    return f" if {' and '.join(changes)}" if changes else ""
