"""Prompts of comparisons taken apart into sentences, by which variants of rows are made."""

from __future__ import annotations

from hf_causal.tasks.comparisons.text import Prompt
from hf_causal.tasks.shared.chance_sentences import chance_sentences, stated_chances
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences


def _take_apart(prompt: Prompt) -> Sentences:
    names = tuple(tuple(quantity.names) for quantity in prompt.quantities)
    return Sentences(chance_sentences(prompt.stated), Sentence("comparison", names))


def _put_together(sentences: Sentences, like: Prompt) -> Prompt:
    quantities = [
        quantity.rename(dict(zip(quantity.names, names, strict=True)))
        for quantity, names in zip(like.quantities, sentences.question.names, strict=True)
    ]
    second = quantities[1] if len(quantities) > 1 else like.second
    return Prompt(stated_chances(sentences.statements, like.stated), quantities[0], second)


COMPOSITION = Composition(_take_apart, _put_together, complete=True)
