"""The claims of arXiv 2407.07612 about positions and training data, each answered by one rule from the numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from hf_causal.tasks.registry import get_task

Result = dict[str, Any]
"""What `study_positions.py` wrote of one run."""

LEARNED_THE_FAMILY = 0.99
"""In-family accuracy from which a run counts in a comparison."""
MARGIN = 0.02
"""A smaller advantage than this does not count as one."""
COLLAPSED = 0.75
"""Below this, accuracy is closer to chance than to 1."""
T_975 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228)
"""The .975 quantile of Student's t for 1, 2, … degrees of freedom; the last one for more."""

RULE = (
    f"A comparison counts the runs whose in-family accuracy is at least {LEARNED_THE_FAMILY}. It is **yes** if the "
    "95 % interval of the difference of the means (Welch's t over seeds) lies above 0, **no** if it lies below "
    f"{MARGIN}, so that an advantage of two points is excluded, and else **undecided**, also with fewer than two such "
    "runs on a side. A single value is compared with its bound in the same way, without the margin. A claim is "
    "**yes** if all of its comparisons are, **no** if one of them is no, and else undecided."
)

_SEQUENTIAL = ("sequential", None)
_NONE = get_task("transitivity").published_curves["TS2 NoPE 67M (published)"]
PUBLISHED: dict[str, dict[int, float]] = {
    "none": dict(_NONE[_SEQUENTIAL]),
    "learned": dict(zip(range(7, 16), (0.98, 0.92, 0.77, 0.59, 0.57, 0.57, 0.55, 0.51, 0.50), strict=True)),
    "sinusoidal": dict(zip(range(7, 16), (0.99, 0.95, 0.86, 0.80, 0.76, 0.84, 0.79, 0.85, 0.77), strict=True)),
}
"""Published accuracies on longer sequential chains, by encoding and nodes: version 1 of the paper, as transcribed in
the public repository inquisitour/axiomatization-learning (`results.py`, commit 66d69113). That file does not name the
training data of `learned` and `sinusoidal`; their row without positions is that of TS2. No numbers were found for
RoPE, TS1, OCC and names."""
PUBLISHED_CORR2CAUSE = {"the paper's decoder": 0.64, "GPT-4": 0.58}
"""Published accuracies on the paper's questions from correlation to causation, from the same source."""


@dataclass(frozen=True)
class Part:
    """A part of the questions: an axis, perhaps only some sizes."""

    axis: str
    smallest: int = 0
    largest: int = 10**6

    def __str__(self) -> str:
        sizes = f", {self.smallest} to {self.largest} nodes" if self.largest < 10**6 else ""
        return f"{self.axis.replace('_', ' ')}{sizes}"

    def accuracy(self, result: Result) -> float | None:
        """Returns the accuracy over all questions of the part, or `None` without questions."""
        cells = [cell for cell in result["cells"] if cell[0] == self.axis and self.smallest <= cell[3] <= self.largest]
        n = sum(cell[4] for cell in cells)
        return sum(cell[4] * cell[5] for cell in cells) / n if n else None


@dataclass(frozen=True)
class Interval:
    """A mean or a difference of means, with its 95 % interval over seeds."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


@dataclass(frozen=True)
class Comparison:
    """One comparison of a claim, answered."""

    question: str
    numbers: str
    interval: Interval | None
    answer: str
    more: str = ""
    """What would decide it, where it is undecided."""


@dataclass(frozen=True)
class Claim:
    """A claim of the paper with its answers."""

    text: str
    published: str
    comparisons: tuple[Comparison, ...]
    recipes: tuple[str, ...]
    """The paper's scale of what is compared, for a GPU."""
    configs: tuple[str, ...] = ("transitivity_ts2",)
    """What they train on."""

    @property
    def answer(self) -> str:
        """`yes`, `no` or `undecided`, by `RULE`."""
        answers = {comparison.answer for comparison in self.comparisons}
        return "no" if "no" in answers else "yes" if answers == {"yes"} else "undecided"


def values_of(results: Iterable[Result], encoding: str, data: str, part: Part) -> list[float]:
    """Returns the accuracy of each run of a cell of the study that has learned the training family."""
    runs = [result for result in results if (result["encoding"], result["data"]) == (encoding, data)]
    values = [part.accuracy(run) for run in runs if run["in_family"]["accuracy"] >= LEARNED_THE_FAMILY]
    return [value for value in values if value is not None]


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Returns the mean with its interval, or `None` for fewer than two values."""
    if len(values) < 2:
        return None
    half = _quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return Interval(fmean(values), fmean(values) - half, fmean(values) + half)


def difference_interval(first: Sequence[float], second: Sequence[float]) -> Interval | None:
    """Returns the difference of two means with Welch's interval, or `None` for fewer than two values on a side."""
    if min(len(first), len(second)) < 2:
        return None
    variances = [stdev(values) ** 2 / len(values) for values in (first, second)]
    total = sum(variances)
    parts = sum(variance**2 / (len(values) - 1) for variance, values in zip(variances, (first, second), strict=True))
    freedom = total**2 / parts if parts else min(len(first), len(second)) - 1
    half, value = _quantile(freedom) * math.sqrt(total), fmean(first) - fmean(second)
    return Interval(value, value - half, value + half)


def compare(results: Sequence[Result], better: tuple[str, str], worse: tuple[str, str], part: Part) -> Comparison:
    """Asks whether one (encoding, data) is better than another on a part of the questions."""
    first, second = values_of(results, *better, part), values_of(results, *worse, part)
    interval = difference_interval(first, second)
    question = f"{_name(better)} above {_name(worse)}: {part}"
    numbers = f"{spread(first)} and {spread(second)}"
    if interval is None:
        return Comparison(question, numbers, None, "undecided", _missing(results, (better, worse)))
    answer = "yes" if interval.low > 0 else "no" if interval.high < MARGIN else "undecided"
    return Comparison(question, numbers, interval, answer, _seeds(interval, first, second, answer))


def compare_with_bound(question: str, values: Sequence[float], bound: float, above: bool, missing: str) -> Comparison:
    """Asks whether a mean lies above, or below, a bound."""
    interval = mean_interval(values)
    if interval is None:
        return Comparison(question, spread(values), None, "undecided", missing)
    sides = {True: interval.low > bound, False: interval.high < bound}
    answer = "yes" if sides[above] else "no" if sides[not above] else "undecided"
    shifted = Interval(interval.value - bound, interval.low - bound, interval.high - bound)
    return Comparison(question, spread(values), shifted, answer)


def spread(values: Sequence[float]) -> str:
    """Formats the mean, the standard deviation over seeds and the number of seeds."""
    if not values:
        return "no run"
    deviation = f" ± {stdev(values):.3f}" if len(values) > 1 else ""
    return f"{fmean(values):.3f}{deviation} ({len(values)})"


def answer_claims(results: Sequence[Result]) -> list[Claim]:
    """Returns the claims with their answers from whatever runs there are."""
    longer, names = Part("sequential", 7, 15), Part("long_names")
    none, ts1, occ = ("none", "ts2"), ("none", "ts1"), ("none", "occ")
    learned, sinusoidal, rope = ("learned", "ts2"), ("sinusoidal", "ts2"), ("rope", "ts2")
    unlike = (Part("flipped", 7, 15), Part("reversed", 3, 6), Part("branching", 5, 12))
    means = ", ".join(f"{name} {fmean(curve.values()):.3f}" for name, curve in PUBLISHED.items())
    collapsed = fmean(PUBLISHED["learned"][nodes] for nodes in range(10, 16))

    def against(better: tuple[str, str], others: Sequence[tuple[str, str]], parts: Sequence[Part]) -> Any:
        return tuple(compare(results, better, other, part) for other in others for part in parts)

    return [
        Claim(
            "Beyond the trained length, no positions beat learned and sinusoidal ones.",
            f"means over 7 to 15 nodes: {means}",
            against(none, (learned, sinusoidal), (longer,)),
            ("axiom-67m-none", "axiom-67m-learned", "axiom-67m-sinusoidal"),
        ),
        Claim(
            "With longer names, no positions beat learned and sinusoidal ones.",
            "a figure; no numbers found",
            against(none, (learned, sinusoidal), (names,)),
            ("axiom-67m-none", "axiom-67m-learned", "axiom-67m-sinusoidal"),
        ),
        Claim(
            "Learned positions collapse after 9 nodes.",
            f".77 at 9 nodes, {collapsed:.3f} over 10 to 15",
            (_collapse(results, learned),),
            ("axiom-67m-learned",),
        ),
        Claim(
            "RoPE helps length further.",
            "said of version 3, without numbers",
            against(rope, (none,), (longer,)),
            ("axiom-67m-rope", "axiom-67m-none"),
        ),
        Claim(
            "Training on chains alone (OCC) does not carry over to flips, reversals and branching.",
            "no numbers found for OCC",
            against(none, (occ,), unlike),
            ("axiom-67m-none",),
            ("transitivity_ts2", "transitivity_occ"),
        ),
        Claim(
            "Some flips (TS2) are better than more (TS1).",
            "no numbers found for TS1",
            against(none, (ts1,), (longer, *unlike, Part("shuffled", 3, 9))),
            ("axiom-67m-none",),
            ("transitivity_ts2", "transitivity_ts1"),
        ),
        Claim(
            "The small decoder answers correlation to causation better than GPT-4.",
            ", ".join(f"{name} {value}" for name, value in PUBLISHED_CORR2CAUSE.items()) + ", on other questions",
            (_corr2cause(results),),
            ("axiom-67m-corr2cause",),
            ("balanced",),
        ),
    ]


def _collapse(results: Sequence[Result], cell: tuple[str, str]) -> Comparison:
    values = values_of(results, *cell, Part("sequential", 10, 15))
    question = f"{_name(cell)} below {COLLAPSED} over 10 to 15 nodes"
    return compare_with_bound(question, values, COLLAPSED, above=False, missing=_missing(results, (cell,)))


def _corr2cause(results: Sequence[Result]) -> Comparison:
    runs = [run for run in results if run["data"] == "corr2cause"]
    values, bound = [run["axes"]["test"][1] for run in runs], PUBLISHED_CORR2CAUSE["GPT-4"]
    missing = f"needs two seeds, {len(runs)} finished"
    return compare_with_bound(f"balanced test above {bound}", values, bound, above=True, missing=missing)


def _quantile(freedom: float) -> float:
    return T_975[min(max(int(freedom), 1), len(T_975)) - 1]


def _name(cell: tuple[str, str]) -> str:
    encoding, data = cell
    return f"{encoding} ({data.upper()})"


def _missing(results: Sequence[Result], cells: Iterable[tuple[str, str]]) -> str:
    """Says which side has too few runs, and why."""
    reasons = []
    for cell in cells:
        runs = [run for run in results if (run["encoding"], run["data"]) == cell]
        good = sum(run["in_family"]["accuracy"] >= LEARNED_THE_FAMILY for run in runs)
        if good < 2:
            reasons.append(f"{_name(cell)}: {len(runs)} finished, {good} of them at {LEARNED_THE_FAMILY} in-family")
    return "; ".join(reasons)


def _seeds(interval: Interval, first: Sequence[float], second: Sequence[float], answer: str) -> str:
    """Says how many seeds would decide an undecided comparison if means and spreads stayed as they are."""
    if answer != "undecided" or interval.value == 0:
        return ""
    gap = interval.value if interval.value > 0 else MARGIN - interval.value
    seeds = math.ceil(4 * (stdev(first) ** 2 + stdev(second) ** 2) / gap**2)
    return f"about {max(seeds, 1 + min(len(first), len(second)))} seeds a side if means and spreads stay as they are"
