"""A text with its sentences, and what its pieces were read as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as default

from hf_causal.reading.lexicon import english as english_lexicon
from hf_causal.reading.lexicon import headings
from hf_causal.reading.problems import Problem, TooLong, Unclear, say
from hf_causal.reading.reading import Mark
from hf_causal.reading.text import MAX_CHARACTERS, Text, normalise
from hf_causal.reading.tokens import Sentence, Token, sentences

_ROLES = {"NAME": "name", "NEUTRAL": "ignored", "SEP": "list"}


@dataclass
class Source:
    """One of the two texts, with what was read in it."""

    field: str
    text: Text
    sentences: list[Sentence]
    marks: list[Mark] = default(default_factory=list)

    @classmethod
    def of(cls, name: str, text: str) -> Source:
        normal = normalise(text)
        if len(normal.normal) > 2 * MAX_CHARACTERS:  # one character may stand for eighteen
            raise too_long(text, len(normal.normal))
        return cls(name, normal, sentences(normal.normal, headings(), english_lexicon().words("abbreviations")))

    def mark(self, role: str, start: int, end: int) -> None:
        """Notes what a piece of the normalised text was read as."""
        begin, stop = self.text.place(start, end)
        self.marks.append(Mark(self.field, begin, stop, role, self.text.original[begin:stop]))

    def mark_all(self, tokens: Sequence[Token]) -> None:
        """Notes what the terminals of a sentence were read as."""
        for token in tokens:
            self.mark(_ROLES.get(token.kind, "relation"), token.start, token.end)

    def problem(self, unclear: Unclear, language: str) -> Problem:
        """Returns what is said to people of a piece that cannot be read."""
        start, end = self.text.place(unclear.start, unclear.end)
        reason = say(unclear.message, language, **unclear.values)
        return Problem(self.text.original[start:end], reason, start, end, self.field, unclear.suggestions)


def too_long(text: str, size: int) -> TooLong:
    """Returns the error for a text that is longer than any that is read."""
    return TooLong([Problem(text[:60], say("too_long", "en", size=size, most=MAX_CHARACTERS), 0, len(text))])
