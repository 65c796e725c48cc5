"""What cannot be read, and what would help."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hf_causal.reading.lexicon import load


@dataclass(frozen=True)
class Problem:
    """A piece of text that cannot be read."""

    text: str
    reason: str
    start: int
    end: int
    field: str = "premises"
    """`"premises"` or `"question"`: the text in which `start` and `end` count."""
    suggestions: tuple[str, ...] = ()
    """Names that look like the one that is not known."""


class ReadingError(ValueError):
    """Raised with everything in a text that cannot be read, not with the first only.

    `spans` are the words that were not understood, as (field, start, end); `hint` says what to write instead.
    """

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        shown = [f"cannot read {problem.text[:200]!r}: {problem.reason}" for problem in self.problems[:10]]
        if len(self.problems) > len(shown):
            shown.append(f"and {len(self.problems) - len(shown)} more")
        super().__init__("; ".join(shown))

    def __reduce__(self) -> tuple[type[ReadingError], tuple[tuple[Problem, ...]]]:
        return type(self), (self.problems,)  # exceptions are copied by their message otherwise

    @property
    def spans(self) -> tuple[tuple[str, int, int], ...]:
        """Where the words are that were not understood."""
        return tuple((problem.field, problem.start, problem.end) for problem in self.problems)

    @property
    def hint(self) -> str:
        """What to write instead."""
        return self.problems[0].reason if self.problems else ""

    @property
    def suggestions(self) -> tuple[str, ...]:
        """Names of the premises that look like one of the question that they lack."""
        return tuple(dict.fromkeys(name for problem in self.problems for name in problem.suggestions))


class Unclear(Exception):
    """Raised inside of the reader with the key of a message and the place in the normalised text."""

    def __init__(self, message: str, start: int, end: int, suggestions: tuple[str, ...] = (), **values: object):
        self.message, self.start, self.end, self.values, self.suggestions = message, start, end, values, suggestions
        self.others: tuple[Unclear, ...] = ()
        """Further words of the same sentence."""
        super().__init__(message)


def refuse_words(words: Sequence[tuple[str, str, int, int]]) -> None:
    """Raises one [`Unclear`] for all words of a sentence that change its meaning, each with its group and place."""
    # "does not": the "not" is what is to be said, the "does" only goes with it.
    telling = [word for word in words if word[0] != "helping_verb"] or list(words)
    errors = [Unclear(f"refused_{group}", start, end, word=text) for group, text, start, end in telling]
    if errors:
        errors[0].others = tuple(errors[1:])
        raise errors[0]


class TooLong(ReadingError):
    """A text that is longer than the reader takes."""


def say(message: str, language: str, **values: object) -> str:
    """Returns a message of `data/messages.yaml` in a language.

    Example:

    ```python
    >>> say("no_question", "en")
    'there is no question; ask “Does X cause Y?”'

    ```
    """
    return load("messages.yaml")[message][language].format(**values)
