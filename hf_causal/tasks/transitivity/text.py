"""The text of transitivity: `X causes Y.` and `Does X cause Y?`.

A prompt is a premise, as `hf_causal.tasks.shared.statements` reads and writes it, a space and a question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hf_causal.tasks.shared.names import Renaming
from hf_causal.tasks.shared.statements import (
    CANONICAL_PREMISE,
    STATEMENT_FORM,
    canonical_edges,
    check_name,
    match_sentence,
    read_statements,
    split_sentences,
    write_premise,
)
from hf_causal.utils.text_arrays import concatenate

QUESTION = "Does {cause} cause {effect}?"
QUESTION_FORM = "Does X cause Y?"


@dataclass(frozen=True)
class Prompt:
    """A parsed transitivity prompt."""

    edges: tuple[tuple[str, str], ...]
    """The stated (cause, effect) pairs in the order of the text, repetitions included."""
    question: tuple[str, str]
    """The (cause, effect) pair of the question."""

    @property
    def premise(self) -> str:
        """The canonical text of the statements."""
        return write_premise(self.edges)

    @property
    def question_text(self) -> str:
        """The canonical text of the question."""
        return QUESTION.format(cause=self.question[0], effect=self.question[1])

    def __str__(self) -> str:
        return f"{self.premise} {self.question_text}" if self.edges else self.question_text


def parse_prompt(text: str) -> Prompt:
    """Parses a transitivity prompt as people write it.

    Extra spaces, a missing final full stop or question mark and any letter case of the task's words are accepted;
    names are ASCII letters and digits of any length and keep their case.

    Args:
        text (`str`): Statements and then one question.

    Returns:
        [`Prompt`]: Whose `str()` is the canonical text.

    Raises:
        `ValueError`: With the sentence that cannot be read and what would have been right.

    Example:

    ```python
    >>> parse_prompt("a causes  b. B CAUSES c. does a cause c").edges
    (('a', 'b'), ('B', 'c'))

    ```
    """
    # Most text is canonical and need not be read sentence by sentence.
    if canonical := _CANONICAL.fullmatch(text):
        premise, cause, effect = canonical.groups()
        return Prompt(canonical_edges(premise), (cause, effect))
    return _parse_loose(text)


def _parse_loose(text: str) -> Prompt:
    *statements, question = split_sentences(text) or [""]
    edges = read_statements(statements)
    cause, effect = match_sentence(_QUESTION, question, QUESTION_FORM)
    return Prompt(edges, (check_name(cause, question), check_name(effect, question)))


def rename(text: str) -> tuple[str, Renaming]:
    """Maps the names of a prompt to short ones that a model can read.

    Names may have several words, punctuation and letters of any alphabet.

    Args:
        text (`str`): A transitivity prompt with any names.

    Returns:
        `tuple[str, Renaming]`: The canonical prompt with short names, and the map that restores the original names.

    Raises:
        `ValueError`: With the sentence that cannot be read.

    Example:

    ```python
    >>> prompt, renaming = rename("smoking causes tar deposits. Does smoking cause lung cancer?")
    >>> prompt
    'A causes B. Does A cause C?'
    >>> renaming.restore("A causes C.")
    'smoking causes lung cancer.'

    ```
    """
    *statements, question = _any_sentences(text) or [""]
    pairs = [_read_any(_ANY_STATEMENT, sentence, STATEMENT_FORM) for sentence in statements]
    pairs.append(_read_any(_ANY_QUESTION, question, QUESTION_FORM))
    renaming = Renaming.of(name for pair in pairs for name in pair)
    *edges, short_question = ((renaming.short[cause], renaming.short[effect]) for cause, effect in pairs)
    return str(Prompt(tuple(edges), short_question)), renaming


def render_questions(names: np.ndarray, graph: np.ndarray, cause: np.ndarray, effect: np.ndarray) -> pa.Array:
    """Writes `Does X cause Y?` for each (graph, cause, effect)."""
    return concatenate([b"Does ", names[graph, cause], b" cause ", names[graph, effect], b"?"], len(graph))


_CANONICAL = re.compile(CANONICAL_PREMISE + r"Does ([A-Za-z0-9]++) cause ([A-Za-z0-9]++)\?")
_QUESTION = re.compile(r"\s*does\s+(\S+)\s+cause\s+(\S+)\s*", re.IGNORECASE)
_ANY_END = re.compile(r"[.?](?=\s|$)")
_ANY_STATEMENT = re.compile(
    r"(?!do(?:es)?\s)(.+?)\s+causes\s+(.+)|(?!do(?:es)?\s)(.+?)\s+cause\s+(.+)", re.I | re.DOTALL
)
_ANY_QUESTION = re.compile(r"do(?:es)?\s+(.+?)\s+causes?\s+(.+)", re.I | re.DOTALL)
_ABBREVIATION = re.compile(r"\b(?:St|Dr|Mr|Mrs|Ms|Prof|Jr|Sr|vs|approx|e\.g|i\.e)$")
_ABBREVIATION_LENGTH = 8
"""More characters than an abbreviation and the one before it have."""
_QUESTION_FOLLOWS = re.compile(r"\s*do(?:es)?\s|\s*$", re.IGNORECASE)
_VERB = re.compile(r"\b(causes?)\b", re.IGNORECASE)


def _any_sentences(text: str) -> list[str]:
    """Splits a text into sentences without their final marks; the full stop of "St. John's wort" ends no sentence."""
    text = " ".join(text.split())
    sentences, start, searched, has_verb = [], 0, 0, False
    for mark in _ANY_END.finditer(text):
        # Only the text since the last mark is searched, so that many marks take linear time.
        has_verb = has_verb or _VERB.search(text, searched, mark.start()) is not None
        searched = mark.end()
        if has_verb and _ends(text, mark):
            sentences.append(text[start : mark.start()].strip())
            start, has_verb = mark.end(), False
    return [*sentences, rest] if (rest := text[start:].strip()) else sentences


def _ends(text: str, mark: re.Match[str]) -> bool:
    """Returns whether a mark after a verb ends its sentence: not after an abbreviation, unless a question follows."""
    if _QUESTION_FOLLOWS.match(text, mark.end()):
        return True
    return not _ABBREVIATION.search(text[max(0, mark.start() - _ABBREVIATION_LENGTH) : mark.start()])


def _read_any(pattern: re.Pattern[str], sentence: str, form: str) -> tuple[str, str]:
    groups = match_sentence(pattern, sentence, form)
    cause, effect = (" ".join(name.split()) for name in groups if name is not None)
    if any(_VERB.search(name) and (pattern is _ANY_QUESTION or "causes" in name) for name in (cause, effect)):
        raise ValueError(
            f"cannot read the sentence {sentence!r}: it has the verb twice; rename the node that contains it"
        )
    return cause, effect
