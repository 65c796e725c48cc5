"""Changes to a prompt that must leave its answer as it is, for metamorphic tests, which need no labels."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hf_causal.tasks.shared.names import ALPHABET, RESERVED_WORDS

Change = Callable[[Sequence[Any], np.random.Generator], Iterator[Any]]
"""From parsed prompts of one task and random numbers to changed prompts, one for each."""

IRRELEVANT = 19
"""Premises that `irrelevant` adds: a prompt of five statements becomes one of a hundred."""

_REPETITIONS = 3


def rename(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    """Gives every node a fresh name of the same length."""
    for prompt in prompts:
        yield _with_names(prompt, fresh_names(_nodes(prompt), set(), random))


def shuffle(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    """Puts the statements in another order."""
    for prompt in prompts:
        yield _with_statements(prompt, in_random_order(_statements(prompt), random))


def repeat(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    """States one of the statements three more times."""
    for prompt in prompts:
        statements = list(_statements(prompt))
        repeated = statements[random.integers(len(statements))]
        for _ in range(_REPETITIONS):
            statements.insert(int(random.integers(len(statements) + 1)), repeated)
        yield _with_statements(prompt, statements)


def add_irrelevant(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    """Puts the statements of other prompts, about other nodes, before and after those of each prompt."""
    for prompt in prompts:
        used = set(_nodes(prompt))
        added: list[Any] = []
        for index in random.integers(0, len(prompts), IRRELEVANT):
            names = fresh_names(_nodes(prompts[index]), used, random)
            used |= set(names.values())
            added += _statements(_with_names(prompts[index], names))
        position = int(random.integers(len(added) + 1))
        yield _with_statements(prompt, [*added[:position], *_statements(prompt), *added[position:]])


STATED_GRAPH_INVARIANCES: Mapping[str, Change] = {
    "renamed": rename,
    "shuffled": shuffle,
    "repeated": repeat,
    "irrelevant": add_irrelevant,
}
"""For prompts that state a graph, one statement an edge: dataclasses with `edges` (or `statements`, whose first two
entries are nodes), `question` and possibly `given`."""


def fresh_names(nodes: Iterable[str], used: set[str], random: np.random.Generator) -> dict[str, str]:
    """Draws a new name for each node, as long as the old one (or longer, once the short ones are used up)."""
    new: dict[str, str] = {}
    used = set(used)
    for name in nodes:
        for tries in range(10**6):
            length = len(name) + tries // 50
            word = "".join(ALPHABET[index] for index in random.integers(0, len(ALPHABET), length))
            if word not in used and word.lower() not in RESERVED_WORDS:
                break
        used.add(word)
        new[name] = word
    return new


def rename_all(words: Iterable[Any], names: Mapping[str, str]) -> tuple[Any, ...]:
    """Replaces the names among the entries of a statement or question."""
    return tuple(names.get(word, word) for word in words)


def in_random_order(statements: Sequence[Any], random: np.random.Generator) -> tuple[Any, ...]:
    """Returns the statements in random order."""
    return tuple(statements[index] for index in random.permutation(len(statements)))


def _statements_field(prompt: Any) -> str:
    return "statements" if hasattr(prompt, "statements") else "edges"


def _statements(prompt: Any) -> Sequence[Any]:
    return getattr(prompt, _statements_field(prompt))


def _with_statements(prompt: Any, statements: Iterable[Any]) -> Any:
    return replace(prompt, **{_statements_field(prompt): tuple(statements)})


def _nodes(prompt: Any) -> list[str]:
    """Returns the nodes in the order of the text."""
    pairs = [statement[:2] for statement in _statements(prompt)]
    groups = (*pairs, prompt.question, getattr(prompt, "given", ()))
    return list(dict.fromkeys(name for group in groups for name in group))


def _with_names(prompt: Any, names: Mapping[str, str]) -> Any:
    statements = tuple(rename_all(statement, names) for statement in _statements(prompt))
    changed = replace(_with_statements(prompt, statements), question=rename_all(prompt.question, names))
    return replace(changed, given=rename_all(prompt.given, names)) if hasattr(prompt, "given") else changed
