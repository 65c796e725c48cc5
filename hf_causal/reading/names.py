"""Which spellings are one name, and which are too much alike to be taken for two."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from hf_causal.reading.lexicon import english
from hf_causal.reading.tasks import RESERVED_WORDS, Renaming, is_name

SHORT = 3
"""Names of at most this many letters and digits are what models are trained on; they stay as they are."""


@dataclass(frozen=True)
class Name:
    """A name as it is in a text, or "wet road" for "the road gets wet"."""

    text: str
    start: int
    end: int
    quoted: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(self.text.split())


def key(name: str, quoted: bool = False) -> str:
    """Returns what two spellings of one name have in common: case, articles, hyphens and the plural count for nothing.

    Example:

    ```python
    >>> key("The Lung cancers"), key("lung-cancer"), key("AIDS"), key("aids")
    ('lung cancer', 'lung cancer', 'AIDS', 'aid')

    ```
    """
    words = name.replace("-", " ").split() if not quoted else name.split()
    articles = english().words("articles")
    words = words or [name]
    words = [word for word in words if len(words) == 1 or word.casefold() not in articles or word == "A"] or words
    if len(words) > 1 and words[0] == "A":
        words = words[1:]
    folded = [word if _is_acronym(word) else word.casefold() for word in words]
    folded[-1] = _singular(folded[-1])
    return " ".join(folded)


def is_plain(name: str) -> bool:
    """Whether a name is a few letters or digits already, as in the corpora; there `aB` and `AB` are two names."""
    return len(name) <= SHORT and is_name(name) and (len(name) < 2 or name.lower() not in RESERVED_WORDS)


def shorten(names: Iterable[str]) -> Renaming:
    """Returns short names for all: the given ones where all are short already, A, B, C, … otherwise."""
    names = list(dict.fromkeys(names))
    plain = all(is_plain(name) and name.lower() not in RESERVED_WORDS for name in names)
    return Renaming({name: name for name in names}) if plain else Renaming.of(names)


def near(name: str, others: Sequence[str], most: int = 3) -> tuple[str, ...]:
    """Returns the names that look like one, best first."""
    folded = {key(other).casefold(): other for other in others}
    wanted = key(name).casefold()
    inside = [other for one, other in folded.items() if _shares_words(wanted, one)]
    alike = [folded[one] for one in difflib.get_close_matches(wanted[:80], list(folded), n=most, cutoff=0.6)]
    return tuple(dict.fromkeys([*alike, *inside]))[:most]


@lru_cache(maxsize=4096)
def content(name: str) -> tuple[str, ...]:
    """Returns the words of a name that mean something, in alphabetical order."""
    small = english().words("prepositions") | english().words("articles")
    words = name.casefold().replace("-", " ").split()
    return tuple(sorted(_singular(word) for word in words if word not in small)) or (name,)


def _shares_words(first: str, second: str) -> bool:
    if not first.isascii() and not second.isascii():
        return first in second or second in first
    return bool(set(first.split()) & set(second.split()) - english().words("prepositions"))


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isupper()


def _singular(word: str) -> str:
    if not word.isascii() or len(word) < 4 or not word.isalpha() or word.isupper() or word.endswith(_NO_PLURAL):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("shes", "ches", "xes", "sses")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


_NO_PLURAL = ("ss", "us", "is", "news", "series", "ics")
