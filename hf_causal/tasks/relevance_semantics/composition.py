"""Prompts about notions of relevance taken apart into sentences, by which variants of rows are made."""

from __future__ import annotations

from dataclasses import replace

from hf_causal.tasks.relevance_semantics.text import Prompt, Statement
from hf_causal.tasks.shared.sentences import Composition, Sentence, Sentences

_COIN = "coin"


def _take_apart(prompt: Prompt) -> Sentences:
    coins = [Sentence(_COIN, ((coin,),)) for coin in prompt.coins]
    # The type has what other names do not change: the values for which the variable is 1.
    others = [Sentence(f"ones {' '.join(one.ones)}", ((one.variable,), one.sources)) for one in prompt.statements]
    return Sentences((*coins, *others), Sentence("relevance", ((prompt.x,), (prompt.y,), prompt.held)))


def _put_together(sentences: Sentences, like: Prompt) -> Prompt:
    coins = tuple(names[0][0] for kind, names in sentences.statements if kind == _COIN)
    statements = tuple(
        Statement(names[0][0], names[1], tuple(kind.split()[1:]))
        for kind, names in sentences.statements
        if kind != _COIN
    )
    (x,), (y,), held = sentences.question.names
    return replace(like, coins=coins, statements=statements, x=x, y=y, held=held)


COMPOSITION = Composition(_take_apart, _put_together, complete=True)
