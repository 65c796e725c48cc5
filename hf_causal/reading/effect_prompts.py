"""The prompts of tasks about effects that ask what was read."""

from __future__ import annotations

from dataclasses import replace

from hf_causal.reading import tasks
from hf_causal.reading.hidden import project
from hf_causal.reading.names import shorten
from hf_causal.reading.problems import Unclear
from hf_causal.reading.reading import Reading
from hf_causal.reading.signs import signs_between


def relevance_prompt(reading: Reading) -> Reading:
    """Returns a reading with the prompt of relevance."""
    if reading.together:
        raise Unclear("mixed", 0, 0)
    asked, short = reading.question, shorten(reading.names).short
    edges = [(short[cause], short[effect]) for cause, effect in reading.edges]
    names, held = reading.short(asked.names), reading.short(asked.given)
    task, prompt = tasks.relevance_prompt(edges, names, asked.num_changed, held)
    return replace(reading, task=task, prompt=prompt)


def check_cause(reading: Reading) -> None:
    """Raises [`Unclear`] where "cause" is asked and a path without what is held fixed leads by way of a reduction."""
    asked = reading.question
    left = [one for one in reading.statements if not {one.cause, one.effect} & set(asked.given)]
    for cause in asked.names[: asked.num_changed]:
        for effect in asked.names[asked.num_changed :]:
            if signs_between(left, cause, effect) & {"-", "~"}:
                raise Unclear("reduces", 0, 0, cause=cause, effect=effect)


def effect_prompt(reading: Reading) -> Reading:
    """Returns a reading with the prompt of a question about an effect, without the names that are unobserved.

    Raises:
        [`Unclear`]: If the statements close a loop, or the question is about something that is unobserved.
    """
    asked, latent = reading.question, set(reading.latent)
    if cycle := tasks.find_cycle(reading.edges):
        raise Unclear("effect_cycle", 0, 0, loop=" → ".join(cycle))
    if reading.together:
        raise Unclear("mixed", 0, 0)
    third = (asked.third,) if asked.third else ()
    if unseen := [name for name in (*asked.names, *third, *asked.given) if name in latent]:
        raise Unclear("latent_asked", 0, 0, name=unseen[0])
    known = {name for pair in (*reading.edges, *reading.hidden) for name in pair}
    if nowhere := [name for name in reading.latent if name not in known]:
        raise Unclear("latent_nowhere", 0, 0, name=nowhere[0])
    statements = _statements(reading)
    stated = {name for statement in statements for name in statement[:2]}
    names = tuple(name for name in reading.names if name in stated)
    if alone := [name for name in (*asked.names, *third, *asked.given) if name not in stated]:
        raise Unclear("stands_alone", 0, 0, name=alone[0])
    short = shorten(names).short
    renamed = [(short[first], short[second], causes) for first, second, causes in statements]
    pair = (short[asked.names[0]], short[asked.names[1]])
    given = [short[name] for name in asked.given]
    of_sets = asked.kind in tasks.SET_QUESTIONS
    kind = "adjustment" if of_sets else asked.kind
    task, prompt = tasks.effect_prompt(kind, renamed, pair, given, *(short[name] for name in third))
    reading = replace(reading, names=names, task=task)
    if not of_sets:
        return replace(reading, prompt=prompt)
    if asked.kind == "smallest_adjustment_set" and not tasks.choices(prompt).complete:
        raise Unclear("too_many_sets", 0, 0)
    return replace(reading, set_prompt=prompt)


def _statements(reading: Reading) -> list[tuple[str, str, bool]]:
    """Returns causes and hidden causes in the order of the text, those of unobserved names last."""
    edges, hidden = project(reading.edges, reading.hidden, reading.latent)
    places = {(one.cause, one.effect, True): one.start for one in reversed(reading.statements)}
    places |= {(*pair, False): start for pair, start in zip(reading.hidden, reading.hidden_starts, strict=True)}
    statements = [(*pair, True) for pair in edges] + [(*pair, False) for pair in hidden]
    last = max(places.values(), default=0) + 1
    return sorted(statements, key=lambda one: places.get(one, last))


def check_back_door(reading: Reading) -> None:
    """Raises [`Unclear`] where the back-door criterion may have another answer than the question for a valid set."""
    try:
        tasks.require_back_door(str(reading.prompt))
    except ValueError as error:
        raise Unclear("no_class", 0, 0, reason=reading.renaming.restore(str(error))) from None
