"""The forms of answers to questions of published data sets, and how they are found in what a model writes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class ReplyForm:
    """A form of answer."""

    name: str
    """The type of answer, for reports: several forms may share it."""
    what: str
    """What is asked for, as it follows "with ONLY"."""
    pattern: str = r"\S[^\n]*"
    """A regular expression of answers in the form."""
    within: str = ""
    """A regular expression of answers among other words; `pattern` if not given."""
    opening: str = ""
    """A regular expression of how an answer opens a text, with the answer as its group."""
    repair: Callable[[str], str] = str
    """Writes an answer as data sets write it, such as with quotes around names."""

    @property
    def instruction(self) -> str:
        """The sentence that precedes a question.

        Example:

        ```python
        >>> SET.instruction
        "Answer the following question with ONLY a set such as {'A', 'B'}; the empty set is set()."

        ```
        """
        return f"Answer the following question with ONLY {self.what}."

    def find(self, text: str) -> Iterator[str]:
        """Yields the answers in a text.

        Example:

        ```python
        >>> list(SET.find("The sets {A, B} and {'C'} do."))
        ["{'A', 'B'}", "{'C'}"]

        ```
        """
        return (self.repair(match[0]) for match in re.finditer(self.within or self.pattern, text))

    def complete(self, text: str) -> str | None:
        """Returns the answer that a text is, without marks around it, or that opens it; `None` if there is none.

        Example:

        ```python
        >>> SET.complete(" **{A}**."), LETTER.complete("B. A->C"), SET.complete("The set {A}.")
        ("{'A'}", 'B', None)

        ```
        """
        bare = text.strip().strip("`*_$ ").rstrip(".").strip("`*_$ ")
        if re.fullmatch(self.pattern, bare):
            return self.repair(bare)
        match = re.match(self.opening, bare) if self.opening else None
        return match[1] if match else None


def _quoted(text: str) -> str:
    """Returns a set or a list with quotes around its names; they may have been left out."""
    if re.sub(r"\s", "", text) in ("{}", "∅", "set()"):
        return "set()"
    return text if "'" in text or '"' in text else re.sub(r"[^\s,()\[\]{}]+", lambda name: repr(name[0]), text)


def _listed(text: str) -> str:
    return "[]" if text.lower() in ("none", "no items", "nothing") else text


_NUMBER = r"-?\d+(?:\.\d+)?"
_ITEMS = r"\[\]|(?<![^\s(\"'`*])[^\s,.;:?!\"'`*()\[\]]+(?:, ?[^\s,.;:?!\"'`*()\[\]]+)*"
_LIST = r"\[[^\[\]]*\]"
_SET = r"\{[^{}]*\}|set\(\)|∅"
_NAME = r"[^\s,.;:?!<>{}()\[\]'\"`*|-]+"

TEXT = ReplyForm("text", "the answer")
YES_NO = ReplyForm("yes or no", "'Yes' or 'No'", "(?i:yes|no)")
COUNT = ReplyForm("number", "a number", r"\d+")
NUMBER = ReplyForm("number", "a number with four decimal places, such as 0.1234", _NUMBER)
LETTER = ReplyForm(
    "option",
    "the letter of the right option",
    "[A-H]",
    r"(?<=[Oo]ption )[A-H]\b|(?<=\()[A-H](?=\))",  # A is a word, and a name of nodes
    r"\W*([A-H])(?:[.):,]| because| since)",
)
OPTION = ReplyForm(
    "option", "the number of the right option, 1, 2 or 3", r"\b[123]\b", "", r"(?i:\W*(?:option )?)([123])\b"
)
SET = ReplyForm("set", "a set such as {'A', 'B'}; the empty set is set()", _SET, repair=_quoted)
ITEMS = ReplyForm("list", "the items with commas between them, such as A, B; no items are []", _ITEMS, repair=_listed)
SETS = ReplyForm("list", "a list such as [{'A'}, {'B', 'C'}]", _LIST, repair=_quoted)
PATHS = ReplyForm("list", "a list such as ['A->B', 'A<-C->B']; the empty list is []", _LIST, repair=_quoted)
TRIPLES = ReplyForm("list", "a list such as [('A', 'B', 'C')]; the empty list is []", _LIST, repair=_quoted)
EDGES = ReplyForm("list", "a list such as ['A->B', 'C->B']; the empty list is []", _LIST, repair=_quoted)
PATH = ReplyForm("path", "a path such as A->B<-C", rf"{_NAME}(?:(?:<->|->|<-|-){_NAME})+")
GRAPH = ReplyForm("graph", "a graph such as: DAG with nodes A, B and directed edges A->B", r"DAG with nodes [^.\n`*]+")
DISTRIBUTION = ReplyForm("distribution", "the probabilities of the values 0 and 1, such as [0.25, 0.75]", _LIST)
QUANTITY = ReplyForm(
    "number with yes or no",
    'JSON such as {"ANSWER": "Yes", "PROB": "0.1234"}, or LACK_CONDITION where no answer follows',
    r"\{[^{}]*\}|LACK_CONDITION",
)

_ONE = {"set": SET, "path": PATH, "graph": GRAPH, "order": ITEMS}
_ALL = {"set": SETS, "path": PATHS, "triple": TRIPLES}


def form_of_item(item: str) -> ReplyForm:
    """Returns the form of one item: `set`, `path`, `graph` or `order`."""
    return _ONE.get(item, TEXT)


def form_of_items(item: str, style: str) -> ReplyForm:
    """Returns the form of several items in a style, `set`, `list` or `comma`."""
    return {"set": SET, "comma": ITEMS}.get(style) or _ALL.get(item, ITEMS)
