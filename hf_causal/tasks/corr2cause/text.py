"""The text of correlation and causation: a closed system of variables and a hypothesis about two of them.

    Premise: Suppose there is a closed system of 3 variables, A, B and C. All the statistical relations among these 3
    variables are as follows: A correlates with B. A correlates with C. B correlates with C. However, A and C are
    independent given B.
    Hypothesis: A directly causes B.

The sentences are those of Corr2Cause (arXiv 2306.05836). Its premises list every pair that is not marginally
independent as correlated, and then every independence with every conditioning set, including implied ones, in the
order of the variables. A premise is therefore complete: an independence that it does not list does not hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np

from hf_causal.graphs.equivalence import MAX_VARIABLES, RELATIONS
from hf_causal.utils.caches import cache_by_size

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
"""From relation to the sentence that states it in the words of the published paraphrases."""

MIRRORED = dict(zip(RELATIONS, [RELATIONS[index] for index in (2, 3, 0, 1, 4, 5)], strict=True))
"""From a relation of (i, j) to the relation of (j, i) that has the same meaning."""

Independence = tuple[str, str, tuple[str, ...]]
"""Two variables and their conditioning set."""


@dataclass(frozen=True)
class ClosedSystem:
    """A parsed premise."""

    variables: tuple[str, ...]
    correlations: tuple[tuple[str, str], ...]
    independences: tuple[Independence, ...]
    """In the order of the text."""

    @classmethod
    def of_table(cls, variables: Sequence[str], table: np.ndarray) -> ClosedSystem:
        """Returns the system with the independences of a table in the form of `graphs.equivalence.independences`."""
        size = len(variables)
        pairs = [(i, j) for i in range(size) for j in range(i + 1, size)]
        subsets = {code: tuple(k for k in range(size) if code >> k & 1) for code in range(2**size)}
        independent = sorted((i, j, subsets[int(code)]) for i, j in pairs for code in np.flatnonzero(table[i, j]))
        return cls(
            tuple(variables),
            tuple((variables[i], variables[j]) for i, j in pairs if not table[i, j, 0]),
            tuple((variables[i], variables[j], tuple(variables[k] for k in given)) for i, j, given in independent),
        )

    def is_large(self) -> bool:
        """Returns whether few such systems are kept in memory: those with more variables than the training data."""
        return len(self.variables) > 6

    @cached_property
    def table(self) -> np.ndarray:
        """The listed independences as a table in the form of `graphs.equivalence.independences`."""
        index = {name: position for position, name in enumerate(self.variables)}
        table = np.zeros((len(index), len(index), 2 ** len(index)), dtype=bool)
        for first, second, given in self.independences:
            code = sum(1 << index[name] for name in given)
            table[index[first], index[second], code] = table[index[second], index[first], code] = True
        return table

    @cached_property
    def text(self) -> str:
        """The canonical text of the premise."""
        size = len(self.variables)
        correlated = " ".join(f"{first} correlates with {second}." for first, second in self.correlations)
        independent = " ".join(map(independence_sentence, self.independences))
        return (
            f"Suppose there is a closed system of {size} variables, {_listed(self.variables)}. "
            f"All the statistical relations among these {size} variables are as follows: "
            + " However, ".join(filter(None, (correlated, independent)))
        )


@dataclass(frozen=True)
class Prompt:
    """A parsed premise and hypothesis."""

    system: ClosedSystem
    relation: str
    """One of `hf_causal.graphs.equivalence.RELATIONS`."""
    pair: tuple[str, str]
    """The two variables of the hypothesis."""
    paraphrased: bool = False

    @property
    def premise(self) -> str:
        """The canonical text of the premise."""
        return self.system.text

    @property
    def question_text(self) -> str:
        """The canonical text of the hypothesis."""
        return hypothesis(self.relation, self.pair, self.paraphrased)

    def __str__(self) -> str:
        return join(self.premise, self.question_text)


def join(premise: str, question: str) -> str:
    """Returns the prompt of a premise and a hypothesis."""
    return f"Premise: {premise}\nHypothesis: {question}"


def hypothesis(relation: str, pair: tuple[str, str], paraphrased: bool = False) -> str:
    """Returns the sentence that states a relation of two variables."""
    return (PARAPHRASES if paraphrased else HYPOTHESES)[relation].format(i=pair[0], j=pair[1])


def independence_sentence(independence: Independence) -> str:
    """Returns the sentence that states an independence."""
    first, second, given = independence
    if given:
        return f"{first} and {second} are independent given {_listed(given)}."
    return f"{first} is independent of {second}."


def recognizes(text: str) -> bool:
    """Returns whether a text looks like a prompt of this task."""
    return re.search(r"hypothesis\s*:|closed system of", text, re.IGNORECASE) is not None


def parse_prompt(text: str) -> Prompt:
    r"""Parses a prompt with an original or a paraphrased hypothesis.

    Extra spaces and any letter case of the task's words are accepted. Names are what the premise lists as its
    variables: one word or several, without full stops, commas and the word "and"; they keep their case.

    Args:
        text (`str`): `Premise: …` and `Hypothesis: …`.

    Returns:
        [`Prompt`]: Whose `str()` is the canonical text.

    Raises:
        `ValueError`: With the sentence that cannot be read or contradicts another, and what would be right.

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
    premise, *hypotheses = re.split(r"hypothesis\s*:", text, flags=re.IGNORECASE)
    if len(hypotheses) != 1:
        raise ValueError(
            f"a prompt has one 'Hypothesis:' after its premise, this one has {len(hypotheses)}: {text[:200]!r}"
        )
    system = parse_premise(premise)
    sentence = " ".join(hypotheses[0].split())
    for pattern, relation, paraphrased in _HYPOTHESES:
        if pair := pattern.match(sentence.removesuffix(".")):
            _check_names(pair, system.variables, sentence)
            return Prompt(system, relation, pair, paraphrased)
    raise ValueError(
        f"cannot read the hypothesis {sentence!r}: it should have one of the forms "
        + ", ".join(repr(template.format(i="X", j="Y")) for template in [*HYPOTHESES.values(), *PARAPHRASES.values()])
    )


@cache_by_size(lambda text: len(text) > 10_000)
def parse_premise(text: str) -> ClosedSystem:
    """Parses a premise, with or without `Premise:` before it; accepts and raises as [`parse_prompt`] does."""
    match = _SYSTEM.fullmatch(" ".join(text.split()))
    if match is None:
        raise ValueError(
            "cannot read the premise: it should begin 'Suppose there is a closed system of N variables, A, B and C. "
            f"All the statistical relations among these N variables are as follows:', got {text[:200]!r}"
        )
    variables = _names(match["names"])
    if not len(variables) == int(match["size"]) == int(match["again"]) or len(set(variables)) < len(variables):
        raise ValueError(
            f"the premise must name as many different variables as it says ({match['size']}, then {match['again']}), "
            f"got {', '.join(variables)}"
        )
    if not 2 <= len(variables) <= MAX_VARIABLES:
        raise ValueError(f"a closed system has 2 to {MAX_VARIABLES} variables, got {len(variables)}")
    system = ClosedSystem(variables, *_statements(match["statements"], variables))
    _check_pairs(system)
    return system


def _check_pairs(system: ClosedSystem) -> None:
    """Raises `ValueError` unless each pair of variables is listed as correlated or as independent, and not as both."""
    correlated = set(map(frozenset, system.correlations))
    independent = {frozenset((first, second)) for first, second, given in system.independences if not given}
    for first, second in combinations(system.variables, 2):
        pair = frozenset((first, second))
        if pair in correlated and pair in independent:
            raise ValueError(f"the premise lists {first!r} and {second!r} both as correlated and as independent")
        if pair not in correlated and pair not in independent:
            raise ValueError(
                f"the premise must say {_CORRELATED.write(first, second)!r} or {_INDEPENDENT.write(first, second)!r}: "
                "it is to list the relation of every two variables"
            )


_SYSTEM = re.compile(
    r"(?:premise\s*:)?\s*suppose there is a closed system of (?P<size>\d{1,9}) variables?, (?P<names>[^.]+)\. "
    r"all the statistical relations among these (?P<again>\d{1,9}) variables? are as follows:(?P<statements>.*)",
    re.IGNORECASE,
)


class _Form:
    """A form of sentences about two names, in any letter case; it matches or refuses a sentence in linear time."""

    def __init__(self, template: str):
        """Takes a sentence with `{i}` and `{j}`, without its full stop."""
        self._template, self._is_reversed = template, template.index("{i}") > template.index("{j}")
        self._start, middle, self._end = re.split(r"\{[ij]\}", template.lower())
        self._middle = re.compile(re.escape(middle), re.IGNORECASE)

    def write(self, first: str, second: str) -> str:
        """Writes the sentence about two names."""
        return self._template.format(i=first, j=second) + "."

    def match(self, sentence: str) -> tuple[str, str] | None:
        """Returns the two names of a sentence without its full stop, or `None` if it has another form."""
        start, end = len(self._start), len(sentence) - len(self._end)
        if sentence[:start].lower() != self._start or sentence[max(end, 0) :].lower() != self._end:
            return None
        # A name has at least one character.
        middle = self._middle.search(sentence, start + 1, max(end - 1, 0))
        if middle is None:
            return None
        names = sentence[start : middle.start()], sentence[middle.end() : end]
        return names[::-1] if self._is_reversed else names


_CORRELATED = _Form("{i} correlates with {j}")
_INDEPENDENT = _Form("{i} is independent of {j}")
_GIVEN = _Form("{i} are independent given {j}")
_PAIR = _Form("{i} and {j}")
# "Y directly causes X." parses as the relation `parent` of (Y, X), not as `child` of (X, Y).
_HYPOTHESES = [
    (_Form(template.removesuffix(".")), relation, templates is PARAPHRASES)
    for templates in (HYPOTHESES, PARAPHRASES)
    for relation, template in templates.items()
]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _names(text: str) -> tuple[str, ...]:
    return tuple(re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", text.strip()))


def _statements(text: str, variables: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], tuple[Independence, ...]]:
    """Parses the sentences after the colon into correlations and independences."""
    correlations: list[tuple[str, str]] = []
    independences: list[Independence] = []
    for sentence in filter(None, map(str.strip, text.split("."))):
        body = re.sub(r"^however,?\s+", "", sentence, flags=re.IGNORECASE)
        if pair := _CORRELATED.match(body):
            correlations.append(pair)
            _check_names(pair, variables, sentence)
        elif (parts := _GIVEN.match(body)) and (pair := _PAIR.match(parts[0])):
            independences.append((*pair, _names(parts[1])))
            _check_names((*pair, *_names(parts[1])), variables, sentence)
        elif pair := _INDEPENDENT.match(body):
            independences.append((*pair, ()))
            _check_names(pair, variables, sentence)
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
