"""Prompts about identification in other words."""

from __future__ import annotations

from hf_causal.tasks.identification.text import Prompt
from hf_causal.tasks.shared.sentences import HIDDEN, Composition, Sentences, pair, typed_edges, typed_sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import MIXED, Templates, Wording

_QUESTIONS: dict[str, Templates] = {
    ENGLISH: {
        "identifiable": (
            "can the effect of {0} on {1} be computed from observations alone",
            "is it enough to observe everything that is named here to compute the effect of {0} on {1}",
        )
    },
    CHINESE: {
        "identifiable": (
            "仅凭观察能否算出{0}对{1}的效应",
            "只要观察这里提到的一切，是否就能算出{0}对{1}的效应",
        )
    },
}


def _take_apart(prompt: Prompt) -> Sentences:
    return Sentences(typed_sentences(prompt.statements, HIDDEN), pair("identifiable", *prompt.question))


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    (x,), (y,) = sentences.question.names
    return Prompt(typed_edges(sentences.statements), (x, y))


COMPOSITION = Composition(_take_apart, _put_together)
WORDINGS = {language: Wording(language, MIXED[language], _QUESTIONS[language]) for language in _QUESTIONS}
