"""Prompts about instruments in other words."""

from __future__ import annotations

from hf_causal.tasks.instrument.text import Prompt
from hf_causal.tasks.shared.sentences import HIDDEN, Composition, Sentence, Sentences, typed_edges, typed_sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import MIXED, Templates, Wording

_ALONE, _GIVEN = "instrument", "instrument given"

_QUESTIONS: dict[str, Templates] = {
    ENGLISH: {
        _GIVEN: (
            "is {0} an instrument for the effect of {1} on {2} given {3:and}",
            "can {0} be used as an instrument for the effect of {1} on {2} if exactly {3:and} are conditioned on",
        ),
        _ALONE: (
            "is {0} an instrument for the effect of {1} on {2}",
            "can {0} be used as an instrument for the effect of {1} on {2} if nothing is conditioned on",
        ),
    },
    CHINESE: {
        _GIVEN: (
            "给定{3:and}，{0}是否为估计{1}对{2}的效应的工具变量",
            "恰好以{3:and}为条件时，能否用{0}作为估计{1}对{2}的效应的工具变量",
        ),
        _ALONE: (
            "{0}是否为估计{1}对{2}的效应的工具变量",
            "不以任何变量为条件时，能否用{0}作为估计{1}对{2}的效应的工具变量",
        ),
    },
}


def _take_apart(prompt: Prompt) -> Sentences:
    (x, y), z, given = prompt.question, prompt.instrument, prompt.given
    question = Sentence(_GIVEN, ((z,), (x,), (y,), given)) if given else Sentence(_ALONE, ((z,), (x,), (y,)))
    return Sentences(typed_sentences(prompt.statements, HIDDEN), question)


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    (z,), (x,), (y,), *given = sentences.question.names
    return Prompt(typed_edges(sentences.statements), (x, y), given[0] if given else (), z)


COMPOSITION = Composition(_take_apart, _put_together)
WORDINGS = {language: Wording(language, MIXED[language], _QUESTIONS[language]) for language in _QUESTIONS}
