"""The text of the axioms of relevance: `Changing A or B cannot affect C if D is held fixed.`.

A prompt is such statements and the question `Does it follow that changing A cannot affect C?`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain

from hf_causal.tasks.relevance.text import HOLDS, WORDS, read_list, write_condition, write_list
from hf_causal.tasks.shared.statements import match_sentence, split_sentences

STATEMENT_FORM = "Changing A or B cannot affect C if D and E are held fixed."
QUESTION_FORM = "Does it follow that changing A cannot affect B if C is held fixed?"
WORDS_OF_AXIOMS = WORDS | {"cannot", "it", "follow", "that", "case", "other", "by"}
"""Lower-case words that no drawn name may be, in addition to those of all tasks."""


@dataclass(frozen=True)
class Claim:
    """ "Changing these nodes cannot affect those if others are held fixed": a statement of irrelevance."""

    changed: tuple[str, ...]
    targets: tuple[str, ...]
    held: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All nodes of the claim."""
        return (*self.changed, *self.targets, *self.held)

    def rename(self, name: Callable[[str], str]) -> Claim:
        """Returns the claim with other names."""
        changed, targets, held = (tuple(map(name, nodes)) for nodes in (self.changed, self.targets, self.held))
        return Claim(changed, targets, held)

    def __str__(self) -> str:
        changed, targets = write_list(self.changed, "or"), write_list(self.targets, "or")
        return f"changing {changed} cannot affect {targets}{write_condition(self.held)}"


@dataclass(frozen=True)
class Prompt:
    """A parsed prompt about what follows from statements of irrelevance."""

    statements: tuple[Claim, ...]
    question: Claim

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return " ".join(f"C{str(statement)[1:]}." for statement in self.statements)

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return f"Does it follow that {self.question}?"

    @property
    def names(self) -> list[str]:
        """The nodes of all statements and of the question, sorted."""
        return sorted(set(chain(*(claim.names for claim in (*self.statements, self.question)))))

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}" if self.statements else self.question_text


def recognizes(text: str) -> bool:
    """Returns whether a text asks what follows from statements of what cannot affect what."""
    return _ASKS.search(text) is not None


def parse_prompt(text: str) -> Prompt:
    """Parses a prompt as people write it.

    Extra spaces, a missing final full stop or question mark, any letter case of the task's words, commas before the
    last item of a list, `can not` or `can't`, `when`, `while` or `with` for `if`, `kept` for `held`, `constant` for
    `fixed`, and a condition before the statement are accepted.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> text = "with c kept constant, changing a can't affect b. does it follow that changing b cannot affect a"
    >>> str(parse_prompt(text))
    'Changing a cannot affect b if c is held fixed. Does it follow that changing b cannot affect a?'

    ```
    """
    *statements, question = split_sentences(text) or [""]
    (asked,) = match_sentence(_QUESTION, question, QUESTION_FORM)
    claims = tuple(read_claim(sentence, STATEMENT_FORM) for sentence in statements)
    return Prompt(claims, read_claim(asked, QUESTION_FORM))


def read_claim(sentence: str, form: str = STATEMENT_FORM) -> Claim:
    """Reads one statement; raises `ValueError` with the form that it should have."""
    before, changed, targets, after = match_sentence(_CLAIM, sentence, form)
    if before and after:
        raise ValueError(f"cannot read the sentence {sentence!r}: it says twice what is held fixed")
    held = read_list(before or after, sentence, "and") if before or after else ()
    claim = Claim(read_list(changed, sentence, "or"), read_list(targets, sentence, "or"), held)
    names = claim.names
    if len(set(names)) < len(names):
        repeated = [name for name in names if names.count(name) > 1]
        raise ValueError(f"cannot read the sentence {sentence!r}: it has {repeated[0]!r} twice")
    return claim


def sorted_claim(changed: Iterable[str], targets: Iterable[str], held: Iterable[str]) -> Claim:
    """Returns a claim with the nodes of each set in the order of their names."""
    return Claim(tuple(sorted(changed)), tuple(sorted(targets)), tuple(sorted(held)))


_CLAIM = re.compile(
    rf"\s*(?:{HOLDS}\s*,?\s+)?changing\s+(.+?)\s+(?:cannot|can\s+not|can't)\s+affect\s+(.+?)(?:\s*,?\s+{HOLDS})?\s*",
    re.IGNORECASE,
)
_QUESTION = re.compile(r"\s*does\s+it\s+follow\s+that\s+(.+)", re.IGNORECASE)
_ASKS = re.compile(r"\bdoes\s+it\s+follow\s+that\b.*\baffect\b", re.IGNORECASE | re.DOTALL)
