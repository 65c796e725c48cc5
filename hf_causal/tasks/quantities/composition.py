"""Prompts of quantities taken apart into sentences, by which variants of rows are made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.chances import Chance
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences


def _take_apart(prompt: Prompt) -> Sentences:
    statements = tuple(
        # The type has what no other names change: the number as it is written, and the values of the causes.
        Sentence(
            " ".join([one.written, *(str(value) for _, value in one.condition)]),
            ((one.variable,), tuple(name for name, _ in one.condition)),
        )
        for one in prompt.stated.chances
    )
    return Sentences(statements, Sentence("quantity", (tuple(prompt.quantity.names),)))


def _put_together(sentences: Sentences, like: Prompt) -> Prompt:
    probabilities = {one.written: one.probability for one in like.stated.chances}
    chances = tuple(_chance(one, probabilities) for one in sentences.statements)
    renamed = dict(zip(like.quantity.names, sentences.question.names[0], strict=True))
    return Prompt(replace(like.stated, chances=chances), like.quantity.rename(renamed))


def _chance(sentence: Sentence, probabilities: Mapping[str, Fraction]) -> Chance:
    words, (variable, causes) = sentence.type.split(), sentence.names
    condition = tuple(zip(causes, map(int, words[1:]), strict=True))
    return Chance(variable[0], condition, probabilities[words[0]], words[0])


COMPOSITION = Composition(_take_apart, _put_together)
