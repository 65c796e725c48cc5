"""Questions about effects: how they are asked, and their exact answers from the probabilities that a text states."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from hf_causal.graphs.mixed_graphs import bits
from hf_causal.graphs.stated_probabilities import Event, StatedProbabilities, nodes_of
from hf_causal.verification.adapters.effect_texts import Scene, name_key
from hf_causal.verification.adapters.questions import OutOfScopeError, UnreadableError

_PATTERNS = {
    "ATE": (
        r"If (?P<x>.+) is changed to be (?P<w>.+), will (?P<y>.+) be more likely to be (?P<v>.+)\?",
        r"如果(?P<x>.+)被改变为(?P<w>.+)，那么(?P<y>.+)更有可能为(?P<v>.+)吗？",
    ),
    "ETT": (
        r"For those with (?P<x>.+) being (?P<w>.+), if their (?P<x2>.+) had been (?P<w2>.+), "
        r"would the (?P<y>.+) have been more likely to be (?P<v>.+)\?",
        r"对于那些(?P<x>.+)为(?P<w>.+)，假如(?P<x2>.+)为(?P<w2>.+)，那么(?P<y>.+)更有可能为(?P<v>.+)吗？",
    ),
    "CDE": (
        r"Conditioned on (?P<m>.+), if the (?P<x>.+) had been (?P<w>.+), "
        r"would the (?P<y>.+) have been more likely to be (?P<v>.+)\?",
        r"在(?P<m>.+)的条件下，假如(?P<x>.+)为(?P<w>.+)，那么(?P<y>.+)更有可能为(?P<v>.+)吗？",
    ),
    "NDE": (
        r"Suppose the mediator keeps constant when (?P<x>.+) is changed to be (?P<w>.+), "
        r"would the (?P<y>.+) have been more likely to be (?P<v>.+)\?",
        r"假如所有中间变量保持不变，而(?P<x>.+)变化为(?P<w>.+)，那么(?P<y>.+)更有可能为(?P<v>.+)吗？",
    ),
    "NIE": (
        r"Suppose (?P<x>.+) is held constant and the mediator changes to whatever value it would have attained under "
        r"(?P<x2>.+) changing to be (?P<w>.+), would (?P<y>.+) have been more likely to be (?P<v>.+)\?",
        r"假如(?P<x>.+)保持不变，而所有中间变量被改变为当它们在(?P<x2>.+)变化为(?P<w>.+)下的取值，"
        r"那么(?P<y>.+)更有可能为(?P<v>.+)吗？",
    ),
    "bound": (
        r"Given that (?P<x>.+) was (?P<w>.+) and (?P<y>.+) was (?P<v>.+), what is the (?P<side>lower|upper) bound of "
        r"the probability (?:of|that) (?P<y2>.+) would have been (?P<v2>.+) if the (?P<x2>.+) had been (?P<w2>.+)\?",
        r"给定(?P<x>.+)为(?P<w>.+)且(?P<y>.+)为(?P<v>.+), ?(?:那么)?假如(?P<x2>.+)为(?P<w2>.+)，"
        r"此时(?P<y2>.+)为(?P<v2>.+)的概率的(?P<side>上界|下界)是多少？",
    ),
}
_COMPILED = {
    what: [re.compile(pattern, re.IGNORECASE) for pattern in patterns] for what, patterns in _PATTERNS.items()
}


@dataclass(frozen=True)
class EffectQuestion:
    """A question about the effect of a variable on another."""

    what: str
    """ATE, ETT, CDE, NDE, NIE, or lower or upper: a bound on the probability of necessity or sufficiency."""
    x: int
    value: int
    """The value of x that the question names, or that was seen where it names two."""
    y: Event
    fixed: Event = frozenset()
    """Other variables that the question sets."""

    def action(self, other: bool = False) -> Event:
        """Returns the named value of x, or the other one."""
        return frozenset({(self.x, 1 - self.value if other else self.value)})


@dataclass(frozen=True)
class Effect:
    """An exact quantity with its proof."""

    value: Fraction
    proof: dict[str, Any]
    rises: bool | None
    """Whether what the question supposes makes the named value of y more likely; `None` for a bound."""


def read_effect_question(scene: Scene, text: str) -> EffectQuestion:
    """Reads a question about an effect.

    Raises:
        [`UnreadableError`]: With the words that are not understood.
    """
    readings = list[EffectQuestion]()
    for what, patterns in _COMPILED.items():
        for chinese, pattern in enumerate(patterns):
            if match := pattern.fullmatch(text.strip()):
                readings.append(_question(scene, what, match.groupdict(), bool(chinese)))
    if len(readings) != 1:
        raise UnreadableError(f"expected a question about an effect, got {text!r:.200}")
    return readings[0]


_INSTRUCTION = re.compile(
    r"Consider the (?P<name>[a-z ]+) \((?P<what>[A-Z]+)\) of (?P<about>.+)\."
    r"|考虑(?P<about2>.+)的(?:“[^“”]+”|[^“”]{4,8})\((?P<name2>[a-z ]+), (?P<what2>[A-Z]+)\)。"
)
_NAMES = {
    "ATE": "average treatment effect",
    "ETT": "effect of treatment on the treated",
    "CDE": "controlled direct effect",
    "NDE": "natural direct effect",
    "NIE": "natural indirect effect",
    "PN": "probability of necessity",
    "PS": "probability of sufficiency",
}


def check_instruction(scene: Scene, question: EffectQuestion, text: str) -> None:
    """Raises [`UnreadableError`] unless an instruction names what a question asks for; an empty one names nothing."""
    if not text.strip():
        return
    match = _INSTRUCTION.fullmatch(text.strip())
    if not match:
        raise UnreadableError(f"expected an instruction that names an effect, got {text!r:.160}")
    name, what, about = (match[part] or match[f"{part}2"] for part in ("name", "what", "about"))
    fits = what in ("PN", "PS") if question.what in ("lower", "upper") else what == question.what
    if _NAMES.get(what) != name or not fits or not _is_about(scene, question, about):
        raise UnreadableError(f"the instruction {text!r:.160} is for another question")


def _is_about(scene: Scene, question: EffectQuestion, text: str) -> bool:
    """Returns whether a text is `treatment on outcome`; names may have the same words in them."""
    expected = scene.names[question.x], scene.names[next(bits(nodes_of(question.y)))]
    pairs = ((text[: match.start()], text[match.end() :]) for match in re.finditer(r"\s+on\s+|作用于|对", text))
    return any((name_key(x), name_key(y)) == expected for x, y in pairs)


def _question(scene: Scene, what: str, parts: dict[str, str], chinese: bool) -> EffectQuestion:
    x, y = scene.node(parts["x"]), scene.node(parts["y"])
    for name in ("x", "y"):
        if f"{name}2" in parts and scene.node(parts[f"{name}2"]) != scene.node(parts[name]):
            raise UnreadableError(f"expected the same variable twice, got {parts[name]!r} and {parts[name + '2']!r}")
    if x == y:
        raise OutOfScopeError("the question is about a variable and itself")
    fixed = scene.event(parts["m"], chinese) if "m" in parts else frozenset()
    value, outcome = scene.value(x, parts["w"]), scene.value(y, parts["v"])
    for name, node, first in (("w2", x, value), ("v2", y, outcome)):
        if name in parts and scene.value(node, parts[name]) == first:
            raise UnreadableError(f"expected two values of {scene.names[node]!r}, got {parts[name]!r} twice")
    if nodes_of(fixed) & (1 << x | 1 << y):
        raise OutOfScopeError("the question sets the treatment or the outcome")
    side = {"上界": "upper", "下界": "lower"}.get(parts.get("side", ""), parts.get("side", ""))
    return EffectQuestion(side or what, x, value, frozenset({(y, outcome)}), fixed)


def solve_effect(scene: Scene, question: EffectQuestion) -> Effect | None:
    """Computes what a question asks for, or `None` where the stated probabilities do not lead to it."""
    if reason := _no_effect(scene, question):
        return Effect(Fraction(0), reason, False)
    known = StatedProbabilities(scene.graph, scene.terms)
    if question.what in ("lower", "upper"):
        return _bound(scene, known, question)
    new, old = _two_outcomes(known, question)
    if new is None or old is None:
        return None
    sets = {name: _named(scene, nodes) for name, nodes in (new[1] | old[1]).items()}
    value = new[0] - old[0]
    return Effect(value, {"what": question.what, **sets, "value": _text(value)}, _rises(question, value))


def _rises(question: EffectQuestion, value: Fraction) -> bool:
    # The effect on the treated subtracts what the question supposes from what was seen.
    return value < 0 if question.what == "ETT" else value > 0


def _no_effect(scene: Scene, question: EffectQuestion) -> dict[str, Any]:
    """Returns why the effect is 0 by the graph alone, or nothing."""
    graph, x, y = scene.graph, 1 << question.x, nodes_of(question.y)
    names = [scene.names[question.x], scene.names[next(bits(y))]]
    edge = graph.children[question.x] & y
    if question.what in ("ATE", "ETT", "CDE"):
        fixed = nodes_of(question.fixed)
        if not graph.descendants(x, within=graph.nodes & ~fixed) & y:
            return {"no_directed_path": names} | ({"around": _named(scene, fixed)} if fixed else {})
    if question.what == "NDE" and not edge:
        return {"no_edge": names}
    if question.what == "NIE" and not graph.without_outgoing(x, to=y).descendants(x) & y:
        return {"no_directed_path_but_the_edge": names}
    return {}


Outcome = tuple[Fraction, dict[str, int]] | None


def _two_outcomes(known: StatedProbabilities, question: EffectQuestion) -> tuple[Outcome, Outcome]:
    """Returns the two probabilities whose difference is the effect."""
    named, other, y = question.action(), question.action(other=True), question.y
    if question.what in ("ATE", "CDE"):
        return known.after(y, named | question.fixed), known.after(y, other | question.fixed)
    if question.what == "ETT":
        seen = known.probability(y, named)
        return (None if seen is None else (seen, {})), known.had_it_been(y, other, named)
    if question.what == "NDE":
        return known.nested(y, named, other), known.nested(y, other, other)
    return known.nested(y, other, named), known.nested(y, other, other)


def _bound(scene: Scene, known: StatedProbabilities, question: EffectQuestion) -> Effect | None:
    """Returns the bound of Tian and Pearl (2000) on the probability of necessity or sufficiency."""
    named, other, y = question.action(), question.action(other=True), question.y
    turned = frozenset((node, 1 - value) for node, value in y)
    event = y if question.what == "lower" else turned
    after, seen = known.after(event, other), known.probability(named | y)
    margin = known.probability(y) if question.what == "lower" else known.probability(other | turned)
    if after is None or margin is None or not seen:
        return None
    ratio = (margin - after[0] if question.what == "lower" else after[0] - margin) / seen
    value = max(Fraction(0), ratio) if question.what == "lower" else min(Fraction(1), ratio)
    sets = {name: _named(scene, nodes) for name, nodes in after[1].items()}
    proof = {"what": f"{question.what} bound", **sets, "ratio": _text(ratio), "value": _text(value)}
    return Effect(value, proof, None)


def _named(scene: Scene, nodes: int) -> list[str]:
    return [scene.names[node] for node in bits(nodes)]


def _text(value: Fraction) -> str:
    return f"{float(value):.6f}"
