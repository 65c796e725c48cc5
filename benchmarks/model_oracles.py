"""Decides whether rows about models in words are true, by enumerating responses or outcomes of coins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import product
from typing import Any

import enumerated_models
import networkx as nx

_NUMBERS = re.compile(r"[-−]?\s?[\d.]*\d(?:\s?/\s?[\d.]*\d)?(?:\s?%)?")
MOST_UNITS = 2**9
"""Deterministic models that the enumeration of a row may take; rows with more are not compared."""


def units(tables: Any, coupling: str | None) -> int:
    """Returns how many deterministic models a model is."""
    total = 1
    for table in tables.values():
        total *= len(set(table.values())) + 1 if coupling == "threshold" else 2 ** len(table)
    return total


def is_partial(tables: Any) -> bool:
    """Returns whether a probability is missing, which then does not matter for the row's answer."""
    parents = {name: enumerated_models.parents_of(tables, name) for name in tables}
    return any(len(tables[name]) < 2 ** len(some) or not tables.keys() >= set(some) for name, some in parents.items())


def filled_in(tables: Any, model: Mapping[str, str]) -> dict[str, Any]:
    """Returns the tables with the probabilities that a model of a certificate has."""
    filled = {name: dict(table) for name, table in tables.items()}
    for entry, value in model.items():
        if entry != "responses":
            name, _, condition = entry.partition(" = 1")
            key = frozenset((n, int(bit)) for n, bit in re.findall(r"(\w+) = ([01])", condition))
            filled.setdefault(name, {})[key] = Fraction(value)
    return filled


def quantity(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    """Returns whether the enumeration confirms an answer and its certificate, where it does not take too long."""
    tables, coupling = enumerated_models.read_model(prompt.premise)
    values = []
    for model in certificate.get("models", [{}]):
        filled, used = filled_in(tables, model), model.get("responses", coupling) or "threshold"
        if is_partial(filled) or units(filled, used) > MOST_UNITS:
            return True
        values.append(enumerated_models.answer(filled, used, prompt.question_text))
    if "models" in certificate:
        return values == [_number(one) for one in certificate["values"]] and values[0] != values[1]
    numbers = _NUMBERS.findall(answer)
    right = bool(numbers) and all(_is_value(one, values[0]) for one in numbers)
    return right and _make_up(certificate.get("terms"), values[0])


def comparison(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    """Returns whether the enumeration confirms an answer and its certificate, where it does not take too long."""
    tables, coupling = enumerated_models.read_model(prompt.premise)
    sides = re.fullmatch(r"Is (.+) larger than (.+)\?", prompt.question_text)
    used = coupling or "threshold"
    if sides is None or is_partial(tables) or units(tables, used) > MOST_UNITS:
        return sides is not None
    is_number = re.fullmatch(r"[-−]?[\d./]+%?", sides[2])
    first = enumerated_models.answer(tables, used, f"What is {sides[1]}?")
    second = _number(sides[2]) if is_number else enumerated_models.answer(tables, used, f"What is {sides[2]}?")
    proved = _make_up(certificate["first"], first) and (is_number or _make_up(certificate["second"], second))
    return bool(proved) and (first > second) == (answer == "Yes")


def _make_up(terms: Mapping[str, str] | None, true: Fraction) -> bool:
    """Returns whether one term is the value, or the difference of two; equal terms are one."""
    if not terms:
        return False
    values = [_number(one) for one in terms.values()]
    return len(values) > 2 or true in (values[0], values[0] - values[-1])


def _number(text: str) -> Fraction:
    match = re.fullmatch(r"\s*([-−]?)\s?([\d.]+)(?:\s?/\s?([\d.]+))?\s?(%?)\s*", text)
    assert match is not None, text
    value = Fraction(match[2]) / Fraction(match[3] or 1) / (100 if match[4] else 1)
    return -value if match[1] else value


def _is_value(answer: str, true: Fraction) -> bool:
    """Returns whether a number is a value, or that value rounded to four places or more."""
    number, places = _number(answer), len(answer.strip(" %").partition(".")[2]) + 2 * ("%" in answer)
    return number == true or ("/" not in answer and places >= 4 and abs(number - true) * 2 <= Fraction(1, 10**places))


_STATEMENT = re.compile(r"(\w+) (?:depends on ([^:]+): it )?is (?:1 for ([01, and]+)|(always|never) 1)")


class Tables:
    """A model of tables and fair coins, which is solved by recursion for each outcome."""

    def __init__(self, premise: str) -> None:
        self.coins = re.findall(r"(\w+) is a fair coin", premise)
        self.tables: dict[str, tuple[list[str], list[str]]] = {}
        for sentence in premise.split(". "):
            if match := _STATEMENT.match(sentence):
                sources = _items(match[2])
                rows = ["".join(bits) for bits in product("01", repeat=len(sources))]
                constant = rows if match[4] == "always" else []
                self.tables[match[1]] = (sources, _items(match[3]) if match[3] else constant)

    def value(self, name: str, coins: Mapping[str, int], held: Mapping[str, int]) -> int:
        """Returns the value of a variable for an outcome of the coins, where some variables are held fixed."""
        if name in coins or name in held:
            return {**coins, **held}[name]
        sources, ones = self.tables[name]
        return int("".join(str(self.value(source, coins, held)) for source in sources) in ones)

    def outcomes(self) -> Iterator[dict[str, int]]:
        """Yields the outcomes of the coins."""
        for bits in product((0, 1), repeat=len(self.coins)):
            yield dict(zip(self.coins, bits, strict=True))

    def graph(self) -> nx.DiGraph:
        """Returns the graph of variables and coins."""
        graph = nx.DiGraph((source, name) for name, (sources, _) in self.tables.items() for source in sources)
        graph.add_nodes_from(self.tables)
        return graph

    def settings(self, x: str, y: str, held: list[str], further: bool) -> Iterator[dict[str, int]]:
        """Yields all values of what is held fixed, and if `further`, of any other variables too."""
        rest = [name for name in self.tables if name not in (x, y, *held)] if further else []
        for values in product(*[(0, 1)] * len(held), *[(None, 0, 1)] * len(rest)):
            yield {n: v for n, v in zip((*held, *rest), values, strict=True) if v is not None}

    def pairs(self, x: str, y: str, fixed: Mapping[str, int]) -> list[list[int]]:
        """Returns for each outcome the values of y if x is set to 0 and to 1."""
        return [[self.value(y, coins, {**fixed, x: value}) for value in (0, 1)] for coins in self.outcomes()]

    def relevant(self, notion: str, x: str, y: str, held: list[str]) -> bool:
        """Returns whether x is relevant to y under a notion."""
        if notion == "graphical":
            return bool(nx.has_path(self.graph().subgraph(set(self.graph()) - set(held)), x, y))
        for fixed in self.settings(x, y, held, notion == "deterministic"):
            pairs = self.pairs(x, y, fixed)
            if notion == "probabilistic" and sum(a for a, _ in pairs) != sum(b for _, b in pairs):
                return True
            if notion == "deterministic" and any(a != b for a, b in pairs):
                return True
        return False


def _items(text: str | None) -> list[str]:
    return re.split(r", | and ", text) if text else []


def relevance_semantics(prompt: Any, answer: str, certificate: Mapping[str, Any]) -> bool:
    """Returns whether an enumeration of settings and outcomes confirms an answer and its certificate."""
    tables, x, y, held = Tables(prompt.premise), prompt.x, prompt.y, list(prompt.held)
    if tables.relevant(prompt.notion, x, y, held) != (answer == "Yes"):
        return False
    if prompt.notion == "graphical":
        graph = tables.graph().subgraph(set(tables.tables) - set(held))
        if answer == "No":
            return sorted(certificate["reached"]) == sorted(nx.descendants(graph, x))
        path = certificate["path"]
        return (path[0], path[-1]) == (x, y) and len(path) > 1 and nx.is_path(graph, path)
    if prompt.notion == "deterministic" and answer == "No":
        count = sum(1 for _ in tables.settings(x, y, held, True)) * 2 ** len(tables.coins)
        return bool(certificate["unchanged"] == count)
    fixed = certificate.get("held", {})
    if prompt.notion == "deterministic":
        values = [tables.value(y, certificate["coins"], {**fixed, x: value}) for value in (0, 1)]
        complete = set(certificate["coins"]) == set(tables.coins)
        return complete and values == certificate["values"] and values[0] != values[1]
    if answer == "Yes":
        stated = [_number(str(one)) for one in certificate["probabilities"]]
        return stated == [_share(tables, x, y, fixed, side) for side in (0, 1)] and stated[0] != stated[1]
    settings = {"".join(str(one[name]) for name in held): one for one in tables.settings(x, y, held, False)}
    stated = {key: _number(str(one)) for key, one in certificate["probabilities"].items()}
    return stated == {key: _share(tables, x, y, one, 0) for key, one in settings.items()}


def _share(tables: Tables, x: str, y: str, fixed: Mapping[str, int], side: int) -> Fraction:
    pairs = tables.pairs(x, y, fixed)
    return Fraction(sum(pair[side] for pair in pairs), len(pairs))
