"""Shortcuts that answer some questions right without reasoning; a model that does not beat them has not learned to.

A shortcut belongs to a grammar. Some are fitted to the scored questions themselves: they show the most that can be
reached with so little.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from hf_causal.certificates.base import search
from hf_causal.certificates.d_separation import prove as prove_separation
from hf_causal.language import Prompt, co_occurrence, corr2cause, d_separation

Baseline = Callable[[Sequence[Any], Sequence[int]], list[int]]
"""From prompts of one grammar and their references to answers, 0 for No and 1 for Yes."""


def majority(references: Sequence[int]) -> list[int]:
    """The more frequent answer for every question; Yes where both are equally frequent."""
    return [int(2 * sum(references) >= len(references))] * len(references)


def direct_edge(prompt: Prompt | co_occurrence.Prompt) -> int:
    """Yes exactly where the premise states the asked cause and effect in one sentence."""
    return int(prompt.question in prompt.edges)


def left_to_right_sweep(prompt: Prompt) -> int:
    """Reads the premise once, left to right, and follows each sentence whose cause was reached before.

    Right on every sequential chain; wrong where the path runs against the order of the sentences.
    """
    cause, effect = prompt.question
    reached = {cause}
    for source, target in prompt.edges:
        if source in reached:
            reached.add(target)
    return int(effect in reached and effect != cause)


def not_adjacent(prompt: d_separation.Prompt) -> int:
    """Separated exactly where the premise states neither node as the cause of the other."""
    x, y = prompt.question
    return int(not {(x, y), (y, x)} & set(prompt.edges))


def no_conditions(prompt: d_separation.Prompt) -> int:
    """Separated exactly where the nodes are d-separated given nothing, whatever the conditioning set is."""
    return int(prove_separation(replace(prompt, given=())).answer == "Yes")


def no_collider_descendants(prompt: d_separation.Prompt) -> int:
    """d-separation but for one rule: a collider is open only where it is in the conditioning set itself.

    Separated where no walk that never turns back on its last step leads from one node to the other and is open at each
    inner node, judged by the two edges there. Where the graph has no undirected cycle and no collider has effects, as
    in chains, that is d-separation: it is all that chains determine, and so what to expect of a model that has learned
    them perfectly.
    """
    (x, y), stated, given = prompt.question, set(prompt.edges), set(prompt.given)
    beside: dict[str, list[str]] = {}
    for cause, effect in stated:
        beside.setdefault(cause, []).append(effect)
        beside.setdefault(effect, []).append(cause)

    def steps_after(step: tuple[str | None, str]) -> list[tuple[str | None, str]]:
        before, node = step
        return [
            (node, after)
            for after in beside.get(node, ())
            if after != before
            and (before is None or (node in given) == ((before, node) in stated and (after, node) in stated))
        ]

    start: tuple[str | None, str] = (None, x)
    walk, _ = search(start, steps_after, lambda step: step[1] == y)
    return int(walk is None)


def appear_together(prompt: co_occurrence.Prompt) -> int:
    """Takes what is stated to appear together for cause and effect, whichever of the two is asked about first."""
    return int(set(prompt.question) in map(set, prompt.together))


def no_common_cause(prompt: co_occurrence.Prompt) -> int:
    """Yes unless the premise states of some node, in two sentences, that it causes both: a confounder explains all."""
    causes = [{cause for cause, effect in prompt.edges if effect == node} for node in prompt.question]
    return int(not causes[0] & causes[1])


def relation_prior(prompts: Sequence[corr2cause.Prompt], references: Sequence[int]) -> list[int]:
    """The more frequent answer among the questions with the same relation: reads the hypothesis, not the premise."""
    relations = np.array([prompt.relation for prompt in prompts])
    answers = np.zeros(len(prompts), dtype=int)
    for relation in np.unique(relations):
        chosen = relations == relation
        answers[chosen] = majority(np.asarray(references)[chosen].tolist())
    return answers.tolist()


def few_independences(prompts: Sequence[corr2cause.Prompt], references: Sequence[int]) -> list[int]:
    """Yes where the premise lists at most, or at least, so many independences: the best such bound for each number of
    variables. Counts sentences, and reads neither them nor the hypothesis.
    """
    sizes = np.array([len(prompt.system.variables) for prompt in prompts])
    counts = np.array([len(prompt.system.independences) for prompt in prompts])
    answers = np.zeros(len(prompts), dtype=int)
    for size in np.unique(sizes):
        chosen = sizes == size
        answers[chosen] = _best_bound(counts[chosen], np.asarray(references)[chosen])
    return answers.tolist()


def _best_bound(counts: np.ndarray, references: np.ndarray) -> np.ndarray:
    bounds = [-1, *np.unique(counts)]  # at most -1 is never, at least 0 always
    ways = [way for bound in bounds for way in (counts <= bound, counts > bound)]
    return max(ways, key=lambda way: int((way == references).sum()))


def _each(shortcut: Callable[[Any], int]) -> Baseline:
    return lambda prompts, references: [shortcut(prompt) for prompt in prompts]


BASELINES: dict[str, dict[str, Baseline]] = {
    "transitivity": {"direct edge": _each(direct_edge), "left-to-right sweep": _each(left_to_right_sweep)},
    "d_separation": {
        "not adjacent": _each(not_adjacent),
        "no conditions": _each(no_conditions),
        "no collider descendants": _each(no_collider_descendants),
    },
    "co_occurrence": {
        "appear together": _each(appear_together),
        "no common cause": _each(no_common_cause),
        "direct edge": _each(direct_edge),
    },
    "corr2cause": {"relation's prior": relation_prior, "number of independences": few_independences},
}
"""From the name of a grammar to its shortcuts; pictures show the last one."""
