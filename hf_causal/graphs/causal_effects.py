"""Effects and probabilities of causation in binary structural models, with bounds where data do not determine them."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction

from hf_causal.graphs.structural_models import (
    OBSERVED,
    BinaryModel,
    Coupling,
    Variable,
    World,
    probability,
)


def risk(model: BinaryModel, y: int, world: World) -> Fraction:
    """Computes P(y = 1) in a world, such as after an intervention."""
    result = probability(model, {Variable(0, y): 1}, worlds=[world])
    assert result is not None
    return result


def average_effect(model: BinaryModel, x: int, y: int) -> Fraction:
    """Computes the average treatment effect, P(y | do x = 1) - P(y | do x = 0)."""
    return risk(model, y, World({x: 1})) - risk(model, y, World({x: 0}))


def effect_on_treated(model: BinaryModel, x: int, y: int, coupling: Coupling = "independent") -> Fraction | None:
    """Computes E[Y_1 - Y_0 | X = 1], the effect of treatment on the treated; `None` where nobody is treated.

    The coupling does not matter where X is not an effect of Y: given X = 1 the worlds share all that precedes X.
    """
    treated = {Variable(0, x): 1}
    observed = probability(model, {Variable(0, y): 1}, treated)
    without = probability(model, {Variable(1, y): 1}, treated, [OBSERVED, World({x: 0})], coupling)
    return None if observed is None or without is None else observed - without


def controlled_direct_effect(model: BinaryModel, x: int, y: int, mediators: dict[int, int]) -> Fraction:
    """Computes P(y | do x = 1, do m) - P(y | do x = 0, do m) for set values of the mediators."""
    return risk(model, y, World({x: 1, **mediators})) - risk(model, y, World({x: 0, **mediators}))


def natural_direct_effect(
    model: BinaryModel, x: int, y: int, mediators: Collection[int], coupling: Coupling = "independent"
) -> Fraction:
    """Computes P(Y_{1, M_0} = 1) - P(Y_0 = 1): the mediators keep the values that they have without treatment."""
    return _nested(model, x, y, mediators, (1, 0), coupling) - risk(model, y, World({x: 0}))


def natural_indirect_effect(
    model: BinaryModel, x: int, y: int, mediators: Collection[int], coupling: Coupling = "independent"
) -> Fraction:
    """Computes P(Y_{0, M_1} = 1) - P(Y_0 = 1): only the mediators respond to the treatment."""
    return _nested(model, x, y, mediators, (0, 1), coupling) - risk(model, y, World({x: 0}))


def _nested(
    model: BinaryModel, x: int, y: int, mediators: Collection[int], values: tuple[int, int], coupling: Coupling
) -> Fraction:
    """Computes P(Y_{x, M_{x'}} = 1) for the values (x, x')."""
    worlds = [World({x: values[1]}), World({x: values[0]}, dict.fromkeys(mediators, 0))]
    result = probability(model, {Variable(1, y): 1}, worlds=worlds, coupling=coupling)
    assert result is not None
    return result


def necessity(model: BinaryModel, x: int, y: int, coupling: Coupling = "independent") -> Fraction | None:
    """Computes PN = P(Y_0 = 0 | X = 1, Y = 1); `None` where X = 1 and Y = 1 never meet."""
    seen = {Variable(0, x): 1, Variable(0, y): 1}
    return probability(model, {Variable(1, y): 0}, seen, [OBSERVED, World({x: 0})], coupling)


def sufficiency(model: BinaryModel, x: int, y: int, coupling: Coupling = "independent") -> Fraction | None:
    """Computes PS = P(Y_1 = 1 | X = 0, Y = 0); `None` where X = 0 and Y = 0 never meet."""
    seen = {Variable(0, x): 0, Variable(0, y): 0}
    return probability(model, {Variable(1, y): 1}, seen, [OBSERVED, World({x: 1})], coupling)


def necessity_and_sufficiency(model: BinaryModel, x: int, y: int, coupling: Coupling = "independent") -> Fraction:
    """Computes PNS = P(Y_1 = 1, Y_0 = 0)."""
    event = {Variable(0, y): 1, Variable(1, y): 0}
    result = probability(model, event, worlds=[World({x: 1}), World({x: 0})], coupling=coupling)
    assert result is not None
    return result


def bounds(model: BinaryModel, x: int, y: int, which: str) -> tuple[Fraction, Fraction] | None:
    """Computes the sharp bounds on PN, PS or PNS that hold for every coupling with the same data and experiments.

    The formulas are those of Tian and Pearl (2000, Annals of Mathematics and Artificial Intelligence 28, 287-313).

    Args:
        model ([`BinaryModel`]): Its observed distribution and its effects of x are used, and nothing else.
        x, y (`int`): Variables.
        which (`str`): `"PN"`, `"PS"` or `"PNS"`.

    Returns:
        The lower and the upper bound, or `None` where PN or PS conditions on an event of probability 0.
    """
    seen = model.joint([Variable(0, x), Variable(0, y)])
    p11, p10, p01, p00 = (seen.get(values, Fraction(0)) for values in ((1, 1), (1, 0), (0, 1), (0, 0)))
    y1, y0 = risk(model, y, World({x: 1})), risk(model, y, World({x: 0}))
    if which == "PNS":
        low = max(Fraction(0), y1 - y0, p11 + p01 - y0, y1 - p11 - p01)
        return low, min(y1, 1 - y0, p11 + p00, y1 - y0 + p10 + p01)
    if which == "PN":
        return _share(p11 + p01 - y0, 1 - y0 - p00, p11)
    if which == "PS":
        return _share(y1 - p11 - p01, y1 - p11, p00)
    raise ValueError(f"`which` must be 'PN', 'PS' or 'PNS', got {which!r}")


def _share(low: Fraction, high: Fraction, whole: Fraction) -> tuple[Fraction, Fraction] | None:
    return (max(Fraction(0), low / whole), min(Fraction(1), high / whole)) if whole else None
