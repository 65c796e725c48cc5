"""The words that the reader knows, from the data files of the package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from hf_causal.reading.patterns import expand


@dataclass(frozen=True)
class Entry:
    """What the lexicon says about a phrase in one role."""

    kind: str
    """The terminal of the grammar, for example `ACTIVE` or `PASSIVE`."""
    sign: str = "?"
    """`"+"`, `"-"` or `"?"`: what more of the cause does to the effect."""
    note: str = ""
    """The role of a noun, the group of a refused word, the thing that the weather is."""
    single: bool = False
    """Whether the phrase is one word that may be a noun just as well ("increases")."""
    past: bool = False
    """Whether it is a past form, which may be an adjective just as well ("delayed")."""


@dataclass
class Phrases:
    """A trie of phrases, each with its entries in the order of the file."""

    root: dict[str, Any] = field(default_factory=dict)

    def add(self, phrase: Sequence[str], entry: Entry) -> None:
        """Adds a phrase, as words or as characters; the first entry of a kind counts."""
        node = self.root
        for part in phrase:
            node = node.setdefault(part, {})
        entries = node.setdefault("", [])
        if all(other.kind != entry.kind for other in entries):
            entries.append(entry)

    def longest(self, parts: Sequence[str], start: int) -> tuple[int, list[Entry]]:
        """Returns the end and the entries of the longest phrase at `start`; `start` itself where there is none."""
        node, end, entries = self.root, start, []
        for place in range(start, len(parts)):
            if not parts[place] or (following := node.get(parts[place])) is None:
                break
            node = following
            if "" in node:
                end, entries = place + 1, node[""]
        return end, entries


@dataclass(frozen=True)
class Lexicon:
    """All that is known about one language."""

    phrases: Phrases
    data: Mapping[str, Any]
    headings: frozenset[str]

    def words(self, key: str) -> frozenset[str]:
        """Returns a list of the data file as a set."""
        return frozenset(map(str, self.data.get(key, ())))


@lru_cache(maxsize=1)
def english() -> Lexicon:
    """Returns the lexicon of `data/english.yaml`."""
    data = load("english.yaml")
    phrases = Phrases()
    for phrase, entry in _english_entries(data):
        phrases.add(tuple(phrase.casefold().split()), entry)
    return Lexicon(phrases, data, frozenset(map(str, data["headings"])))


@lru_cache(maxsize=1)
def chinese() -> Lexicon:
    """Returns the lexicon of `data/chinese.yaml`."""
    data = load("chinese.yaml")
    phrases = Phrases()
    for phrase, entry in _chinese_entries(data):
        phrases.add(phrase, entry)
    return Lexicon(phrases, data, frozenset(map(str, data["headings"])))


@lru_cache(maxsize=1)
def headings() -> frozenset[str]:
    """Returns the words that may stand before a colon and change nothing."""
    return english().headings | chinese().headings


@lru_cache(maxsize=8)
def load(name: str) -> dict[str, Any]:
    """Returns a data file of the package."""
    # Everything is text: "no" and "on" are words here.
    return yaml.load(resource(name), Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))


def resource(name: str) -> str:
    """Returns the text of a data file of the package."""
    return (resources.files("hf_causal.reading") / "data" / name).read_text(encoding="utf-8")


def _english_entries(data: Mapping[str, Any]) -> Iterable[tuple[str, Entry]]:
    for verb in data["verbs"]:
        yield from _verb(verb, "ACTIVE", "PASSIVE")
    for verb in data["backward_verbs"]:
        yield from _verb(verb, "BACKWARD", "")
    for role, role_data in data["roles"].items():
        for phrase in role_data["words"]:
            yield phrase, Entry("ROLE", role_data["sign"], role)
            yield f"the {phrase}", Entry("ROLE", role_data["sign"], role)
    for role, phrases in data["headed"].items():
        for phrase in phrases:
            yield phrase, Entry("HEADED", "+", role)
    for kind, key in (("CHANGE", "changes"), ("UNSURE_CHANGE", "unsure_changes"), ("CHANGED", "change_verbs")):
        for sign, phrases in data[key].items():
            for phrase in phrases:
                yield phrase, Entry(kind, sign, single=" " not in phrase)
    yield from _unobserved(data["unobserved"])
    for phrase in data["likelihood"]:
        yield phrase, Entry("LIKELIHOOD")
    for thing, phrases in data["weather"].items():
        for phrase in phrases:
            yield phrase, Entry("WEATHER", note=thing)
    for kind, phrases in data["words"].items():
        for phrase in phrases:
            yield phrase, Entry(kind)
    for phrase in data["neutral"]:
        yield phrase, Entry("NEUTRAL")
    for phrase in data["neutral_with_comma"]:
        yield phrase, Entry("NEUTRAL", note="comma")
    yield from _refused(data)


def _unobserved(data: Mapping[str, Any]) -> Iterable[tuple[str, Entry]]:
    """Yields the phrases that say that something is unobserved; "a hidden common cause of" is a role."""
    for kind, patterns in data["kinds"].items():
        entry = Entry("ROLE", "?", kind) if kind.islower() else Entry(kind)
        for pattern in patterns:
            yield from ((phrase, entry) for phrase in expand(pattern, data["patterns"]))


def _verb(verb: Mapping[str, Any], active: str, passive: str) -> Iterable[tuple[str, Entry]]:
    base, third, past, participle, ing = verb["forms"].split()
    sign, kind = str(verb["sign"]), verb.get("kind", active)
    for rest in verb.get("then", [""]):
        for form in dict.fromkeys((base, third, past, participle)):
            past = form not in (base, third)
            yield f"{form} {rest}".strip(), Entry(kind, sign, form, single=not rest, past=past)
        yield f"{ing} {rest}".strip(), Entry("ING", sign, "backward" if active == "BACKWARD" else kind)
    if passive and kind == active and (not verb.get("then") or "by" in verb):
        yield f"{participle} {verb.get('by', '')} by".replace("  ", " "), Entry(passive, sign)
    if "changes" in verb:
        yield participle, Entry("CHANGE", sign, single=True)  # "reduced income", at the beginning of a name


def _chinese_entries(data: Mapping[str, Any]) -> Iterable[tuple[str, Entry]]:
    for key, kind in (("verbs", "ACTIVE"), ("backward_verbs", "BACKWARD"), ("changes_after", "CHANGED")):
        for sign, phrases in data[key].items():
            for phrase in phrases:
                yield phrase, Entry(kind, sign)
    yield from ((phrase.replace(" ", ""), entry) for phrase, entry in _unobserved(data["unobserved"]))
    for phrase in data["make_verbs"]:
        yield phrase, Entry("MAKE")
    for role, phrases in data["roles"].items():
        for phrase in phrases:
            yield phrase, Entry("ROLE", "+", role)
    for kind, phrases in data["words"].items():
        for phrase in phrases:
            yield phrase, Entry(kind)
    for phrase in data["neutral"]:
        yield phrase, Entry("NEUTRAL")
    for phrase in [*data["name_words"], *data["plain_words"]]:
        yield phrase, Entry("PLAIN")
    yield from _refused(data)


def _refused(data: Mapping[str, Any]) -> Iterable[tuple[str, Entry]]:
    for group, phrases in data["refused"].items():
        for phrase in phrases:
            yield str(phrase), Entry("REFUSED", note=group)
