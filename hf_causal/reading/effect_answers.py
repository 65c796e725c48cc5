"""Answers to questions about holding fixed, adjusting and computing effects, from certificates of their tasks."""

from __future__ import annotations

import json
from collections.abc import Callable
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
    latent = answering.reading.latent
    note = answering.say("unobserved", members=answering.listed(latent)) if latent else ""
    return answering.done(evidence.answer, text + note, (evidence,))


def _prove(answering: Answering) -> Evidence:
    reading = answering.reading
    assert reading.task is not None and reading.prompt is not None
    return answering.prove((reading.task, reading.prompt))


def _arrows(names: list[str]) -> str:
    return " → ".join(names)


def _route(path: list[str], arrows: list[str], names: dict[str, str]) -> str:
    steps = [f" {_ARROWS[arrow]} {names[node]}" for arrow, node in zip(arrows, path[1:], strict=True)]
    return names[path[0]] + "".join(steps)


_ARROWS = {"->": "→", "<-": "←", "<->": "↔"}

ANSWERS: dict[str, Callable[[Answering], Answer]] = {
    "relevance": relevance,
    "adjustment": adjustment,
    "identification": identification,
    "front_door": criterion,
    "instrument": criterion,
    "quantities": quantity,
    "comparisons": quantity,
}
"""From the kind of a question about effects to what answers it."""

RESTATED_KINDS = frozenset(ANSWERS)
"""Kinds of questions that have many wordings, so that an answer is shown with the prompt that was read."""
