"""Reads premises and questions about effects as people and papers write them.

Statements are sentences (`A causes B`, `A and B share a hidden cause`, `A and B share a latent common cause`), arrows
(`A -> B <- C`, `A <-> B`), and lists of both after words such as `Given a DAG with nodes A, B and directed edges`. A
question names a treatment and an outcome, or the effect of one on the other. Whatever is not understood is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from hf_causal.tasks.shared.reply_values import LEFT_ARROW, RIGHT_ARROW
from hf_causal.tasks.shared.statements import check_name

STATEMENT_FORMS = "'X causes Y.', 'X and Y share a hidden cause.', 'X -> Y' or 'X <-> Y'"
QUESTION_FORMS = (
    "'Is {Z, W} a valid adjustment set for the effect of X on Y?' or "
    "'Can the effect of X on Y be computed from observations alone?'"
)


class LooseText(NamedTuple):
    """What a text states and asks."""

    statements: tuple[tuple[str, str, bool], ...]
    question: tuple[str, str]
    given: tuple[str, ...] | None
    """The set of the question; `None` where it asks for identifiability."""


def read_loosely(text: str) -> LooseText:
    """Reads statements and then one question.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> read_loosely("x -> m -> y, x <-> y. Is the effect of x on y identifiable?")
    LooseText(statements=(('x', 'm', True), ('m', 'y', True), ('x', 'y', False)), question=('x', 'y'), given=None)

    ```
    """
    *sentences, question = [" ".join(sentence.split()) for sentence in _END.split(text) if sentence.strip()] or [""]
    statements = [statement for sentence in sentences for statement in _read_sentence(sentence)]
    x, y, given = _read_question(question)
    return LooseText(tuple(statements), (x, y), given)


def _read_sentence(sentence: str) -> Iterator[tuple[str, str, bool]]:
    if opening := _GIVEN_GRAPH.fullmatch(sentence):
        yield from _read_graph(opening, sentence)
        return
    for clause in _split_clauses(sentence):
        yield from _read_clause(clause, sentence)


def _split_clauses(sentence: str) -> list[str]:
    """Splits a list of statements at commas, semicolons, and at `and` where a verb or an arrow is on both sides."""
    clauses: list[str] = []
    for piece in _COMMA.split(sentence):
        parts = _AND.split(piece)
        if len(parts) > 1 and all(_STATES.search(part) for part in parts):
            clauses += parts
        else:
            clauses.append(re.sub(r"^and\s+", "", piece) if clauses else piece)
    return clauses


def _read_clause(clause: str, sentence: str) -> Iterator[tuple[str, str, bool]]:
    if causes := _CAUSES.fullmatch(clause):
        first, second = causes.groups()
        yield check_name(first, sentence), check_name(second, sentence), True
    elif hidden := _HIDDEN.fullmatch(clause):
        first, second = hidden.groups()
        yield check_name(first, sentence), check_name(second, sentence), False
    elif _ARROW.search(clause):
        yield from _read_arrows(clause, sentence)
    else:
        raise ValueError(f"cannot read the sentence {sentence!r}: it should have the form {STATEMENT_FORMS}")


def _read_arrows(clause: str, sentence: str) -> Iterator[tuple[str, str, bool]]:
    """Reads a chain such as `A -> B <- C`."""
    pieces = [piece.strip() for piece in _ARROW.split(clause)]
    names = [check_name(name, sentence) for name in pieces[::2]]
    for first, arrow, second in zip(names, pieces[1::2], names[1:], strict=False):
        if _BIDIRECTED.fullmatch(arrow):
            yield first, second, False
        elif re.fullmatch(RIGHT_ARROW, arrow):
            yield first, second, True
        else:
            yield second, first, True


def _read_graph(opening: re.Match[str], sentence: str) -> Iterator[tuple[str, str, bool]]:
    """Reads a list of nodes and edges; every edge must join listed nodes, and have the type that its list says."""
    nodes = {check_name(node.strip(), sentence) for node in _COMMA_OR_AND.split(opening["nodes"]) if node.strip()}
    for key, causes in (("directed", True), ("bidirected", False)):
        for edge in _COMMA_OR_AND.split(opening[key] or ""):
            for statement in _read_arrows(edge, sentence) if edge.strip() else ():
                if statement[2] != causes or not nodes.issuperset(statement[:2]):
                    raise ValueError(f"cannot read the edge {edge!r} in {sentence!r}: a {key} edge joins listed nodes")
                yield statement


def _read_question(question: str) -> tuple[str, str, tuple[str, ...] | None]:
    for pattern in _ADJUSTMENT_QUESTIONS:
        if match := pattern.fullmatch(question):
            return *_ends(match, question), _read_set(match["set"], question)
    for pattern in _IDENTIFIABILITY_QUESTIONS:
        if match := pattern.fullmatch(question):
            return *_ends(match, question), None
    raise ValueError(f"cannot read the question {question!r}: it should have the form {QUESTION_FORMS}")


def _ends(match: re.Match[str], question: str) -> tuple[str, str]:
    return check_name(match["x"], question), check_name(match["y"], question)


def _read_set(text: str, question: str) -> tuple[str, ...]:
    text = text.strip()
    if text.lower() in _EMPTY:
        return ()
    inner = text[1:-1] if text[0] + text[-1] in ("{}", "()", "[]") else text
    if not inner.strip():
        return ()
    nodes = [node.strip().strip("'\"") for node in _COMMA_OR_AND.split(inner.strip())]
    return tuple(check_name(node, question) for node in nodes)


_END = re.compile(r"[.?](?=\s|$)|\n+")
_COMMA = re.compile(r"\s*[,;]\s*")
_AND = re.compile(r"\s+and\s+")
_COMMA_OR_AND = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+")
_BIDIRECTED_ARROW = r"<[-=–—]{1,3}>|[↔⟷⇔]|\\(?:long)?leftrightarrow"
_BIDIRECTED = re.compile(_BIDIRECTED_ARROW)
_ARROW = re.compile(rf"({_BIDIRECTED_ARROW}|{RIGHT_ARROW}|{LEFT_ARROW})")
_CAUSES = re.compile(r"(\S+) (?:directly )?causes (\S+)", re.IGNORECASE)
_HIDDEN = re.compile(
    r"(\S+) and (\S+) (?:share an? (?:hidden|unobserved|unmeasured|latent)(?: common)? (?:cause|confounder)"
    r"|have an? (?:hidden|unobserved|unmeasured|latent)(?: common)? (?:cause|confounder)"
    r"|are confounded(?: by (?:a hidden|an unobserved|an unmeasured|a latent) (?:cause|variable))?)",
    re.IGNORECASE,
)
_STATES = re.compile(rf"\b(?:causes|share|have|confounded)\b|{_ARROW.pattern}", re.IGNORECASE)
_GIVEN_GRAPH = re.compile(
    r"(?:given|consider) an? (?:\w+ )?(?:\([^()]*\) )?with nodes (?P<nodes>[^<>→]*?)"
    r"(?:,? and directed edges (?P<directed>.*?))?(?:,? and bi-?directed edges (?P<bidirected>.*))?",
    re.IGNORECASE,
)
_X_ON_Y = r"(?:the )?(?:causal |total )?effect of (?P<x>\S+) on (?P<y>\S+)"
_ROLES = r"(?:the )?treatment(?: variable)? (?P<x>\S+) and (?:the )?outcome(?: variable)? (?P<y>\S+)"
_SET = r"(?P<set>\{[^{}]*\}|\[[^\[\]]*\]|\([^()]*\)|set\(\)|the empty set|∅|\w+(?:(?:, | and |, and )\w+)*?)"
_KIND = r"(?:valid |sufficient )?(?:back-?door )?adjustment set"
_ADJUSTMENT_QUESTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:is|are) (?:the set )?{_SET} an? {_KIND} for (?:{_X_ON_Y})",
        rf"(?:is|are) (?:the set )?{_SET} an? {_KIND} for (?:{_ROLES})",
        rf"(?:does|do) (?:adjusting for |conditioning on )?{_SET} (?:adjust for|identify|give) {_X_ON_Y}",
    )
)
_FROM = r"from (?:observations|observational data)(?: alone)?"
_IDENTIFIABILITY_QUESTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"can {_X_ON_Y} be (?:(?:computed|estimated) {_FROM}|identified(?: {_FROM})?)",
        rf"is {_X_ON_Y} (?:identifiable|identified)(?: {_FROM})?",
        r"is P\((?P<y>\w+) ?\| ?do\((?P<x>\w+)\)\) (?:identifiable|identified)",
    )
)
_EMPTY = frozenset({"{}", "set()", "the empty set", "∅", "()", "[]"})
