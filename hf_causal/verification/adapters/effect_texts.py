"""Reads texts about binary variables: which causes which, stated probabilities, and questions about effects.

The sentences are those of CaLM, in English and Chinese, and of CauGym.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache

from hf_causal.graphs.mixed_graphs import MixedGraph
from hf_causal.graphs.stated_probabilities import Event
from hf_causal.verification.adapters.questions import OutOfScopeError, UnreadableError

_WORLDS = (
    "Imagine a self-contained, hypothetical world with only the following conditions, and without any unmentioned "
    "factors or causal relationships:",
    "设想一个只有以下条件，而没有其他因素或因果关系的假设世界：",
)
_NAME = r"((?:[^.。()（）]|\([^()]*\)|（[^（）]*）)+?)"
"""A name has a full stop in brackets alone, as in `weather (e.g. wind)`."""
_CAUSES = re.compile(rf"{_NAME} has a direct effect on {_NAME}\.\s*|{_NAME}对{_NAME}有直接影响。\s*")
_VERBS = re.compile(r" has a direct effect on |对|有直接影响")
"""Words that a name does not have, since a sentence with them could be read in two ways."""
_NUMBER = r"([01]?\.?[0-9]{1,18})"
MOST_VARIABLES = 20


_LIST = re.compile(r" and |,")
_NO_VALUE = re.compile(r"\b(being|is|are|was|or|if|when|given|than|neither)\b|[为且或]|概率|条件")
"""Words of a phrase that is more than a value."""


def _is_part(first: str, second: str) -> bool:
    """Returns whether one value has all words of the other, as `very low` and `low`, which need not be opposites."""
    words = set(first.split()), set(second.split())
    return (words[0] <= words[1] or words[1] <= words[0]) and words[0] ^ words[1] != {"not"}


def _is_typo(first: str, second: str) -> bool:
    """Returns whether one value may be the other with a mistake, rather than its opposite, such as `unhealthy`."""
    words = set(first.split()), set(second.split())
    # Of `low education level` and `high education level` the first words alone differ.
    differing = [
        " ".join(word for word in text.split() if word not in words[0] & words[1]) for text in (first, second)
    ]
    short, long = sorted(differing, key=len)
    is_opposite = len(long) > len(short) and (long.endswith(short[1:]) or long.startswith(short))
    return (
        not is_opposite
        and len(short) > 2
        and _distance(short, long) <= max(len(long) // 3, 2 * (sorted(short) == sorted(long)))
    )


def _distance(first: str, second: str) -> int:
    """Returns the number of letters to change, insert or delete (Levenshtein)."""
    row = list(range(len(second) + 1))
    for i, letter in enumerate(first, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(second, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (letter != other))
    return row[-1]


def name_key(name: str) -> str:
    """Returns a name without differences of letter case, spaces and a leading article."""
    return re.sub(r"^((the|their) )+", "", " ".join(name.split()).lower())


@dataclass
class Scene:
    """The variables of a text, with the words for their values."""

    names: list[str]
    graph: MixedGraph
    words: dict[int, list[str]] = field(default_factory=dict)
    """The words for the values of each variable, in the order of the text; two at most."""
    digits: dict[tuple[int, str], str] = field(default_factory=dict)
    """The digit that a text writes next to a value, as in `low (A=0)`."""
    terms: dict[tuple[Event, Event], Fraction] = field(default_factory=dict)

    def node(self, name: str) -> int:
        """Returns the number of a variable."""
        key = name_key(name)
        if key not in self.names:
            raise UnreadableError(f"no cause or effect has the name {name!r:.80}")
        return self.names.index(key)

    def value(self, node: int, word: str, mark: str = "") -> int:
        """Returns 0 or 1 for a word for a value of a variable."""
        word = " ".join(word.split()).lower()
        known = self.words.setdefault(node, [])
        if word not in known:
            if (
                not word
                or _NO_VALUE.search(word)
                or any(_is_part(word, other) or _is_typo(word, other) for other in known)
            ):
                raise UnreadableError(f"expected one of two values of {self.names[node]!r}, got {word!r:.80}")
            known.append(word)
        if len(known) > 2:
            raise UnreadableError(f"{self.names[node]!r} has more than two values: {', '.join(known)}")
        if mark and self.digits.setdefault((node, word), mark[-1]) != mark[-1]:
            raise UnreadableError(f"the value {word!r} of {self.names[node]!r} is marked with both digits")
        return known.index(word)

    def event(self, text: str, chinese: bool) -> Event:
        """Reads one or several values, such as `rain being low and wind being high`."""
        pattern, items, rest = _value_pattern(tuple(self.names), chinese), list[tuple[int, int]](), text.strip()
        while rest:
            match = pattern.match(rest)
            if not match:
                raise UnreadableError(f"expected values of the variables, got {rest!r:.120}")
            node = self.node(match[1])
            items.append((node, self.value(node, match[2], match[3] or "")))
            rest = rest[match.end() :]
        if len({node for node, _ in items}) < len(items):
            raise UnreadableError(f"a variable occurs twice in {text!r:.120}")
        return frozenset(items)

    def state(self, event: Event, given: Event, number: str) -> None:
        """Adds a stated probability."""
        value = Fraction(number)
        if not 0 <= value <= 1 or {node for node, _ in event} & {node for node, _ in given} or not event:
            raise UnreadableError(f"{number!r} is no probability of such an event")
        if self.terms.setdefault((event, given), value) != value:
            raise UnreadableError(f"a probability is stated twice, as {float(self.terms[event, given])} and {number}")


@lru_cache(maxsize=512)
def _value_pattern(names: tuple[str, ...], chinese: bool) -> re.Pattern[str]:
    choice = "|".join(re.escape(name).replace(r"\ ", r"\s+") for name in sorted(names, key=len, reverse=True))
    if chinese:
        return re.compile(rf"({choice})为(.+?)()(?:$|(?:, ?|，|且|且, ?)(?=(?:{choice})为))", re.IGNORECASE)
    article = "(?:the |their )?"
    end = rf"(?:$|(?:,? and |, )(?={article}(?:{choice}) being ))"
    return re.compile(rf"{article}({choice}) being (.+?)(?: \(([A-Z]=[01])\))?{end}", re.IGNORECASE)


@lru_cache(maxsize=512)
def _edges(text: str) -> tuple[tuple[str, str], ...]:
    rest = text.strip()
    world = next((world for world in _WORLDS if rest.startswith(world)), None)
    if world is None:
        raise UnreadableError(f"expected a hypothetical world with its effects, got {rest!r:.120}")
    rest, edges = rest.removeprefix(world).lstrip(), list[tuple[str, str]]()
    while rest:
        match = _CAUSES.match(rest)
        if not match:
            raise UnreadableError(f"expected statements of direct effects, got {rest!r:.120}")
        edge = name_key(match[1] or match[3]), name_key(match[2] or match[4])
        if any(not name or _VERBS.search(name) for name in edge) or edge[0] == edge[1]:
            raise UnreadableError(f"expected one cause and one effect, got {match[0]!r:.160}")
        edges.append(edge)
        rest = rest[match.end() :]
    return tuple(edges)


def read_scene(world: str, data: str) -> Scene:
    """Reads a causal graph and stated probabilities.

    Args:
        world (`str`): The sentences with the direct effects.
        data (`str`): The sentences with the probabilities; may be empty.

    Raises:
        [`UnreadableError`]: With the words that are not understood.
        [`OutOfScopeError`]: If the effects form a cycle.
    """
    edges = _edges(world)
    names = list(dict.fromkeys(name for edge in edges for name in edge))
    causes = {cause for cause, _ in edges}
    listed = [name for name in names if name not in causes and _LIST.search(re.sub(r"\(.*?\)", "", name))]
    if listed:
        raise UnreadableError(f"{listed[0]!r:.120} may be one effect or several")
    if len(names) > MOST_VARIABLES:
        raise OutOfScopeError(f"{len(names)} variables are more than {MOST_VARIABLES}")
    if len(set(edges)) < len(edges):
        raise UnreadableError("a direct effect is stated twice")
    try:
        graph = MixedGraph.of_edges(len(names), [(names.index(i), names.index(j)) for i, j in edges])
    except ValueError as error:
        raise OutOfScopeError(str(error)) from None
    scene = Scene(names, graph)
    for sentence in _sentences(data):
        _read_probability(scene, sentence)
    return scene


def _sentences(data: str) -> list[str]:
    # A sentence ends with a number.
    return [part.strip() for part in re.split(r"(?<=\d)\.(?=\s|$)|。", data) if part.strip()]


_PROBABILITY = (
    (re.compile(rf"For those with (.+), the probability of (.+) is {_NUMBER}", re.IGNORECASE), False),
    (re.compile(rf"()The probability of (.+) is {_NUMBER}", re.IGNORECASE), False),
    (re.compile(rf"在(.+)的条件下, ?(.+)的概率为{_NUMBER}"), True),
    (re.compile(rf"()(.+)的概率为{_NUMBER}"), True),
)


def _read_probability(scene: Scene, sentence: str) -> None:
    for pattern, chinese in _PROBABILITY:
        if match := pattern.fullmatch(sentence):
            given = scene.event(match[1], chinese) if match[1] else frozenset()
            scene.state(scene.event(match[2], chinese), given, match[3])
            return
    raise UnreadableError(f"expected a stated probability, got {sentence!r:.160}")
