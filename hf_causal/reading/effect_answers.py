"""Answers to questions about holding fixed, adjusting and computing effects, from certificates of their tasks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from hf_causal.reading import tasks
from hf_causal.reading.evidence import Answer, Evidence

if TYPE_CHECKING:
    from hf_causal.reading.answers import Answering


def relevance(answering: Answering) -> Answer:
    """Answers whether a change can have an effect while something is held fixed."""
    evidence, asked = _prove(answering), answering.asked
    changed, targets = asked.names[: asked.num_changed], asked.names[asked.num_changed :]
    held = answering.say("held", members=answering.listed(asked.given)) if asked.given else ""
    path = answering.path(evidence)
    reached = [evidence.names[node] for node in json.loads(evidence.certificate).get("reached", ())]
    text = answering.say(
        f"relevance_{evidence.answer.lower()}",
        held=held,
        path=_arrows(list(path)),
        x=answering.listed(changed, word="or"),
        y=answering.listed(targets, word="or"),
        reached=answering.listed([name for name in answering.reading.names if name in reached]),
    )
    return answering.done(evidence.answer, text, (evidence,), paths=(path,) if path else ())


def adjustment(answering: Answering) -> Answer:
    """Answers whether a set is a valid adjustment set."""
    evidence = _prove(answering)
    certificate, names = json.loads(evidence.certificate), evidence.names
    if "descent" in certificate:
        causal, descent = ([names[node] for node in certificate[key]] for key in ("causal_path", "descent"))
        message = "adjustment_effect" if len(descent) > 1 else "adjustment_on_path"
        values = {"z": descent[-1], "middle": descent[0], "causal": _arrows(causal), "descent": _arrows(descent)}
    elif "path" in certificate:
        message, values = "adjustment_open", {"route": _route(certificate["path"], certificate["arrows"], names)}
    else:
        message, values = "adjustment_yes", {}
    return _about_effect(answering, evidence, message, values)


def adjustment_sets(answering: Answering) -> Answer:
    """Answers with a set that is enough to adjust for, the other minimal ones, or why there is none."""
    choices, kind = _choices(answering), answering.asked.kind
    if not choices.minimal:
        return _no_set(answering, choices)
    sets = choices.minimal
    if kind == "smallest_adjustment_set":
        sets = tuple(one for one in sets if len(one) == len(sets[0]))
    proofs = [_judged(answering, choices, one) for one in sets[:_MOST_SETS]]
    shown = [answering.listed([proofs[0].names[node] for node in one]) for one in sets]
    answer, message = "", "sets_some"
    if not sets[0]:
        message, answer = "sets_none_needed", "No" if kind == "any_adjustment" else ""
    elif kind == "any_adjustment":
        # Without the empty set, something has to be adjusted for.
        proofs.append(_judged(answering, choices, ()))
        answer = "Yes"
    more = ""
    if len(sets) > 1:
        others = answering.say("sets_between").join(shown[1:_MOST_SETS])
        left = len(sets) - _MOST_SETS
        number = answering.say("sets_number", count=str(left)) if left > 0 else ""
        more = answering.say("sets_others", others=others) + number
    text = answering.say(message, x=answering.asked.names[0], y=answering.asked.names[1], members=shown[0], more=more)
    if kind == "exists_adjustment_set":
        answer = "Yes"
    members = tuple(proofs[0].names[node] for node in sets[0])
    return _of_sets(answering, answer, text, proofs, members)


def forbidden_adjustment(answering: Answering) -> Answer:
    """Answers which variables are in no valid set, and which are wrong to add to a minimal one."""
    choices = _choices(answering)
    if not choices.minimal:
        return _no_set(answering, choices)
    minimal, names = choices.minimal[0], answering.names
    proofs = {node: _judged(answering, choices, one) for node, one in choices.with_member.items()}
    never = tuple(names[node] for node, proof in proofs.items() if proof.answer == "No")
    further = {
        node: _judged(answering, choices, (*minimal, node))
        for node, proof in proofs.items()
        if proof.answer == "Yes" and node not in minimal
    }
    opens = [names[node] for node, proof in further.items() if proof.answer == "No"]
    x, y = answering.asked.names
    text = answering.say("never" if never else "never_none", members=answering.listed(never), x=x, y=y)
    if opens:
        message = "never_opens" if minimal else "never_opens_alone"
        values = {"minimal": answering.listed([names[node] for node in minimal])}
        text += answering.say(message, members=answering.listed(opens, word="or"), **values)
    return _of_sets(answering, "", text, [*proofs.values(), *further.values()], never)


def _choices(answering: Answering) -> tasks.Choices:
    assert answering.reading.set_prompt is not None
    return tasks.choices(answering.reading.set_prompt)


def _judged(answering: Answering, choices: tasks.Choices, members: Iterable[str]) -> Evidence:
    return answering.prove(("adjustment", choices.prompt_of(members)))


def _no_set(answering: Answering, choices: tasks.Choices) -> Answer:
    """Answers that no set is valid: if one were, so would be that of all candidates that lead to the pair."""
    evidence = _judged(answering, choices, choices.largest)
    certificate, names = json.loads(evidence.certificate), evidence.names
    largest = [names[node] for node in choices.largest]
    given = answering.say("given", members=answering.listed(largest)) if largest else ""
    route = _route(certificate["path"], certificate["arrows"], names)
    x, y = answering.asked.names
    text = answering.say("sets_none", x=x, y=y, given=given, route=route)
    answer = "No" if answering.asked.kind == "exists_adjustment_set" else "No set"
    return _of_sets(answering, answer, text, [evidence], ())


def _of_sets(
    answering: Answering, answer: str, text: str, proofs: Sequence[Evidence], members: tuple[str, ...]
) -> Answer:
    opening = answering.say(f"sets_{answer.lower()}") if answer in ("Yes", "No") else ""
    return answering.done(answer, opening + text + _unobserved(answering), proofs, members=members)


def identification(answering: Answering) -> Answer:
    """Answers whether observations determine an effect."""
    evidence = _prove(answering)
    hedge = [evidence.names[node] for node in json.loads(evidence.certificate).get("outer", ())]
    message = f"identification_{evidence.answer.lower()}"
    return _about_effect(answering, evidence, message, {"hedge": answering.listed(hedge)})


def quantity(answering: Answering) -> Answer:
    """Answers a question about a model in numbers in the words of its task's proof."""
    evidence = _prove(answering)
    explanation = tasks.explain(evidence.prompt, evidence.certificate)
    return answering.done(evidence.answer, explanation.summary, (evidence,))


def criterion(answering: Answering) -> Answer:
    """Answers whether a set is a front-door set, or a variable an instrument, with the first step of the proof."""
    evidence, asked = _prove(answering), answering.asked
    message = f"{asked.kind}_{evidence.answer.lower()}"
    values = {"z": asked.third or "", "why": ""}
    if answering.reading.language == "en" and evidence.answer == "No":
        steps = tasks.explain(evidence.prompt, evidence.certificate, evidence.names).steps
        values["why"] = f" {steps[0]}" if steps else ""
    return _about_effect(answering, evidence, message, values)


def _about_effect(answering: Answering, evidence: Evidence, message: str, values: dict[str, str]) -> Answer:
    x, y = answering.asked.names
    members = answering.listed(answering.asked.given)
    given = answering.say("given", members=members) if answering.asked.given else ""
    text = answering.say(message, x=x, y=y, members=members, given=given, **values)
    return answering.done(evidence.answer, text + _unobserved(answering), (evidence,))


def _unobserved(answering: Answering) -> str:
    latent = answering.reading.latent
    return answering.say("unobserved", members=answering.listed(latent)) if latent else ""


def _prove(answering: Answering) -> Evidence:
    reading = answering.reading
    assert reading.task is not None and reading.prompt is not None
    return answering.prove((reading.task, reading.prompt))


def _arrows(names: list[str]) -> str:
    return " → ".join(names)


def _route(path: list[str], arrows: list[str], names: dict[str, str]) -> str:
    steps = [f" {_ARROWS[arrow]} {names[node]}" for arrow, node in zip(arrows, path[1:], strict=True)]
    return names[path[0]] + "".join(steps)


_MOST_SETS = 5
"""Minimal adjustment sets that an answer lists."""
_ARROWS = {"->": "→", "<-": "←", "<->": "↔"}

ANSWERS: dict[str, Callable[[Answering], Answer]] = {
    "relevance": relevance,
    "adjustment": adjustment,
    **dict.fromkeys(tasks.SET_QUESTIONS, adjustment_sets),
    "forbidden_adjustment": forbidden_adjustment,
    "identification": identification,
    "front_door": criterion,
    "instrument": criterion,
    "quantities": quantity,
    "comparisons": quantity,
}
"""From the kind of a question about effects to what answers it."""

RESTATED_KINDS = frozenset(ANSWERS)
"""Kinds of questions that have many wordings, so that an answer is shown with the prompt that was read."""
