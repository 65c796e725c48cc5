"""The HTML of the tab: observing an object against putting one there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape

import numpy as np

from hf_causal.demo.pictures import Picture, draw
from hf_causal.systems.interventions.comparison import PairRow, compare
from hf_causal.systems.interventions.scene_model import SceneSystem, scene_system
from hf_causal.systems.interventions.sources import Source, drawn_source

IMAGES, RESAMPLES = 20_000, 400
SCENE = "scene"


@dataclass(frozen=True)
class Comparison:
    """Compares two objects of the generated scenes."""

    system: SceneSystem
    row: PairRow
    anywhere: float
    """P(effect), its share of all images."""
    scene: str
    """Scene whose share grows most from all images to those with the cause."""
    in_scene: tuple[float, float, float]
    """P(scene | cause), P(scene) and P(effect | scene)."""


@lru_cache(maxsize=32)
def _source(confounding: float) -> Source:
    return drawn_source(confounding, IMAGES)


@lru_cache(maxsize=256)
def compare_pair(cause: str, effect: str, confounding: float) -> Comparison:
    """Generates images and compares; raises `ValueError` for an unknown object, or for the same one twice."""
    source = _source(confounding)
    (row,) = compare(source, [(cause, effect)], RESAMPLES)
    images = source.observations
    has_cause, has_effect = (images.present[:, images.index(name)] for name in (cause, effect))
    with_cause, everywhere = images.member[has_cause].mean(0), images.member.mean(0)
    most = int(np.argmax(with_cause - everywhere))
    inside = float(has_effect[images.member[:, most]].mean())
    shares = (float(with_cause[most]), float(everywhere[most]), inside)
    return Comparison(scene_system(0, confounding), row, float(has_effect.mean()), images.strata[most], shares)


def comparison_card(comparison: Comparison) -> str:
    """Returns both probabilities with intervals, an explanation, and the graph before and after the intervention."""
    row = comparison.row
    done = f"P({row.effect} | do {row.cause})"
    bars = (
        _bar(f"P({row.effect} | {row.cause})", "seen", row.observed, row.observed_interval)
        + _bar(done, "done", row.intervened, row.intervened_interval, row.true_intervened)
        + _bar(f"P({row.effect})", "base", comparison.anywhere, None)
    )
    whole, cut = pictures(comparison)
    figures = "".join(
        f"<figure>{draw(picture)}<figcaption>{escape(caption)}</figcaption></figure>"
        for caption, picture in (
            (f"Seeing {_a(row.cause)}: it is there for reasons, and they bring more with them.", whole),
            (f"Putting {_a(row.cause)} there: what made it likely has no say any more.", cut),
        )
    )
    note = f"Counted and adjusted in {IMAGES:,} drawn images, with 95 % intervals; the cross is the true value."
    return (
        f'<section class="hc-card" aria-label="Observe or intervene"><div class="hc-probabilities">{bars}</div>'
        f'<p class="hc-verdict">{escape(verdict(comparison))}</p><p>{escape(explanation(comparison))}</p>'
        f'<div class="hc-two">{figures}</div><p class="hc-how">{note}</p></section>'
    )


def verdict(comparison: Comparison) -> str:
    """Returns the result in one sentence."""
    row = comparison.row
    seen, done, cause = _percent(row.observed), _percent(row.intervened), _a(row.cause)
    opening = f"Of the images with {cause}, {seen} have {_a(row.effect)}; if {cause} were put into every image,"
    if row.relation == "reversed":
        return f"{opening} {_percent(row.true_intervened or 0)} would. Adjusting says {done}."
    if row.change_interval[0] <= 0 <= row.change_interval[1]:
        return f"{opening} about as many would: {done}."
    return f"{opening} {'only ' if row.change < 0 else ''}{done} would."


def explanation(comparison: Comparison) -> str:
    """Explains the difference in two sentences."""
    row, cause, effect = comparison.row, _a(comparison.row.cause), _a(comparison.row.effect)
    true, (with_cause, everywhere, inside) = row.true_intervened or 0.0, comparison.in_scene
    if row.relation == "reversed":
        return (
            f"Here the effect runs the other way: {effect} has one on whether there is {cause}. Counts cannot "
            f"tell that, so adjusting for the scene misses the true value, {_percent(true)}, the share of all images."
        )
    if row.relation in ("direct", "mediated"):
        way = "a direct effect" if row.relation == "direct" else "an effect, through another object,"
        turn = "more" if true > comparison.anywhere else "less"
        own = f"{cause} has {way} on {effect}: put there, it makes one {turn} likely than in all images"
    else:
        own = f"{cause} has no effect on {effect}: put there, it leaves one as likely as in all images"
    own = f"{own[0].upper()}{own[1:]}, {_percent(comparison.anywhere)}."
    if comparison.system.confounding == 0:
        return f"{own} The scene has no influence here, so seeing and doing are the same."
    return (
        f"{own} What is seen mixes in the scene: {_percent(with_cause)} of the images with {cause} are of the kind "
        f"“{comparison.scene}”, of all images {_percent(everywhere)}, and there {_percent(inside)} have {effect}."
    )


def pictures(comparison: Comparison) -> tuple[Picture, Picture]:
    """Returns the part of the system around both objects: as it is, and without the arrows into the cause."""
    system, row = comparison.system, comparison.row
    x, y = system.objects.index(row.cause), system.objects.index(row.effect)
    shown = {x, y}
    for start, end in ((x, y), (y, x)):
        node = end
        while system.hops(start, end) > 0 and node != start:
            shown.add(node)
            node = int(system.parent[node])
    if system.parent[x] >= 0:
        shown.add(int(system.parent[x]))
    order = sorted(shown)
    effects = [
        (system.objects[system.parent[node]], system.objects[node]) for node in order if system.parent[node] in shown
    ]
    by_scene = [(SCENE, system.objects[node]) for node in order] if system.confounding else []
    edges = [*by_scene, *effects]
    nodes = [SCENE, *(system.objects[node] for node in order)]
    asked = frozenset((row.cause, row.effect))
    cut = frozenset(edge for edge in edges if edge[1] == row.cause)
    about = "; ".join(f"{cause} to {effect}" for cause, effect in edges) or "no arrows"
    gone = ", ".join(f"{cause} to {effect}" for cause, effect in cut) or "none"
    return (
        Picture(nodes, edges, asked, description=f"Arrows from {about}."),
        Picture(nodes, edges, asked, cut=cut, description=f"Arrows from {about}; cut are those from {gone}."),
    )


def _bar(label: str, kind: str, value: float, ends: tuple[float, float] | None, true: float | None = None) -> str:
    """Returns a horizontal bar from 0 to 1 with its interval as a whisker and the truth as a cross."""
    whisker = mark = ""
    if ends is not None:
        low, high = (min(max(end, 0.0), 1.0) for end in ends)
        whisker = f'<i class="hc-whisker" style="left:{low:.1%};width:{max(high - low, 0.002):.1%}"></i>'
    if true is not None:
        mark = f'<i class="hc-true" style="left:{true:.1%}" title="true value {true:.3f}">×</i>'
    return (
        f'<div class="hc-probability hc-{kind}"><span>{escape(label)}</span><b>{_percent(value)}</b>'
        f'<span class="hc-track"><i class="hc-fill" style="width:{value:.1%}"></i>{whisker}{mark}</span></div>'
    )


def _a(name: str) -> str:
    return f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%"  # a space at which no line ends
