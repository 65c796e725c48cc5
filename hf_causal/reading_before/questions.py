"""What a question asks about: a cause and an effect, or two nodes and a conditioning set."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hf_causal.reading_before.statements import Unclear, read_names, read_statement


@dataclass(frozen=True)
class Question:
    """A question with names as they are written."""

    grammar: str
    """`"transitivity"` or `"d_separation"`."""
    pair: tuple[str, str]
    given: tuple[str, ...] = ()


def looks_like_question(text: str) -> bool:
    """Whether a sentence without its final mark opens as a question does."""
    return _ASKS.match(text) is not None and (_OPENING.match(text) is None or len(text.split()) > 3)


def read_question(text: str) -> Question:
    """Reads a question without its final mark.

    Raises:
        [`Unclear`][hf_causal.reading_before.statements.Unclear]: With what would help.

    Example:

    ```python
    >>> read_question("Can smoking lead to lung cancer").pair
    ('smoking', 'lung cancer')
    >>> read_question("Are rain and sprinkler independent given wet grass")
    Question(grammar='d_separation', pair=('rain', 'sprinkler'), given=('wet grass',))

    ```
    """
    if _SEPARATED.search(text):
        return _read_separation(text)
    body = _OPENING.sub("", text)
    if swapped := _IS_CAUSE.fullmatch(text):  # "Is X a cause of Y", "Is Y caused by X"
        body = f"{swapped['left']} is {swapped['verb']} {swapped['right']}"
    edges = read_statement(body if body.strip() else text)
    if len(edges) > 1:
        raise Unclear("it asks about several things at once; ask about one cause and one effect")
    return Question("transitivity", edges[0])


def _read_separation(text: str) -> Question:
    head, *conditions = _GIVEN.split(text, maxsplit=1)
    condition = conditions[0].strip().strip("{}[]()").strip() if conditions else ""
    found = _PAIR.fullmatch(head.strip(" ,")) or _PAIR_FROM.fullmatch(head.strip(" ,"))
    if found is None:
        raise Unclear("it should have the form “Are X and Y d-separated given Z and W?”")
    if found["negated"]:
        raise Unclear("ask whether they are d-separated, without a “not”")
    pair = read_names(f"{found['first']}, {found['second']}")
    if len(pair) != 2:
        raise Unclear("it asks about more than two nodes; ask about two")
    given = tuple(dict.fromkeys(read_names(condition))) if condition and condition not in _NOTHING else ()
    return Question("d_separation", (pair[0], pair[1]), given)


_ASKS = re.compile(r"(?:does|do|did|is|are|was|were|can|could|will|would|may|might|should)\s+\S+\s+\S", re.IGNORECASE)
_OPENING = re.compile(
    r"^\s*(?:(?:so|and|but|now|then)\s*,?\s+)?(?:is\s+it\s+true\s+that|does\s+it\s+follow\s+that|"
    r"(?:does|do|did|can|could|will|would|may|might|should))\s+(?!causes?\s|caused\s)",
    re.IGNORECASE,
)
_IS_CAUSE = re.compile(
    r"\s*(?:is|are|was|were)\s+(?P<left>.+?)\s+(?P<verb>(?:an?|the|one)\s+(?:direct\s+)?(?:causes?|effects?|results?)\s+of|"
    r"caused\s+by|due\s+to)\s+(?P<right>.+)",
    re.IGNORECASE,
)
_SEPARATED = re.compile(r"(?<!\S)(?:d[-\s–]?separated|independent)(?!\w)", re.IGNORECASE)
_GIVEN = re.compile(
    r"\s+(?:given|conditional\s+on|conditioned\s+on|conditioning\s+on|when\s+we\s+know|by)\s+", re.IGNORECASE
)
_STATE = r"(?P<negated>not\s+)?(?:conditionally\s+)?(?:d[-\s–]?separated|independent)"
_PAIR = re.compile(
    rf"(?:(?:are|is|were|was)\s+)?(?P<first>.+?)(?:\s+(?:and|&)\s+|\s*,\s*)(?P<second>.+?)\s+(?:are\s+)?{_STATE}",
    re.IGNORECASE,
)
_PAIR_FROM = re.compile(
    rf"(?:(?:are|is|were|was)\s+)?(?P<first>.+?)\s+(?:is\s+)?{_STATE}\s+(?:from|of)\s+(?P<second>.+)", re.IGNORECASE
)
_NOTHING = frozenset({"nothing", "none", "∅"})
