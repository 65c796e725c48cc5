"""Reads the sentences of CLadder's English texts: all of their words, apart from the phrases for events, are known.

The phrases are free, since each story has its own; where a text has the same phrase in several sentences, it must be
the same in each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from hf_causal.verification.adapters.questions import UnreadableError

_PHRASE = r"[^,.?%\n]+"
_FIRST, _SECOND = rf"(?P<first>{_PHRASE})", rf"(?P<second>{_PHRASE})"
_GIVEN = (
    rf"For (?P<given>{_PHRASE}), the probability of (?P<event>{_PHRASE}) is [0-9]{{1,3}}%\.",
    rf"The overall probability of (?P<overall>{_PHRASE}) is [0-9]{{1,3}}%\.",
    rf"The probability of (?P<joint>{_PHRASE}) is [0-9]{{1,3}}%\.",
    rf"For (?P<given>{_PHRASE}), the correlation between {_FIRST} and {_SECOND} is -?\d\.\d+\.",
    rf"Method [12]: We look at how {_FIRST} correlates with {_SECOND} case by case according to "
    r"(?P<third>[^.?%\n]+)\.",
    r"Method [12]: We look at this correlation case by case according to (?P<third>[^.?%\n]+)\.",
    rf"Method [12]: We look directly at how {_FIRST} correlates with {_SECOND} in general\.",
    rf"We observed {_FIRST}\.",
    rf"We know that {_FIRST} causes {_SECOND}, and we know that (?P<third>{_PHRASE}) causes "
    rf"(?P<fourth>{_PHRASE})\.",
    rf"(?:We know that )?{_FIRST} causes {_SECOND}\.",
    r"Imagine a self-contained, hypothetical world with only the following conditions, and without any unmentioned "
    r"factors or causal relationships:",
    rf"{_FIRST} has a direct effect on {_SECOND}\.",
    rf"{_FIRST} is unobserved\.",
)
_ASKED = {
    "ate": rf"Will {_FIRST} (?:in|de)crease the chance of (?P<event>{_PHRASE})\?",
    "ett": rf"For (?P<given>{_PHRASE}), would it be (?:more|less) likely to see (?P<event>{_PHRASE}) if "
    rf"{_FIRST}\?",
    "marginal": rf"Is (?P<event>{_PHRASE}) (?:more|less) likely than {_FIRST} overall\?",
    "correlation": rf"Is the chance of (?P<end>{_PHRASE}) (?:larger|smaller) when observing (?P<overall>{_PHRASE})\?",
    "exp_away": rf"If we look at {_FIRST}, does the chance of (?P<event>{_PHRASE}) (?:in|de)crease when "
    rf"{_SECOND}\?",
    "nde": rf"If we disregard the mediation effect through (?P<third>{_PHRASE}), would {_FIRST} "
    rf"(?:positive|negative)ly affect {_SECOND}\?",
    "nie": rf"Does {_FIRST} (?:positive|negative)ly affect {_SECOND} through "
    rf"(?P<third>{_PHRASE})\?",
    "collider_bias": rf"If we look at (?P<given>{_PHRASE}), does it mean that {_FIRST} "
    rf"(?:affects|does not affect) {_SECOND}\?",
    "backadj": rf"To understand how {_FIRST} affects {_SECOND}, is it (?:more|less) correct to "
    r"use the Method 1 than Method 2\?",
    "det-counterfactual": rf"Would {_FIRST} if {_SECOND} instead of (?P<third>{_PHRASE})\?",
}
"""The question of each type of query."""
QUERIES = frozenset(_ASKED)
"""The types of queries whose questions are known."""
_SENTENCES = [re.compile(pattern) for pattern in _GIVEN]
_QUESTIONS = {query: re.compile(pattern) for query, pattern in _ASKED.items()}
Phrases = dict[str, str]


def read_phrases(given: str, asked: str, query: str) -> list[Phrases]:
    """Returns the phrases of each sentence and of the question, for a type of query.

    Raises:
        [`UnreadableError`]: If a sentence has other words, or a phrase differs between sentences.

    Example:

    ```python
    >>> read_phrases("The overall probability of rain is 7%.", "Is mud more likely than dust overall?", "marginal")[0]
    {'overall': 'rain'}

    ```
    """
    question = _QUESTIONS[query].fullmatch(asked.strip())
    if not question:
        raise UnreadableError(f"the question is not understood: {asked!r:.160}")
    sentences = list(_sentences(given.strip()))
    _check_events(sentences)
    stated = {name: {one[name] for one in sentences if name in one} for name in ("event", "overall", "given", "joint")}
    about = question.groupdict()
    for name in ("event", "overall", "given"):
        several = any(" and " in phrase for phrase in stated[name])  # of several events the question has one
        if name in about and stated[name] and not several and about[name] not in stated[name]:
            raise UnreadableError(f"the question is about {about[name]!r:.80}, which is not what the text states")
    if "end" in about and not all(joint.endswith(f" and {about['end']}") for joint in stated["joint"]):
        raise UnreadableError(f"the question is about {about['end']!r:.80}, which is not what the text states")
    return [*sentences, about]


def _sentences(text: str) -> Iterator[Phrases]:
    while text:
        matches = (pattern.match(text) for pattern in _SENTENCES)
        match = next((match for match in matches if match), None)
        if match is None:
            raise UnreadableError(f"expected what CLadder states, got {text!r:.120}")
        yield match.groupdict()
        text = text[match.end() :].lstrip()


def _check_events(sentences: list[Phrases]) -> None:
    """Raises unless each event has a probability for 2, 4 or 8 different conditions."""
    pairs = Counter((one["event"], one["given"]) for one in sentences if "event" in one)
    if repeated := [pair for pair, count in pairs.items() if count > 1]:
        raise UnreadableError(f"the probability of {repeated[0][0]!r:.80} is stated twice")
    for event, number in Counter(event for event, _ in pairs).items():
        if number not in (2, 4, 8):
            raise UnreadableError(f"the probability of {event!r:.80} is stated for {number} conditions")
