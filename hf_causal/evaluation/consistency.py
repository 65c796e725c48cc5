"""Checks that need no labels: changes to a prompt that must leave its answer as it is.

They tell a reasoner from a shortcut inside the training family, so that a model can be chosen without looking at any
generalization split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from hf_causal.evaluation.predict import Answerer
from hf_causal.language import Prompt, parse_prompt
from hf_causal.names import ALPHABET, RESERVED_WORDS

IRRELEVANT = 19
"""Premises added by `irrelevant`: a prompt of five statements becomes one of a hundred."""


def check_consistency(answerer: Answerer, prompts: Sequence[str], seed: int = 0) -> dict[str, float]:
    """Share of prompts whose answer stays when something that does not matter is changed.

    Args:
        answerer ([`Answerer`]): The model.
        prompts (sequence of `str`): For example of the validation split.
        seed (`int`): Of the changes.

    Returns:
        `dict`: Agreement with the answer to the prompt as it is. `renamed`: every node gets a fresh name of the same
        length. `shuffled`: the statements stand in another order. `repeated`: one statement is said three more times.
        `irrelevant`: the statements of other prompts, about other nodes, stand around it. `loops`: twice as many loops
        as the model took, where it has loops.

    Raises:
        `ValueError`: If there are no prompts.
    """
    if not prompts:
        raise ValueError("`prompts` is empty: there is nothing to check")
    read = [parse_prompt(prompt) for prompt in prompts]
    plain = np.array(answerer.answers([str(prompt) for prompt in read]))
    agreement = {}
    for name, change in CHANGES.items():
        random = np.random.default_rng([seed, len(name)])
        changed = np.array(answerer.answers([str(prompt) for prompt in change(read, random)]))
        agreement[name] = float((changed == plain).mean())
    if answerer.loops:
        agreement["loops"] = float((np.array(answerer.answers(list(map(str, read)), loop_factor=2)) == plain).mean())
    return agreement


def _renamed(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    for prompt in prompts:
        yield _rename(prompt, _fresh_names(prompt, set(), random))


def _shuffled(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    for prompt in prompts:
        order = random.permutation(len(prompt.edges))
        yield Prompt(tuple(prompt.edges[index] for index in order), prompt.question)


def _repeated(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    for prompt in prompts:
        said = list(prompt.edges)
        again = said[random.integers(len(said))]
        for _ in range(3):
            said.insert(int(random.integers(len(said) + 1)), again)
        yield Prompt(tuple(said), prompt.question)


def _irrelevant(prompts: Sequence[Prompt], random: np.random.Generator) -> Iterator[Prompt]:
    for prompt in prompts:
        taken = {name for edge in (*prompt.edges, prompt.question) for name in edge}
        around: list[tuple[str, str]] = []
        for index in random.integers(0, len(prompts), IRRELEVANT):
            names = _fresh_names(prompts[index], taken, random)
            taken |= set(names.values())
            around += _rename(prompts[index], names).edges
        place = int(random.integers(len(around) + 1))
        yield Prompt((*around[:place], *prompt.edges, *around[place:]), prompt.question)


CHANGES: dict[str, Callable[[Sequence[Prompt], np.random.Generator], Iterator[Prompt]]] = {
    "renamed": _renamed,
    "shuffled": _shuffled,
    "repeated": _repeated,
    "irrelevant": _irrelevant,
}


def _rename(prompt: Prompt, names: dict[str, str]) -> Prompt:
    edges = tuple((names[cause], names[effect]) for cause, effect in prompt.edges)
    return Prompt(edges, (names[prompt.question[0]], names[prompt.question[1]]))


def _fresh_names(prompt: Prompt, taken: set[str], random: np.random.Generator) -> dict[str, str]:
    """A new name for each node, as long as the old one (or longer, once the short ones are used up)."""
    new: dict[str, str] = {}
    used = set(taken)
    for name in dict.fromkeys(name for edge in (*prompt.edges, prompt.question) for name in edge):
        for tries in range(10**6):
            length = len(name) + tries // 50
            word = "".join(ALPHABET[index] for index in random.integers(0, len(ALPHABET), length))
            if word not in used and word.lower() not in RESERVED_WORDS:
                break
        used.add(word)
        new[name] = word
    return new
