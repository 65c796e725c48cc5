"""Prompts of quantities taken apart into sentences, by which variants of rows are made."""

from __future__ import annotations

from hf_causal.tasks.quantities.text import Prompt
from hf_causal.tasks.shared.chance_sentences import chance_sentences, stated_chances
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences


def _take_apart(prompt: Prompt) -> Sentences:
    return Sentences(chance_sentences(prompt.stated), Sentence("quantity", (tuple(prompt.quantity.names),)))


def _put_together(sentences: Sentences, like: Prompt) -> Prompt:
    names = dict(zip(like.quantity.names, sentences.question.names[0], strict=True))
    return Prompt(stated_chances(sentences.statements, like.stated), like.quantity.rename(names))


COMPOSITION = Composition(_take_apart, _put_together)
