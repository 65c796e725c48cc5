"""The prompt of a task that asks what was read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

from hf_causal.reading import tasks
from hf_causal.reading.effect_prompts import effect_prompt, relevance_prompt
from hf_causal.reading.hidden import EFFECT_KINDS
from hf_causal.reading.meaning import Asked, Meaning
from hf_causal.reading.names import shorten
from hf_causal.reading.problems import Unclear
from hf_causal.reading.reading import Question, Reading
from hf_causal.reading.signs import signs_between


def with_prompt(reading: Reading) -> Reading:
    """Returns a reading with the task of its question and the prompt, where one prompt asks all of it.

    Raises:
        [`Unclear`]: If the statements leave the question without an answer.
    """
    question, names = reading.question, reading.question.names
    if question.kind in EFFECT_KINDS:
        return effect_prompt(reading)
    if question.kind == "relevance":
        return relevance_prompt(reading)
    if question.kind == "cause" and signs_between(reading.statements, *names) & {"-", "~"}:
        raise Unclear("reduces", 0, 0, cause=names[0], effect=names[1])
    if question.kind in ("independent", "blockers"):
        if cycle := tasks.find_cycle(reading.edges):
            raise Unclear("cycle", 0, 0, loop=" → ".join(cycle))
        if reading.together:
            raise Unclear("mixed", 0, 0)
    short = shorten(reading.names).short
    edges = [(short[cause], short[effect]) for cause, effect in reading.edges]
    task = prompt = None
    if question.kind in ("cause", "affect"):
        together = [(short[first], short[second]) for first, second in reading.together]
        task, prompt = tasks.causes_prompt(edges, (short[names[0]], short[names[1]]), together)
    elif question.kind == "independent":
        given = [short[name] for name in question.given]
        task, prompt = tasks.separation_prompt(edges, (short[names[0]], short[names[1]]), given)
    return replace(reading, task=task, prompt=prompt)


_OF_KIND = {
    "direct": "parent",
    "any_confounder": "has_confounder",
    "any_common_cause": "has_confounder",
    "any_collider": "has_collider",
}


def system_prompt(reading: Reading, meanings: Sequence[Meaning], asked: Asked) -> Reading:
    """A reading of a hypothesis about correlations, once the premises say of each pair what holds."""
    kind, relation, *rest = [*asked.kind.split(":"), ""]
    if kind != "hypothesis":
        relation = _OF_KIND.get(reading.question.kind, "")
    if not relation:
        simple = reading.question.kind in ("cause", "affect", "increase")
        raise Unclear("only_correlations" if simple else "correlation_kind", 0, 0)
    _check_complete(reading, meanings)
    short = shorten(reading.names).short
    first, second = reading.question.names
    task, prompt = tasks.hypothesis_prompt(
        [short[name] for name in reading.names],
        [(short[one], short[other]) for one, other in reading.together],
        [(short[x], short[y], tuple(short[one] for one in given)) for x, y, given in reading.independent],
        relation,
        (short[first], short[second]),
        "paraphrased" in rest,
    )
    try:
        tasks.prove(prompt)
    except ValueError as error:
        raise Unclear("no_class", 0, 0, reason=reading.renaming.restore(str(error))) from None
    return replace(reading, question=Question("hypothesis", (first, second)), task=task, prompt=prompt)


def _check_complete(reading: Reading, meanings: Sequence[Meaning]) -> None:
    """Raises [`Unclear`] where the premises are silent about a pair, or about the number of variables."""
    names = reading.names
    if len(names) > tasks.MAX_VARIABLES:
        raise Unclear("too_many_variables", 0, 0, most=tasks.MAX_VARIABLES)
    sizes = {meaning.size for meaning in meanings if meaning.size is not None}
    if sizes - {len(names)}:
        raise Unclear("system_size", 0, 0, size=min(sizes), named=len(names))
    parsed = {frozenset(pair) for pair in reading.together}
    parsed |= {frozenset((first, second)) for first, second, given in reading.independent if not given}
    for first, second in combinations(names, 2):
        if frozenset((first, second)) not in parsed:
            raise Unclear("silent_pair", 0, 0, first=first, second=second)
