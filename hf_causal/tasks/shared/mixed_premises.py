"""Premises that state causes and hidden common causes: `X causes Y.` and `X and Y share a hidden cause.`

People and papers also write arrows (`A -> B <- C`, `A <-> B`), lists of statements, and lists of edges after words
such as `Given a DAG with nodes A, B and directed edges`. What is not understood is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import pyarrow as pa

from hf_causal.tasks.shared.reply_values import LEFT_ARROW, RIGHT_ARROW
from hf_causal.tasks.shared.statements import STATEMENT, check_name, render_statements
from hf_causal.utils.text_arrays import joined, quoted

HIDDEN = "{first} and {second} share a hidden cause."
STATEMENT_FORMS = "'X causes Y.', 'X and Y share a hidden cause.', 'X -> Y' or 'X <-> Y'"
WORDS = frozenset({"share", "hidden"})
"""Lower-case words of the sentences that no drawn name may be."""

Statement = tuple[str, str, bool]
"""Two names, and whether the first causes the second (`True`) or both share a hidden cause (`False`)."""

NAME = "[A-Za-z0-9]++"
CANONICAL_MIXED_PREMISE = rf"((?:{NAME} (?:causes {NAME}|and {NAME} share a hidden cause)\. )*+)"
"""Pattern of a premise as [`write_mixed_premise`] writes it, with the space before the question, as one group."""


def write_mixed_premise(statements: Sequence[Statement]) -> str:
    """Writes statements in their canonical form."""
    return " ".join(
        STATEMENT.format(cause=first, effect=second) if causes else HIDDEN.format(first=first, second=second)
        for first, second, causes in statements
    )


def render_mixed_premises(
    edges: np.ndarray, names: np.ndarray, graph: np.ndarray, hidden: np.ndarray, keys: np.ndarray
) -> pa.Array:
    """Writes the premises of a batch of graphs; `hidden` are pairs of nodes, see [`render_statements`]."""
    return render_statements(edges, names, graph, hidden, keys, (b" and ", b" share a hidden cause."))


def render_sets(names: np.ndarray, graph: np.ndarray, sets: np.ndarray) -> pa.Array:
    """Writes sets such as `A, B`, each in the order of its names.

    Args:
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.tasks.shared.names`.
        graph (`np.ndarray`): The graph of each set, shape (sets,).
        sets (`np.ndarray`): Boolean of shape (sets, nodes).
    """
    by_name = np.argsort(np.ascontiguousarray(names).view(f"S{names.shape[-1]}")[..., 0], axis=1)
    number, rank = np.nonzero(np.take_along_axis(sets, by_name[graph], axis=1))
    member = graph[number] * names.shape[1] + by_name[graph[number], rank]
    return joined(quoted(names, b"").take(pa.array(member)), sets.sum(axis=1))


@lru_cache(maxsize=1024)
def canonical_statements(premise: str) -> tuple[Statement, ...]:
    """Returns the statements of a match of [`CANONICAL_MIXED_PREMISE`]; premises often have several questions."""
    sentences = _CANONICAL_STATEMENT.findall(premise)
    return tuple([(first, effect or sibling, bool(effect)) for first, effect, sibling in sentences])


def split_text(text: str) -> tuple[tuple[Statement, ...], str]:
    """Reads a text of statements and then one question.

    Returns:
        `tuple`: The statements, and the question without its final mark.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> split_text("x -> m -> y, x <-> y. Is it so?")
    ((('x', 'm', True), ('m', 'y', True), ('x', 'y', False)), 'Is it so')

    ```
    """
    sentences = [" ".join(sentence.split()) for sentence in _END.split(text) if sentence.strip()]
    *premise, question = sentences or [""]
    statements = [statement for sentence in premise for statement in _read_sentence(sentence)]
    return tuple(statements), question


def _read_sentence(sentence: str) -> Iterator[Statement]:
    if opening := _GIVEN_GRAPH.fullmatch(sentence):
        yield from _read_graph(opening, sentence)
        return
    for clause in _split_clauses(_GRAPH_IS.sub("", sentence)):
        yield from _read_clause(clause, sentence)


def _split_clauses(sentence: str) -> list[str]:
    """Splits a list of statements at commas, semicolons, and at `and` where each side states something."""
    clauses: list[str] = []
    for piece in _COMMA.split(sentence):
        pieces = _AND.split(piece)
        if len(pieces) > 1 and all(_STATES.search(part) for part in pieces):
            clauses += pieces
        else:
            clauses.append(_OPENING_AND.sub("", piece) if clauses else piece)
    return clauses


def _read_clause(clause: str, sentence: str) -> Iterator[Statement]:
    if causes := _CAUSES.fullmatch(clause):
        yield check_name(causes[1], sentence), check_name(causes[2], sentence), True
    elif hidden := _HIDDEN.fullmatch(clause):
        yield check_name(hidden[1], sentence), check_name(hidden[2], sentence), False
    elif _ARROW.search(clause):
        yield from _read_arrows(clause, sentence)
    else:
        raise ValueError(f"cannot read the sentence {sentence!r}: it should have the form {STATEMENT_FORMS}")


def _read_arrows(clause: str, sentence: str) -> Iterator[Statement]:
    """Reads a chain such as `A -> B <- C`."""
    names, arrows = split_arrows(clause)
    names = [check_name(name, sentence) for name in names]
    for first, arrow, second in zip(names, arrows, names[1:], strict=False):
        yield (second, first, True) if arrow == "<-" else (first, second, arrow == "->")


def split_arrows(text: str) -> tuple[list[str], list[str]]:
    """Splits a text such as `A -> B <-> C` at its arrows.

    Returns:
        `tuple`: What is between the arrows, and the arrows as `"->"`, `"<-"` or `"<->"`.
    """
    pieces = [piece.strip() for piece in _ARROW.split(text)]
    return pieces[::2], [_mark(arrow) for arrow in pieces[1::2]]


def _mark(arrow: str) -> str:
    if _BIDIRECTED.fullmatch(arrow):
        return "<->"
    return "->" if _RIGHT.fullmatch(arrow) else "<-"


def _read_graph(opening: re.Match[str], sentence: str) -> Iterator[Statement]:
    """Reads a list of nodes and edges; every edge must join listed nodes, and have the type that its list says."""
    nodes = {check_name(node, sentence) for node in _COMMA_OR_AND.split(opening["nodes"])}
    for key, causes in (("directed", True), ("bidirected", False)):
        for edge in _COMMA_OR_AND.split(opening[key]) if opening[key] else ():
            for statement in _read_arrows(edge, sentence):
                if statement[2] != causes or not nodes.issuperset(statement[:2]):
                    raise ValueError(
                        f"cannot read {edge!r} in the sentence {sentence!r}: a {key} edge should join two of the nodes"
                    )
                yield statement


def read_set(text: str, question: str) -> tuple[str, ...]:
    """Reads the set of a question, such as `{A, B}` or `the empty set`; raises `ValueError` if it is none."""
    text = text.strip()
    if text.lower() in _EMPTY:
        return ()
    inner = text[1:-1] if text[0] + text[-1] in ("{}", "()", "[]") else text
    nodes = [node.strip().strip("'\"") for node in _COMMA_OR_AND.split(inner)]
    return tuple(check_name(node, question) for node in nodes)


SET = r"(?P<set>\{[^{}]*\}|\[[^\[\]]*\]|\([^()]*\)|set\(\)|the empty set|∅|\w+(?:(?:, and |, | and )\w+)*)"
"""Pattern of a set in a question, as [`read_set`] reads it."""

EFFECT = r"(?:the )?(?:causal |total )?effect of (?:treatment )?(?P<x>\S+) on (?:outcome )?(?P<y>\S+)"
ROLES = r"(?:the )?treatment(?: variable)? (?P<x>\S+) and (?:the )?outcome(?: variable)? (?P<y>\S+)"
PAIR = r"(?:the (?:ordered )?pair )?\((?P<x>\w+), ?(?P<y>\w+)\)"
"""Patterns by which a question names a treatment and an outcome."""


def match_question(patterns: Sequence[re.Pattern[str]], question: str, forms: str) -> re.Match[str]:
    """Returns the match of the first pattern that matches a question; its groups `x` and `y` are names.

    Raises:
        `ValueError`: If none matches, with the forms that a question should have.
    """
    match = next(filter(None, (pattern.fullmatch(question) for pattern in patterns)), None)
    if match is None:
        raise ValueError(f"cannot read the question {question!r}: it should have the form {forms}")
    for end in ("x", "y"):
        check_name(match[end], question)
    return match


_END = re.compile(r"[.?](?=\s|$)|\n+")
_COMMA = re.compile(r"\s*[,;]\s*")
_AND = re.compile(r"\s+and\s+")
_OPENING_AND = re.compile(r"^and\s+")
_COMMA_OR_AND = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+")
_BIDIRECTED_ARROW = r"<[-=–—]{1,3}>|[↔⟷⇔]|\\(?:long)?leftrightarrow(?![A-Za-z])"
_BIDIRECTED, _RIGHT = re.compile(_BIDIRECTED_ARROW), re.compile(RIGHT_ARROW)
_ARROW = re.compile(rf"({_BIDIRECTED_ARROW}|{RIGHT_ARROW}|{LEFT_ARROW})")
_CAUSES = re.compile(r"(\S+) (?:directly )?causes (\S+)", re.IGNORECASE)
_UNSEEN = "(?:hidden|unobserved|unmeasured|latent)(?: common)? (?:cause|confounder)"
_HIDDEN = re.compile(rf"(\S+) and (\S+) (?:share|have|are confounded by) an? {_UNSEEN}", re.IGNORECASE)
_STATES = re.compile(rf"\b(?:causes|share|have|confounded)\b|{_ARROW.pattern}", re.IGNORECASE)
_GRAPH_IS = re.compile(
    r"^(?:the (?:causal )?(?:graph|dag|edges) (?:is|are|has|has the edges)|edges|graph)\s*:?\s+", re.IGNORECASE
)
_GIVEN_GRAPH = re.compile(
    r"(?:given|consider) an? (?:\w+ )?(?:\([^()]*\) )?with nodes (?P<nodes>[\w, ]+?)"
    r"(?:(?:,| and|, and) directed edges (?P<directed>.*?))?"
    r"(?:(?:,| and|, and) bi-?directed edges (?P<bidirected>.*))?",
    re.IGNORECASE,
)
_CANONICAL_STATEMENT = re.compile(rf"({NAME}) (?:causes ({NAME})|and ({NAME}) share a hidden cause)\.")
_EMPTY = frozenset({"{}", "{ }", "set()", "the empty set", "∅", "()", "[]", "nothing"})
