"""Questions about effects as rows of known phrases and of names that the premises have; any other word is unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from hf_causal.reading.chinese import has_han
from hf_causal.reading.lexicon import Entry, Phrases, chinese, english, load
from hf_causal.reading.meaning import Meaning
from hf_causal.reading.names import Name, key
from hf_causal.reading.patterns import expand
from hf_causal.reading.problems import Unclear
from hf_causal.reading.resolve import Table, mentions_of
from hf_causal.reading.tokens import Sentence, Token

UNKNOWN = "UNKNOWN"
"""The type of a token that is neither a phrase nor a name of the premises."""
MAX_WORDS = 20
"""Words of a name that is looked for in a question."""


@lru_cache(maxsize=2)
def effect_phrases(language: str) -> Phrases:
    """Returns the phrases of `data/effects_english.yaml` or `data/effects_chinese.yaml`."""
    data = load(f"effects_{language}.yaml")
    phrases = Phrases()
    for kind, patterns in data["kinds"].items():
        for pattern in patterns:
            for phrase in expand(pattern, data["patterns"]):
                parts = phrase.split() if language == "english" else list(phrase.replace(" ", ""))
                phrases.add(parts, Entry(kind))
    return phrases


@lru_cache(maxsize=6)
def cue(language: str, which: str) -> re.Pattern[str]:
    """Returns what finds words of a list of the data file, in Chinese pieces of text.

    Args:
        language (`str`): `"english"` or `"chinese"`.
        which (`str`): `"telling"` for words with which a question is of one of these forms even if it is not read,
            `"cues"` for those with which it may be, `"late"` for those with which it is if nothing else reads it.
    """
    words = "|".join(map(re.escape, load(f"effects_{language}.yaml")[which]))
    return re.compile(rf"\b(?:{words})\b" if language == "english" else words, re.IGNORECASE)


def has_cue(text: str, language: str, *lists: str) -> bool:
    """Whether a question has a word of some lists of the data file."""
    return any(cue(language, which).search(text) for which in lists)


class KnownNames:
    """The names of the premises, to be found in a question."""

    def __init__(self, meanings: Sequence[Meaning]):
        mentions = mentions_of(meanings)
        try:
            self.table = Table.of(mentions)
            self.keys = {self.table.settle(mention)[0] for mention in mentions}
        except Unclear:  # it is raised again, with its place, where the names of all sentences are put together
            self.table = Table()
            self.keys = {key(mention.name.text, mention.name.quoted) for mention in mentions}
        self.starts = {name[:1].casefold() for name in self.keys}
        self.words = min(max((len(name.split()) for name in self.keys), default=0) + 1, MAX_WORDS)
        self.letters = max(map(len, self.keys), default=0)

    def has(self, name: Name) -> bool:
        """Whether the premises have a name, in this or in another spelling of it."""
        return self.table.key(name) in self.keys

    def longest(self, tokens: Sequence[Token], start: int) -> tuple[int, Name | None, bool]:
        """Returns the end of the longest name at a token, the name, and whether an `'s` follows it."""
        begin = start
        if tokens[start].text.casefold() in english().words("articles") and start + 1 < len(tokens):
            begin = start + 1
        first = tokens[begin]
        if first.kind == "QUOTED":
            name = Name(first.text, first.start, first.end, quoted=True)
            return (begin + 1, name, False) if self.has(name) else (start, None, False)
        best: tuple[int, Name | None, bool] = (start, None, False)
        for at in dict.fromkeys((begin, start)):
            if tokens[at].text[:1].casefold() in self.starts:
                best = max([best, *self._windows(tokens, at)], key=lambda one: one[0])
        return best

    def _windows(self, tokens: Sequence[Token], start: int) -> Iterator[tuple[int, Name | None, bool]]:
        words: list[str] = []
        articles = english().words("articles")
        for end in range(start, min(start + self.words, len(tokens))):
            token = tokens[end]
            if token.kind != "WORD":
                return
            for text, possessive in ((token.text, False), (token.text.removesuffix("'s"), True)):
                if possessive == (text == token.text) or (words and text.casefold() in articles):
                    continue
                name = Name(" ".join([*words, text]), tokens[start].start, token.start + len(text))
                if self.has(name):
                    yield end + 1, name, possessive
            words.append(token.text)


def english_row(sentence: Sentence, known: KnownNames) -> list[Token]:
    """Returns the tokens of a question in English: from left to right the longest phrase or name."""
    tokens, row, index = sentence.tokens, list[Token](), 0
    phrases = effect_phrases("english")
    parts = ["" if token.kind == "QUOTED" else token.text.casefold() for token in tokens]
    while index < len(tokens):
        end, entries = phrases.longest(parts, index)
        stop, name, possessive = known.longest(tokens, index)
        first = tokens[index]
        if name is not None and stop >= end:
            row.append(Token("NAME", name.text, first.start, name.end, name))
            if possessive:
                row.append(Token("POSSESSIVE", "'s", name.end, tokens[stop - 1].end))
            index = stop
        elif end > index:
            text = " ".join(token.text for token in tokens[index:end])
            row.append(Token(entries[0].kind, text, first.start, tokens[end - 1].end))
            index = end
        else:
            row.append(Token(_MARKS.get(first.text, UNKNOWN), first.text, first.start, first.end))
            index += 1
    return _separate(row)


_MARKS = {",": "COMMA", ":": "THEN", "、": "COMMA"}


def chinese_row(sentence: Sentence, known: KnownNames) -> list[Token]:
    """Returns the tokens of a question in Chinese: from left to right the longest phrase or name."""
    row: list[Token] = []
    for token in sentence.tokens:
        if token.kind == "QUOTED":
            name = Name(token.text, token.start, token.end, quoted=True)
            row.append(Token("NAME" if known.has(name) else UNKNOWN, token.text, token.start, token.end, name))
        elif token.kind == "MARK" and token.text in _MARKS:
            kind = "SEP" if token.text == "、" else "THEN"
            row.append(Token(kind, token.text, token.start, token.end, "、"))
        else:
            row += _pieces(token, known)
    return _separate(row)


def _pieces(token: Token, known: KnownNames) -> Iterator[Token]:
    """Yields the phrases and names of a run of characters."""
    phrases, index, text = effect_phrases("chinese"), 0, token.text
    unknown = 0
    while index < len(text):
        end, entries = phrases.longest(text, index)
        stop = _longest_name(text, index, known)
        other, _ = chinese().phrases.longest(text, index)
        if max(end, stop) == index or other > max(end, stop):  # "可能" is not "能" behind an unknown character
            index = max(index + 1, other)
            continue
        if unknown < index:
            yield Token(UNKNOWN, text[unknown:index], token.start + unknown, token.start + index)
        kind = "NAME" if stop >= end else entries[0].kind
        last = max(end, stop)
        start, close = token.start + index, token.start + last
        name = Name(text[index:last], start, close) if kind == "NAME" else None
        yield Token(kind, text[index:last], start, close, name)
        index = unknown = last
    if unknown < index:
        yield Token(UNKNOWN, text[unknown:index], token.start + unknown, token.start + index)


def _longest_name(text: str, start: int, known: KnownNames) -> int:
    """Returns the end of the longest name at a character; letters of the Latin alphabet are not cut off a word."""
    if start and _is_latin(text[start - 1]) and _is_latin(text[start]):
        return start
    for end in range(min(len(text), start + known.letters + 2), start, -1):
        inside = end < len(text) and _is_latin(text[end - 1]) and _is_latin(text[end])
        if not inside and known.has(Name(text[start:end], start, end)):
            return end
    return start


def _is_latin(letter: str) -> bool:
    return letter.isalnum() and not has_han(letter)


def _separate(row: Sequence[Token]) -> list[Token]:
    """Joins commas and "and" to the separators of lists; any other comma ends a clause."""
    joined: list[Token] = []
    for index, token in enumerate(row):
        following = row[index + 1].kind if index + 1 < len(row) else ""
        if token.kind == "AND":
            written = "and"
            if joined and joined[-1].kind == "SEP" and joined[-1].data == ",":
                written = ",and"
                joined.pop()
            joined.append(Token("SEP", token.text, token.start, token.end, written))
        elif token.kind == "COMMA":
            inside = following in ("NAME", UNKNOWN, "AND")
            joined.append(Token("SEP" if inside else "THEN", token.text, token.start, token.end, ","))
        else:
            joined.append(token)
    return joined


def with_strangers(row: Sequence[Token]) -> list[Token]:
    """Returns a row in which each run of unknown words, with the names that touch it, is one name."""
    joined: list[Token] = []
    strange = False
    for token in row:
        if token.kind not in (UNKNOWN, "NAME"):
            joined.append(token)
            strange = False
            continue
        last = joined[-1] if joined else None
        if last is not None and last.kind == "NAME" and (strange or token.kind == UNKNOWN):
            joined.pop()
            gap = "" if last.end == token.start else " "
            token = Token(UNKNOWN, last.text + gap + token.text, last.start, token.end)
        strange = token.kind == UNKNOWN
        name = token.data or Name(token.text, token.start, token.end)
        joined.append(Token("NAME", token.text, token.start, token.end, name))
    return joined


ROWS: dict[str, Callable[[Sentence, KnownNames], list[Token]]] = {"english": english_row, "chinese": chinese_row}
"""From the language of a question to what makes its row."""
