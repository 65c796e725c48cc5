"""Which spellings are one name: `Smoking` at the start of a sentence is `smoking`, `the rain` is `rain`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from hf_causal.tasks.shared.names import RESERVED_WORDS, Renaming, is_name

SHORT = 3
"""Names of up to so many letters and digits are what models are trained on; they are left as they are."""

PRONOUNS = frozenset({"it", "this", "that", "they", "these", "those", "he", "she", "we", "you", "which", "there"})


def is_plain(name: str) -> bool:
    """Whether a name is short letters and digits already."""
    return len(name) <= SHORT and is_name(name) and name.lower() not in RESERVED_WORDS


def unify(names: Sequence[str]) -> dict[str, str]:
    """From each spelling to the name that it stands for.

    Spellings are one name when they differ in an article before them, or in the case of the first letter of an
    ordinary word. Where all names are short, as in the corpora, each spelling is a name of its own: `aB` is not `AB`.

    Example:

    ```python
    >>> unify(["Smoking", "tar", "smoking", "the lung cancer"])
    {'Smoking': 'smoking', 'tar': 'tar', 'smoking': 'smoking', 'the lung cancer': 'lung cancer'}
    >>> unify(["ab", "Ab"])
    {'ab': 'ab', 'Ab': 'Ab'}

    ```
    """
    if all(map(is_plain, names)):
        return {name: name for name in names}
    bare = {name: _ARTICLE.sub("", name) for name in names}
    spelled = set(bare.values())
    return {name: _lower_first(short) if _lower_first(short) in spelled else short for name, short in bare.items()}


def shorten(names: Iterable[str]) -> Renaming:
    """Short names for all: the given ones where they are short already, A, B, C, … where any is not."""
    names = list(dict.fromkeys(names))
    return Renaming({name: name for name in names}) if all(map(is_plain, names)) else Renaming.of(names)


def _lower_first(name: str) -> str:
    return name[0].lower() + name[1:] if _ORDINARY.fullmatch(name) else name


_ARTICLE = re.compile(r"^(?:the|an?|The|An?)\s+(?=[^\W\dA-Z_])")
_ORDINARY = re.compile(r"[^\W\d_][^\WA-Z\d_]{2,}(?:[\s\-'’].*)?", re.DOTALL)
