"""Prompts of co-occurrence in other words."""

from __future__ import annotations

from hf_causal.tasks.co_occurrence.text import Prompt
from hf_causal.tasks.shared.sentences import TOGETHER, Composition, Sentences, pair, typed_edges, typed_sentences
from hf_causal.tasks.shared.stories.topics import CHINESE, ENGLISH
from hf_causal.tasks.shared.stories.wordings import CAUSAL, Templates, Wording
from hf_causal.tasks.transitivity.wordings import QUESTIONS

_TOGETHER: dict[str, Templates] = {
    ENGLISH: {TOGETHER: ("{0} and {1} often appear together", "where there is {0}, there is often {1} as well")},
    CHINESE: {TOGETHER: ("{0}和{1}经常一起出现", "有{0}的地方，往往也有{1}")},
}


def _take_apart(prompt: Prompt) -> Sentences:
    return Sentences(typed_sentences(prompt.statements, TOGETHER), pair("cause", *prompt.question))


def _put_together(sentences: Sentences, like: Prompt | None) -> Prompt:
    (cause,), (effect,) = sentences.question.names
    return Prompt(typed_edges(sentences.statements), (cause, effect))


COMPOSITION = Composition(_take_apart, _put_together)
WORDINGS = {
    language: Wording(language, {**CAUSAL[language], **_TOGETHER[language]}, QUESTIONS[language])
    for language in QUESTIONS
}
