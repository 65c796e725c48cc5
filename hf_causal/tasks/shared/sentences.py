"""Prompts taken apart into sentences, by which the same row is written in other ways.

A sentence is its type with the names that it is about. Renaming, shuffling, repeating and leaving out sentences, and
writing them in other words, is then the same for every task.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

CAUSES, HIDDEN, TOGETHER = "causes", "hidden", "together"
"""Types of statements that several tasks have: of a cause and its effect, or of two names in either order."""


class Sentence(NamedTuple):
    """A statement or a question."""

    type: str
    """Its head, and each after a `#` what other names do not change: numbers, or values of its names."""
    names: tuple[tuple[str, ...], ...]
    """The names in each of its positions; most positions have one."""

    @property
    def head(self) -> str:
        """The type without its parameters."""
        return self.type.partition("#")[0]

    @property
    def parameters(self) -> list[str]:
        """What follows the head."""
        return self.type.split("#")[1:]

    def rename(self, names: Mapping[str, str]) -> Sentence:
        """Returns the sentence with other names; those that the mapping does not have stay."""
        return Sentence(self.type, tuple(tuple(names.get(name, name) for name in group) for group in self.names))

    @property
    def all_names(self) -> list[str]:
        """All names, in order."""
        return [name for group in self.names for name in group]


class Sentences(NamedTuple):
    """A prompt as sentences."""

    statements: tuple[Sentence, ...]
    question: Sentence

    @property
    def names(self) -> list[str]:
        """Each name once, in order of first appearance."""
        return list(dict.fromkeys(name for one in (*self.statements, self.question) for name in one.all_names))

    def rename(self, names: Mapping[str, str]) -> Sentences:
        """Returns the sentences with other names; those that the mapping does not have stay."""
        return Sentences(tuple(one.rename(names) for one in self.statements), self.question.rename(names))


@dataclass(frozen=True)
class Composition:
    """How the prompts of a task are taken apart and put together."""

    take_apart: Callable[[Any], Sentences]
    """From a parsed prompt to its sentences."""
    put_together: Callable[[Sentences, Any], Any]
    """From sentences, and a prompt that they were made from or `None`, to a parsed prompt.

    The prompt, where there is one, says what the sentences leave open.
    """
    symmetric: frozenset[str] = frozenset({HIDDEN, TOGETHER})
    """Types of statements whose first two names may be exchanged."""
    fixed: frozenset[str] = frozenset()
    """Types of statements of which a prompt has one, which is neither moved nor repeated nor left out."""
    effects_first: frozenset[str] = frozenset()
    """Heads of statements whose first names are effects of their second ones."""
    complete: bool = False
    """Whether a premise states all that holds, so that no statement can be missing."""


def pair(kind: str, first: str, second: str) -> Sentence:
    """Returns a sentence about two names."""
    return Sentence(kind, ((first,), (second,)))


def causal_sentences(edges: Iterable[tuple[str, str]]) -> tuple[Sentence, ...]:
    """Returns a statement for each (cause, effect) pair."""
    return tuple(pair(CAUSES, *edge) for edge in edges)


def causal_edges(statements: Iterable[Sentence]) -> tuple[tuple[str, str], ...]:
    """Returns the (cause, effect) pair of each statement."""
    return tuple((names[0][0], names[1][0]) for _, names in statements)


def typed_sentences(statements: Iterable[tuple[str, str, bool]], other: str) -> tuple[Sentence, ...]:
    """Returns a statement for each pair that is causal, or of another type."""
    return tuple(pair(CAUSES if causes else other, first, second) for first, second, causes in statements)


def typed_edges(statements: Iterable[Sentence]) -> tuple[tuple[str, str, bool], ...]:
    """Returns the pair of each statement, and whether it is causal."""
    return tuple((names[0][0], names[1][0], kind == CAUSES) for kind, names in statements)


def _take_apart(prompt: Any) -> Sentences:
    """Takes apart any prompt that has `edges`, `question` and possibly `given`."""
    if not {"edges", "question"} <= {field.name for field in fields(prompt)}:
        raise ValueError("the task does not say how its prompts are taken apart into sentences")
    question = Sentence("question", (tuple(prompt.question), tuple(getattr(prompt, "given", ()))))
    return Sentences(causal_sentences(prompt.edges), question)


def _put_together(sentences: Sentences, like: Any) -> Any:
    question, given = sentences.question.names
    changed = replace(like, edges=causal_edges(sentences.statements), question=question)
    return replace(changed, given=given) if hasattr(like, "given") else changed


STATED_GRAPH = Composition(_take_apart, _put_together)
"""For prompts that state a graph: dataclasses with `edges`, `question` and possibly `given`."""


def exchanged(sentence: Sentence) -> Sentence:
    """Returns a statement with its first two groups of names exchanged."""
    first, second, *others = sentence.names
    return Sentence(sentence.type, (second, first, *others))


def in_causal_order(sentences: Sentences, effects_first: frozenset[str] = frozenset()) -> list[str]:
    """Returns the names so that causes precede their effects, as far as the graph has no cycle.

    Statements whose head is in `effects_first` have the effect before its causes. Where nothing is stated to cause
    anything, the first group of the question precedes the last one.
    """
    edges = [one.names[:2] for one in sentences.statements if one.type == CAUSES]
    edges += [one.names[1::-1] for one in sentences.statements if one.head in effects_first and len(one.names) > 1]
    edges = edges or [(sentences.question.names[0], sentences.question.names[-1])]
    causes: dict[str, set[str]] = {name: set() for name in sentences.names}
    for before, after in edges:
        for name in after:
            causes[name].update(set(before) - {name})
    order: list[str] = []
    remaining = sentences.names
    while remaining:
        following = min(remaining, key=lambda name: (len(causes[name].difference(order)), remaining.index(name)))
        order.append(following)
        remaining = [name for name in remaining if name != following]
    return order


def without(statements: Sequence[Sentence], omitted: Sentence) -> tuple[Sentence, ...]:
    """Returns the statements other than one, however often it is repeated."""
    return tuple(one for one in statements if one != omitted)
