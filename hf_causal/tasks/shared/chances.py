"""Binary structural models in words: `B is 1 with probability 0.2 if A is 0.`

A premise states for each variable with which probability it is 1, for each combination of the values of its causes,
and that there are no hidden common causes. One more sentence may say how the responses of a variable to different
causes are coupled, on which some counterfactuals depend; its two forms are the couplings of
`hf_causal.graphs.structural_models`. Sentences may be missing, and a missing probability is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

from hf_causal.graphs.counterfactual_networks import PartialModel
from hf_causal.graphs.structural_models import BinaryModel
from hf_causal.tasks.shared.exact_numbers import NUMBER, read_number, write_decimal
from hf_causal.tasks.shared.names import is_name
from hf_causal.tasks.shared.proofs import find_cycle

NO_HIDDEN_CAUSES = "There are no hidden common causes."
COUPLINGS = {
    "independent": "Responses to different causes are independent.",
    "threshold": (
        "One uniform number for each variable decides its responses: it is 1 if the number is below its probability."
    ),
}
"""From coupling to its sentence."""
STATEMENT_FORM = "B is 1 with probability 0.2 if A is 0 and C is 1."
WORDS = frozenset(
    re.findall(
        r"\w+",
        "with probability if and is there are no hidden common causes responses to different independent one uniform "
        "number for each variable decides its it the below of on in what that observed set average treatment effect "
        "controlled direct natural indirect mediator through would have been had an individual at necessity "
        "sufficiency tightest bounds distribution effects imply larger than from by when p do given treated among",
    )
)
"""Lower-case words of the sentences that no drawn name may be."""
MOST_CAUSES = 8
"""Causes of one variable."""

Condition = tuple[tuple[str, int], ...]


class Chance(NamedTuple):
    """With which probability a variable is 1 under a condition on its causes."""

    variable: str
    condition: Condition
    probability: Fraction
    written: str
    """The number in the text."""

    def __str__(self) -> str:
        condition = f" if {write_values(self.condition)}" if self.condition else ""
        return f"{self.variable} is 1 with probability {self.written}{condition}."


@dataclass(frozen=True)
class Premise:
    """What a premise states."""

    chances: tuple[Chance, ...]
    coupling: str | None = None

    def __str__(self) -> str:
        coupling = [COUPLINGS[self.coupling]] if self.coupling else []
        return " ".join([*map(str, self.chances), NO_HIDDEN_CAUSES, *coupling])

    @cached_property
    def model(self) -> StatedModel:
        """The model; raises `ValueError` if the sentences contradict each other."""
        return stated_model(self)

    @cached_property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The stated (cause, effect) pairs, each once."""
        pairs = ((cause, one.variable) for one in self.chances for cause, _ in one.condition)
        return tuple(dict.fromkeys(pairs))

    @property
    def decimals(self) -> bool:
        """Whether no probability is written as a fraction."""
        return not any("/" in one.written for one in self.chances)


@dataclass(frozen=True, eq=False)
class StatedModel:
    """A model with the names of its variables."""

    names: tuple[str, ...]
    """Causes before their effects."""
    number: dict[str, int]
    model: PartialModel
    missing: tuple[tuple[int, int], ...]
    """Variables and rows of their tables whose probabilities are not stated."""

    def entry(self, node: int, row: int) -> str:
        """Writes what a table's row is about, such as `B = 1 | A = 0`."""
        parents = self.model.parents[node]
        values = ", ".join(
            f"{self.names[parent]} = {row >> shift & 1}"
            for parent, shift in zip(parents, range(len(parents) - 1, -1, -1), strict=True)
        )
        return f"{self.names[node]} = 1" + (f" | {values}" if values else "")

    @cached_property
    def filled(self) -> BinaryModel:
        """The model with any values for the probabilities that are missing."""
        half = Fraction(1, 2)
        tables = tuple(tuple([half if one is None else one for one in table]) for table in self.model.tables)
        return BinaryModel(self.model.parents, tables)

    def complete(self, values: Sequence[Fraction], coupling: str | None) -> PartialModel:
        """Returns the model with values for the missing probabilities, and a coupling where it is open."""
        filled = dict(zip(self.missing, values, strict=True))
        tables = tuple(
            tuple(filled.get((node, row), one) for row, one in enumerate(table))
            for node, table in enumerate(self.model.tables)
        )
        return PartialModel(self.model.parents, tables, self.model.coupling or coupling)


def write_values(values: Iterable[tuple[str, int]], verb: str = "is") -> str:
    """Writes `A is 0, B is 1 and C is 1`."""
    items = [f"{name} {verb} {value}" for name, value in values]
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


def stated_model(premise: Premise) -> StatedModel:
    """Returns the model that a premise states.

    Raises:
        `ValueError`: If sentences contradict each other, causes form a cycle, or a variable has causes in one sentence
            that it lacks in another.
    """
    causes: dict[str, tuple[str, ...]] = {}
    tables: dict[str, dict[Condition, Fraction]] = {}
    for one in premise.chances:
        key = tuple(sorted(one.condition))
        names = tuple([name for name, _ in key])
        if causes.setdefault(one.variable, names) != names:
            raise ValueError(f"the sentences about {one.variable!r} are about different causes: {str(one)!r}")
        table = tables.setdefault(one.variable, {})
        if table.setdefault(key, one.probability) != one.probability:
            raise ValueError(f"two sentences give {one.variable!r} different probabilities: {str(one)!r}")
    for name in [name for names in causes.values() for name in names]:
        causes.setdefault(name, ())
    if cycle := find_cycle(premise.edges):
        raise ValueError(f"the causes form a cycle: {' -> '.join(cycle)}")
    if wide := next((name for name, names in causes.items() if len(names) > MOST_CAUSES), None):
        raise ValueError(f"{wide!r} has {len(causes[wide])} causes; at most {MOST_CAUSES} are read")
    order = _causes_first(causes)
    number = {name: index for index, name in enumerate(order)}
    parents = tuple(tuple(sorted(number[cause] for cause in causes[name])) for name in order)
    full = tuple(_table(tables.get(name, {}), [order[one] for one in parents[number[name]]]) for name in order)
    missing = tuple((node, row) for node, table in enumerate(full) for row, value in enumerate(table) if value is None)
    return StatedModel(tuple(order), number, PartialModel(parents, full, premise.coupling), missing)


def _table(stated: dict[Condition, Fraction], parents: Sequence[str]) -> tuple[Fraction | None, ...]:
    digit = {name: 1 << shift for shift, name in enumerate(reversed(parents))}
    by_row = {sum([digit[name] for name, value in key if value]): one for key, one in stated.items()}
    return tuple([by_row.get(row) for row in range(2 ** len(parents))])


def _causes_first(causes: dict[str, tuple[str, ...]]) -> list[str]:
    """Returns the variables of an acyclic graph in an order in which causes come first, and else as in the text."""
    order: dict[str, None] = {}

    def place(name: str) -> None:
        for cause in causes[name]:
            if cause not in order:
                place(cause)
        order[name] = None

    for name in causes:
        if name not in order:
            place(name)
    return list(order)


@lru_cache(maxsize=1024)
def read_premise_text(text: str) -> Premise:
    """Reads a premise as [`read_premise`]; premises often have several questions."""
    return read_premise(split_sentences(text))


def read_premise(sentences: Sequence[str]) -> Premise:
    """Reads the sentences of a premise, in any order.

    Sentences such as `P(B = 1 | A = 0) = 20%`, conditions before the statement, `when` for `if`, and probabilities of
    the value 0 are read too.

    Raises:
        `ValueError`: With the sentence that cannot be read, or the one that is missing.
    """
    chances, couplings, closed = [], list[str](), False
    for sentence in sentences:
        if _NO_HIDDEN.fullmatch(sentence):
            closed = True
        elif coupling := next((name for name, pattern in _COUPLED.items() if pattern.fullmatch(sentence)), None):
            couplings.append(coupling)
        else:
            chances.append(read_chance(sentence))
    if not closed:
        raise ValueError(f"the premise does not say {NO_HIDDEN_CAUSES!r}")
    if len(set(couplings)) > 1:
        raise ValueError("the premise says in two ways how responses are coupled")
    return Premise(tuple(chances), couplings[0] if couplings else None)


def read_chance(sentence: str) -> Chance:
    """Reads one sentence; raises `ValueError` with the form that it should have."""
    match = next((matched for pattern in _CHANCES if (matched := pattern.fullmatch(sentence))), None)
    if match is None:
        raise ValueError(f"cannot read the sentence {sentence!r}: it should have the form {STATEMENT_FORM!r}")
    condition = read_values(match["condition"] or "", sentence)
    name = match["name"]
    if not is_name(name) or name in dict(condition):
        raise ValueError(f"cannot read the sentence {sentence!r}: {name!r} is no name, or its own cause")
    return make_chance(name, condition, match["number"], int(match["value"]))


def make_chance(variable: str, condition: Condition, number: str, value: int = 1) -> Chance:
    """Returns with which probability a variable is 1, from that of one of its values.

    Raises:
        `ValueError`: If the text is no number between 0 and 1.
    """
    probability, written = read_number(number).value, re.sub(r"\s", "", number)
    if not 0 <= probability <= 1:
        raise ValueError(f"the probability of {variable!r} must lie between 0 and 1, got {written}")
    if value == 0:
        probability, written = 1 - probability, ""
    if not written or written.endswith("%"):
        written = write_decimal(probability) or str(probability)
    return Chance(variable, condition, probability, written)


def read_values(text: str, sentence: str) -> Condition:
    """Reads `A is 0 and B is 1` or `A = 0, B = 1`; raises `ValueError` with its sentence for anything else."""
    pairs = []
    for item in _AND.split(text.strip()) if text.strip() else ():
        match = _VALUE.fullmatch(item)
        if match is None or not is_name(match["name"]):
            raise ValueError(f"cannot read {item!r} in the sentence {sentence!r}: it should be such as 'A is 0'")
        pairs.append((match["name"], int(match["value"])))
    if len(dict(pairs)) < len(pairs):
        raise ValueError(f"cannot read the sentence {sentence!r}: it gives a variable two values")
    return tuple(pairs)


def split_sentences(text: str) -> list[str]:
    """Splits a text into sentences without their final marks; a point inside of a number ends none."""
    sentences = [" ".join(sentence.split()) for sentence in _END.split(text)]
    return [sentence for sentence in sentences if sentence]


_END = re.compile(r"\.(?!\d)|\?|(?<=\d)\.(?=\s|$)")
_AND = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_VALUE = re.compile(r"(?P<name>\S+?)\s*(?:=|\s(?:is|at)\s)\s*(?P<value>[01])", re.IGNORECASE)
_NO_HIDDEN = re.compile(r"there (?:are|is) no (?:hidden|unobserved|latent) common causes?", re.IGNORECASE)
_COUPLED = {name: re.compile(re.escape(sentence.rstrip(".")), re.IGNORECASE) for name, sentence in COUPLINGS.items()}
_IF = r"(?:if|when|given that|given)"
_CHANCES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?P<name>\S+) is (?P<value>[01]) with probability (?P<number>{NUMBER})(?:,? {_IF} (?P<condition>.+))?",
        rf"(?:{_IF} (?P<condition>.+), )?(?P<name>\S+) is (?P<value>[01]) with probability (?P<number>{NUMBER})",
        rf"P\(\s*(?P<name>\w+)\s*=\s*(?P<value>[01])\s*(?:\|\s*(?P<condition>[^()]+?)\s*)?\)\s*=\s*(?P<number>{NUMBER})",
    )
)
