"""The grammar of correlation and causation: a closed system of variables and a hypothesis about two of them.

    Premise: Suppose there is a closed system of 3 variables, A, B and C. All the statistical relations among these 3
    variables are as follows: A correlates with B. A correlates with C. B correlates with C. However, A and C are
    independent given B.
    Hypothesis: A directly causes B.

The sentences are those of Corr2Cause (arXiv 2306.05836). Its premises list every pair that is not independent without
conditions as correlated, and then every independence with every conditioning set, none left out as implied, in the
order of the variables; a premise is therefore read as complete, and what it does not list does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from hf_causal.graphs.equivalence import MAX_VARIABLES, RELATIONS

HYPOTHESES = dict(
    zip(
        RELATIONS,
        (
            "{i} directly causes {j}.",
            "{i} causes something else which causes {j}.",
            "{j} directly causes {i}.",
            "{j} is a cause for {i}, but not a direct one.",
            "There exists at least one collider (i.e., common effect) of {i} and {j}.",
            "There exists at least one confounder (i.e., common cause) of {i} and {j}.",
        ),
        strict=True,
    )
)
"""From relation to the sentence that states it."""

PARAPHRASES = dict(
    zip(
        RELATIONS,
        (
            "{i} directly affects {j}.",
            "{i} influences {j} through some mediator(s).",
            "{j} directly affects {i}.",
            "{j} influences {i} through some mediator(s).",
            "{i} and {j} together cause some other variable(s).",
            "Some variable(s) cause(s) both {i} and {j}.",
        ),
        strict=True,
    )
)
"""The same in the words of the published paraphrases."""

MIRRORED = dict(zip(RELATIONS, [RELATIONS[index] for index in (2, 3, 0, 1, 4, 5)], strict=True))
"""What holds of (j, i) where a relation holds of (i, j)."""

Independence = tuple[str, str, tuple[str, ...]]
"""Two variables and those that are given."""


@dataclass(frozen=True)
class ClosedSystem:
    """What a premise says."""

    variables: tuple[str, ...]
    correlations: tuple[tuple[str, str], ...]
    independences: tuple[Independence, ...]
    """In the order of the text."""

    @classmethod
    def of_table(cls, variables: Sequence[str], table: np.ndarray) -> ClosedSystem:
        """The system with the independences of a table, as `hf_causal.graphs.equivalence.independences` returns it."""
        size = len(variables)
        pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
        subsets = {code: tuple(k for k in range(size) if code >> k & 1) for code in range(2**size)}
        found = [(i, j, subsets[int(code)]) for i, j in pairs for code in np.flatnonzero(table[i, j])]
        return cls(
            tuple(variables),
            tuple((variables[i], variables[j]) for i, j in pairs if not table[i, j, 0]),
            tuple((variables[i], variables[j], tuple(variables[k] for k in given)) for i, j, given in sorted(found)),
        )

    @cached_property
    def table(self) -> np.ndarray:
        """The listed independences as a table, as `hf_causal.graphs.equivalence.independences` returns it."""
        place = {name: index for index, name in enumerate(self.variables)}
        table = np.zeros((len(place), len(place), 2 ** len(place)), dtype=bool)
        for first, second, given in self.independences:
            code = sum(1 << place[name] for name in given)
            table[place[first], place[second], code] = table[place[second], place[first], code] = True
        return table

    @cached_property
    def text(self) -> str:
        """The premise."""
        size = len(self.variables)
        correlated = " ".join(f"{first} correlates with {second}." for first, second in self.correlations)
        independent = " ".join(map(state, self.independences))
        return (
            f"Suppose there is a closed system of {size} variables, {_listed(self.variables)}. "
            f"All the statistical relations among these {size} variables are as follows: "
            + " However, ".join(part for part in (correlated, independent) if part)
        )


@dataclass(frozen=True)
class Prompt:
    """What a premise and a hypothesis say."""

    system: ClosedSystem
    relation: str
    """One of `hf_causal.graphs.equivalence.RELATIONS`."""
    pair: tuple[str, str]
    """The two variables of which the relation is said to hold."""
    paraphrased: bool = False

    @property
    def premise(self) -> str:
        """The premise in its canonical form."""
        return self.system.text

    @property
    def asked(self) -> str:
        """The hypothesis in its canonical form."""
        return hypothesis(self.relation, self.pair, self.paraphrased)

    def __str__(self) -> str:
        return join(self.premise, self.asked)


def join(premise: str, asked: str) -> str:
    """The prompt of a premise and a hypothesis."""
    return f"Premise: {premise}\nHypothesis: {asked}"


def hypothesis(relation: str, pair: tuple[str, str], paraphrased: bool = False) -> str:
    """The sentence that says that a relation holds of two variables."""
    return (PARAPHRASES if paraphrased else HYPOTHESES)[relation].format(i=pair[0], j=pair[1])


def state(independence: Independence) -> str:
    """The sentence that lists an independence."""
    first, second, given = independence
    if given:
        return f"{first} and {second} are independent given {_listed(given)}."
    return f"{first} is independent of {second}."


def recognizes(text: str) -> bool:
    """Whether a text looks like a prompt of this grammar."""
    return re.search(r"hypothesis\s*:|closed system of", text, re.IGNORECASE) is not None


def parse_prompt(text: str) -> Prompt:
    r"""Reads a prompt with its original or its paraphrased hypothesis.

    Extra spaces and any letter case of the grammar's words are accepted. Names are whatever the premise lists as its
    variables, several words too, without stops, commas and the word "and"; they keep their case.

    Args:
        text (`str`): `Premise: …` and `Hypothesis: …`.

    Returns:
        [`Prompt`]: Whose `str()` is the canonical text.

    Raises:
        `ValueError`: With the sentence that cannot be read, or that says what cannot be, and what would be right.

    Example:

    ```python
    >>> prompt = parse_prompt(
    ...     "Premise: Suppose there is a closed system of 2 variables, rain and mud. All the statistical relations "
    ...     "among these 2 variables are as follows: rain correlates with mud.\nHypothesis: rain directly affects mud."
    ... )
    >>> prompt.relation, prompt.pair, prompt.system.correlations
    ('parent', ('rain', 'mud'), (('rain', 'mud'),))

    ```
    """
    premise, *asked = re.split(r"hypothesis\s*:", text, flags=re.IGNORECASE)
    if len(asked) != 1:
        raise ValueError(
            f"a prompt has one 'Hypothesis:' after its premise, this one has {len(asked)}: {text[:200]!r}"
        )
    system = parse_premise(premise)
    sentence = " ".join(asked[0].split())
    for pattern, relation, paraphrased in _HYPOTHESES:
        if found := pattern.fullmatch(sentence):
            _check_names(found.group("i", "j"), system.variables, sentence)
            return Prompt(system, relation, (found["i"], found["j"]), paraphrased)
    raise ValueError(
        f"cannot read the hypothesis {sentence!r}: it should have one of the forms "
        + ", ".join(repr(template.format(i="X", j="Y")) for template in [*HYPOTHESES.values(), *PARAPHRASES.values()])
    )


@lru_cache(maxsize=4096)
def parse_premise(text: str) -> ClosedSystem:
    """Reads a premise, with or without `Premise:` before it; accepts and raises what [`parse_prompt`] does."""
    found = _SYSTEM.fullmatch(" ".join(text.split()))
    if found is None:
        raise ValueError(
            "cannot read the premise: it should begin 'Suppose there is a closed system of N variables, A, B and C. "
            f"All the statistical relations among these N variables are as follows:', got {text[:200]!r}"
        )
    variables = _names(found["names"])
    if not len(variables) == int(found["size"]) == int(found["again"]) or len(set(variables)) < len(variables):
        raise ValueError(
            f"the premise must name as many different variables as it says ({found['size']}, then {found['again']}), "
            f"got {', '.join(variables)}"
        )
    if not 2 <= len(variables) <= MAX_VARIABLES:
        raise ValueError(f"a closed system has 2 to {MAX_VARIABLES} variables, got {len(variables)}")
    system = ClosedSystem(variables, *_statements(found["statements"], variables))
    for pair in system.correlations:
        if {(*pair, ()), (*pair[::-1], ())} & set(system.independences):
            raise ValueError(f"the premise lists {pair[0]!r} and {pair[1]!r} both as correlated and as independent")
    return system


_SYSTEM = re.compile(
    r"(?:premise\s*:)?\s*suppose there is a closed system of (?P<size>\d+) variables?, (?P<names>[^.]+)\. "
    r"all the statistical relations among these (?P<again>\d+) variables? are as follows:(?P<statements>.*)",
    re.IGNORECASE,
)
_CORRELATED = re.compile(r"(.+) correlates with (.+)", re.IGNORECASE)
_INDEPENDENT = re.compile(r"(.+) is independent of (.+)", re.IGNORECASE)
_GIVEN = re.compile(r"(.+?) and (.+) are independent given (.+)", re.IGNORECASE)


def _pattern(template: str) -> re.Pattern[str]:
    written = re.escape(template.removesuffix("."))
    return re.compile(re.sub(r"\\{(.)\\}", r"(?P<\1>.+?)", written) + r"\.?", re.IGNORECASE)


# "Y directly causes X." is read as a parent, the relation that it states of (Y, X).
_HYPOTHESES = [
    (_pattern(template), relation, templates is PARAPHRASES)
    for templates in (HYPOTHESES, PARAPHRASES)
    for relation, template in templates.items()
]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _names(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", text.strip()))


def _statements(text: str, variables: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], tuple[Independence, ...]]:
    """The correlations and independences of the sentences after the colon."""
    correlations: list[tuple[str, str]] = []
    independences: list[Independence] = []
    for sentence in filter(None, map(str.strip, text.split("."))):
        body = re.sub(r"^however,?\s+", "", sentence, flags=re.IGNORECASE)
        if found := _CORRELATED.fullmatch(body):
            correlations.append((found[1], found[2]))
            _check_names(found.groups(), variables, sentence)
        elif found := _GIVEN.fullmatch(body):
            independences.append((found[1], found[2], _names(found[3])))
            _check_names((found[1], found[2], *_names(found[3])), variables, sentence)
        elif found := _INDEPENDENT.fullmatch(body):
            independences.append((found[1], found[2], ()))
            _check_names(found.groups(), variables, sentence)
        else:
            raise ValueError(
                f"cannot read the sentence {sentence!r}: it should have the form 'X correlates with Y.', 'X is "
                "independent of Y.' or 'X and Y are independent given Z.'"
            )
    return tuple(correlations), tuple(independences)


def _check_names(names: Sequence[str], variables: tuple[str, ...], sentence: str) -> None:
    for name in names:
        if name not in variables:
            raise ValueError(
                f"{name!r} in the sentence {sentence!r} is no variable of the premise; they are {', '.join(variables)}"
            )
    if len(set(names)) < len(names):
        raise ValueError(f"the variables in the sentence {sentence!r} must be different")
