"""Metamorphic tests, which need no labels: changes to a prompt that must not change its answer.

They distinguish reasoning from shortcuts within the training family, so that a model can be selected without looking
at any generalization split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from hf_causal.tasks.corr2cause.text import ClosedSystem
from hf_causal.tasks.proving import read
from hf_causal.tasks.shared.names import ALPHABET, RESERVED_WORDS

IRRELEVANT = 19
"""Premises that `irrelevant` adds: a prompt of five statements becomes one of a hundred."""
_REPETITIONS = 3
_TRIES_PER_LENGTH = 50
"""Random names to try before a longer name is taken."""


class LoopedPredictor(Protocol):
    """A predictor that may have a number of loops, see [`ModelPredictor`]."""

    @property
    def can_loop(self) -> bool:
        """Whether `predict` takes a `loop_factor`."""
        ...

    def predict(self, prompts: Sequence[str], progress: Any = None, loop_factor: int = 1) -> list[int]:
        """Returns 1 for Yes, 0 for No."""
        ...


def check_consistency(predictor: LoopedPredictor, prompts: Sequence[str], seed: int = 0) -> dict[str, float]:
    """Measures how often an answer stays the same when something irrelevant changes.

    Args:
        predictor ([`ModelPredictor`]): The model.
        prompts (sequence of `str`): For example of the validation split, all of one task.
        seed (`int`): Seed of the changes.

    Returns:
        `dict`: For each change, the share of prompts with the same answer as before. `renamed`: every node gets
        another name of the same length. `shuffled`: the statements are in another order. `repeated`: one statement
        is repeated three times. `irrelevant`: the statements of other prompts, about other nodes, are added before
        and after. `loops`: the model takes twice as many loops as it needs, if it has loops. Tasks whose premises
        state all relations of their variables have neither `repeated` nor `irrelevant`.

    Raises:
        `ValueError`: If there are no prompts, or they are of several tasks.
    """
    if not prompts:
        raise ValueError("`prompts` is empty: there is nothing to check")
    tasks, parsed = zip(*map(read, prompts), strict=True)
    if len(names := sorted({task.name for task in tasks})) > 1:
        raise ValueError(f"`prompts` must be of one task, got {', '.join(names)}")
    texts = [str(prompt) for prompt in parsed]
    answers = np.array(predictor.predict(texts))
    agreement = {}
    for name, change in (CLOSED_CHANGES if tasks[0].closed_premises else CHANGES).items():
        random = np.random.default_rng([seed, len(name)])
        changed = np.array(predictor.predict([str(prompt) for prompt in change(parsed, random)]))
        agreement[name] = float((changed == answers).mean())
    if predictor.can_loop:
        agreement["loops"] = float((np.array(predictor.predict(texts, loop_factor=2)) == answers).mean())
    return agreement


def _renamed(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        yield _rename(prompt, _fresh_names(_nodes(prompt), set(), random))


def _shuffled(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        yield replace(prompt, edges=_in_random_order(prompt.edges, random))


def _repeated(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        statements = list(prompt.edges)
        repeated = statements[random.integers(len(statements))]
        for _ in range(_REPETITIONS):
            statements.insert(int(random.integers(len(statements) + 1)), repeated)
        yield replace(prompt, edges=tuple(statements))


def _irrelevant(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        used_names = set(_nodes(prompt))
        added: list[tuple[str, str]] = []
        for index in random.integers(0, len(prompts), IRRELEVANT):
            names = _fresh_names(_nodes(prompts[index]), used_names, random)
            used_names |= set(names.values())
            added += _rename(prompts[index], names).edges
        position = int(random.integers(len(added) + 1))
        yield replace(prompt, edges=(*added[:position], *prompt.edges, *added[position:]))


def _renamed_systems(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        system = prompt.system
        new = _fresh_names(system.variables, set(), random)
        renamed = ClosedSystem(
            _each(system.variables, new),
            tuple((new[first], new[second]) for first, second in system.correlations),
            tuple((new[x], new[y], _each(conditions, new)) for x, y, conditions in system.independences),
        )
        yield replace(prompt, system=renamed, pair=_each(prompt.pair, new))


def _shuffled_systems(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        relations = {
            name: _in_random_order(getattr(prompt.system, name), random) for name in ("correlations", "independences")
        }
        yield replace(prompt, system=replace(prompt.system, **relations))


Change = Callable[[Sequence[Any], np.random.Generator], Iterator[Any]]

CHANGES: dict[str, Change] = {
    "renamed": _renamed,
    "shuffled": _shuffled,
    "repeated": _repeated,
    "irrelevant": _irrelevant,
}
"""For prompts that state a graph."""

CLOSED_CHANGES: dict[str, Change] = {"renamed": _renamed_systems, "shuffled": _shuffled_systems}
"""For premises that state all relations of their variables."""


def _nodes(prompt: Any) -> list[str]:
    """Returns the nodes in the order of the text."""
    groups = (*prompt.edges, prompt.question, getattr(prompt, "given", ()))
    return list(dict.fromkeys(name for group in groups for name in group))


def _rename(prompt: Any, names: dict[str, str]) -> Any:
    new = {"edges": tuple(_each(edge, names) for edge in prompt.edges), "question": _each(prompt.question, names)}
    if hasattr(prompt, "given"):
        new["given"] = _each(prompt.given, names)
    return replace(prompt, **new)


def _each(nodes: Iterable[str], names: dict[str, str]) -> tuple[str, ...]:
    return tuple(names[node] for node in nodes)


def _in_random_order(statements: Sequence[Any], random: np.random.Generator) -> tuple[Any, ...]:
    return tuple(statements[index] for index in random.permutation(len(statements)))


def _fresh_names(nodes: Iterable[str], used_names: set[str], random: np.random.Generator) -> dict[str, str]:
    """Draws a new name for each node, of the old name's length, or longer once the short names are used up."""
    new: dict[str, str] = {}
    used = set(used_names)
    for name in nodes:
        for tries in range(10**6):
            length = len(name) + tries // _TRIES_PER_LENGTH
            word = "".join(ALPHABET[index] for index in random.integers(0, len(ALPHABET), length))
            if word not in used and word.lower() not in RESERVED_WORDS:
                break
        used.add(word)
        new[name] = word
    return new
