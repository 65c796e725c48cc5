"""Derivations by the six axioms of Galles and Pearl, as lines of text that a program checks.

A line is `AXIOM: STATEMENT`, where the statement follows by the axiom from known statements: the premises, the lines
before it, and the assumption of the case. `case: STATEMENT` begins the first of two cases of which transitivity
says that one holds, and goes on until the conclusion is reached; `other case: STATEMENT` then begins the second one,
without what the first one added. The derivation ends where the conclusion is reached in every case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from hf_causal.graphs.mixed_graphs import bits
from hf_causal.graphs.relevance import AXIOMS, Derivation, Statement, transitivity_cases
from hf_causal.tasks.relevance_axioms.text import Claim, read_claim, sorted_claim
from hf_causal.tasks.shared.names import is_name
from hf_causal.tasks.shared.proofs import CertificateError

CASE, OTHER_CASE = "case", "other case"
_LINE = re.compile(rf"\s*({'|'.join(AXIOMS[:5])}|{OTHER_CASE}|{CASE})\s*:\s*(.+?)\s*\.?\s*", re.IGNORECASE)


class Nodes:
    """The nodes of a prompt, numbered in the order of their names."""

    def __init__(self, names: Iterable[str]):
        self.names = sorted(names)
        self._bit = {name: 1 << index for index, name in enumerate(self.names)}
        self._sets: dict[int, tuple[str, ...]] = {}

    def statement(self, claim: Claim) -> Statement:
        """Returns a claim with sets as integers; raises [`CertificateError`] for a node that the prompt has not."""
        return Statement(*map(self._numbered, (claim.changed, claim.held, claim.targets)))

    def _numbered(self, nodes: Iterable[str]) -> int:
        result = 0
        for name in nodes:
            if name not in self._bit:
                raise CertificateError(f"{name!r} is no node of the statements")
            result |= self._bit[name]
        return result

    def claim(self, statement: Statement) -> Claim:
        """Returns a statement with names."""
        x, z, y = statement
        return Claim(self._named(x), self._named(y), self._named(z))

    def _named(self, nodes: int) -> tuple[str, ...]:
        if nodes not in self._sets:
            self._sets[nodes] = tuple(self.names[node] for node in bits(nodes))
        return self._sets[nodes]


def name_statement(statement: Statement, names: Sequence[str]) -> Claim:
    """Returns a statement with the names of its nodes."""
    x, z, y = ([names[node] for node in bits(nodes)] for nodes in statement)
    return sorted_claim(x, y, z)


def write_lines(derivation: Derivation, claim: Callable[[Statement], Claim]) -> list[str]:
    """Writes a derivation as lines."""
    lines = [f"{step.axiom}: {claim(step.conclusion)}" for step in derivation.steps]
    for label, (assumed, case) in zip((CASE, OTHER_CASE), derivation.cases, strict=False):
        lines += [f"{label}: {claim(assumed)}", *write_lines(case, claim)]
    return lines


def is_line(text: str) -> bool:
    """Returns whether a text has the form of a line."""
    return _LINE.fullmatch(text) is not None


class Checker:
    """Takes the lines of a derivation one by one."""

    def __init__(self, premises: Iterable[Claim], conclusion: Claim, names: Iterable[str]):
        names = list(names)
        self.nodes = Nodes(names)
        self.known = {self.nodes.statement(claim) for claim in premises}
        self.target = self.nodes.statement(conclusion)
        self._open: list[tuple[set[Statement], Statement]] = []
        several_words = sorted((name for name in names if not is_name(name)), key=len, reverse=True)
        self._short = {name: f"N{number}" for number, name in enumerate(several_words)}

    def take(self, line: str) -> None:
        """Takes a line; raises `ValueError` if it cannot be read or does not follow."""
        match = _LINE.fullmatch(line)
        if match is None:
            raise CertificateError(f"{line!r:.100} is no line such as 'strong-union: {self.nodes.claim(self.target)}'")
        label, statement = match[1].lower(), self.nodes.statement(self._read(match[2]))
        if label == CASE:
            self._open.append((set(self.known), statement))
            self.known.add(statement)
        elif label == OTHER_CASE:
            self._take_other(statement)
        elif any(premises <= self.known for premises in possible_premises(label, statement, self.known)):
            self.known.add(statement)
        else:
            raise CertificateError(f"it does not follow by {label} that {self.nodes.claim(statement)}")

    def _read(self, text: str) -> Claim:
        """Reads a statement; names of several words, which stories have, are short ones while it is read."""
        if not self._short:
            return read_claim(text)
        pattern = "|".join(map(re.escape, self._short))
        claim = read_claim(re.sub(pattern, lambda match: self._short[match[0]], text))
        return claim.rename(lambda name: next((long for long, short in self._short.items() if short == name), name))

    def _take_other(self, statement: Statement) -> None:
        if not self._open:
            raise CertificateError("there is no case to which this is the other one")
        if self.target not in self.known:
            raise CertificateError("the case before does not reach the conclusion")
        known, first = self._open.pop()
        pair = {first, statement}
        if not any(pair == set(case) for one in known for case in transitivity_cases(one, len(self.nodes.names))):
            raise CertificateError("the two cases are not those that transitivity gives for a statement and a node")
        self.known = known | {statement}

    def finish(self) -> None:
        """Raises [`CertificateError`] unless the conclusion is reached in every case."""
        if self.target not in self.known:
            raise CertificateError(f"the derivation does not reach that {self.nodes.claim(self.target)}")
        if self._open:
            raise CertificateError(f"the other case to that {self.nodes.claim(self._open[-1][1])} is missing")


def possible_premises(axiom: str, conclusion: Statement, known: set[Statement]) -> Iterator[set[Statement]]:
    """Yields sets of statements from which one follows by an axiom; those of one statement are known ones."""
    x, z, y = conclusion
    if axiom == "right-decomposition":
        yield from ({one} for one in known if (one.x, one.z) == (x, z) and one.y & y == y != one.y)
    elif axiom == "left-decomposition":
        yield from ({one} for one in known if (one.z, one.y) == (z, y) and one.x & x == x != one.x)
    elif axiom == "strong-union":
        yield from ({one} for one in known if (one.x, one.y) == (x, y) and one.z & z == one.z != z)
    elif axiom == "right-intersection":
        for part in _proper_parts(y):
            yield {Statement(x, z | part, y & ~part), Statement(x, z | y & ~part, part)}
    elif axiom == "left-intersection":
        for part in _proper_parts(x):
            yield {Statement(x & ~part, z | part, y), Statement(part, z | x & ~part, y)}


def _proper_parts(nodes: int) -> Iterator[int]:
    part = (nodes - 1) & nodes
    while part:
        yield part
        part = (part - 1) & nodes
