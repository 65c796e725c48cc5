"""Checks that need no labels: changes to a prompt that must leave its answer as it is.

They tell a reasoner from a shortcut inside the training family, so that a model can be chosen without looking at any
generalization split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hf_causal.evaluation.predictors import Answerer
from hf_causal.tasks.corr2cause.text import ClosedSystem
from hf_causal.tasks.proving import read
from hf_causal.tasks.shared.names import ALPHABET, RESERVED_WORDS

IRRELEVANT = 19
"""Premises added by `irrelevant`: a prompt of five statements becomes one of a hundred."""


def check_consistency(answerer: Answerer, prompts: Sequence[str], seed: int = 0) -> dict[str, float]:
    """Share of prompts whose answer stays when something that does not matter is changed.

    Args:
        answerer ([`Answerer`]): The model.
        prompts (sequence of `str`): For example of the validation split, all of one grammar.
        seed (`int`): Of the changes.

    Returns:
        `dict`: Agreement with the answer to the prompt as it is. `renamed`: every node gets a fresh name of the same
        length. `shuffled`: the statements stand in another order. `repeated`: one statement is said three more times.
        `irrelevant`: the statements of other prompts, about other nodes, stand around it. `loops`: twice as many loops
        as the model took, where it has loops. A closed system states all that holds of its variables, so
        `repeated` and `irrelevant` are left out there.

    Raises:
        `ValueError`: If there are no prompts, or they are of several grammars.
    """
    if not prompts:
        raise ValueError("`prompts` is empty: there is nothing to check")
    grammars, parsed = zip(*map(read, prompts), strict=True)
    if len(names := sorted({grammar.name for grammar in grammars})) > 1:
        raise ValueError(f"`prompts` must be of one grammar, got {', '.join(names)}")
    plain = np.array(answerer.answers([str(prompt) for prompt in parsed]))
    agreement = {}
    for name, change in (CLOSED_CHANGES if grammars[0].closed_premises else CHANGES).items():
        random = np.random.default_rng([seed, len(name)])
        changed = np.array(answerer.answers([str(prompt) for prompt in change(parsed, random)]))
        agreement[name] = float((changed == plain).mean())
    if answerer.loops:
        agreement["loops"] = float((np.array(answerer.answers(list(map(str, parsed)), loop_factor=2)) == plain).mean())
    return agreement


def _renamed(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        yield _rename(prompt, _fresh_names(_nodes(prompt), set(), random))


def _shuffled(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        yield replace(prompt, edges=_in_other_order(prompt.edges, random))


def _repeated(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        said = list(prompt.edges)
        again = said[random.integers(len(said))]
        for _ in range(3):
            said.insert(int(random.integers(len(said) + 1)), again)
        yield replace(prompt, edges=tuple(said))


def _irrelevant(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        taken = set(_nodes(prompt))
        around: list[tuple[str, str]] = []
        for index in random.integers(0, len(prompts), IRRELEVANT):
            names = _fresh_names(_nodes(prompts[index]), taken, random)
            taken |= set(names.values())
            around += _rename(prompts[index], names).edges
        place = int(random.integers(len(around) + 1))
        yield replace(prompt, edges=(*around[:place], *prompt.edges, *around[place:]))


def _renamed_systems(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        system = prompt.system
        new = _fresh_names(system.variables, set(), random)
        renamed = ClosedSystem(
            _each(system.variables, new),
            tuple((new[first], new[second]) for first, second in system.correlations),
            tuple((new[first], new[second], _each(given, new)) for first, second, given in system.independences),
        )
        yield replace(prompt, system=renamed, pair=_each(prompt.pair, new))


def _shuffled_systems(prompts: Sequence[Any], random: np.random.Generator) -> Iterator[Any]:
    for prompt in prompts:
        stated = {
            name: _in_other_order(getattr(prompt.system, name), random) for name in ("correlations", "independences")
        }
        yield replace(prompt, system=replace(prompt.system, **stated))


Change = Callable[[Sequence[Any], np.random.Generator], Iterator[Any]]

CHANGES: dict[str, Change] = {
    "renamed": _renamed,
    "shuffled": _shuffled,
    "repeated": _repeated,
    "irrelevant": _irrelevant,
}
"""For prompts that state a graph."""

CLOSED_CHANGES: dict[str, Change] = {"renamed": _renamed_systems, "shuffled": _shuffled_systems}
"""For prompts about closed systems."""


def _nodes(prompt: Any) -> list[str]:
    """The nodes in the order of the text."""
    groups = (*prompt.edges, prompt.question, getattr(prompt, "given", ()))
    return list(dict.fromkeys(name for group in groups for name in group))


def _rename(prompt: Any, names: dict[str, str]) -> Any:
    new = {"edges": tuple(_each(edge, names) for edge in prompt.edges), "question": _each(prompt.question, names)}
    if hasattr(prompt, "given"):
        new["given"] = _each(prompt.given, names)
    return replace(prompt, **new)


def _each(nodes: Iterable[str], names: dict[str, str]) -> tuple[str, ...]:
    return tuple(names[node] for node in nodes)


def _in_other_order(said: Sequence[Any], random: np.random.Generator) -> tuple[Any, ...]:
    return tuple(said[index] for index in random.permutation(len(said)))


def _fresh_names(nodes: Iterable[str], taken: set[str], random: np.random.Generator) -> dict[str, str]:
    """A new name for each node, as long as the old one (or longer, once the short ones are used up)."""
    new: dict[str, str] = {}
    used = set(taken)
    for name in nodes:
        for tries in range(10**6):
            length = len(name) + tries // 50
            word = "".join(ALPHABET[index] for index in random.integers(0, len(ALPHABET), length))
            if word not in used and word.lower() not in RESERVED_WORDS:
                break
        used.add(word)
        new[name] = word
    return new
