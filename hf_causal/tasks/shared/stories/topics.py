"""Everyday topics with their variables, and words without a meaning, each in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml

from hf_causal.utils.randomness import Draws

ENGLISH, CHINESE = "en", "zh"
LANGUAGES = (ENGLISH, CHINESE)

_SYLLABLES: dict[str, Sequence[str]] = {
    ENGLISH: (
        *("zib", "vok", "gru", "plim", "dax", "fep", "wug", "tove", "blor", "snee"),
        *("mip", "quo", "jaz", "krel", "nim", "thol", "yub", "resk", "harn", "dwe"),
    ),
    CHINESE: tuple("兹沃格普达费乌托布斯米夸贾克尼索尤雷哈德"),
}
"""The syllables with the same number are the same word's in both languages."""
_FIRST_MARK = 0xE000
_MARKS = re.compile("[\ue000-\uf8ff]")
"""Characters of private use, which no text has."""
_LONGEST_WORD = 3
"""Syllables of a word without a meaning; the shortest has two."""

_WORDS = {
    language: re.compile(rf"(?:{'|'.join(syllables)}){{2,{_LONGEST_WORD}}}")
    for language, syllables in _SYLLABLES.items()
}


@dataclass(frozen=True)
class Topic:
    """Something that stories are about, with the names of its variables in each language."""

    title: dict[str, str]
    variables: dict[str, tuple[str, ...]]
    """Ordered so that an earlier one may sensibly cause a later one; empty for words without a meaning."""

    @cached_property
    def patterns(self) -> dict[str, re.Pattern[str]]:
        """What matches any of the names in a text of each language."""
        names = {
            language: "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
            for language, names in self.variables.items()
        } or {language: pattern.pattern for language, pattern in _WORDS.items()}
        return {
            ENGLISH: re.compile(rf"(?<!\w)(?:{names[ENGLISH]})(?!\w)"),
            CHINESE: re.compile(names[CHINESE]),
        }

    def abbreviate(self, text: str, language: str) -> tuple[str, dict[str, str]]:
        """Writes each name of a text as one mark, so that no word of a name is taken for one of a sentence.

        Returns:
            `tuple`: The text, and the name of each mark.

        Raises:
            `ValueError`: If the text has such marks already.
        """
        if _MARKS.search(text):
            raise ValueError(f"the text {text[:80]!r} has characters of private use")
        marks: dict[str, str] = {}

        def mark(match: re.Match[str]) -> str:
            return marks.setdefault(match[0], chr(_FIRST_MARK + len(marks)))

        return self.patterns[language].sub(mark, text), {mark: name for name, mark in marks.items()}

    def __hash__(self) -> int:
        return hash(self.title[ENGLISH])


NONSENSE = Topic({ENGLISH: "made-up things", CHINESE: "虚构的事物"}, {})
"""The topic of stories about words without a meaning."""


@cache
def topics() -> tuple[Topic, ...]:
    """Returns the everyday topics."""
    entries = yaml.safe_load(Path(__file__).with_name("topics.yaml").read_text(encoding="utf-8"))
    return tuple(
        Topic(
            {language: entry[language] for language in LANGUAGES},
            {language: tuple(names[i] for names in entry["variables"]) for i, language in enumerate(LANGUAGES)},
        )
        for entry in entries
    )


@cache
def topic_of_title(title: str, language: str) -> Topic | None:
    """Returns the topic that has a title, or `None`."""
    return next((topic for topic in (*topics(), NONSENSE) if topic.title[language] == title), None)


def draw_variables(topic: Topic, count: int, draws: Draws) -> dict[str, tuple[str, ...]]:
    """Draws variables of a topic in their order, in every language the same ones.

    Raises:
        `ValueError`: If the topic has too few.
    """
    if topic is NONSENSE:
        return _draw_words(count, draws)
    size = len(topic.variables[ENGLISH])
    if count > size:
        raise ValueError(
            f"a story has at most {size} variables, the row has {count}; nonsense stories have any number"
        )
    drawn = sorted(draws.shuffled(range(size))[:count])
    return {language: tuple(names[index] for index in drawn) for language, names in topic.variables.items()}


def _draw_words(count: int, draws: Draws) -> dict[str, tuple[str, ...]]:
    words = dict[tuple[int, ...], None]()
    while len(words) < count:
        length = 2 + draws.below(_LONGEST_WORD - 1)
        words[tuple(draws.below(len(_SYLLABLES[ENGLISH])) for _ in range(length))] = None
    return {
        language: tuple(_write_word(word, syllables) for word in words) for language, syllables in _SYLLABLES.items()
    }


def _write_word(word: Sequence[int], syllables: Sequence[str]) -> str:
    return "".join(syllables[index] for index in word)
