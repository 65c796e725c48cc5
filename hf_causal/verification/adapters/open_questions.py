"""Proves that a text does not determine an effect: two models agree with it and differ in the effect."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hf_causal.graphs.agreeing_models import ModelSampler
from hf_causal.graphs.mixed_graphs import bits
from hf_causal.graphs.stated_probabilities import nodes_of
from hf_causal.graphs.structural_models import OBSERVED, BinaryModel, Variable, World, probability
from hf_causal.verification.adapters.effect_questions import EffectQuestion
from hf_causal.verification.adapters.effect_texts import Scene

TRIES = 60


def two_models(scene: Scene, question: EffectQuestion) -> dict[str, Any] | None:
    """Returns two models with different effects as a proof, or `None` where the search ends without them."""
    sampler = ModelSampler(scene.graph, scene.terms)
    first: tuple[BinaryModel, Fraction] | None = None
    for model in sampler.agreeing(TRIES):
        value = effect_in(sampler, model, scene, question)
        if value is None:
            continue
        if first is None:
            first = model, value
        elif value != first[1]:
            named = [_tables(sampler, scene, found) for found in (first[0], model)]
            return {"models": named, "effects": [f"{float(first[1]):.6f}", f"{float(value):.6f}"]}
    return None


def effect_in(sampler: ModelSampler, model: BinaryModel, scene: Scene, question: EffectQuestion) -> Fraction | None:
    """Computes what a question asks for in a model, by the definition of each quantity."""
    place = sampler.place
    ((y, outcome),) = question.y
    x, new, old = place[question.x], question.value, 1 - question.value
    fixed = {place[node]: value for node, value in question.fixed}

    def after(
        value: int, world: int = 0, mediators: tuple[int, ...] = (), given: int | None = None
    ) -> Fraction | None:
        worlds = [OBSERVED if world else World({x: value, **fixed})]
        if world:
            worlds = [OBSERVED if given is not None else World({x: 1 - value})]
            worlds.append(World({x: value}, dict.fromkeys(mediators, 0)))
        seen = None if given is None else {Variable(0, x): given}
        return probability(model, {Variable(world, place[y]): outcome}, seen, worlds)

    if question.what in ("ATE", "CDE"):
        return _difference(after(new), after(old))
    if question.what == "ETT":
        seen = probability(model, {Variable(0, place[y]): outcome}, {Variable(0, x): new})
        return _difference(seen, after(old, 1, given=new))
    if question.what in ("NDE", "NIE"):
        between = scene.graph.descendants(1 << question.x) & scene.graph.ancestors(nodes_of(question.y))
        mediators = tuple(place[node] for node in bits(between) if node not in (question.x, y))
        nested = after(new, 1, mediators) if question.what == "NDE" else after(old, 1, mediators)
        return _difference(nested, after(old))
    both = probability(model, {Variable(0, x): new, Variable(0, place[y]): outcome})
    if not both:
        return None
    if question.what == "lower":
        ratio = _difference(probability(model, {Variable(0, place[y]): outcome}), after(old))
        return None if ratio is None else max(Fraction(0), ratio / both)
    turned = probability(model, {Variable(0, x): old, Variable(0, place[y]): 1 - outcome})
    changed = after(old)
    return None if changed is None or turned is None else min(Fraction(1), (1 - changed - turned) / both)


def _difference(first: Fraction | None, second: Fraction | None) -> Fraction | None:
    return None if first is None or second is None else first - second


def _tables(sampler: ModelSampler, scene: Scene, model: BinaryModel) -> dict[str, Any]:
    """Returns the tables of a model: for each variable its parents, and its probabilities of the second value."""
    names = {index: scene.names[node] for node, index in sampler.place.items()}
    return {
        names[index]: {"parents": [names[parent] for parent in parents], "table": [str(share) for share in table]}
        for index, (parents, table) in enumerate(zip(model.parents, model.tables, strict=True))
    }
