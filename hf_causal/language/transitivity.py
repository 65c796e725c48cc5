"""The transitivity grammar: `X causes Y.` and `Does X cause Y?`.

A premise is statements joined by spaces, and a prompt is a premise, a space and a question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pyarrow as pa

from hf_causal.names import Renaming, is_name
from hf_causal.text_arrays import concatenate

STATEMENT = "{cause} causes {effect}."
QUESTION = "Does {cause} cause {effect}?"


@dataclass(frozen=True)
class Prompt:
    """What a prompt of the transitivity grammar says."""

    edges: tuple[tuple[str, str], ...]
    """The stated (cause, effect) pairs in the order of the text, repetitions included."""
    question: tuple[str, str]
    """The (cause, effect) pair that is asked about."""

    @property
    def premise(self) -> str:
        """The statements in their canonical form."""
        return " ".join(STATEMENT.format(cause=cause, effect=effect) for cause, effect in self.edges)

    @property
    def asked(self) -> str:
        """The question in its canonical form."""
        return QUESTION.format(cause=self.question[0], effect=self.question[1])

    def __str__(self) -> str:
        return f"{self.premise} {self.asked}" if self.edges else self.asked


def parse_prompt(text: str) -> Prompt:
    """Reads a transitivity prompt as people write it.

    Extra spaces, a missing final stop or question mark and any letter case of the grammar's words are accepted; names
    are ASCII letters and digits of any length and keep their case.

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
    # Canonical text, which is most text, needs no sentence by sentence reading.
    if canonical := _CANONICAL_PROMPT.fullmatch(text):
        premise, cause, effect = canonical.groups()
        return Prompt(_canonical_edges(premise), (cause, effect))
    return _parse_loose(text)


def _parse_loose(text: str) -> Prompt:
    *statements, question = _sentences(text, _SHORT_SENTENCE) or [""]
    return Prompt(
        tuple(_read(_STATEMENT, part, "X causes Y.") for part in statements),
        _read(_QUESTION, question, "Does X cause Y?"),
    )


@lru_cache(maxsize=1024)
def _canonical_edges(premise: str) -> tuple[tuple[str, str], ...]:
    """The statements of a canonical premise; several questions about one premise often follow each other."""
    return tuple(_CANONICAL_STATEMENT.findall(premise))


def parse_premise(text: str) -> tuple[tuple[str, str], ...]:
    """Reads the statements of a premise; accepts and raises what [`parse_prompt`] does."""
    return tuple(_read(_STATEMENT, part, "X causes Y.") for part in _sentences(text, _SHORT_SENTENCE))


def rename(text: str) -> tuple[str, Renaming]:
    """Maps the names of a prompt, whatever they are, to short ones that a model can read.

    Names may have several words, punctuation and letters of any alphabet.

    Args:
        text (`str`): A prompt of the transitivity grammar with any names.

    Returns:
        `tuple[str, Renaming]`: The canonical prompt with short names, and the map to restore the given names with.

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
    *statements, question = _sentences(text, _ANY_SENTENCE) or [""]
    edges = [_read(_ANY_STATEMENT, part, "X causes Y.", any_name=True) for part in statements]
    asked = _read(_ANY_QUESTION, question, "Does X cause Y?", any_name=True)
    renaming = Renaming.of(name for pair in [*edges, asked] for name in pair)
    short = [(renaming.short[cause], renaming.short[effect]) for cause, effect in [*edges, asked]]
    return str(Prompt(tuple(short[:-1]), short[-1])), renaming


def render_premises(edges: np.ndarray, names: np.ndarray) -> pa.Array:
    """Writes the premises of a batch of graphs.

    Args:
        edges (`np.ndarray`): Shape (graphs, edges, 2), as in `hf_causal.graphs`.
        names (`np.ndarray`): `uint8` of shape (graphs, nodes, width), as in `hf_causal.names`.

    Returns:
        `pa.Array`: A string for each graph.
    """
    graph = np.arange(len(edges))
    pieces: list[bytes | np.ndarray] = []
    for step in range(edges.shape[1]):
        pieces += [
            b" " if step else b"",
            names[graph, edges[:, step, 0]],
            b" causes ",
            names[graph, edges[:, step, 1]],
            b".",
        ]
    return concatenate(pieces, len(edges))


def render_questions(names: np.ndarray, graph: np.ndarray, cause: np.ndarray, effect: np.ndarray) -> pa.Array:
    """Writes `Does X cause Y?` for each (graph, cause, effect): a string for each."""
    return concatenate([b"Does ", names[graph, cause], b" cause ", names[graph, effect], b"?"], len(graph))


_CANONICAL_STATEMENT = re.compile(r"([A-Za-z0-9]+) causes ([A-Za-z0-9]+)\.")
_CANONICAL_PROMPT = re.compile(r"((?:[A-Za-z0-9]+ causes [A-Za-z0-9]+\. )*)Does ([A-Za-z0-9]+) cause ([A-Za-z0-9]+)\?")
_SHORT_SENTENCE = re.compile(r"[.?]")
_ANY_SENTENCE = re.compile(r"[.?](?=\s|$)")
_STATEMENT = re.compile(r"\s*(\S+)\s+causes\s+(\S+)\s*", re.IGNORECASE)
_QUESTION = re.compile(r"\s*does\s+(\S+)\s+cause\s+(\S+)\s*", re.IGNORECASE)
_ANY_STATEMENT = re.compile(
    r"(?!do(?:es)?\s)(.+?)\s+causes\s+(.+)|(?!do(?:es)?\s)(.+?)\s+cause\s+(.+)", re.I | re.DOTALL
)
_ANY_QUESTION = re.compile(r"do(?:es)?\s+(.+?)\s+causes?\s+(.+)", re.I | re.DOTALL)
_ABBREVIATION = re.compile(r"\b(?:St|Dr|Mr|Mrs|Ms|Prof|Jr|Sr|vs|approx|e\.g|i\.e)$")
_VERB = re.compile(r"\b(causes?)\b", re.IGNORECASE)


def _sentences(text: str, end: re.Pattern[str]) -> list[str]:
    """Splits a text into sentences without their final marks; a stop inside a name ("St. John's wort") ends none."""
    parts, held = [], ""
    pieces = re.split(f"({end.pattern})", text)
    for index, piece in enumerate(pieces):
        if end.fullmatch(piece) and (end is _SHORT_SENTENCE or _ends(held, "".join(pieces[index + 1 :]))):
            parts.append(held.strip())
            held = ""
        else:
            held += piece
    return [*parts, held.strip()] if held.strip() else parts


def _ends(sentence: str, rest: str) -> bool:
    """Whether a stop after `sentence` ends it: not before its verb, and not after an abbreviation."""
    asks = re.match(r"\s*do(?:es)?\s|\s*$", rest, re.IGNORECASE)
    return bool(_VERB.search(sentence) and (asks or not _ABBREVIATION.search(sentence)))


def _read(pattern: re.Pattern[str], sentence: str, form: str, any_name: bool = False) -> tuple[str, str]:
    found = pattern.fullmatch(sentence)
    if found is None:
        raise ValueError(f"cannot read the sentence {sentence!r}: it should have the form {form!r}")
    cause, effect = (" ".join(name.split()) for name in found.groups() if name is not None)
    if any_name and any(
        _VERB.search(name) and (pattern is _ANY_QUESTION or "causes" in name) for name in (cause, effect)
    ):
        raise ValueError(
            f"cannot read the sentence {sentence!r}: it has the verb twice; rename the node that contains it"
        )
    for name in (cause, effect):
        if not any_name and not is_name(name):
            raise ValueError(
                f"cannot read the name {name!r} in the sentence {sentence!r}: names are letters a-z, A-Z and digits; "
                "`hf_causal.language.rename` maps other names to such ones"
            )
    return cause, effect
