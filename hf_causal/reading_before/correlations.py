"""Premises of correlations and independences, and hypotheses about causes: the everyday way to ask Corr2Cause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hf_causal.reading_before.statements import Unclear, read_names
from hf_causal.tasks.corr2cause.text import HYPOTHESES, PARAPHRASES


@dataclass(frozen=True)
class Relation:
    """What one sentence says."""

    kind: str
    """`"variables"`, `"correlation"` or `"independence"`."""
    names: tuple[str, ...]
    given: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hypothesis:
    """What is said to follow."""

    relation: str
    """One of `hf_causal.graphs.equivalence.RELATIONS`."""
    pair: tuple[str, str]
    paraphrased: bool = False


def is_correlational(sentences: Sequence[str]) -> bool:
    """Whether any sentence speaks of correlation or independence."""
    return any(_SPEAKS.search(sentence) for sentence in sentences)


def read_relation(text: str) -> Relation:
    """Reads a sentence of a correlational premise.

    Raises:
        [`Unclear`]: With what would help.

    Example:

    ```python
    >>> read_relation("However, rain and wet shoes are independent given mud")
    Relation(kind='independence', names=('rain', 'wet shoes'), given=('mud',))

    ```
    """
    text = re.sub(r"^premise\s*:\s*", "", text.strip(), flags=re.IGNORECASE)
    if system := _SYSTEM.fullmatch(text):
        return Relation("variables", tuple(read_names(system["names"])))
    body = _BEFORE.sub("", text)
    if found := _CORRELATED.fullmatch(body):
        return Relation("correlation", _pair(found))
    if found := _INDEPENDENT.fullmatch(body):
        given = tuple(read_names(found["given"].strip("{}() "))) if found["given"] else ()
        return Relation("independence", _pair(found), given)
    raise Unclear(
        "among correlations, a sentence says “X correlates with Y”, “X is independent of Y” or “X and Y are "
        "independent given Z”"
    )


def read_hypothesis(text: str) -> Hypothesis:
    """Reads a hypothesis, in the words of the corpus or its paraphrases, or as a question about a direct cause.

    Raises:
        [`Unclear`]: With what would help.

    Example:

    ```python
    >>> read_hypothesis("Does rain directly cause mud")
    Hypothesis(relation='parent', pair=('rain', 'mud'), paraphrased=False)

    ```
    """
    text = re.sub(r"^hypothesis\s*:\s*", "", text.strip(), flags=re.IGNORECASE)
    if found := _DIRECTLY.fullmatch(text):
        return Hypothesis("parent", (_one(found["i"]), _one(found["j"])))
    for pattern, relation, paraphrased in _PATTERNS:
        if found := pattern.fullmatch(text):
            return Hypothesis(relation, (_one(found["i"]), _one(found["j"])), paraphrased)
    raise Unclear(
        "about correlations, say “X directly causes Y”, “X causes something else which causes Y”, “There exists at "
        "least one confounder of X and Y” or “There exists at least one collider of X and Y”"
    )


def _pair(found: re.Match[str]) -> tuple[str, str]:
    names = read_names(f"{found['first']}, {found['second']}") if found["second"] else read_names(found["first"])
    if len(names) != 2:
        raise Unclear("it should name two variables")
    return names[0], names[1]


def _one(text: str) -> str:
    names = read_names(text)
    if len(names) != 1:
        raise Unclear("it should be about two variables")
    return names[0]


def _pattern(template: str) -> re.Pattern[str]:
    written = re.escape(template.removesuffix("."))
    written = written.replace(re.escape(" (i.e., common effect)"), r"(?:\s+\(i\.e\.,?\s+common\s+effect\))?")
    written = written.replace(re.escape(" (i.e., common cause)"), r"(?:\s+\(i\.e\.,?\s+common\s+cause\))?")
    return re.compile(re.sub(r"\\{(.)\\}", r"(?P<\1>.+?)", written), re.IGNORECASE)


# "Y directly causes X." is read as a parent, the relation that it states of (Y, X).
_PATTERNS = [
    (_pattern(template), relation, templates is PARAPHRASES)
    for templates in (HYPOTHESES, PARAPHRASES)
    for relation, template in templates.items()
]
_SPEAKS = re.compile(r"\b(?:correlates?|correlated|independent|closed\s+system)\b", re.IGNORECASE)
_SYSTEM = re.compile(
    r"suppose\s+there\s+is\s+a\s+closed\s+system\s+of\s+\d+\s+variables?,\s*(?P<names>.+)", re.IGNORECASE | re.DOTALL
)
_BEFORE = re.compile(
    r"^(?:(?:all\s+the\s+statistical\s+relations[^:]*:|however|but|and|also)\s*,?\s*)+", re.IGNORECASE
)
_CORRELATED = re.compile(
    r"(?P<first>.+?)\s+(?:(?:is|are)\s+)?correlate[sd]?(?:\s+with\s+(?P<second>.+))?", re.IGNORECASE | re.DOTALL
)
_INDEPENDENT = re.compile(
    r"(?P<first>.+?)\s+(?:is|are)\s+(?:conditionally\s+)?independent(?:\s+(?:of|from)\s+(?P<second>.+?))?"
    r"(?:\s+(?:given|conditional\s+on)\s+(?P<given>.+))?",
    re.IGNORECASE | re.DOTALL,
)
_DIRECTLY = re.compile(r"(?:does|do|can)\s+(?P<i>.+?)\s+directly\s+(?:cause|affect)\s+(?P<j>.+)", re.IGNORECASE)
