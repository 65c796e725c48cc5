"""Statements of probabilities as sentences, by which variants of rows are made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from hf_causal.tasks.shared.chances import Chance, Premise
from hf_causal.tasks.shared.sentences import Sentence


def chance_sentences(stated: Premise) -> tuple[Sentence, ...]:
    """Returns a sentence for each probability.

    Its type has what other names do not change: the number as it is written, and the values of the causes.
    """
    return tuple(
        Sentence(
            " ".join([one.written, *(str(value) for _, value in one.condition)]),
            ((one.variable,), tuple(name for name, _ in one.condition)),
        )
        for one in stated.chances
    )


def stated_chances(sentences: Iterable[Sentence], like: Premise) -> Premise:
    """Returns the premise of sentences; its numbers are those of another premise."""
    probabilities = {one.written: one.probability for one in like.chances}
    chances = []
    for kind, ((variable,), causes) in sentences:
        written, *values = kind.split()
        condition = tuple(zip(causes, map(int, values), strict=True))
        chances.append(Chance(variable, condition, probabilities[written], written))
    return replace(like, chances=tuple(chances))
