"""Quantities on the three rungs in words, and the terms that they consist of.

`the probability that B is 1 if A is set to 1`, `the average treatment effect of A on B`, `the probability of necessity
of A for B` and others. A quantity is a term, a difference of two terms, or a pair of bounds; a term is the probability
of an event, given another one, in one or several worlds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from hf_causal.graphs.counterfactual_networks import Network, Term, bounds_of
from hf_causal.graphs.structural_models import OBSERVED, Variable, World
from hf_causal.tasks.shared.chances import Condition, StatedModel, read_values, write_values
from hf_causal.tasks.shared.names import is_name

CAUSATION = {
    "necessity": "PN",
    "sufficiency": "PS",
    "necessity and sufficiency": "PNS",
}
"""From what a probability of causation is of to its short name."""


class QuantityType(NamedTuple):
    """One type of quantity."""

    rung: int
    """1 for observations, 2 for interventions, 3 for counterfactuals."""
    form: str
    """Its words, with the fields of [`Quantity`]."""
    pattern: str
    """What reads these words and others that mean the same."""


_X, _Y, _M = (rf"(?P<{field}>[A-Za-z0-9]+)" for field in ("x", "y", "mediator"))
_TREATED = r"(?:the )?treated"
TYPES: Mapping[str, QuantityType] = {
    "observation": QuantityType(
        1,
        "the probability that {y} is {value} if {observed}",
        rf"the probability that {_Y} is (?P<value>[01]) (?:if|when|given that) (?P<seen>.+ observed .+)",
    ),
    "intervention": QuantityType(
        2,
        "the probability that {y} is {value} if {set}",
        rf"the probability that {_Y} is (?P<value>[01]) (?:if|when) (?P<set>.+ set .+)",
    ),
    "average_effect": QuantityType(
        2, "the average treatment effect of {x} on {y}", rf"the average (?:treatment |causal )?effect of {_X} on {_Y}"
    ),
    "controlled_direct_effect": QuantityType(
        2,
        "the controlled direct effect of {x} on {y} with {mediator} set to {value}",
        rf"the controlled direct effect of {_X} on {_Y} with {_M} (?:set|fixed) (?:to|at) (?P<value>[01])",
    ),
    "effect_on_treated": QuantityType(
        3,
        "the effect of treatment on the treated of {x} on {y}",
        rf"the (?:average )?(?:treatment )?effect (?:of treatment )?on {_TREATED} of {_X} on {_Y}",
    ),
    "natural_direct_effect": QuantityType(
        3,
        "the natural direct effect of {x} on {y} with mediator {mediator}",
        rf"the natural direct effect of {_X} on {_Y} with mediator {_M}",
    ),
    "natural_indirect_effect": QuantityType(
        3,
        "the natural indirect effect of {x} on {y} through {mediator}",
        rf"the natural indirect effect of {_X} on {_Y} (?:through|with) (?:mediator )?{_M}",
    ),
    "causation": QuantityType(
        3,
        "the probability of {which} of {x} for {y}",
        rf"the probability of (?P<which>necessity and sufficiency|necessity|sufficiency) of {_X} for {_Y}",
    ),
    "bounds": QuantityType(
        3,
        "the tightest bounds on the probability of {which} of {x} for {y} that the distribution of {x} and {y} and "
        "the effects of {x} on {y} imply",
        rf"the tightest bounds on the probability of (?P<which>necessity and sufficiency|necessity|sufficiency) of "
        rf"{_X} for {_Y} that the distribution of (?P=x) and (?P=y) and the effects? of (?P=x) on (?P=y) imply",
    ),
    "individual": QuantityType(
        3,
        "the probability that {y} would have been {value} had {x} been {set_value} for an individual with {seen}",
        rf"the probability that {_Y} would have been (?P<value>[01]) had {_X} been (?P<set_value>[01]) for an "
        r"individual with (?P<with>.+)",
    ),
}
"""Types of quantities by name; the names are the structures of rows."""


@dataclass(frozen=True)
class Quantity:
    """A quantity of a model."""

    type: str
    y: str
    x: str = ""
    mediator: str = ""
    value: int = 1
    """Of the outcome; of the mediator in a controlled direct effect."""
    set_value: int = 0
    """Of the treatment of an individual."""
    values: Condition = ()
    """What is observed, or set."""
    which: str = ""
    """`"necessity"`, `"sufficiency"` or `"necessity and sufficiency"`."""

    @property
    def rung(self) -> int:
        """1 for observations, 2 for interventions, 3 for counterfactuals."""
        return TYPES[self.type].rung

    @property
    def names(self) -> tuple[str, ...]:
        """All variables, the treatment and the outcome first."""
        further = (self.mediator, *(name for name, _ in self.values))
        return tuple(dict.fromkeys(filter(None, (self.x, self.y, *further))))

    def __str__(self) -> str:
        return TYPES[self.type].form.format(
            y=self.y,
            x=self.x,
            mediator=self.mediator,
            value=self.value,
            set_value=self.set_value,
            which=self.which,
            observed=write_values(self.values, "is observed to be"),
            set=write_values(self.values, "is set to"),
            seen=write_values(self.values, "at"),
        )

    def rename(self, names: Mapping[str, str]) -> Quantity:
        """Returns the quantity with other names."""
        new = {field: names.get(getattr(self, field), getattr(self, field)) for field in ("x", "y", "mediator")}
        return replace(self, values=tuple((names[name], value) for name, value in self.values), **new)


def read_quantity(text: str, sentence: str) -> Quantity:
    """Reads the words of a quantity; raises `ValueError` with its sentence for anything else."""
    for name, pattern in _PATTERNS.items():
        if (match := pattern.fullmatch(text)) is not None:
            return _read(name, {key: part for key, part in match.groupdict().items() if part is not None}, sentence)
    if (match := _NOTATION.fullmatch(text)) is not None:
        return _read_notation(match, sentence)
    raise ValueError(f"cannot read {text!r} in the sentence {sentence!r}: it should be such as {FORM!r}")


def _read(name: str, parts: dict[str, str], sentence: str) -> Quantity:
    values: Condition = ()
    for key, words in (("seen", _OBSERVED), ("set", _SET), ("with", None)):
        if key in parts:
            values = read_values(words.sub("is", parts[key]) if words else parts[key], sentence)
    quantity = Quantity(
        name,
        parts["y"],
        parts.get("x", ""),
        parts.get("mediator", ""),
        int(parts.get("value", 1)),
        int(parts.get("set_value", 0)),
        values,
        parts.get("which", "").lower(),
    )
    return _check(quantity, sentence)


def _read_notation(match: re.Match[str], sentence: str) -> Quantity:
    condition = match["condition"]
    done = _DO.findall(condition)
    if done and _DO.sub("", condition).strip(" ,"):
        raise ValueError(f"cannot read the sentence {sentence!r}: it both sets and observes variables")
    values = read_values(", ".join(done) if done else condition, sentence)
    name = "intervention" if done else "observation"
    return _check(Quantity(name, match["y"], value=int(match["value"]), values=values), sentence)


def _check(quantity: Quantity, sentence: str) -> Quantity:
    """Returns a quantity whose variables are different, of which an individual's outcome may be observed."""
    check_roles(quantity, sentence)
    if not all(map(is_name, quantity.names)):
        raise ValueError(f"cannot read the sentence {sentence!r}: names are letters a-z, A-Z and digits")
    return quantity


def check_roles(quantity: Quantity, sentence: str) -> None:
    """Raises `ValueError` with its sentence for a quantity that has a variable in two roles."""
    main = [name for name in (quantity.x, quantity.y, quantity.mediator) if name]
    seen = dict(quantity.values)
    twice = len(set(main)) < len(main) or len(seen) < len(quantity.values)
    if twice or (quantity.type != "individual" and quantity.y in seen):
        raise ValueError(f"cannot read the sentence {sentence!r}: it has a variable in two roles")


@dataclass(frozen=True)
class Combination:
    """How the terms of a quantity make up its value."""

    terms: Mapping[str, Term]
    """From the notation of each term, such as `P(B[A = 1] = 1 | A = 0)`, to the term; equal terms are one."""
    order: tuple[str, ...]
    """The notation of each term, in the order of the quantity."""
    signs: tuple[int, ...] = (1,)
    """Of each term in a sum; empty for bounds."""
    bounds: str = ""
    """`"PN"`, `"PS"` or `"PNS"` for bounds, whose terms are those of `bounds_of`, in its order."""

    def value(self, values: Mapping[str, Fraction]) -> tuple[Fraction, ...]:
        """Returns the value of the quantity, or its two bounds, from the values of its terms.

        Raises:
            `ZeroDivisionError`: If bounds are about an event of probability 0.
        """
        ordered = [values[notation] for notation in self.order]
        if self.bounds:
            return bounds_of(dict(zip(("11", "10", "01", "00", "y1", "y0"), ordered, strict=True)), self.bounds)
        return (sum((sign * value for sign, value in zip(self.signs, ordered, strict=True)), Fraction(0)),)


def combination_of(quantity: Quantity, stated: StatedModel) -> Combination:
    """Returns the terms of a quantity.

    Raises:
        `ValueError`: For a name that no statement mentions.
    """
    if unknown := [name for name in quantity.names if name not in stated.number]:
        raise ValueError(f"no statement mentions {unknown[0]!r}")
    terms, signs = _TERMS[quantity.type](quantity, stated.number)
    notations = [write_term(term, stated) for term in terms]
    which = CAUSATION[quantity.which] if quantity.type == "bounds" else ""
    return Combination(dict(zip(notations, terms, strict=True)), tuple(notations), signs, which)


def _event(world: int, *pairs: tuple[int, int]) -> tuple[tuple[Variable, int], ...]:
    return tuple((Variable(world, node), value) for node, value in pairs)


def _observation(q: Quantity, number: Mapping[str, int]) -> tuple[list[Term], tuple[int, ...]]:
    return [Term(_event(0, (number[q.y], q.value)), _event(0, *_numbered(q.values, number)))], (1,)


def _intervention(q: Quantity, number: Mapping[str, int]) -> tuple[list[Term], tuple[int, ...]]:
    world = World(dict(_numbered(q.values, number)))
    return [Term(_event(0, (number[q.y], q.value)), (), (world,))], (1,)


def _difference(q: Quantity, number: Mapping[str, int]) -> tuple[list[Term], tuple[int, ...]]:
    x, held = number[q.x], {number[q.mediator]: q.value} if q.mediator else {}
    worlds = [World({x: value, **held}) for value in (1, 0)]
    return [Term(_event(0, (number[q.y], 1)), (), (world,)) for world in worlds], (1, -1)


def _effect_on_treated(q: Quantity, number: Mapping[str, int]) -> tuple[list[Term], tuple[int, ...]]:
    treated, y = _event(0, (number[q.x], 1)), number[q.y]
    without = Term(_event(1, (y, 1)), treated, (OBSERVED, World({number[q.x]: 0})))
    return [Term(_event(0, (y, 1)), treated), without], (1, -1)


def _nested(q: Quantity, number: Mapping[str, int]) -> tuple[list[Term], tuple[int, ...]]:
    x, y, mediator = number[q.x], number[q.y], number[q.mediator]
    outer = int(q.type == "natural_direct_effect")
    worlds = (World({x: 1 - outer}), World({x: outer}, {mediator: 0}))
    return [Term(_event(1, (y, 1)), (), worlds), Term(_event(0, (y, 1)), (), (World({x: 0}),))], (1, -1)


def _causation(q: Quantity, number: Mapping[str, int]) -> tuple[list[Term], tuple[int, ...]]:
    x, y = number[q.x], number[q.y]
    if q.which == "necessity and sufficiency":
        return [Term((*_event(0, (y, 1)), *_event(1, (y, 0))), (), (World({x: 1}), World({x: 0})))], (1,)
    seen = int(q.which == "necessity")
    worlds = (OBSERVED, World({x: 1 - seen}))
    return [Term(_event(1, (y, 1 - seen)), _event(0, (x, seen), (y, seen)), worlds)], (1,)


def _bounds(q: Quantity, number: Mapping[str, int]) -> tuple[list[Term], tuple[int, ...]]:
    x, y = number[q.x], number[q.y]
    joint = [Term(_event(0, (x, a), (y, b))) for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))]
    return [*joint, *(Term(_event(0, (y, 1)), (), (World({x: value}),)) for value in (1, 0))], ()


def _individual(q: Quantity, number: Mapping[str, int]) -> tuple[list[Term], tuple[int, ...]]:
    worlds = (OBSERVED, World({number[q.x]: q.set_value}))
    return [Term(_event(1, (number[q.y], q.value)), _event(0, *_numbered(q.values, number)), worlds)], (1,)


_TERMS = {
    "observation": _observation,
    "intervention": _intervention,
    "average_effect": _difference,
    "controlled_direct_effect": _difference,
    "effect_on_treated": _effect_on_treated,
    "natural_direct_effect": _nested,
    "natural_indirect_effect": _nested,
    "causation": _causation,
    "bounds": _bounds,
    "individual": _individual,
}
"""From type to the function that returns the terms of a quantity and their signs."""


def _numbered(values: Iterable[tuple[str, int]], number: Mapping[str, int]) -> list[tuple[int, int]]:
    return [(number[name], value) for name, value in values]


def write_term(term: Term, stated: StatedModel) -> str:
    """Writes a term in the notation of potential outcomes, such as `P(B[A = 1] = 1 | A = 0)`."""
    network = stated.model.network(term.worlds)
    event, given = (
        ", ".join(f"{write_variable(variable, network, stated.names)} = {value}" for variable, value in pairs)
        for pairs in (term.event, term.given)
    )
    return f"P({event} | {given})" if given else f"P({event})"


def write_variable(variable: Variable, network: Network, names: tuple[str, ...]) -> str:
    """Writes a variable of a world: its name, with what is set if the world changes it."""
    place = network.place(variable)
    if place < 0:
        return names[variable.node]
    return write_unit(place, network, names)


def write_unit(unit: int, network: Network, names: tuple[str, ...]) -> str:
    """Writes a unit: a name, and in brackets what is set in the first world that it belongs to."""
    name, origin = names[network.units[unit].node], network.origin[unit]
    if origin < 0:
        return name
    world = network.worlds[origin]
    changes = [f"{names[node]} = {value}" for node, value in world.values.items()]
    changes += [write_variable(Variable(source, node), network, names) for node, source in world.copies.items()]
    return f"{name}[{', '.join(changes)}]"


FORM = "the probability that B is 1 if A is set to 1"
_PATTERNS = {name: re.compile(one.pattern, re.IGNORECASE) for name, one in TYPES.items()}
_OBSERVED = re.compile(r"\bis observed (?:to be|at|as)\b", re.IGNORECASE)
_SET = re.compile(r"\bis set (?:to|at)\b", re.IGNORECASE)
_NOTATION = re.compile(
    r"P\(\s*(?P<y>\w+)\s*=\s*(?P<value>[01])\s*\|\s*(?P<condition>(?:[^()]|do\([^()]*\))+)\)", re.IGNORECASE
)
_DO = re.compile(r"do\(([^()]*)\)", re.IGNORECASE)
