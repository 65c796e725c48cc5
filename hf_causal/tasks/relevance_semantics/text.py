"""The text of the notions of relevance: a model of tables and fair coins, and a question under one of three notions.

`u is a fair coin. A depends on u: it is 1 for 1. B depends on A and u: it is 1 for 01 and 10.` and then

- `Is there a causal path from A to C if B is held fixed?` (graphical)
- `Can setting A change the probability of C if B is held fixed?` (probabilistic)
- `Can setting A ever change C if B and perhaps further variables are held fixed?` (deterministic)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from typing import NamedTuple

from hf_causal.graphs.relevance_notions import Mechanism, Notion, TableModel
from hf_causal.tasks.shared.names import is_name
from hf_causal.tasks.shared.proofs import find_cycle

WORDS = frozenset(
    re.findall(
        r"\w+",
        "is a fair coin depends on it for and never always there causal path from to if held fixed can setting change "
        "the probability of ever perhaps further variables are or given",
    )
)
"""Lower-case words of the sentences that no drawn name may be."""
STATEMENT_FORM = "B depends on A and u: it is 1 for 01 and 10."
QUESTION_FORM = "Can setting A change the probability of C if B is held fixed?"
MOST_VARIABLES, MOST_COINS, MOST_SOURCES = 8, 6, 6


class Statement(NamedTuple):
    """How a variable follows from its sources."""

    variable: str
    sources: tuple[str, ...]
    ones: tuple[str, ...]
    """Values of the sources, such as `"01"`, for which it is 1, in ascending order."""

    def __str__(self) -> str:
        if not self.ones or len(self.ones) == 2 ** len(self.sources):
            value = "always 1" if self.ones else "never 1"
            return (
                f"{self.variable} depends on {_list(self.sources)}: it is {value}."
                if self.sources
                else (f"{self.variable} is {value}.")
            )
        return f"{self.variable} depends on {_list(self.sources)}: it is 1 for {_list(self.ones)}."


class Numbered(NamedTuple):
    """The model with the names of its variables and coins."""

    model: TableModel
    names: tuple[str, ...]
    number: dict[str, int]
    coins: tuple[str, ...]


@dataclass(frozen=True)
class Prompt:
    """A parsed prompt."""

    coins: tuple[str, ...]
    statements: tuple[Statement, ...]
    notion: Notion
    x: str
    y: str
    held: tuple[str, ...] = ()

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return write_premise(self.coins, self.statements)

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return write_question(self.notion, self.x, self.y, self.held)

    @property
    def edges(self) -> tuple[tuple[str, str], ...]:
        """The (cause, effect) pairs among variables."""
        return tuple(
            (source, one.variable) for one in self.statements for source in one.sources if source not in self.coins
        )

    @cached_property
    def numbered(self) -> Numbered:
        """The model; raises `ValueError` for statements that are none, or a question about no variable of it."""
        numbered = number_model(self.coins, self.statements)
        for name in (self.x, self.y, *self.held):
            if name not in numbered.number:
                raise ValueError(f"no statement says how {name!r} follows from others")
        return numbered

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}"


def write_premise(coins: tuple[str, ...], statements: tuple[Statement, ...]) -> str:
    """Writes coins and statements."""
    return " ".join([*(f"{coin} is a fair coin." for coin in coins), *map(str, statements)])


def write_question(notion: Notion, x: str, y: str, held: tuple[str, ...]) -> str:
    """Writes a question under a notion."""
    fixed = f" if {_list(held)} {'is' if len(held) == 1 else 'are'} held fixed" if held else ""
    if notion == "graphical":
        return f"Is there a causal path from {x} to {y}{fixed}?"
    if notion == "probabilistic":
        return f"Can setting {x} change the probability of {y}{fixed}?"
    listed = f"{_list(held)} and " if held else ""
    return f"Can setting {x} ever change {y} if {listed}perhaps further variables are held fixed?"


def _list(items: tuple[str, ...]) -> str:
    return " and ".join(filter(None, (", ".join(items[:-1]), *items[-1:])))


@lru_cache(maxsize=1024)
def number_model(coins: tuple[str, ...], statements: tuple[Statement, ...]) -> Numbered:
    """Returns the model of statements; raises `ValueError` if they contradict each other, or are no model."""
    by_name = {one.variable: one for one in statements}
    repeated = [one for one in statements if by_name[one.variable] != one]
    both = set(coins) & set(by_name)
    if repeated or both:
        raise ValueError(f"two statements say how {min(both) if both else repeated[0].variable!r} follows from others")
    for one in statements:
        if unknown := [source for source in one.sources if source not in by_name and source not in coins]:
            raise ValueError(f"no statement says how {unknown[0]!r} follows from others, or that it is a coin")
    edges = [(source, one.variable) for one in statements for source in one.sources if source not in coins]
    if cycle := find_cycle(edges):
        raise ValueError(f"the statements form a cycle: {' -> '.join(cycle)}")
    if len(by_name) > MOST_VARIABLES or len(coins) > MOST_COINS:
        raise ValueError(f"at most {MOST_VARIABLES} variables and {MOST_COINS} coins are read")
    order: list[str] = []
    while len(order) < len(by_name):
        ready = {*order, *coins}
        order += [name for name in by_name if name not in ready and ready.issuperset(by_name[name].sources)]
    number = {name: index for index, name in enumerate(order)} | {name: -1 - i for i, name in enumerate(coins)}
    mechanisms = tuple(
        Mechanism(
            tuple(number[source] for source in by_name[name].sources),
            frozenset(tuple(map(int, row)) for row in by_name[name].ones),
        )
        for name in order
    )
    model = TableModel(mechanisms, len(coins))
    return Numbered(model, tuple(order), {name: number[name] for name in order}, coins)


def recognizes(text: str) -> bool:
    """Returns whether a text has the sentences that no prompt of another task has."""
    return _SETS.search(text) is not None and _STATES.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt: its sentences in any order, with any spaces and letter case of the task's words.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> text = "u is a fair coin. A depends on u: it is 1 for 1. B depends on A: it is 1 for 0."
    >>> parse_prompt(f"{text} can setting A ever change B, if perhaps further variables are held fixed").question_text
    'Can setting A ever change B if perhaps further variables are held fixed?'

    ```
    """
    *sentences, question = [" ".join(one.split()) for one in re.split(r"[.?]", text) if one.strip()] or [""]
    coins, statements = [], []
    for sentence in sentences:
        if match := _COIN.fullmatch(sentence):
            coins.append(_name(match[1], sentence))
        else:
            statements.append(_read_statement(sentence))
    notion, x, y, held = _read_question(question)
    return Prompt(tuple(dict.fromkeys(coins)), tuple(statements), notion, x, y, held)


def _read_statement(sentence: str) -> Statement:
    if match := _CONSTANT.fullmatch(sentence):
        return Statement(_name(match[1], sentence), (), ("",) if match[2].lower() == "always" else ())
    match = _STATEMENT.fullmatch(sentence)
    if match is None:
        raise ValueError(f"cannot read the sentence {sentence!r}: it should have the form {STATEMENT_FORM!r}")
    sources = tuple(_name(name, sentence) for name in _AND.split(match["sources"].strip()))
    if len(set(sources)) < len(sources) or match["name"] in sources or len(sources) > MOST_SOURCES:
        raise ValueError(
            f"cannot read the sentence {sentence!r}: it has a source twice, too many, or the variable itself"
        )
    if match["constant"]:
        every = tuple("".join(row) for row in product("01", repeat=len(sources)))
        return Statement(
            _name(match["name"], sentence), sources, every if match["constant"].lower() == "always" else ()
        )
    ones = _AND.split(match["ones"].strip())
    if len(set(ones)) < len(ones) or any(len(row) != len(sources) or set(row) - {"0", "1"} for row in ones):
        raise ValueError(
            f"cannot read the sentence {sentence!r}: values should be such as '{'0' * len(sources)}', once"
        )
    return Statement(_name(match["name"], sentence), sources, tuple(sorted(ones)))


def _read_question(question: str) -> tuple[Notion, str, str, tuple[str, ...]]:
    for notion, pattern in _QUESTIONS.items():
        if match := pattern.fullmatch(question):
            listed = match["held"]
            held = tuple(_name(name, question) for name in _AND.split(listed.strip())) if listed else ()
            names = (_name(match["x"], question), _name(match["y"], question), *held)
            if len(set(names)) < len(names):
                raise ValueError(f"cannot read the question {question!r}: it has a variable twice")
            return notion, names[0], names[1], held
    raise ValueError(f"cannot read the question {question!r}: it should have the form {QUESTION_FORM!r}")


def _name(name: str, sentence: str) -> str:
    if not is_name(name):
        raise ValueError(f"cannot read the name {name!r} in the sentence {sentence!r}")
    return name


_AND = re.compile(r"\s*,\s*(?:and\s+)?|\s+and\s+", re.IGNORECASE)
_COIN = re.compile(r"(\S+) is a fair coin", re.IGNORECASE)
_CONSTANT = re.compile(r"(\S+) is (always|never) 1", re.IGNORECASE)
_STATEMENT = re.compile(
    r"(?P<name>\S+) depends on (?P<sources>.+): it is (?:(?P<constant>always|never) 1|1 for (?P<ones>[01, and]+))",
    re.IGNORECASE,
)
_HELD = r"(?:,? (?:if|when|while) (?P<held>.+?) (?:is|are) (?:held|kept) (?:fixed|constant))?"
_QUESTIONS: dict[Notion, re.Pattern[str]] = {
    "graphical": re.compile(
        rf"is there a (?:causal|directed) path from (?P<x>\S+) to (?P<y>\S+?){_HELD}", re.IGNORECASE
    ),
    "probabilistic": re.compile(
        rf"can setting (?P<x>\S+) change the probability of (?P<y>\S+?){_HELD}", re.IGNORECASE
    ),
    "deterministic": re.compile(
        r"can setting (?P<x>\S+) ever change (?P<y>\S+?),? (?:if|when|while) (?:(?P<held>.+?),? and )?"
        r"perhaps further variables are (?:held|kept) (?:fixed|constant)",
        re.IGNORECASE,
    ),
}
_SETS = re.compile(r"\bcan\s+setting\b|\bis\s+there\s+a\s+(?:causal|directed)\s+path\b", re.IGNORECASE)
_STATES = re.compile(r"\bfair\s+coin\b|\bdepends\s+on\b.+:\s*it\s+is\b", re.IGNORECASE | re.DOTALL)
