"""What is unobserved: pairs with a hidden cause that has no name, and names that are said to be unobserved.

Prompts about effects state pairs that share a hidden cause. An unobserved name is taken out of the graph for them: its
causes become causes of its effects, and its effects share a hidden cause (the latent projection of Verma and Pearl,
1990), which changes neither what can be adjusted for nor what can be computed. In the prompts of all other questions a
hidden cause is a node of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations

from hf_causal.reading.lexicon import chinese, english
from hf_causal.reading.meaning import Meaning
from hf_causal.reading.problems import Unclear
from hf_causal.reading.reading import Reading, Statement
from hf_causal.reading.resolve import Table, mentions_of
from hf_causal.reading.tasks import SET_QUESTIONS

EFFECT_KINDS = ("adjustment", "identification", "front_door", "instrument", *SET_QUESTIONS)
"""Kinds of questions whose prompts state hidden causes."""


def latent_names(meanings: Sequence[Meaning], table: Table, kind: str) -> tuple[str, ...]:
    """Returns the names, as they are shown, that are said to be unobserved; for some questions by the name itself."""
    said = [mention for meaning in meanings for mention in meaning.latent]
    said += [edge.cause for meaning in meanings for edge in meaning.edges if edge.hidden]
    keys = {table.settle(mention)[0]: mention for mention in said}
    named = [
        one
        for one, shown in (table.shown.items() if kind in EFFECT_KINDS else ())
        if _has_hidden_word(shown) and one not in table.quoted and _is_hidden_thing(shown)
    ]
    return tuple(dict.fromkeys(table.shown[one] for one in [*keys, *named]))


def check_names(meanings: Sequence[Meaning], table: Table, latent: Iterable[str]) -> None:
    """Raises [`Unclear`] where a name leaves open whether it is observed, or which hidden cause it means."""
    known = set(latent)
    for stated, mention in [(meaning, one) for meaning in meanings for one in mentions_of([meaning])]:
        name_key = table.settle(mention)[0]
        shown = table.shown[name_key]
        if name_key in table.quoted or not _has_hidden_word(shown):
            continue
        if shown not in known:
            raise Unclear("maybe_hidden", mention.start, mention.end, name=shown)
        if _is_hidden_thing(shown) and any(
            _mentions(other, table, name_key) for other in meanings if other is not stated
        ):
            raise Unclear("hidden_twice", mention.start, mention.end, name=shown)


def _mentions(meaning: Meaning, table: Table, name_key: str) -> bool:
    return any(table.settle(one)[0] == name_key for one in mentions_of([meaning]))


def _has_hidden_word(name: str) -> bool:
    return _hidden_words().search(name) is not None


@lru_cache(maxsize=1)
def _hidden_words() -> re.Pattern[str]:
    words = "|".join(english().data["unobserved"]["hidden_words"])
    pieces = "|".join(chinese().data["unobserved"]["hidden_words"])
    return re.compile(rf"\b(?:{words})\b|{pieces}", re.IGNORECASE)


def _is_hidden_thing(name: str) -> bool:
    """Whether a name says nothing but that something is hidden, such as "an unobserved factor"."""
    words, data = name.casefold().split(), english().data["unobserved"]
    if len(words) in (2, 3) and words[0] in data["hidden_words"] and " ".join(words[1:]) in data["hidden_things"]:
        return True
    data = chinese().data["unobserved"]
    return any(
        name in (f"{first}{middle}{second}" for middle in ("", "的", "到的"))
        for first in data["hidden_words"]
        for second in data["hidden_things"]
        if name.startswith(first)
    )


def with_hidden_nodes(reading: Reading) -> Reading:
    """Returns a reading in which each hidden cause without a name is a node that causes both names of its pair."""
    statements, names = list(reading.statements), list(reading.names)
    and_word = "和" if reading.language == "zh" else " and "
    pattern = "{pair}的隐藏原因" if reading.language == "zh" else "hidden cause of {pair}"
    for pair in dict.fromkeys(reading.hidden):
        name = pattern.format(pair=and_word.join(f"“{one}”" for one in pair))
        names.append(name)
        statements += [Statement(name, one, "?", 0, 0) for one in pair]
    if len(set(names)) < len(names):
        raise Unclear("mixed", 0, 0)
    return replace(reading, statements=tuple(statements), names=tuple(names))


Pair = tuple[str, str]


def project(edges: Sequence[Pair], hidden: Sequence[Pair], latent: Iterable[str]) -> tuple[list[Pair], list[Pair]]:
    """Takes unobserved names out of a graph without loops.

    Args:
        edges (sequence of pairs): Causes and effects, in the order of the text.
        hidden (sequence of pairs): Pairs that share a hidden cause.
        latent (iterable of `str`): The unobserved names.

    Returns:
        `tuple`: The edges and the hidden causes among the other names; what is stated comes first, in its order.

    Example:

    ```python
    >>> project([("x", "m"), ("m", "y"), ("u", "x"), ("u", "y")], [], ["m", "u"])
    ([('x', 'y')], [('x', 'y')])

    ```
    """
    directed, shared = list(edges), list(hidden)
    for node in latent:
        causes = dict.fromkeys(first for first, second in directed if second == node)
        effects = dict.fromkeys(second for first, second in directed if first == node)
        siblings = dict.fromkeys(one for pair in shared if node in pair for one in pair if one != node)
        directed = [pair for pair in directed if node not in pair]
        shared = [pair for pair in shared if node not in pair]
        directed += [(cause, effect) for cause in causes for effect in effects if (cause, effect) not in directed]
        new = [*combinations(effects, 2), *((one, effect) for one in siblings for effect in effects if one != effect)]
        for pair in new:
            if pair not in shared and pair[::-1] not in shared:
                shared.append(pair)
    return directed, shared
