"""Which mentions are one name, and what the signs of a text are once that is known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hf_causal.reading.lexicon import chinese, english
from hf_causal.reading.meaning import Asked, Edge, Meaning, Mention, multiply
from hf_causal.reading.names import Name, content, is_plain, key, near
from hf_causal.reading.problems import Unclear


@dataclass
class Table:
    """The names of a text: from the key of each to how it is shown."""

    shown: dict[str, str] = field(default_factory=dict)
    quoted: set[str] = field(default_factory=set)
    settled: dict[Mention, tuple[str, str]] = field(default_factory=dict)
    plain: bool = False
    """Whether all names are a few letters or digits, as in the corpora; then each spelling is a name."""

    @classmethod
    def of(cls, mentions: Sequence[Mention]) -> Table:
        """Returns the table of the names that stand in a text without doubt."""
        table = cls()
        names = [mention.name for mention in mentions if mention.whole is None]
        table.plain = all(is_plain(name.text) for name in names)
        for name in names:
            table.add(name)
        table.settle_all(mentions)
        return table

    def key(self, name: Name) -> str:
        """Returns the key of a name in this text."""
        return name.text if self.plain else key(name.text, name.quoted)

    def add(self, name: Name) -> str:
        """Adds a spelling and returns its key; a name is shown as it is written in the middle of a sentence."""
        name_key = self.key(name)
        text = _without_article(name.text)
        if name_key not in self.shown or (text[:1].islower() and not self.shown[name_key][:1].islower()):
            self.shown[name_key] = text
        if name.quoted:
            self.quoted.add(name_key)
        return name_key

    def settle_all(self, mentions: Sequence[Mention]) -> None:
        """Settles every mention once: first those that are sure, on which the others depend."""
        for mention in sorted(mentions, key=lambda one: (one.whole is not None, not one.sure)):
            if mention not in self.settled:
                self.settled[mention] = self._settle(mention)

    def settle(self, mention: Mention) -> tuple[str, str]:
        """Returns the key of a mention, and the sign of its change."""
        return self.settled[mention]

    def _settle(self, mention: Mention) -> tuple[str, str]:
        if mention.whole is None:
            return self.key(mention.name), mention.change or mention.direction
        whole, bare = self.key(mention.whole), self.key(mention.name)
        if mention.sure:
            if whole in self.shown and bare in self.shown:
                values = {"name": mention.whole.text, "other": mention.name.text}
                raise Unclear("part_of_name", mention.start, mention.end, **values)  # type: ignore[arg-type]
            if whole in self.shown:
                return whole, mention.change
            return self.add(mention.name), mention.change or mention.direction
        fixed = " ".join(mention.whole.text.casefold().split()[:2]) in english().words("fixed_names")
        if bare in self.shown and not fixed:
            return bare, mention.change
        return self.add(mention.whole), ""

    def check(self, places: dict[str, Mention]) -> None:
        """Raises [`Unclear`] where two names may be the same thing; names in quotes are as their writer wants them."""
        by_content: dict[tuple[str, ...], str] = {}
        names = [one for one in self.shown if one not in self.quoted and not is_plain(one)]
        for name in names:
            other = by_content.setdefault(content(name), name)
            if other != name:
                raise self._confusable(name, other, places)
        known, prepositions = set(names), english().words("prepositions")
        for name in names:
            words = name.split()
            for size in range(1, min(len(words), 12)):
                if words[size] in prepositions and " ".join(words[:size]) in known:
                    raise self._confusable(name, " ".join(words[:size]), places)

    def _confusable(self, name: str, other: str, places: dict[str, Mention]) -> Unclear:
        place = places.get(name) or places[other]
        return Unclear("same_thing", place.start, place.end, name=self.shown[name], other=self.shown[other])


def mentions_of(meanings: Iterable[Meaning]) -> list[Mention]:
    """Returns all mentions of statements in their order."""
    mentions: list[Mention] = []
    for meaning in meanings:
        mentions += meaning.variables
        for edge in meaning.edges:
            mentions += [edge.cause, edge.effect]
        mentions += meaning.nodes
        for pair in meaning.together:
            mentions += pair
        for first, second, given in meaning.independent:
            mentions += [first, second, *given]
        for pair in meaning.hidden:
            mentions += pair
        mentions += [*meaning.latent, *meaning.selected]
    return mentions


def asked_mentions(asked: Asked) -> list[Mention]:
    """Returns all mentions of a question."""
    return [*asked.pair, *asked.given, *((asked.third,) if asked.third else ())]


def edge_sign(edge: Edge, table: Table) -> str:
    """Returns what more of the cause does to the effect: "less rain reduces floods" is a +."""
    changes = [table.settle(mention)[1] for mention in (edge.cause, edge.effect)]
    if changes[1] and edge.sign != "+":
        raise Unclear("change_of_change", edge.effect.start, edge.effect.end)
    return multiply(edge.sign, *changes)


def asked_kind(asked: Asked, table: Table) -> tuple[str, str]:
    """Returns the kind of a question and the direction that it asks about, empty where it asks about none."""
    if asked.edge is None:
        return asked.kind, ""
    edge = asked.edge
    if asked.directly:
        return "direct", ""
    changes = [table.settle(mention)[1] for mention in asked.pair]
    word = edge.token.text.casefold().split()[0]
    signed = any(changes) or edge.sign == "-" or word in english().words("says_more") | chinese().words("says_more")
    direction = edge_sign(edge, table) if signed else ""
    if asked.kind == "why":
        return "why", direction
    if signed:
        return "increase", direction
    return ("cause" if edge.sign == "+" or edge.token.kind in ("RIGHT", "LEFT") else "affect"), ""


def stranger(mention: Mention, names: Sequence[str], is_english: bool) -> Unclear:
    """Returns the error for a question about a name that the premises lack, with names that look like it."""
    name = (mention.whole or mention.name).text
    others = near(name, names)
    if not others:
        return Unclear("stranger", mention.start, mention.end, name=name, asked=True)
    joined = (" or " if is_english else "、").join(f"“{other}”" for other in others)
    return Unclear("stranger_near", mention.start, mention.end, others, name=name, others=joined, asked=True)


def _without_article(text: str) -> str:
    words = text.split()
    return " ".join(words[1:]) if len(words) > 1 and words[0].casefold() in english().words("articles") else text
