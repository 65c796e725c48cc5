"""Names that may be one thing although they differ, where that would change the answer.

"Smoking causes lung cancer. Cancer causes death. Does smoking cause death?" has the answer No if these are two things
and Yes if they are one. A text is refused only where it matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from hf_causal.reading.answers import answer
from hf_causal.reading.names import key
from hf_causal.reading.problems import Unclear
from hf_causal.reading.prompts import with_prompt
from hf_causal.reading.reading import Reading
from hf_causal.reading.signs import signs_between

MAX_PAIRS = 20
"""Doubtful pairs that are looked at: names that are that much alike are refused for the first few already."""
MAX_TRIED_NAMES = 60
"""With more names than this, which pair matters is not tried out: the first is named."""
MIN_LETTERS = 6
"""Names of at least this many letters are taken for misspellings of each other where they differ in one."""


def find_doubt(reading: Reading, names: Sequence[str]) -> tuple[str, str] | None:
    """Returns two names that may be one thing where the answer depends on it, or `None`.

    Args:
        reading ([`Reading`]): What was read.
        names (sequence of `str`): Those of its names that are not in quotes.
    """
    pairs = list(islice(_alike(names), MAX_PAIRS))
    if not pairs:
        return None
    outcome = _outcome(reading)
    if _outcome_of_merged(reading, pairs) == _mapped(outcome, pairs):
        return None
    for pair in pairs if len(reading.names) <= MAX_TRIED_NAMES else ():
        if _outcome_of_merged(reading, [pair]) != _mapped(outcome, [pair]):
            return pair
    return pairs[0]


def _alike(names: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Yields pairs of which one is the other with more words, or with one letter changed."""
    by_key = {key(name): name for name in names}
    for one, name in by_key.items():
        words = one.split()
        parts = {" ".join(words[:cut]) for cut in range(1, len(words))}
        parts |= {" ".join(words[cut:]) for cut in range(1, len(words))}
        if not one.isascii() and len(words) == 1:
            parts |= {one[:cut] for cut in range(2, min(len(one), 30))} | {one[cut:] for cut in range(1, len(one) - 1)}
        yield from ((name, by_key[part]) for part in sorted(parts) if part in by_key)
    yield from _misspelled(by_key)


def _misspelled(by_key: dict[str, str]) -> Iterable[tuple[str, str]]:
    seen: dict[str, str] = {}
    for one, name in by_key.items():
        if len(one) < MIN_LETTERS or not one.replace(" ", "").isalpha():
            continue
        forms = {one} | {one[:cut] + one[cut + 1 :] for cut in range(min(len(one), 60))}
        if other := next((seen[form] for form in sorted(forms) if form in seen), None):
            yield name, other
        for form in forms:
            seen.setdefault(form, name)


def _union(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """From each name of some pairs to the one that replaces all that are joined with it."""
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while name in above:
            name = above[name]
        return name

    for longer, shorter in pairs:
        if top(longer) != top(shorter):
            above[top(longer)] = top(shorter)
    return {name: top(name) for pair in pairs for name in pair}


_Outcome = tuple[str, frozenset[str], frozenset[str]]
"""The answer, the members of a list, and the directions in which a change arrives."""


def _outcome(reading: Reading) -> _Outcome:
    result, asked = answer(reading), reading.question
    directed = asked.direction and len(asked.names) == 2
    states = signs_between(reading.statements, *asked.names) if directed else ()
    return result.answer, frozenset(result.members), frozenset(states)


def _mapped(outcome: _Outcome, pairs: list[tuple[str, str]]) -> _Outcome:
    one = _union(pairs)
    return outcome[0], frozenset(one.get(name, name) for name in outcome[1]), outcome[2]


def _merge_hidden(reading: Reading, one: Mapping[str, str]) -> Reading:
    """What is unobserved if the names of each pair were one."""
    pairs = [(one.get(first, first), one.get(second, second)) for first, second in reading.hidden]
    kept = [(pair, start) for pair, start in zip(pairs, reading.hidden_starts, strict=True) if pair[0] != pair[1]]
    return replace(
        reading,
        hidden=tuple(pair for pair, _ in kept),
        hidden_starts=tuple(start for _, start in kept),
        latent=tuple(dict.fromkeys(one.get(name, name) for name in reading.latent)),
    )


def _outcome_of_merged(reading: Reading, pairs: list[tuple[str, str]]) -> object:
    """The answer if the names of each pair were one; `None` where the question would lose its sense."""
    one = _union(pairs)
    asked = reading.question
    names = tuple(one.get(name, name) for name in asked.names)
    given = tuple(dict.fromkeys(one.get(name, name) for name in asked.given))
    third = one.get(asked.third, asked.third) if asked.third else None
    about = [*names, *given, *((third,) if third else ())]
    if len(set(about)) < len([*asked.names, *asked.given, *((asked.third,) if asked.third else ())]):
        return None
    statements = tuple(
        replace(stated, cause=one.get(stated.cause, stated.cause), effect=one.get(stated.effect, stated.effect))
        for stated in reading.statements
    )
    merged = replace(
        reading,
        statements=tuple(stated for stated in statements if stated.cause != stated.effect),
        question=replace(asked, names=names, given=given, third=third),
        names=tuple(dict.fromkeys(one.get(name, name) for name in reading.names)),
        together=(),
    )
    try:
        return _outcome(with_prompt(_merge_hidden(merged, one)))
    except Unclear:
        return None
